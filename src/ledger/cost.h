/*
 * cost.h - what a project's calls cost, by provider and by the callers' own
 * users, out of the rollups. By model and over time: usage_sum.h.
 */
#ifndef LEDGER_COST_H
#define LEDGER_COST_H

#include "ledger/usage_sum.h"

/* Of one provider, or of one user. */
struct cost {
	struct str name; /* "": the provider is gone, or none was reached */
	int64_t requests;
	int64_t errors;
	int64_t prompt_tokens;
	int64_t completion_tokens;
	int64_t cost_picousd;
	int64_t saved_picousd; /* 0 of a user: that is not kept */
};

/* That are told at most. */
#define COST_MAX_ROWS 1000

/* The dearest first, in the arena. ERR_DATABASE. */
MUST_USE bool cost_by_provider(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err);

/* The same of the users that calls of the scope's project named; its step is
 * USAGE_DAYS, for there is no other rollup of users. ERR_DATABASE. */
MUST_USE bool cost_by_user(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err);

#endif
