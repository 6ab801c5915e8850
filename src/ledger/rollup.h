/*
 * rollup.h - totals per minute, hour and day, and per user and day.
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
