/*
 * limit_sweep.c - counters that are over are forgotten, a few at a time; a
 * full store refuses what it cannot count.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit_store.h"

#include "base/clock.h"
#include "hot/limit_body.h"

#define START INT64_C(1790000000000)
#define MINUTE INT64_C(60000)
#define DAY (1440 * MINUTE)

struct fixture {
	struct limit_store store;
	struct limits *limits;
	unsigned ids;
};

static void check(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", error_detail(err));
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err = ERROR_INIT;

	limit_store_make(&f->store);
	check(limits_open(&f->store.settings, f->store.hot, &f->limits, &err),
		&err);
	alarm(120);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	limits_close(f->limits);
	limit_store_remove(&f->store);
	free(f);
	alarm(0);
	return 0;
}

static struct limit rate_of(struct str name)
{
	return (struct limit){ .kind = LIMIT_RATE,
		.name = name,
		.max = 100,
		.amount = 1,
		.window_ms = MINUTE };
}

/* Reserve and settle at once. */
static bool use(struct fixture *f, const struct limit *limits, size_t count,
	int64_t now_ms, struct error *err)
{
	const struct limit_use as_reserved = { -1, -1 };
	struct limit_outcome out;
	char id[LIMIT_ID_MAX_BYTES];

	snprintf(id, sizeof(id), "req_%u", f->ids++);
	if (!limits_reserve(f->limits, str_of(id), limits, count, S(""), now_ms,
		    &out, err))
		return false;
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	return limits_settle(f->limits, str_of(id), &as_reserved, now_ms, err);
}

static void beat(struct fixture *f, int64_t now_ms)
{
	struct error err = ERROR_INIT;

	check(limits_beat(f->limits, now_ms, &err), &err);
}

static bool count_one(struct str name, struct str value, void *context)
{
	(void)name;
	(void)value;
	++*(size_t *)context;
	return true;
}

static size_t counters(struct fixture *f)
{
	struct error err = ERROR_INIT;
	size_t count = 0;

	check(hot_each(f->store.hot, S("limit/counter/"), count_one, &count,
		      &err),
		&err);
	return count;
}

static void what_is_over_is_forgotten(void **state)
{
	struct fixture *f = *state;
	struct error err = ERROR_INIT;
	struct limit_outcome out;
	struct limit limits[] = {
		rate_of(S("rate")),
		{ .kind = LIMIT_CONCURRENT,
			.name = S("calls"),
			.max = 3,
			.amount = 1 },
		{ .kind = LIMIT_AMOUNT,
			.unit = LIMIT_PICOUSD,
			.name = S("money"),
			.max = 100,
			.amount = 1,
			.ends_ms = START + DAY },
	};
	const struct limit_use as_reserved = { -1, -1 };

	check(limits_reserve(
		      f->limits, S("req"), limits, 3, S(""), START, &out, &err),
		&err);
	beat(f, START);
	beat(f, START + MINUTE - 1);
	assert_int_equal(counters(f), 3);
	beat(f, START + MINUTE);
	assert_int_equal(counters(f), 2);
	check(limits_settle(
		      f->limits, S("req"), &as_reserved, START + MINUTE, &err),
		&err);
	beat(f, START + MINUTE);
	assert_int_equal(counters(f), 1);
	beat(f, START + DAY + LIMITS_KEEP_ENDED_MS - 1);
	assert_int_equal(counters(f), 1);
	beat(f, START + DAY + LIMITS_KEEP_ENDED_MS);
	assert_int_equal(counters(f), 0);
}

static void fill(struct fixture *f, size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < count; i += LIMITS_MAX) {
		struct limit limits[LIMITS_MAX];
		char names[LIMITS_MAX][24];
		struct error err = ERROR_INIT;

		for (size_t j = 0; j < LIMITS_MAX; j++) {
			snprintf(names[j], sizeof(names[j]), "ip/%08zu", i + j);
			limits[j] = rate_of(str_of(names[j]));
		}
		check(use(f, limits, LIMITS_MAX, now_ms, &err), &err);
	}
}

/* Each beat takes a bounded time, and all are reached by and by. */
static void a_sweep_goes_on_where_it_ended(void **state)
{
	struct fixture *f = *state;
	size_t left = 430 * LIMITS_MAX; /* a reservation takes as many */
	int beats = 0;

	fill(f, left, START);
	assert_int_equal(counters(f), left);
	beat(f, START + MINUTE - 1);
	assert_int_equal(counters(f), left);
	for (; left > 0 && beats < 20; beats++) {
		size_t before = left;

		beat(f, START + MINUTE);
		left = counters(f);
		assert_true(before - left <= 5000);
	}
	assert_int_equal(left, 0);
	assert_in_range(beats, 5, 6);
}

/* Windows that lie ahead of a clock that was set back end, too. */
static void clock_back_holds_nothing_up(void **state)
{
	struct fixture *f = *state;
	struct limit limit = rate_of(S("rate"));
	struct error err = ERROR_INIT;

	check(use(f, &limit, 1, START, &err), &err);
	beat(f, START - DAY);
	beat(f, START - DAY + MINUTE - 1);
	assert_int_equal(counters(f), 1);
	beat(f, START - DAY + MINUTE);
	assert_int_equal(counters(f), 0);
}

/* A clock that ran ahead has cost us amounts of periods that go on. */
static void forgetting_ahead_of_time_is_a_gap(void **state)
{
	struct fixture *f = *state;
	int64_t now_ms = clock_unix_ms();
	struct limit limit = { .kind = LIMIT_AMOUNT,
		.name = S("money"),
		.max = -1,
		.amount = 1,
		.ends_ms = now_ms + DAY };
	struct error err = ERROR_INIT;
	int64_t since_ms;

	check(use(f, &limit, 1, now_ms, &err), &err);
	check(limits_since(f->limits, &since_ms, &err), &err);
	assert_true(since_ms <= now_ms);
	/* In its time: that is no gap. */
	limit.name = S("earlier");
	limit.ends_ms = now_ms - DAY;
	check(use(f, &limit, 1, now_ms, &err), &err);
	beat(f, now_ms);
	assert_int_equal(counters(f), 1);
	check(limits_since(f->limits, &since_ms, &err), &err);
	assert_true(since_ms <= now_ms);
	beat(f, now_ms + 2 * DAY);
	assert_int_equal(counters(f), 0);
	usleep(2000);
	check(limits_since(f->limits, &since_ms, &err), &err);
	assert_true(since_ms > now_ms);
}

static bool put_filler(struct str old, struct buf *now, void *context)
{
	(void)old;
	(void)context;
	buf_advance(now,
		(size_t)snprintf(buf_reserve(now, 1000), 1000, "%0999d", 7));
	return true;
}

static bool remove_filler(struct str old, struct buf *now, void *context)
{
	(void)old;
	(void)now;
	(void)context;
	return true;
}

static bool change_filler(struct fixture *f, int64_t number,
	hot_change_record *change, struct error *err)
{
	char name[40];

	snprintf(name, sizeof(name), "filler/%08" PRId64, number);
	return hot_change(f->store.hot, str_of(name), change, NULL, err);
}

static void a_full_store_refuses_what_it_cannot_count(void **state)
{
	struct fixture *f = *state;
	struct limit known = rate_of(S("known"));
	struct limit unknown = rate_of(S("unknown"));
	struct error err = ERROR_INIT;
	int64_t fillers = 0;
	char name[24];

	check(use(f, &known, 1, START, &err), &err);
	while (fillers < 1000000 && change_filler(f, fillers, put_filler, &err))
		fillers++;
	assert_int_equal(err.kind, ERR_IO);
	for (int64_t i = 0; i < 600; i++)
		check(change_filler(f, i, remove_filler, &err), &err);
	/* What is left goes to counters. */
	for (size_t i = 0;; i++) {
		struct limit limit;

		snprintf(name, sizeof(name), "ip/%08zu", i);
		limit = rate_of(str_of(name));
		if (!use(f, &limit, 1, START, &err))
			break;
		assert_true(i < 100000);
	}
	assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
	assert_int_equal(error_http_status(&err), 503);
	/* Who is counted already goes on, and new processes come. */
	for (int i = 0; i < 50; i++)
		check(use(f, &known, 1, START, &err), &err);
	limits_close(f->limits);
	check(limits_open(&f->store.settings, f->store.hot, &f->limits, &err),
		&err);
	beat(f, START);
	assert_false(use(f, &unknown, 1, START, &err));
	assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
	/* Idle counters make room for one that is needed. */
	while (!use(f, &unknown, 1, START + MINUTE, &err)) {
		assert_int_equal(err.kind, ERR_LIMITS_UNKNOWN);
		usleep(10000);
	}
	assert_true(counters(f) < 10);
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_over_is_forgotten),
		TEST(a_sweep_goes_on_where_it_ended),
		TEST(clock_back_holds_nothing_up),
		TEST(forgetting_ahead_of_time_is_a_gap),
		TEST(a_full_store_refuses_what_it_cannot_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
