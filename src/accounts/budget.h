/*
 * budget.h - what a scope may spend in a day or a month: the table budgets.
 *
 * These functions write within the caller's transaction and raise the version
 * that tells every process to load its key_set anew (key_set.h).
 */
#ifndef ACCOUNTS_BUDGET_H
#define ACCOUNTS_BUDGET_H

#include "accounts/limit_owner.h"

#define BUDGET_DEFAULT_THRESHOLD_PERCENT 80

/* A budget as lists show it. */
struct budget_row {
	struct budget budget;
	struct limit_owner_row owner;
};

/*
 * Set what `budget->owner` may spend in `budget->period`, over what was set
 * before (id, created_ms, zone are ignored). ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool budget_set(struct db *db, const struct budget *budget,
	int64_t *id, bool *created, struct error *err);

/* Another limit, kind and threshold for one that is there. ERR_BAD_FIELD. */
MUST_USE bool budget_change(
	struct db *db, const struct budget *budget, struct error *err);

/* Of that organisation; 0 is any; so below. ERR_NOT_FOUND. */
MUST_USE bool budget_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct budget_row *out, struct error *err);

/* ERR_NOT_FOUND. */
MUST_USE bool budget_remove(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err);

/* The oldest first, in the arena. */
MUST_USE bool budget_list(struct db *db, int64_t organisation_id,
	struct arena *arena, struct budget_row **out, size_t *count,
	struct error *err);

#endif
