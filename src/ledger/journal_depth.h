/*
 * journal_depth.h - how much of this machine's journal is not yet in MariaDB.
 */
#ifndef LEDGER_JOURNAL_DEPTH_H
#define LEDGER_JOURNAL_DEPTH_H

#include "base/error.h"
#include "base/settings.h"
#include "db/pool.h"

/* Zeroed: never measured. */
struct journal_depth {
	int64_t bytes; /* atomic */
	/* When the database could last tell; of the thread that measures. */
	bool known;
	int64_t known_bytes;
	int64_t known_sizes; /* of all files then */
};

/*
 * Measure; blocks, for the janitor. Without the database, what was written
 * since it was last asked is added; ERR_DATABASE then, and ERR_IO when the
 * folder cannot be read.
 */
MUST_USE bool journal_depth_measure(struct journal_depth *depth,
	const struct settings *settings, struct db_pool *pool,
	struct error *err);

/* The last measure, from any thread. */
int64_t journal_depth_bytes(const struct journal_depth *depth);

#endif
