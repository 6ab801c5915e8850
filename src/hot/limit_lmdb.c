/*
 * limit_lmdb.c - limits of one machine. Whatever a function changes, it
 * changes in one write transaction: a process that is killed in it takes
 * nothing with it.
 */
#include "hot/limit_lmdb_change.h"

#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "hot/limit_body.h"
#include "hot/limit_seen.h"

/* What a second's sweep looks at: well under a millisecond. */
#define SWEEP_COUNTERS 5000

static bool lmdb_open(const struct settings *settings, struct hot *hot,
	void **store, struct error *err);
static void lmdb_close(void *store);
static bool lmdb_reserve(void *store, struct str id, const struct limit *wanted,
	size_t count, struct str note, int64_t now_ms,
	struct limit_outcome *out, struct error *err);
static bool lmdb_settle(void *store, struct str id, const struct limit_use *use,
	int64_t now_ms, bool *found, struct error *err);
static bool lmdb_change_both(void *store, const struct limit_settlement *ended,
	size_t ended_count, struct limit_request *wanted, size_t wanted_count,
	int64_t now_ms, struct error *err);
static bool lmdb_let_go(void *store, struct str id, struct error *err);
static bool lmdb_peek(void *store, const struct limit *limit, int64_t now_ms,
	struct limit_state *out, struct error *err);
static bool lmdb_begin_amount(void *store, struct str name, int64_t used,
	int64_t ends_ms, struct error *err);
static bool lmdb_grant(void *store, struct str name, int64_t amount,
	int64_t ends_ms, int64_t *granted, struct error *err);
static bool lmdb_forget(void *store, struct str name, struct error *err);
static bool lmdb_since(void *store, int64_t *unix_ms, struct error *err);
static bool lmdb_beat(void *store, int64_t now_ms, struct error *err);
static bool lmdb_orphans(void *store, int64_t now_ms, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count, struct error *err);

static int change(struct lmdb_limits *limits, lmdb_change *work, void *context);
static bool done(int failed, const char *what, struct error *err);
static int time_load(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	int64_t *unix_ms);
static lmdb_change begin_since;

const struct limits_body limits_lmdb = {
	.may_wait = false,
	.open = lmdb_open,
	.close = lmdb_close,
	.reserve = lmdb_reserve,
	.settle = lmdb_settle,
	.change = lmdb_change_both,
	.let_go = lmdb_let_go,
	.peek = lmdb_peek,
	.begin_amount = lmdb_begin_amount,
	.grant = lmdb_grant,
	.forget = lmdb_forget,
	.since = lmdb_since,
	.beat = lmdb_beat,
	.orphans = lmdb_orphans,
};

static bool lmdb_open(const struct settings *settings, struct hot *hot,
	void **store, struct error *err)
{
	struct lmdb_limits *limits = calloc(1, sizeof(*limits));
	int failed;

	(void)settings;
	if (!limits)
		abort();
	limits->hot = hot;
	limits->seen = calloc(1, sizeof(*limits->seen));
	if (!limits->seen)
		abort();
	/* So few bytes come at once and whole. */
	if (getrandom(&limits->process, sizeof(limits->process), 0) !=
		sizeof(limits->process))
		abort();
	pthread_mutex_init(&limits->sweeping, NULL);
	failed = change(limits, begin_since, NULL);
	if (!failed)
		failed = limit_process_beat(limits);
	if (failed) {
		pthread_mutex_destroy(&limits->sweeping);
		free(limits->seen);
		free(limits);
		return done(failed, "begin", err);
	}
	*store = limits;
	return true;
}

static void lmdb_close(void *store)
{
	struct lmdb_limits *limits = store;
	int failed = limit_process_end(limits);

	if (failed)
		log_warn("limits: others will find only after %d ms that this "
			 "process ended: %s",
			LIMITS_SILENCE_MS, mdb_strerror(failed));
	pthread_mutex_destroy(&limits->sweeping);
	free(limits->seen);
	free(limits);
}

static bool lmdb_reserve(void *store, struct str id, const struct limit *wanted,
	size_t count, struct str note, int64_t now_ms,
	struct limit_outcome *out, struct error *err)
{
	struct lmdb_limits *limits = store;
	struct lmdb_reserving r = { id, wanted, count, note, now_ms, out };
	int failed = change(limits, lmdb_change_reserve, &r);

	out->since_ms = 0;
	if (failed == MDB_MAP_FULL && limit_make_room(limits, now_ms))
		failed = change(limits, lmdb_change_reserve, &r);
	if (failed == MDB_KEYEXIST)
		return error_set(err, ERR_INTERNAL,
			"limits: %.*s has a reservation already", STR_ARG(id));
	return done(failed, "reserve", err);
}

static bool lmdb_settle(void *store, struct str id, const struct limit_use *use,
	int64_t now_ms, bool *found, struct error *err)
{
	struct lmdb_settling s = { id, use, now_ms, found };

	*found = false;
	return done(change(store, lmdb_change_settle, &s), "settle", err);
}

static bool lmdb_change_both(void *store, const struct limit_settlement *ended,
	size_t ended_count, struct limit_request *wanted, size_t wanted_count,
	int64_t now_ms, struct error *err)
{
	struct lmdb_both both = { ended, ended_count, wanted, wanted_count,
		now_ms };

	for (size_t i = 0; i < wanted_count; i++)
		wanted[i].out->since_ms = 0;
	return done(change(store, lmdb_change_several, &both),
		"settle and reserve", err);
}

static bool lmdb_let_go(void *store, struct str id, struct error *err)
{
	return done(change(store, lmdb_change_let_go, &id), "let go", err);
}

static bool lmdb_peek(void *store, const struct limit *limit, int64_t now_ms,
	struct limit_state *out, struct error *err)
{
	struct lmdb_limits *limits = store;
	struct counter counter;
	struct look look;
	bool found = false;
	int failed = environment_look(limits->hot, &look);

	if (!failed) {
		failed = counter_load(
			limits, look.txn, limit->name, &counter, &found);
		environment_look_end(&look);
	}
	if (!failed)
		lmdb_meet(&counter, found, limit, now_ms, 0);
	if (!failed)
		counter_state(&counter, limit, now_ms, out);
	return done(failed, "look", err);
}

static bool lmdb_begin_amount(void *store, struct str name, int64_t used,
	int64_t ends_ms, struct error *err)
{
	struct lmdb_amount_change wanted = { name, used, ends_ms, 0 };

	return done(change(store, lmdb_change_begin, &wanted),
		"begin an amount", err);
}

static bool lmdb_grant(void *store, struct str name, int64_t amount,
	int64_t ends_ms, int64_t *granted, struct error *err)
{
	struct lmdb_amount_change wanted = { name, amount, ends_ms, 0 };

	if (!done(change(store, lmdb_change_grant, &wanted), "grant", err))
		return false;
	*granted = wanted.granted;
	return true;
}

static bool lmdb_forget(void *store, struct str name, struct error *err)
{
	return done(change(store, lmdb_change_forget, &name), "forget", err);
}

/* While the clock was ahead, amounts may have been forgotten of periods that
 * are not over: then nothing is known from before now. */
static bool lmdb_since(void *store, int64_t *unix_ms, struct error *err)
{
	struct lmdb_limits *limits = store;
	int64_t now_ms = clock_unix_ms();
	int64_t forgot_ms = INT64_MIN;
	struct look look;
	int failed = environment_look(limits->hot, &look);

	if (!failed) {
		failed = time_load(limits, look.txn, LIMIT_SINCE, unix_ms);
		if (!failed &&
			time_load(limits, look.txn, LIMIT_FORGOT, &forgot_ms) ==
				MDB_SUCCESS &&
			forgot_ms - LIMITS_KEEP_ENDED_MS > now_ms)
			*unix_ms = now_ms;
		environment_look_end(&look);
	}
	return done(failed, "look", err);
}

static bool lmdb_beat(void *store, int64_t now_ms, struct error *err)
{
	struct lmdb_limits *limits = store;
	int failed = limit_process_beat(limits);

	if (!failed)
		failed = limit_sweep(limits, now_ms, SWEEP_COUNTERS);
	return done(failed, "forget", err);
}

/* The clock that counts is the machine's: see limit_lmdb.h. */
static bool lmdb_orphans(void *store, int64_t now_ms, struct arena *arena,
	struct limit_orphan *out, size_t max, size_t *count, struct error *err)
{
	int failed = limit_process_orphans(store, arena, out, max, count);

	(void)now_ms;
	return done(failed, "look for orphans", err);
}

static int change(struct lmdb_limits *limits, lmdb_change *work, void *context)
{
	MDB_txn *txn;
	int failed = environment_change(limits->hot, &txn);

	if (failed)
		return failed;
	limits->seen->count = 0;
	failed = work(limits, txn, context);
	if (!failed)
		failed = seen_write(limits, txn);
	failed = environment_change_end(limits->hot, txn, failed);
	return failed == LMDB_NO_CHANGE ? MDB_SUCCESS : failed;
}

static bool done(int failed, const char *what, struct error *err)
{
	if (!failed)
		return true;
	return error_set(err, ERR_LIMITS_UNKNOWN,
		"limits in the shared store: cannot %s: %s", what,
		mdb_strerror(failed));
}

static int time_load(struct lmdb_limits *limits, MDB_txn *txn, struct str name,
	int64_t *unix_ms)
{
	size_t n;
	int failed = environment_get(
		limits->hot, txn, name, unix_ms, sizeof(*unix_ms), &n);

	return failed || n == sizeof(*unix_ms) ? failed : MDB_NOTFOUND;
}

static int begin_since(struct lmdb_limits *limits, MDB_txn *txn, void *context)
{
	int64_t since;
	size_t n;
	int failed = environment_get(
		limits->hot, txn, LIMIT_SINCE, &since, sizeof(since), &n);

	(void)context;
	if (failed || n == sizeof(since))
		return failed ? failed : LMDB_NO_CHANGE;
	since = clock_unix_ms();
	return environment_put_always(limits->hot, txn, LIMIT_SINCE,
		(struct str){ (char *)&since, sizeof(since) });
}
