/*
 * budget.h - what a key may spend in a day and in a month.
 */
#ifndef ACCOUNTS_BUDGET_H
#define ACCOUNTS_BUDGET_H

#include "base/error.h"
#include "db/pool.h"

enum budget_period { BUDGET_DAILY, BUDGET_MONTHLY };

/* Set a key's hard budget, over one that was set before. ERR_DATABASE. */
MUST_USE bool budget_set_for_key(struct db *db, int64_t organisation_id,
	int64_t key_id, enum budget_period period, int64_t limit_picousd,
	struct error *err);

#endif
