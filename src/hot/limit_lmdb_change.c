/*
 * limit_lmdb_change.c - reserving, settling, beginning: read what is there,
 * let limit_counter.h do the sums, write what has become of it.
 */
#include "hot/limit_lmdb_change.h"

static int meet_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *counters, bool *moved);
static int keep_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, const struct counter *counters);
static int take_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *counters);
static int settle_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct held *held, const struct lmdb_settling *s);
static int amount_load(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_amount_change *wanted, struct counter *out);
static int reservation_load(struct lmdb_limits *limits, MDB_txn *txn,
	struct str name, char bytes[RESERVATION_MAX_BYTES],
	struct reservation *out, bool *found);

int lmdb_change_reserve(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	struct counter counters[LIMITS_MAX];
	const struct lmdb_reserving *r = context;
	bool moved = false;
	int failed = meet_all(limits, txn, r, counters, &moved);

	if (failed)
		return failed;
	if (r->out->verdict != LIMIT_TAKEN)
		return moved ? keep_all(limits, txn, r, counters)
			     : LMDB_NO_CHANGE;
	return take_all(limits, txn, r, counters);
}

/* All of them, though one may refuse: the client is told where each stands. */
static int meet_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *counters, bool *moved)
{
	struct limit_outcome *out = r->out;

	out->verdict = LIMIT_TAKEN;
	out->at = 0;
	out->retry_after_ms = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct limit *limit = &r->wanted[i];
		enum limit_verdict verdict;
		int failed = lmdb_meet(
			limits, txn, limit, r->now_ms, &counters[i], moved);

		if (failed)
			return failed;
		counter_state(&counters[i], limit, r->now_ms, &out->states[i]);
		verdict = counter_verdict(&counters[i], limit);
		if (verdict == LIMIT_TAKEN || out->verdict != LIMIT_TAKEN)
			continue;
		out->verdict = verdict;
		out->at = i;
		if (verdict == LIMIT_FULL)
			out->retry_after_ms =
				counter_wait_ms(&counters[i], limit, r->now_ms);
	}
	return MDB_SUCCESS;
}

/* The clock was set back: nothing is taken, but time must go on. */
static int keep_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, const struct counter *counters)
{
	int failed = MDB_SUCCESS;

	for (size_t i = 0; i < r->count && !failed; i++) {
		if (r->wanted[i].kind == LIMIT_RATE)
			failed = counter_store(
				limits, txn, r->wanted[i].name, &counters[i]);
	}
	return failed;
}

static int take_all(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_reserving *r, struct counter *counters)
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
	for (size_t i = 0; i < r->count && !failed; i++) {
		const struct limit *limit = &r->wanted[i];

		reservation.count += counter_take(&counters[i], limit,
			r->now_ms, &reservation.held[reservation.count]);
		counter_state(
			&counters[i], limit, r->now_ms, &r->out->states[i]);
		failed = counter_store(limits, txn, limit->name, &counters[i]);
	}
	if (failed)
		return failed;
	return environment_put_always(
		limits->hot, txn, name, reservation_write(&reservation, bytes));
}

int lmdb_meet(struct lmdb_limits *limits, MDB_txn *txn,
	const struct limit *limit, int64_t now_ms, struct counter *out,
	bool *moved)
{
	bool found;
	int failed = counter_load(limits, txn, limit->name, out, &found);

	if (failed)
		return failed;
	if (!found || out->kind != limit->kind)
		counter_init(out, limit->kind, limit->window_ms, limit->ends_ms,
			(int64_t)mdb_txn_id(txn));
	*moved |= counter_meet(out, limit, now_ms);
	return MDB_SUCCESS;
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
	for (size_t i = 0; i < reservation.count && !failed; i++)
		failed = settle_one(limits, txn, &reservation.held[i], s);
	return failed ? failed : environment_remove(limits->hot, txn, name);
}

static int settle_one(struct lmdb_limits *limits, MDB_txn *txn,
	const struct held *held, const struct lmdb_settling *s)
{
	struct counter counter;
	bool found;
	int failed = counter_load(limits, txn, held->name, &counter, &found);

	if (failed || !found ||
		!counter_settle(&counter, held, s->use, s->now_ms))
		return failed;
	return counter_store(limits, txn, held->name, &counter);
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
	struct counter counter;
	int failed = amount_load(limits, txn, wanted, &counter);

	if (failed)
		return failed;
	if (!counter_begin(&counter, wanted->amount, wanted->ends_ms))
		return LMDB_NO_CHANGE;
	return counter_store(limits, txn, wanted->name, &counter);
}

int lmdb_change_grant(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	struct lmdb_amount_change *wanted = context;
	struct counter counter;
	int failed = amount_load(limits, txn, wanted, &counter);

	if (failed)
		return failed;
	counter_grant(&counter, wanted->amount, wanted->ends_ms);
	wanted->granted = counter.granted;
	return counter_store(limits, txn, wanted->name, &counter);
}

static int amount_load(struct lmdb_limits *limits, MDB_txn *txn,
	const struct lmdb_amount_change *wanted, struct counter *out)
{
	bool found;
	int failed = counter_load(limits, txn, wanted->name, out, &found);

	if (!failed && (!found || out->kind != LIMIT_AMOUNT))
		counter_init(out, LIMIT_AMOUNT, 0, wanted->ends_ms,
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
