/*
 * limit_cases.h - what every body of limits must do, whatever it is made of:
 * cases for cmocka over one store, in a time of their own. Include it after
 * cmocka.h; *state of each case is a struct limit_bench.
 */
#ifndef TESTS_LIMIT_CASES_H
#define TESTS_LIMIT_CASES_H

#include "base/log.h"
#include "hot/limit_body.h"

#define LIMIT_CASES_STEPS 4000
#define LIMIT_CASES_MINUTE INT64_C(60000)
/* A rate may forget so much of its window late. */
#define LIMIT_CASES_LATE(window_ms) ((window_ms) / 100 + 1)

struct limit_bench {
	const struct limits_body *body;
	void *store;
	int64_t now_ms; /* goes on from case to case */
	unsigned ids;   /* that were used up */
	uint64_t random;
};

/* The next of a row that is the same in every run. */
static inline uint64_t limit_bench_random(
	struct limit_bench *bench, uint64_t below)
{
	bench->random = bench->random * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
	return (bench->random >> 33) % below;
}

static inline void limit_bench_check(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", error_detail(err));
}

static inline enum limit_verdict limit_bench_reserve(struct limit_bench *bench,
	struct str id, const struct limit *limits, size_t count,
	struct limit_outcome *out)
{
	struct error err = ERROR_INIT;

	limit_bench_check(bench->body->reserve(bench->store, id, limits, count,
				  S("note"), bench->now_ms, out, &err),
		&err);
	return out->verdict;
}

/* One limit, under an id that nobody hears of. */
static inline enum limit_verdict limit_bench_take(
	struct limit_bench *bench, const struct limit *limit)
{
	struct limit_outcome out;
	char id[24];

	snprintf(id, sizeof(id), "take-%u", bench->ids++);
	return limit_bench_reserve(bench, str_of(id), limit, 1, &out);
}

/* Whether it was there. */
static inline bool limit_bench_settle(struct limit_bench *bench, struct str id,
	int64_t tokens, int64_t picousd)
{
	const struct limit_use use = { tokens, picousd };
	struct error err = ERROR_INIT;
	bool found;

	limit_bench_check(bench->body->settle(bench->store, id, &use,
				  bench->now_ms, &found, &err),
		&err);
	return found;
}

static inline struct limit_state limit_bench_peek(
	struct limit_bench *bench, const struct limit *limit)
{
	struct limit_state state;
	struct error err = ERROR_INIT;

	limit_bench_check(bench->body->peek(bench->store, limit, bench->now_ms,
				  &state, &err),
		&err);
	return state;
}

static inline int64_t limit_bench_used(
	struct limit_bench *bench, const struct limit *limit)
{
	return limit_bench_peek(bench, limit).used;
}

static inline void limit_bench_begin(
	struct limit_bench *bench, const struct limit *limit, int64_t used)
{
	struct error err = ERROR_INIT;

	limit_bench_check(bench->body->begin_amount(bench->store, limit->name,
				  used, limit->ends_ms, &err),
		&err);
}

static inline int64_t limit_bench_grant(
	struct limit_bench *bench, const struct limit *limit, int64_t amount)
{
	struct error err = ERROR_INIT;
	int64_t granted;

	limit_bench_check(bench->body->grant(bench->store, limit->name, amount,
				  limit->ends_ms, &granted, &err),
		&err);
	return granted;
}

static inline struct limit limit_bench_rate(const char *name, int64_t max)
{
	return (struct limit){ .kind = LIMIT_RATE,
		.unit = LIMIT_CALLS,
		.name = str_of(name),
		.max = max,
		.amount = 1,
		.window_ms = LIMIT_CASES_MINUTE };
}

static inline struct limit limit_bench_concurrent(const char *name, int64_t max)
{
	return (struct limit){ .kind = LIMIT_CONCURRENT,
		.unit = LIMIT_CALLS,
		.name = str_of(name),
		.max = max,
		.amount = 1 };
}

static inline struct limit limit_bench_amount(struct limit_bench *bench,
	const char *name, int64_t max, int64_t amount)
{
	return (struct limit){ .kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = str_of(name),
		.max = max,
		.amount = amount,
		.ends_ms = bench->now_ms + 1000 * LIMIT_CASES_MINUTE };
}

/* All of them, or nothing of any. */
static void limit_case_all_or_nothing(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limits[] = {
		limit_bench_rate("all/rate", 10),
		limit_bench_concurrent("all/calls", 2),
		limit_bench_amount(bench, "all/money", 100, 40),
	};
	struct limit_outcome out;

	assert_int_equal(
		limit_bench_reserve(bench, S("all-1"), limits, 3, &out),
		LIMIT_TAKEN);
	assert_int_equal(out.states[0].used, 1);
	assert_int_equal(out.states[1].used, 1);
	assert_int_equal(out.states[2].used, 40);
	assert_int_equal(out.states[2].granted, -1);
	assert_int_equal(
		limit_bench_reserve(bench, S("all-2"), limits, 3, &out),
		LIMIT_TAKEN);
	/* Both calls at once and money are used up: the first one says so. */
	assert_int_equal(
		limit_bench_reserve(bench, S("all-3"), limits, 3, &out),
		LIMIT_FULL);
	assert_int_equal(out.at, 1);
	assert_int_equal(out.retry_after_ms, -1);
	assert_int_equal(out.states[0].used, 2);
	assert_int_equal(out.states[2].used, 80);
	limit_bench_settle(bench, S("all-1"), -1, 15);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 2);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 1);
	assert_int_equal(limit_bench_used(bench, &limits[2]), 55);
	assert_int_equal(
		limit_bench_reserve(bench, S("all-3"), limits, 3, &out),
		LIMIT_TAKEN);
	assert_int_equal(out.states[2].used, 95);
	/* Once, however often. */
	for (int i = 0; i < 3; i++)
		limit_bench_settle(bench, S("all-2"), -1, 50);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 1);
	assert_int_equal(limit_bench_used(bench, &limits[2]), 105);
	assert_true(limit_bench_settle(bench, S("all-3"), -1, 0));
	assert_false(limit_bench_settle(bench, S("all-3"), -1, 0));
	assert_false(limit_bench_settle(bench, S("never"), -1, 7));
	assert_int_equal(limit_bench_used(bench, &limits[1]), 0);
	assert_int_equal(limit_bench_used(bench, &limits[2]), 65);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 3);
}

static void limit_case_rate_slides(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_rate("slides", 3);
	struct limit_outcome out;
	int64_t first_ms = bench->now_ms;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
		bench->now_ms += 1000;
	}
	assert_int_equal(
		limit_bench_reserve(bench, S("slides"), &limit, 1, &out),
		LIMIT_FULL);
	assert_in_range(bench->now_ms + out.retry_after_ms,
		first_ms + LIMIT_CASES_MINUTE,
		first_ms + LIMIT_CASES_MINUTE +
			LIMIT_CASES_LATE(LIMIT_CASES_MINUTE));
	assert_in_range(out.states[0].reset_ms, LIMIT_CASES_MINUTE - 2000,
		LIMIT_CASES_MINUTE);
	/* One millisecond before its time it is too early. */
	bench->now_ms += out.retry_after_ms - 1;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
	bench->now_ms++;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	bench->now_ms += 2 * LIMIT_CASES_MINUTE;
	assert_int_equal(limit_bench_used(bench, &limit), 0);
	assert_int_equal(limit_bench_peek(bench, &limit).reset_ms, 0);
	limit.amount = 4;
	assert_int_equal(
		limit_bench_reserve(bench, S("slides"), &limit, 1, &out),
		LIMIT_FULL);
	assert_int_equal(out.retry_after_ms, -1);
	limit.max = -1;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	assert_int_equal(limit_bench_used(bench, &limit), 4);
}

/* Tokens: a settlement changes what was taken, when it was taken. */
static void limit_case_rate_is_corrected(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_rate("corrected", 1000);
	struct limit_outcome out;

	limit.unit = LIMIT_TOKENS;
	limit.amount = 600;
	limit_bench_reserve(bench, S("corrected-1"), &limit, 1, &out);
	bench->now_ms += 10000;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
	limit_bench_settle(bench, S("corrected-1"), 100, -1);
	assert_int_equal(limit_bench_used(bench, &limit), 100);
	limit_bench_reserve(bench, S("corrected-2"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	limit_bench_settle(bench, S("corrected-2"), 950, -1);
	assert_int_equal(limit_bench_used(bench, &limit), 1050);
	/* The first 100 slide out, and the rest with the second. */
	bench->now_ms += LIMIT_CASES_MINUTE - 9000;
	assert_int_equal(limit_bench_used(bench, &limit), 950);
	bench->now_ms += 10000;
	assert_int_equal(limit_bench_used(bench, &limit), 0);
	/* What is over is not corrected. */
	limit_bench_reserve(bench, S("corrected-3"), &limit, 1, &out);
	bench->now_ms += 2 * LIMIT_CASES_MINUTE;
	limit_bench_settle(bench, S("corrected-3"), 900, -1);
	assert_int_equal(limit_bench_used(bench, &limit), 0);
}

static void limit_case_clock_back(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_rate("clock", 5);
	int64_t then_ms = bench->now_ms;

	for (int i = 0; i < 5; i++)
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	/* A little: it still counts, and not for ever. */
	bench->now_ms = then_ms - 5000;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
	/* Far: what was taken keeps its age. */
	bench->now_ms = then_ms - 1000 * LIMIT_CASES_MINUTE;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
	bench->now_ms +=
		LIMIT_CASES_MINUTE + LIMIT_CASES_LATE(LIMIT_CASES_MINUTE);
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	assert_int_equal(limit_bench_used(bench, &limit), 1);
	bench->now_ms = then_ms;
}

/* Not more than max in any window, in overload not less than 99 % of it. */
static void limit_case_rate_is_exact(void **state)
{
	static const int64_t maxima[] = { 1, 7, 100, 1000 };
	struct limit_bench *bench = *state;
	static int64_t taken_ms[LIMIT_CASES_STEPS];

	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		int64_t max = maxima[i], windows = 3;
		int64_t from_ms = bench->now_ms;
		size_t count = 0;
		char name[32];
		struct limit limit;

		snprintf(name, sizeof(name), "exact/%" PRId64, max);
		limit = limit_bench_rate(name, max);
		while (bench->now_ms - from_ms <
			windows * LIMIT_CASES_MINUTE * 101 / 100) {
			struct limit_outcome out;
			char id[24];

			snprintf(id, sizeof(id), "exact-%u", bench->ids++);
			limit_bench_reserve(bench, str_of(id), &limit, 1, &out);
			if (out.verdict == LIMIT_TAKEN) {
				assert_true(count < ARRAY_LEN(taken_ms));
				taken_ms[count++] = bench->now_ms;
				bench->now_ms +=
					(int64_t)limit_bench_random(bench, 3);
			} else {
				assert_true(out.retry_after_ms > 0);
				bench->now_ms += out.retry_after_ms;
			}
		}
		for (size_t j = (size_t)max; j < count; j++)
			assert_true(taken_ms[j] - taken_ms[j - (size_t)max] >=
				    LIMIT_CASES_MINUTE);
		assert_true((int64_t)count >= windows * max);
	}
}

static void limit_case_amount(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_amount(bench, "amount", 100, 60);
	struct limit_outcome out;

	limit.must_be_begun = true;
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_NOT_BEGUN);
	assert_int_equal(limit_bench_used(bench, &limit), -1);
	limit_bench_begin(bench, &limit, 30);
	limit_bench_begin(bench, &limit, 90); /* it is there already */
	limit_bench_reserve(bench, S("amount-1"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	assert_int_equal(out.states[0].used, 90);
	assert_int_equal(out.states[0].reset_ms, 1000 * LIMIT_CASES_MINUTE);
	limit_bench_reserve(bench, S("amount-2"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_FULL);
	assert_int_equal(out.retry_after_ms, 1000 * LIMIT_CASES_MINUTE);
	/* More than was reserved: it is added, whatever the maximum. */
	limit_bench_settle(bench, S("amount-1"), -1, 100);
	assert_int_equal(limit_bench_used(bench, &limit), 130);
	bench->now_ms = limit.ends_ms + LIMITS_KEEP_ENDED_MS - 1;
	assert_int_equal(limit_bench_used(bench, &limit), 130);
}

/* One that was begun anew meanwhile knows nothing of a call that ran. */
static void limit_case_generations(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limits[] = {
		limit_bench_rate("gen/rate", -1),
		limit_bench_concurrent("gen/calls", -1),
		limit_bench_amount(bench, "gen/money", -1, 50),
	};
	struct limit_outcome out;
	struct error err = ERROR_INIT;

	limits[0].unit = LIMIT_TOKENS;
	limits[0].amount = 10;
	limit_bench_reserve(bench, S("gen-1"), limits, 3, &out);
	for (size_t i = 0; i < 3; i++)
		limit_bench_check(
			bench->body->forget(bench->store, limits[i].name, &err),
			&err);
	limit_bench_begin(bench, &limits[2], 7);
	limit_bench_reserve(bench, S("gen-2"), limits, 2, &out);
	limit_bench_settle(bench, S("gen-1"), 3, 20);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 10);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 1);
	assert_int_equal(limit_bench_used(bench, &limits[2]), 27);
	limit_bench_settle(bench, S("gen-2"), 3, -1);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 3);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 0);
}

static void limit_case_grants(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_amount(bench, "granted", 100, 20);
	struct limit_outcome out;

	limit.must_be_begun = true;
	limit.by_grant = true;
	limit_bench_begin(bench, &limit, 10);
	limit_bench_reserve(bench, S("grant-1"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_NOT_GRANTED);
	/* On top of what was used without any. */
	assert_int_equal(limit_bench_grant(bench, &limit, 25), 35);
	limit_bench_reserve(bench, S("grant-2"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	assert_int_equal(out.states[0].granted, 35);
	limit_bench_reserve(bench, S("grant-3"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_NOT_GRANTED);
	assert_int_equal(limit_bench_grant(bench, &limit, -100), 30);
	assert_int_equal(limit_bench_grant(bench, &limit, 200), 230);
	for (int i = 0; i < 3; i++)
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
	assert_int_equal(limit_bench_used(bench, &limit), 90);
}

/* Whoever tries it again is told, and nothing more is taken. */
static void limit_case_an_id_twice(void **state)
{
	struct limit_bench *bench = *state;
	const struct limit limit = limit_bench_concurrent("twice", 5);
	struct limit_outcome out;
	struct error err;

	limit_bench_reserve(bench, S("twice-1"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	assert_false(bench->body->reserve(bench->store, S("twice-1"), &limit, 1,
		S(""), bench->now_ms, &out, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_int_equal(limit_bench_used(bench, &limit), 1);
	assert_true(limit_bench_settle(bench, S("twice-1"), -1, -1));
	assert_int_equal(limit_bench_used(bench, &limit), 0);
}

static void limit_case_let_go(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limits[] = {
		limit_bench_concurrent("let-go/calls", 1),
		limit_bench_amount(bench, "let-go/money", 100, 50),
	};
	struct limit_outcome out;
	struct error err = ERROR_INIT;

	limit_bench_reserve(bench, S("let-go-1"), limits, 2, &out);
	for (int i = 0; i < 2; i++)
		limit_bench_check(
			bench->body->let_go(bench->store, S("let-go-1"), &err),
			&err);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 0);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 50);
	limit_bench_reserve(bench, S("let-go-2"), limits, 1, &out);
	assert_int_equal(out.verdict, LIMIT_TAKEN);
	limit_bench_settle(bench, S("let-go-1"), -1, 20);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 1);
	assert_int_equal(limit_bench_used(bench, &limits[1]), 20);
	limit_bench_check(
		bench->body->let_go(bench->store, S("nobody"), &err), &err);
}

/* Names and notes are bytes. */
static void limit_case_any_bytes(void **state)
{
	static char long_name[LIMIT_NAME_MAX_BYTES];
	struct limit_bench *bench = *state;
	struct limit limits[] = { limit_bench_concurrent("", 1),
		limit_bench_concurrent("", 1), limit_bench_concurrent("", 1) };
	struct limit_outcome out;

	memset(long_name, 0xfe, sizeof(long_name));
	limits[0].name = S("bytes\0a");
	limits[1].name = S("bytes\0b\r\n");
	limits[2].name = (struct str){ long_name, sizeof(long_name) };
	limit_bench_reserve(bench, S("bytes\0id"), limits, 1, &out);
	assert_int_equal(limit_bench_take(bench, &limits[0]), LIMIT_FULL);
	assert_int_equal(limit_bench_take(bench, &limits[1]), LIMIT_TAKEN);
	assert_int_equal(limit_bench_take(bench, &limits[2]), LIMIT_TAKEN);
	limit_bench_settle(bench, S("bytes\0id"), -1, -1);
	assert_int_equal(limit_bench_used(bench, &limits[0]), 0);
}

/* As many as may be, at once. */
static void limit_case_many(void **state)
{
	struct limit_bench *bench = *state;
	char names[LIMITS_MAX][24];
	struct limit limits[LIMITS_MAX];
	struct limit_outcome out;

	for (int i = 0; i < LIMITS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "many/%d", i);
		limits[i] = i % 3 == 0 ? limit_bench_rate(names[i], 9)
			    : i % 3 == 1
				    ? limit_bench_concurrent(names[i], 9)
				    : limit_bench_amount(bench, names[i], 9, 1);
	}
	for (int i = 0; i < 9; i++) {
		char id[24];

		snprintf(id, sizeof(id), "many-%d", i);
		limit_bench_reserve(
			bench, str_of(id), limits, LIMITS_MAX, &out);
		assert_int_equal(out.verdict, LIMIT_TAKEN);
		for (int j = 0; j < LIMITS_MAX; j++)
			assert_int_equal(out.states[j].used, i + 1);
	}
	limit_bench_reserve(bench, S("many-9"), limits, LIMITS_MAX, &out);
	assert_int_equal(out.verdict, LIMIT_FULL);
	assert_int_equal(out.at, 0);
}

/* Money does not lose its last digit, nor a sum its sign. */
static void limit_case_large_numbers(void **state)
{
	static const int64_t sizes[] = { INT64_C(1) << 49, INT64_C(1) << 53,
		INT64_C(1000000000000000), INT64_C(1) << 60,
		(INT64_C(1) << 62) - 2 };
	struct limit_bench *bench = *state;

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int64_t size = sizes[i];
		char name[32], id[32];
		struct limit limit;
		struct limit_outcome out;

		snprintf(name, sizeof(name), "large/%zu", i);
		snprintf(id, sizeof(id), "large-%zu", i);
		limit = limit_bench_amount(bench, name, size + 2, 1);
		limit_bench_begin(bench, &limit, size - 1);
		for (int j = 0; j < 3; j++) {
			assert_int_equal(
				limit_bench_take(bench, &limit), LIMIT_TAKEN);
			assert_true(
				limit_bench_used(bench, &limit) == size + j);
		}
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_FULL);
		limit.max = INT64_MAX;
		limit.amount = size;
		limit_bench_reserve(bench, str_of(id), &limit, 1, &out);
		assert_int_equal(out.verdict, LIMIT_TAKEN);
		assert_true(out.states[0].used == 2 * size + 2);
		limit_bench_settle(bench, str_of(id), -1, 3);
		assert_true(limit_bench_used(bench, &limit) == size + 5);
	}
}

/* A sum that would not fit stops at the largest number. */
static void limit_case_overflow(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit =
		limit_bench_amount(bench, "overflow", -1, INT64_MAX);
	struct limit_outcome out;

	for (int i = 0; i < 3; i++)
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	assert_true(limit_bench_used(bench, &limit) == INT64_MAX);
	limit.max = INT64_MAX;
	limit_bench_reserve(bench, S("overflow"), &limit, 1, &out);
	assert_int_equal(out.verdict, LIMIT_FULL);
	limit = limit_bench_rate("overflow/rate", -1);
	limit.amount = INT64_MAX;
	for (int i = 0; i < 2; i++)
		assert_int_equal(limit_bench_take(bench, &limit), LIMIT_TAKEN);
	assert_true(limit_bench_used(bench, &limit) == INT64_MAX);
}

/* --- random steps, against a model that is a few arrays */

#define LIMIT_CASES_AMOUNTS 4
#define LIMIT_CASES_OPEN 32

struct limit_model {
	bool begun[LIMIT_CASES_AMOUNTS];
	int64_t used[LIMIT_CASES_AMOUNTS];
	int64_t running; /* of one LIMIT_CONCURRENT */
	struct {
		bool held;
		char id[24];
		bool has[LIMIT_CASES_AMOUNTS];
		int64_t amount;
	} calls[LIMIT_CASES_OPEN];
};

static inline struct limit limit_model_limit(
	struct limit_bench *bench, size_t which, int64_t amount)
{
	static const char *const names[LIMIT_CASES_AMOUNTS] = { "model/0",
		"model/1", "model/2", "model/3" };
	static const int64_t maxima[LIMIT_CASES_AMOUNTS] = { 5000, -1,
		INT64_C(1) << 54, INT64_C(1) << 62 };
	static const int64_t units[LIMIT_CASES_AMOUNTS] = { 1, 1,
		INT64_C(1) << 43, (INT64_C(1) << 51) + 1 };
	struct limit limit = limit_bench_amount(
		bench, names[which], maxima[which], amount * units[which]);

	limit.must_be_begun = true;
	return limit;
}

static inline void limit_model_reserve(
	struct limit_bench *bench, struct limit_model *model, size_t at)
{
	struct limit limits[LIMIT_CASES_AMOUNTS + 1];
	size_t which[LIMIT_CASES_AMOUNTS], count = 0;
	int64_t amount = (int64_t)limit_bench_random(bench, 900);
	enum limit_verdict expected = LIMIT_TAKEN;
	struct limit_outcome out;

	memset(model->calls[at].has, 0, sizeof(model->calls[at].has));
	for (size_t i = 0; i < LIMIT_CASES_AMOUNTS; i++) {
		struct limit limit = limit_model_limit(bench, i, amount);

		if (limit_bench_random(bench, 3) == 0)
			continue;
		model->calls[at].has[i] = true;
		which[count] = i;
		limits[count++] = limit;
		if (expected != LIMIT_TAKEN)
			continue;
		if (!model->begun[i])
			expected = LIMIT_NOT_BEGUN;
		else if (limit.max >= 0 &&
			 limit.amount > limit.max - model->used[i])
			expected = LIMIT_FULL;
	}
	limits[count] =
		limit_bench_concurrent("model/calls", LIMIT_CASES_OPEN / 2);
	if (expected == LIMIT_TAKEN && model->running == LIMIT_CASES_OPEN / 2)
		expected = LIMIT_FULL;
	snprintf(model->calls[at].id, sizeof(model->calls[at].id), "model-%u",
		bench->ids++);
	limit_bench_reserve(
		bench, str_of(model->calls[at].id), limits, count + 1, &out);
	assert_int_equal(out.verdict, expected);
	if (expected != LIMIT_TAKEN)
		return;
	model->calls[at].held = true;
	model->calls[at].amount = amount;
	model->running++;
	for (size_t i = 0; i < count; i++) {
		model->used[which[i]] += limits[i].amount;
		assert_true(out.states[i].used == model->used[which[i]]);
	}
	assert_int_equal(out.states[count].used, model->running);
}

static inline void limit_model_settle(
	struct limit_bench *bench, struct limit_model *model, size_t at)
{
	int64_t actual = (int64_t)limit_bench_random(bench, 1000) - 1;

	limit_bench_settle(bench, str_of(model->calls[at].id), -1, actual);
	model->calls[at].held = false;
	model->running--;
	for (size_t i = 0; i < LIMIT_CASES_AMOUNTS; i++) {
		struct limit limit =
			limit_model_limit(bench, i, model->calls[at].amount);

		if (model->calls[at].has[i] && actual >= 0)
			model->used[i] += actual - limit.amount;
	}
}

static void limit_case_follows_a_model(void **state)
{
	struct limit_bench *bench = *state;
	struct limit_model model = { 0 };

	for (int step = 0; step < LIMIT_CASES_STEPS; step++) {
		size_t at = limit_bench_random(bench, LIMIT_CASES_OPEN);
		size_t which = limit_bench_random(bench, LIMIT_CASES_AMOUNTS);
		struct limit limit = limit_model_limit(bench, which, 0);
		struct error err = ERROR_INIT;

		bench->now_ms += (int64_t)limit_bench_random(bench, 20);
		if (step % 200 == 100 && !model.begun[which]) {
			limit_bench_begin(bench, &limit, 1000);
			model.begun[which] = true;
			model.used[which] = 1000;
		} else if (step % 900 == 899 && model.running == 0) {
			limit_bench_check(bench->body->forget(bench->store,
						  limit.name, &err),
				&err);
			model.begun[which] = false;
		} else if (model.calls[at].held) {
			limit_model_settle(bench, &model, at);
		} else {
			limit_model_reserve(bench, &model, at);
		}
		assert_true(limit_bench_used(bench, &limit) ==
			    (model.begun[which] ? model.used[which] : -1));
	}
}

#define LIMIT_CASES                                             \
	cmocka_unit_test(limit_case_all_or_nothing),            \
		cmocka_unit_test(limit_case_rate_slides),       \
		cmocka_unit_test(limit_case_rate_is_corrected), \
		cmocka_unit_test(limit_case_clock_back),        \
		cmocka_unit_test(limit_case_rate_is_exact),     \
		cmocka_unit_test(limit_case_amount),            \
		cmocka_unit_test(limit_case_generations),       \
		cmocka_unit_test(limit_case_grants),            \
		cmocka_unit_test(limit_case_an_id_twice),       \
		cmocka_unit_test(limit_case_let_go),            \
		cmocka_unit_test(limit_case_any_bytes),         \
		cmocka_unit_test(limit_case_many),              \
		cmocka_unit_test(limit_case_large_numbers),     \
		cmocka_unit_test(limit_case_overflow),          \
		cmocka_unit_test(limit_case_follows_a_model)

#endif
