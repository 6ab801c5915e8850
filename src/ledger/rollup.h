/*
 * rollup.h - totals per minute, hour and day, and per user and day. Which
 * they are: usage_minute and usage_user_day of sql/003_ledger.sql,
 * usage_scope_hour and usage_scope_day of sql/020_usage_scopes.sql,
 * usage_user_week of sql/022_usage_users.sql.
 *
 * A page reads these and never adds up the request log, so that it costs the
 * same however many calls there are. Sums that no longer fit stay at
 * INT64_MAX instead of wrapping round.
 */
#ifndef LEDGER_ROLLUP_H
#define LEDGER_ROLLUP_H

#include "db/pool.h"
#include "ledger/usage.h"

/* Add the records to all totals, within the caller's transaction. */
MUST_USE bool rollup_add(struct db *db,
	const struct usage_record *const *records, size_t count,
	struct error *err);

#endif
