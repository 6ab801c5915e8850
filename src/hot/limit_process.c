/*
 * limit_process.c - which processes live, and what the dead left reserved.
 */
#include "base/clock.h"
#include "hot/limit_lmdb.h"

#define PROCESS_BYTES 16 /* its number in hex */

struct search {
	struct lmdb_limits *limits;
	MDB_txn *txn;
	struct arena *arena;
	struct limit_orphan *out;
	size_t max;
	size_t count;
	/* The last one that was asked for: neighbours are often of one. */
	uint64_t process;
	bool known;
	bool lives;
};

static struct str process_key(struct limit_key *key, uint64_t process);
static int forget_silent(struct lmdb_limits *limits, MDB_txn *txn);
static bool is_silent(const void *beat, size_t n);
static int search_all(struct search *search);
static int look_at(struct search *search, MDB_val key, MDB_val data);
static int ask_if_lives(struct search *search, uint64_t process);
static void note_orphan(struct search *search, struct str id,
	const struct reservation *reservation);

int limit_process_beat(struct lmdb_limits *limits)
{
	int64_t clock_ms = clock_monotonic_ms();
	struct limit_key name;
	MDB_txn *txn;
	int failed = environment_change(limits->hot, &txn);

	if (failed)
		return failed;
	failed = forget_silent(limits, txn);
	if (!failed)
		failed = environment_put_always(limits->hot, txn,
			process_key(&name, limits->process),
			(struct str){ (char *)&clock_ms, sizeof(clock_ms) });
	return environment_change_end(limits->hot, txn, failed);
}

int limit_process_end(struct lmdb_limits *limits)
{
	struct limit_key name;
	MDB_txn *txn;
	int failed = environment_change(limits->hot, &txn);

	if (failed)
		return failed;
	failed = environment_remove(
		limits->hot, txn, process_key(&name, limits->process));
	return environment_change_end(limits->hot, txn, failed);
}

int limit_process_orphans(struct lmdb_limits *limits, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count)
{
	struct search search = {
		.limits = limits, .arena = arena, .out = out, .max = max
	};
	struct look look;
	int failed = environment_look(limits->hot, &look);

	*count = 0;
	if (failed)
		return failed;
	search.txn = look.txn;
	failed = search_all(&search);
	environment_look_end(&look);
	if (!failed)
		*count = search.count;
	return failed;
}

static struct str process_key(struct limit_key *key, uint64_t process)
{
	char hex[PROCESS_BYTES + 1];

	snprintf(hex, sizeof(hex), "%016" PRIx64, process);
	return limit_key(key, LIMIT_PROCESSES, str_of(hex));
}

/* One that is not there is as dead as one that is silent. */
static int forget_silent(struct lmdb_limits *limits, MDB_txn *txn)
{
	MDB_val key = val_of(LIMIT_PROCESSES);
	MDB_cursor *cursor;
	MDB_val data;
	int failed = mdb_cursor_open(txn, limits->hot->records, &cursor);

	if (failed)
		return failed;
	failed = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (!failed && str_starts((struct str){ key.mv_data, key.mv_size },
				  LIMIT_PROCESSES)) {
		if (is_silent(data.mv_data, data.mv_size))
			failed = mdb_cursor_del(cursor, 0);
		if (!failed)
			failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

/* Also when it is from before the machine was started. */
static bool is_silent(const void *beat, size_t n)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t beat_ms;

	if (n != sizeof(beat_ms))
		return true;
	copy_page(&beat_ms, beat, sizeof(beat_ms));
	return beat_ms > now_ms || now_ms - beat_ms > LIMITS_SILENCE_MS;
}

static int search_all(struct search *search)
{
	MDB_val key = val_of(LIMIT_RESERVATIONS);
	MDB_cursor *cursor;
	MDB_val data;
	int failed = mdb_cursor_open(
		search->txn, search->limits->hot->records, &cursor);

	if (failed)
		return failed;
	failed = mdb_cursor_get(cursor, &key, &data, MDB_SET_RANGE);
	while (!failed && search->count < search->max) {
		failed = look_at(search, key, data);
		if (!failed)
			failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	mdb_cursor_close(cursor);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

/* MDB_NOTFOUND: there are no more reservations. */
static int look_at(struct search *search, MDB_val key, MDB_val data)
{
	char bytes[RESERVATION_MAX_BYTES];
	struct reservation reservation;
	struct limit_key found;
	struct str name;
	int failed;

	if (key.mv_size > sizeof(found.p) || data.mv_size > sizeof(bytes))
		return MDB_NOTFOUND;
	copy_page(found.p, key.mv_data, key.mv_size);
	name = (struct str){ found.p, key.mv_size };
	if (!str_starts(name, LIMIT_RESERVATIONS))
		return MDB_NOTFOUND;
	copy_page(bytes, data.mv_data, data.mv_size);
	if (!reservation_read(
		    (struct str){ bytes, data.mv_size }, &reservation))
		return MDB_SUCCESS;
	failed = ask_if_lives(search, reservation.process);
	if (!failed && !search->lives)
		note_orphan(search, str_from(name, LIMIT_RESERVATIONS.n),
			&reservation);
	return failed;
}

static int ask_if_lives(struct search *search, uint64_t process)
{
	char beat[sizeof(int64_t)];
	struct limit_key key;
	size_t n;
	int failed;

	if (search->known && search->process == process)
		return MDB_SUCCESS;
	failed = environment_get(search->limits->hot, search->txn,
		process_key(&key, process), beat, sizeof(beat), &n);
	search->known = !failed;
	search->process = process;
	search->lives = !failed && !is_silent(beat, n);
	return failed;
}

static void note_orphan(struct search *search, struct str id,
	const struct reservation *reservation)
{
	struct limit_orphan *orphan = &search->out[search->count++];

	*orphan = (struct limit_orphan){
		.id = arena_copy(search->arena, id),
		.reserved_unix_ms = reservation->reserved_unix_ms,
		.note = arena_copy(search->arena, reservation->note),
	};
	for (size_t i = 0; i < reservation->count; i++) {
		const struct held *held = &reservation->held[i];

		if (held->unit == LIMIT_TOKENS && held->amount > orphan->tokens)
			orphan->tokens = held->amount;
		if (held->unit == LIMIT_PICOUSD &&
			held->amount > orphan->picousd)
			orphan->picousd = held->amount;
	}
}
