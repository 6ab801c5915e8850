/*
 * organisation.h - making an organisation, whole: with its first project and
 * its owner; and what it decides for itself.
 */
#ifndef ACCOUNTS_ORGANISATION_H
#define ACCOUNTS_ORGANISATION_H

#include "accounts/project.h"

/*
 * A new organisation with the project "default" and this owner. ERR_BAD_FIELD
 * for the name; ERR_DUPLICATE, "organisation", when it is taken. In the
 * caller's transaction, who writes the audit row.
 */
MUST_USE bool organisation_create(struct db *db, struct str name,
	int64_t owner_id, struct project *first, struct error *err);

struct organisation {
	int64_t id;
	struct str name;
	/* The calendar of its own budgets and quotas; new projects and people
	 * begin with it, too. */
	struct str time_zone;
	struct str locale; /* "en", "es": what new people begin with */
};

/* In the arena. ERR_NOT_FOUND, also when it is archived. */
MUST_USE bool organisation_find(struct db *db, int64_t id, struct arena *arena,
	struct organisation *out, struct error *err);

/* All of it anew, within the caller's transaction; all processes load their
 * key_set. ERR_BAD_FIELD; ERR_DUPLICATE when the name is taken. */
MUST_USE bool organisation_change(struct db *db,
	const struct organisation *organisation, struct error *err);

/* A person who is new begins with its language and time zone. */
MUST_USE bool organisation_greet(
	struct db *db, int64_t id, int64_t user_id, struct error *err);

/* Its name, in the arena. ERR_NOT_FOUND, also when it is archived. */
MUST_USE bool organisation_name(struct db *db, int64_t id, struct arena *arena,
	struct str *out, struct error *err);

#endif
