/*
 * limit_lmdb.h - what the files of the LMDB body share: names in the store,
 * counters in it, who is alive.
 *
 * The functions that give an int give LMDB's codes.
 */
#ifndef HOT_LIMIT_LMDB_H
#define HOT_LIMIT_LMDB_H

#include "hot/environment.h"
#include "hot/limit_record.h"

#define LIMIT_COUNTERS S("limit/counter/")         /* and a counter's name */
#define LIMIT_RESERVATIONS S("limit/reservation/") /* and its id */
#define LIMIT_PROCESSES S("limit/process/")        /* and its number */
#define LIMIT_SINCE S("limit/since")
/* The latest time at which an amount was forgotten. */
#define LIMIT_FORGOT S("limit/forgot")

struct seen;

struct lmdb_limits {
	struct hot *hot;
	struct seen *seen; /* limit_seen.h; whose turn it is to write has it */
	uint64_t process;  /* drawn at random: this one, and no earlier one */
	pthread_mutex_t sweeping; /* guards what follows */
	/* Where the sweep goes on; empty: from the beginning. */
	char next[LIMIT_NAME_MAX_BYTES];
	size_t next_bytes;
	int64_t made_room_ms; /* when last, monotonic */
};

struct limit_key {
	char p[64 + LIMIT_NAME_MAX_BYTES];
	size_t n;
};
/* The name in the store; valid as long as `key`. */
struct str limit_key(struct limit_key *key, struct str prefix, struct str name);

/* *found is false also when what is there cannot be read. */
int counter_load(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	struct counter *out, bool *found);
int counter_store(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	const struct counter *counter);

/* limit_sweep.c: forget what is over, among the next `look_at` counters. */
int limit_sweep(struct lmdb_limits *limits, int64_t now_ms, size_t look_at);
/* A store is full: forget a great many at once. False: that was tried a moment
 * ago, or is being tried. */
bool limit_make_room(struct lmdb_limits *limits, int64_t now_ms);

/*
 * limit_process.c: say that this process lives, until it says that it ends;
 * forget those that have been silent. Silence is measured by the machine's
 * clock that is never set, which all its processes share.
 */
int limit_process_beat(struct lmdb_limits *limits);
int limit_process_end(struct lmdb_limits *limits);
int limit_process_orphans(struct lmdb_limits *limits, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count);

#endif
