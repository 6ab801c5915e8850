/*
 * limit_seen.h - the counters that a change has met: each is read once and
 * written once, however often it is met in between. They belong to the one
 * whose turn it is to write, and to its transaction.
 *
 * The functions give LMDB's codes.
 */
#ifndef HOT_LIMIT_SEEN_H
#define HOT_LIMIT_SEEN_H

#include "hot/limit_lmdb.h"

/* More than one step of a change meets. */
#define SEEN_MAX (2 * LIMITS_MAX)

struct seen_counter {
	struct counter counter;
	char name[LIMIT_NAME_MAX_BYTES];
	size_t name_bytes;
	bool is_there;   /* in the store, or will be */
	bool is_changed; /* it is to be written */
};

struct seen {
	size_t count;
	struct seen_counter list[SEEN_MAX];
};

/* Before a step that meets so many counters. What earlier steps met is
 * written, if need be, and met anew. */
int seen_make_room(struct lmdb_limits *limits, MDB_txn *txn, size_t count);
/* The counter of that name, which the caller may change; *found as in
 * counter_load(), and when it is false the caller makes it. It stays where it
 * is until seen_make_room() or seen_write(). */
int seen_meet(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	struct counter **out, bool *found);
/* It is to be written. */
void seen_changed(struct counter *counter);
/* Write what was changed, and forget all. */
int seen_write(struct lmdb_limits *limits, MDB_txn *txn);

#endif
