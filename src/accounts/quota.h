/*
 * quota.h - what a scope may use in a period: the table quotas.
 *
 * These functions write within the caller's transaction and raise the version
 * that tells every process to load its key_set anew (key_set.h).
 */
#ifndef ACCOUNTS_QUOTA_H
#define ACCOUNTS_QUOTA_H

#include "accounts/limit_owner.h"

/* A quota as lists show it. */
struct quota_row {
	struct quota quota;
	struct limit_owner_row owner;
};

/*
 * Set what `quota->owner` may use in `quota->period`; a limit of 0 leaves
 * that one as it was (id, created_ms, zone are ignored). ERR_BAD_FIELD,
 * ERR_DATABASE.
 */
MUST_USE bool quota_set(struct db *db, const struct quota *quota, int64_t *id,
	bool *created, struct error *err);

/* Both limits anew, of a quota that is there; 0 is none. ERR_BAD_FIELD. */
MUST_USE bool quota_change(
	struct db *db, const struct quota *quota, struct error *err);

/* Of that organisation; 0 is any; so below. ERR_NOT_FOUND. */
MUST_USE bool quota_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct quota_row *out, struct error *err);

/* ERR_NOT_FOUND. */
MUST_USE bool quota_remove(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err);

/* The oldest first, in the arena. */
MUST_USE bool quota_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct quota_row **out, size_t *count,
	struct error *err);

#endif
