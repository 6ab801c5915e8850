/*
 * limit_sweep.c - forgetting counters that tell nothing any more, a few at a
 * time: looking costs nobody anything, and only what was found is removed in
 * a change, after another look.
 */
#include "base/clock.h"
#include "base/log.h"
#include "hot/limit_body.h"
#include "hot/limit_lmdb.h"

/* Removed in one change: tens of microseconds that others wait. */
#define BATCH 32
#define ROOM_COUNTERS 200000
#define ROOM_INTERVAL_MS 1000

struct batch {
	int64_t now_ms;
	size_t look_at; /* so many more */
	bool ended;     /* there are no more */
	size_t count;
	struct limit_key keys[BATCH]; /* names in the store */
};

static int sweep_on(struct lmdb_limits *limits, int64_t now_ms, size_t look_at);
static int find_batch(struct lmdb_limits *limits, struct batch *batch);
static int visit(
	struct lmdb_limits *limits, MDB_cursor *cursor, struct batch *batch);
static bool read_key(MDB_val key, struct limit_key *out);
static void remember(struct lmdb_limits *limits, const struct limit_key *key);
static bool is_due(MDB_val data, int64_t now_ms);
static int forget_batch(struct lmdb_limits *limits, const struct batch *batch);
static int forget_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct limit_key *key, int64_t now_ms);
static int note_forgotten(
	struct lmdb_limits *limits, MDB_txn *txn, int64_t now_ms);

int limit_sweep(struct lmdb_limits *limits, int64_t now_ms, size_t look_at)
{
	int failed;

	/* Somebody is at it. */
	if (pthread_mutex_trylock(&limits->sweeping) != 0)
		return MDB_SUCCESS;
	failed = sweep_on(limits, now_ms, look_at);
	pthread_mutex_unlock(&limits->sweeping);
	return failed;
}

bool limit_make_room(struct lmdb_limits *limits, int64_t now_ms)
{
	int64_t clock_ms = clock_monotonic_ms();
	int failed = MDB_SUCCESS;
	bool tried = false;

	if (pthread_mutex_trylock(&limits->sweeping) != 0)
		return false;
	if (limits->made_room_ms == 0 ||
		clock_ms - limits->made_room_ms >= ROOM_INTERVAL_MS) {
		limits->made_room_ms = clock_ms;
		tried = true;
		log_warn("limits: the shared store is full; idle counters are "
			 "removed, and calls that need new ones are refused "
			 "where that is not enough");
		failed = sweep_on(limits, now_ms, ROOM_COUNTERS);
	}
	pthread_mutex_unlock(&limits->sweeping);
	return tried && !failed;
}

static int sweep_on(struct lmdb_limits *limits, int64_t now_ms, size_t look_at)
{
	struct batch batch = { .now_ms = now_ms, .look_at = look_at };

	do {
		int failed = find_batch(limits, &batch);

		if (!failed && batch.count > 0)
			failed = forget_batch(limits, &batch);
		if (failed)
			return failed;
	} while (batch.look_at > 0 && !batch.ended);
	return MDB_SUCCESS;
}

static int find_batch(struct lmdb_limits *limits, struct batch *batch)
{
	MDB_cursor *cursor;
	struct look look;
	int failed = environment_look(limits->hot, &look);

	batch->count = 0;
	if (failed)
		return failed;
	failed = mdb_cursor_open(look.txn, limits->hot->records, &cursor);
	if (!failed) {
		failed = visit(limits, cursor, batch);
		mdb_cursor_close(cursor);
	}
	environment_look_end(&look);
	return failed;
}

/* From where the last one ended; at the end, the next begins anew. */
static int visit(
	struct lmdb_limits *limits, MDB_cursor *cursor, struct batch *batch)
{
	struct limit_key found;
	MDB_val key = val_of(limit_key(&found, LIMIT_COUNTERS,
		(struct str){ limits->next, limits->next_bytes }));
	MDB_val data;
	int failed = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);

	while (!failed && read_key(key, &found)) {
		if (batch->look_at == 0 || batch->count == BATCH) {
			remember(limits, &found);
			return MDB_SUCCESS;
		}
		batch->look_at--;
		if (is_due(data, batch->now_ms))
			batch->keys[batch->count++] = found;
		failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	batch->ended = true;
	limits->next_bytes = 0;
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

/* False: the names of counters are over. */
static bool read_key(MDB_val key, struct limit_key *out)
{
	if (key.mv_size > sizeof(out->p))
		return false;
	copy_page(out->p, key.mv_data, key.mv_size);
	out->n = key.mv_size;
	return str_starts((struct str){ out->p, out->n }, LIMIT_COUNTERS);
}

static void remember(struct lmdb_limits *limits, const struct limit_key *key)
{
	limits->next_bytes = key->n - LIMIT_COUNTERS.n;
	assert(limits->next_bytes <= sizeof(limits->next));
	memcpy(limits->next, key->p + LIMIT_COUNTERS.n, limits->next_bytes);
}

/* To be removed; or to be written, because the clock was set back. */
static bool is_due(MDB_val data, int64_t now_ms)
{
	char bytes[COUNTER_MAX_BYTES];
	struct counter counter;

	if (data.mv_size > sizeof(bytes))
		return true;
	copy_page(bytes, data.mv_data, data.mv_size);
	if (!counter_read((struct str){ bytes, data.mv_size }, &counter))
		return true;
	if (counter.kind == LIMIT_RATE &&
		window_is_ahead(&counter.window, now_ms))
		return true;
	return counter_is_over(&counter, now_ms);
}

static int forget_batch(struct lmdb_limits *limits, const struct batch *batch)
{
	MDB_txn *txn;
	int failed = environment_change(limits->hot, &txn);

	if (failed)
		return failed;
	for (size_t i = 0; i < batch->count && !failed; i++)
		failed =
			forget_one(limits, txn, &batch->keys[i], batch->now_ms);
	return environment_change_end(limits->hot, txn, failed);
}

/* It may have been used since it was looked at. */
static int forget_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct limit_key *key, int64_t now_ms)
{
	struct str stored = { key->p, key->n };
	struct str name = str_from(stored, LIMIT_COUNTERS.n);
	struct counter counter;
	bool found;
	int failed = counter_load(limits, txn, name, &counter, &found);

	if (failed && failed != MDB_BAD_VALSIZE)
		return failed;
	if (found && !counter_is_over(&counter, now_ms))
		return counter_store(limits, txn, name, &counter);
	failed = environment_remove(limits->hot, txn, stored);
	if (!failed && found && counter.kind == LIMIT_AMOUNT)
		failed = note_forgotten(limits, txn, now_ms);
	return failed;
}

/* A clock that was ahead has forgotten amounts of periods that go on: see
 * lmdb_since() in limit_lmdb.c. */
static int note_forgotten(
	struct lmdb_limits *limits, MDB_txn *txn, int64_t now_ms)
{
	int64_t latest_ms;
	size_t n;
	int failed = environment_get(limits->hot, txn, LIMIT_FORGOT, &latest_ms,
		sizeof(latest_ms), &n);

	if (failed || (n == sizeof(latest_ms) && latest_ms >= now_ms))
		return failed;
	return environment_put_always(limits->hot, txn, LIMIT_FORGOT,
		(struct str){ (char *)&now_ms, sizeof(now_ms) });
}
