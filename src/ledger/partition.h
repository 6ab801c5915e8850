/*
 * partition.h - one partition a UTC day for the tables that grow with every
 * call: made before the day begins, dropped when it is too old.
 */
#ifndef LEDGER_PARTITION_H
#define LEDGER_PARTITION_H

#include "base/error.h"
#include "db/pool.h"

/* How many days after today have their partitions. */
#define PARTITION_DAYS_AHEAD 7

/*
 * Make the partitions up to PARTITION_DAYS_AHEAD and drop those whose days
 * ended more than keep_days ago (0: none). Not within a transaction. For the
 * janitor, a few times a day: what is there already is left alone, and while
 * another process does it, nothing is done. ERR_DATABASE, also when a table
 * is too busy at the moment; rows of a day without a partition are stored all
 * the same (in p_max, or in the oldest one left).
 */
MUST_USE bool partition_maintain(struct db *db, int64_t now_unix_ms,
	int64_t keep_days, struct error *err);

#endif
