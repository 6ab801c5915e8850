/*
 * limit_rows.h - all budgets and quotas, read at once for a key_set.
 *
 * There are few of them beside the keys: reading them whole and joining them
 * in memory costs a load of all keys next to nothing.
 */
#ifndef ACCOUNTS_LIMIT_ROWS_H
#define ACCOUNTS_LIMIT_ROWS_H

#include "accounts/limit_set.h"

struct limit_rows;

/* In the arena. A project whose time zone is not known here gets UTC, and
 * the log says so. ERR_DATABASE. */
MUST_USE bool limit_rows_load(struct db *db, struct arena *arena,
	struct limit_rows **out, struct error *err);

struct limit_key {
	int64_t id;
	int64_t project_id;
	int64_t organisation_id;
};

/* What applies to a key's calls, in the arena. */
const struct limit_set *limit_rows_find_set(struct limit_rows *rows,
	struct arena *arena, const struct limit_key *key);

#endif
