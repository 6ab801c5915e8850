/*
 * alias_json.h - aliases as pages show them, and who sees which.
 */
#ifndef SITE_PAGES_ALIAS_JSON_H
#define SITE_PAGES_ALIAS_JSON_H

#include "accounts/member.h"
#include "catalog/alias.h"
#include "site/format.h"

/* The projects whose aliases the session's person sees, beside those of every
 * project. */
struct alias_sight {
	struct member_project *projects;
	size_t count;
};

MUST_USE bool alias_sight_load(struct site_request *request,
	struct alias_sight *out, struct error *err);
bool alias_sees(const struct alias_sight *sight, const struct alias *alias);

/* Name, project, strategy, targets with their conditions, also as the words
 * that the form takes ("complexity=simple;min_tokens=100"). */
json_t *alias_json(const struct site_request *request,
	const struct alias_sight *sight, const struct alias *alias);

#endif
