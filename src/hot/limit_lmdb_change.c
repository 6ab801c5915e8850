/*
 * limit_lmdb_change.c - reserving, settling, beginning: read what is there,
 * let limit_counter.h do the sums, write what has become of it.
 */
#include "hot/limit_lmdb_change.h"

#include "hot/limit_seen.h"

static int meet_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter **counters, bool *moved);
static void judge(
	const struct lmdb_reserving *r, struct counter *const *counters);
static void keep_all(
	const struct lmdb_reserving *r, struct counter *const *counters);
static int take_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *const *counters);
static int settle_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct held *held, const struct lmdb_settling *s);
static int amount_meet(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_amount_change *wanted, struct counter **out);
static int reservation_load(struct lmdb_limits *limits, MDB_txn *txn,
	struct str name, char bytes[RESERVATION_MAX_BYTES],
	struct reservation *out, bool *found);

int lmdb_change_reserve(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	struct counter *counters[LIMITS_MAX];
	const struct lmdb_reserving *r = context;
	bool moved = false;
	int failed = meet_all(limits, txn, r, counters, &moved);

	if (failed)
		return failed;
	judge(r, counters);
	if (r->out->verdict == LIMIT_TAKEN)
		return take_all(limits, txn, r, counters);
	if (moved)
		keep_all(r, counters);
	return moved ? MDB_SUCCESS : LMDB_NO_CHANGE;
}

static int meet_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter **counters, bool *moved)
{
	int failed = seen_make_room(limits, txn, r->count);

	for (size_t i = 0; i < r->count && !failed; i++) {
		const struct limit *limit = &r->wanted[i];
		bool found;

		failed = seen_meet(
			limits, txn, limit->name, &counters[i], &found);
		if (!failed)
			*moved |= lmdb_meet(counters[i], found, limit,
				r->now_ms, (int64_t)mdb_txn_id(txn));
	}
	return failed;
}

/* All of them, though one may refuse: the client is told where each stands. */
static void judge(
	const struct lmdb_reserving *r, struct counter *const *counters)
{
	struct limit_outcome *out = r->out;

	out->verdict = LIMIT_TAKEN;
	out->at = 0;
	out->retry_after_ms = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct limit *limit = &r->wanted[i];
		enum limit_verdict verdict =
			counter_verdict(counters[i], limit);

		counter_state(counters[i], limit, r->now_ms, &out->states[i]);
		if (verdict == LIMIT_TAKEN || out->verdict != LIMIT_TAKEN)
			continue;
		out->verdict = verdict;
		out->at = i;
		if (verdict == LIMIT_FULL)
			out->retry_after_ms =
				counter_wait_ms(counters[i], limit, r->now_ms);
	}
}

/* The clock was set back: nothing is taken, but time must go on. */
static void keep_all(
	const struct lmdb_reserving *r, struct counter *const *counters)
{
	for (size_t i = 0; i < r->count; i++)
		if (r->wanted[i].kind == LIMIT_RATE)
			seen_changed(counters[i]);
}

static int take_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *const *counters)
{
	struct reservation reservation = { .process = limits->process,
		.reserved_unix_ms = r->now_ms,
		.note = r->note };
	char bytes[RESERVATION_MAX_BYTES];
	struct limit_key key;
	struct str name = limit_key(&key, LIMIT_RESERVATIONS, r->id);
	size_t n;
	int failed = environment_get(
		limits->hot, txn, name, bytes, sizeof(bytes), &n);

	if (failed || n > 0)
		return failed ? failed : MDB_KEYEXIST;
	for (size_t i = 0; i < r->count; i++) {
		const struct limit *limit = &r->wanted[i];

		reservation.count += counter_take(counters[i], limit, r->now_ms,
			&reservation.held[reservation.count]);
		counter_state(
			counters[i], limit, r->now_ms, &r->out->states[i]);
		seen_changed(counters[i]);
	}
	return environment_put_always(
		limits->hot, txn, name, reservation_write(&reservation, bytes));
}

bool lmdb_meet(struct counter *counter, bool found, const struct limit *limit,
	int64_t now_ms, int64_t generation)
{
	if (!found || counter->kind != limit->kind)
		counter_init(counter, limit->kind, limit->window_ms,
			limit->ends_ms, generation);
	return counter_meet(counter, limit, now_ms);
}

int lmdb_change_settle(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	const struct lmdb_settling *s = context;
	char bytes[RESERVATION_MAX_BYTES];
	struct reservation reservation;
	struct limit_key key;
	struct str name = limit_key(&key, LIMIT_RESERVATIONS, s->id);
	bool found;
	int failed = reservation_load(
		limits, txn, name, bytes, &reservation, &found);

	if (failed || !found)
		return failed ? failed : LMDB_NO_CHANGE;
	*s->found = true;
	failed = seen_make_room(limits, txn, reservation.count);
	for (size_t i = 0; i < reservation.count && !failed; i++)
		failed = settle_one(limits, txn, &reservation.held[i], s);
	return failed ? failed : environment_remove(limits->hot, txn, name);
}

/* One that is not there, or is refused, is no reason to leave the others. */
int lmdb_change_several(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	const struct lmdb_both *both = context;
	bool any = false;

	for (size_t i = 0; i < both->ended_count; i++) {
		bool found = false;
		struct lmdb_settling one = { both->ended[i].id,
			&both->ended[i].use, both->now_ms, &found };
		int failed = lmdb_change_settle(limits, txn, &one);

		if (failed && failed != LMDB_NO_CHANGE)
			return failed;
		any |= !failed;
	}
	for (size_t i = 0; i < both->wanted_count; i++) {
		struct limit_request *request = &both->wanted[i];
		struct lmdb_reserving one = { request->id, request->wanted,
			request->count, request->note, both->now_ms,
			request->out };
		int failed = lmdb_change_reserve(limits, txn, &one);

		request->is_refused = failed == MDB_KEYEXIST;
		if (failed && failed != LMDB_NO_CHANGE &&
			failed != MDB_KEYEXIST)
			return failed;
		any |= !failed;
	}
	return any ? MDB_SUCCESS : LMDB_NO_CHANGE;
}

static int settle_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct held *held, const struct lmdb_settling *s)
{
	struct counter *counter;
	bool found;
	int failed = seen_meet(limits, txn, held->name, &counter, &found);

	if (!failed && found &&
		counter_settle(counter, held, s->use, s->now_ms))
		seen_changed(counter);
	return failed;
}

/* Settled, as far as it is about calls at once; the rest stays reserved. */
int lmdb_change_let_go(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	static const struct limit_use as_reserved = { -1, -1 };
	const struct lmdb_settling s = { .use = &as_reserved };
	const struct str *id = context;
	char bytes[RESERVATION_MAX_BYTES];
	char kept_bytes[RESERVATION_MAX_BYTES];
	struct reservation reservation;
	struct limit_key key;
	struct str name = limit_key(&key, LIMIT_RESERVATIONS, *id);
	size_t kept = 0;
	bool found;
	int failed = reservation_load(
		limits, txn, name, bytes, &reservation, &found);

	if (failed || !found)
		return failed ? failed : LMDB_NO_CHANGE;
	failed = seen_make_room(limits, txn, reservation.count);
	for (size_t i = 0; i < reservation.count && !failed; i++) {
		const struct held *held = &reservation.held[i];

		if (held->kind == LIMIT_CONCURRENT)
			failed = settle_one(limits, txn, held, &s);
		else
			reservation.held[kept++] = *held;
	}
	if (failed || kept == reservation.count)
		return failed ? failed : LMDB_NO_CHANGE;
	reservation.count = kept;
	return environment_put_always(limits->hot, txn, name,
		reservation_write(&reservation, kept_bytes));
}

int lmdb_change_begin(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	const struct lmdb_amount_change *wanted = context;
	struct counter *counter;
	int failed = amount_meet(limits, txn, wanted, &counter);

	if (failed)
		return failed;
	if (!counter_begin(counter, wanted->amount, wanted->ends_ms))
		return LMDB_NO_CHANGE;
	seen_changed(counter);
	return MDB_SUCCESS;
}

int lmdb_change_grant(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	struct lmdb_amount_change *wanted = context;
	struct counter *counter;
	int failed = amount_meet(limits, txn, wanted, &counter);

	if (failed)
		return failed;
	counter_grant(counter, wanted->amount, wanted->ends_ms);
	wanted->granted = counter->granted;
	seen_changed(counter);
	return MDB_SUCCESS;
}

static int amount_meet(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_amount_change *wanted, struct counter **out)
{
	bool found;
	int failed = seen_meet(limits, txn, wanted->name, out, &found);

	if (!failed && (!found || (*out)->kind != LIMIT_AMOUNT))
		counter_init(*out, LIMIT_AMOUNT, 0, wanted->ends_ms,
			(int64_t)mdb_txn_id(txn));
	return failed;
}

int lmdb_change_forget(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	const struct str *name = context;
	struct limit_key key;

	return environment_remove(
		limits->hot, txn, limit_key(&key, LIMIT_COUNTERS, *name));
}

/* One that cannot be read is none: nobody could settle it. */
static int reservation_load(struct lmdb_limits *limits, MDB_txn *txn,
	struct str name, char bytes[RESERVATION_MAX_BYTES],
	struct reservation *out, bool *found)
{
	size_t n;
	int failed = environment_get(
		limits->hot, txn, name, bytes, RESERVATION_MAX_BYTES, &n);

	*found = !failed && n > 0 &&
		 reservation_read((struct str){ bytes, n }, out);
	return failed;
}

struct str limit_key(struct limit_key *key, struct str prefix, struct str name)
{
	assert(prefix.n + name.n <= sizeof(key->p));
	memcpy(key->p, prefix.p, prefix.n);
	memcpy(key->p + prefix.n, name.p, name.n);
	key->n = prefix.n + name.n;
	return (struct str){ key->p, key->n };
}

int counter_load(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	struct counter *out, bool *found)
{
	char bytes[COUNTER_MAX_BYTES];
	struct limit_key key;
	size_t n;
	int failed = environment_get(limits->hot, txn,
		limit_key(&key, LIMIT_COUNTERS, name), bytes, sizeof(bytes),
		&n);

	*found =
		!failed && n > 0 && counter_read((struct str){ bytes, n }, out);
	return failed;
}

int counter_store(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	const struct counter *counter)
{
	char bytes[COUNTER_MAX_BYTES];
	struct limit_key key;

	return environment_put(limits->hot, txn,
		limit_key(&key, LIMIT_COUNTERS, name),
		counter_write(counter, bytes));
}
