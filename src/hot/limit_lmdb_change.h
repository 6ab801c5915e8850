/*
 * limit_lmdb_change.h - what the LMDB body does inside of one write
 * transaction. Each of these gives LMDB's code: what is not 0 is not
 * committed.
 */
#ifndef HOT_LIMIT_LMDB_CHANGE_H
#define HOT_LIMIT_LMDB_CHANGE_H

#include "hot/limit_lmdb.h"

typedef int lmdb_change(
	struct lmdb_limits *limits, MDB_txn *txn, void *context);

struct lmdb_reserving {
	struct str id;
	const struct limit *wanted;
	size_t count;
	struct str note;
	int64_t now_ms;
	struct limit_outcome *out;
};

/* MDB_KEYEXIST: there is one of that id. */
lmdb_change lmdb_change_reserve;

struct lmdb_settling {
	struct str id;
	const struct limit_use *use;
	int64_t now_ms;
	bool *found; /* out */
};

lmdb_change lmdb_change_settle;

struct lmdb_both {
	const struct limit_settlement *ended;
	size_t ended_count;
	struct limit_request *wanted;
	size_t wanted_count;
	int64_t now_ms;
};

lmdb_change lmdb_change_several;
lmdb_change lmdb_change_let_go; /* of a struct str, its id */

struct lmdb_amount_change {
	struct str name;
	int64_t amount;
	int64_t ends_ms;
	int64_t granted; /* out */
};

lmdb_change lmdb_change_begin;
lmdb_change lmdb_change_grant;
lmdb_change lmdb_change_forget; /* of a struct str, its name */

/* What was found in the store is the counter of that limit as it is now, which
 * may be a new one, of that generation. True as counter_meet() says it. */
bool lmdb_meet(struct counter *counter, bool found, const struct limit *limit,
	int64_t now_ms, int64_t generation);

#endif
