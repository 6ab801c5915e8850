/*
 * alert_source.h - what the tables of budgets and of catalogue changes say,
 * for the rules that watch them.
 */
#ifndef LEDGER_ALERT_SOURCE_H
#define LEDGER_ALERT_SOURCE_H

#include "ledger/alert_judge.h"

/*
 * The budgets that the rule watches, with what was spent in the period that
 * runs at now_ms; in the arena. The built-in rule watches those that no other
 * enabled rule does. A budget for "each user" is one entry for each user who
 * may have reached its threshold.
 */
MUST_USE bool alert_source_budgets(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct alert_budget **out,
	size_t *count, struct error *err);

/* The updates that changed something since the rule was made, of the last
 * week; in the arena. */
MUST_USE bool alert_source_syncs(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct alert_sync **out,
	size_t *count, struct error *err);

#endif
