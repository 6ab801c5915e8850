/*
 * counter_name.h - what the counters of calendar periods are called, for those
 * who count and those who look.
 */
#ifndef ACCOUNTS_COUNTER_NAME_H
#define ACCOUNTS_COUNTER_NAME_H

#include "accounts/limit_set.h"
#include "base/arena.h"

/*
 * Of a budget's period. `grants` is what grants_suffix() says (grants.h), ""
 * where budgets are not shared by grants; `user` is who calls, where the
 * budget is a user's.
 */
struct str counter_name_of_budget(struct arena *arena,
	const struct budget *budget, int64_t starts_ms, int64_t ends_ms,
	struct str grants, struct str user);

/* "/DIGEST" where the limit is a user's, else "". */
struct str counter_name_user(
	struct arena *arena, const struct limit_owner *owner, struct str user);

#endif
