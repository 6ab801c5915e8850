/*
 * limit_scope.h - whose a budget or a quota is, as the options say it.
 */
#ifndef CLI_LIMIT_SCOPE_H
#define CLI_LIMIT_SCOPE_H

#include "accounts/limit_owner.h"
#include "cli/session.h"

/* For the table of options of a command. */
#define LIMIT_SCOPE_OPTIONS                                                        \
	{ "organisation", NULL, "for all projects together" },                     \
		{ "project", "PROJECT", "for one project" },                       \
		{ "key", "ID", "for one key" },                                    \
		{ "user", "NAME",                                                  \
			"with --project: for the calls with this `user` member" }, \
	{                                                                          \
		"each-user", NULL, "with --project: for each user alone"           \
	}

struct limit_target {
	struct limit_owner owner;
	struct str name;    /* of the organisation's, project or key */
	const char *no_use; /* why nothing will ever count, or NULL */
};

/* ERR_BAD_REQUEST when the options name none or several, ERR_NOT_FOUND. */
MUST_USE bool limit_scope_choose(
	struct session *session, struct limit_target *out, struct error *err);

/* Cells of the output's row. */
void limit_scope_show(struct output *output, const struct limit_owner *owner,
	struct str name);

/* The id that a command's first word is. ERR_BAD_REQUEST. */
MUST_USE bool limit_scope_id(struct session *session, const char *what,
	int64_t *id, struct error *err);

#endif
