/*
 * limit_lmdb.c - limits in the shared store, in one process: what every body
 * must do, and what is LMDB's own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "limit_cases.h"
#include "limit_store.h"

static struct limit_store store;

static int set_up(void **state)
{
	static struct limit_bench bench;
	struct error err = ERROR_INIT;

	limit_store_make(&store);
	bench = (struct limit_bench){ .body = &limits_lmdb,
		.now_ms = INT64_C(1790000000000),
		.random = 5 };
	if (!limits_lmdb.open(&store.settings, store.hot, &bench.store, &err))
		fail_msg("%s", error_detail(&err));
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct limit_bench *bench = *state;

	limits_lmdb.close(bench->store);
	limit_store_remove(&store);
	return 0;
}

/* So that what nobody uses can go back to those who grant it. */
static void it_is_known_when_an_amount_was_touched(void **state)
{
	struct limit_bench *bench = *state;
	struct limit limit = limit_bench_amount(bench, "touched", 100, 20);
	struct limit_state at;
	struct limit_outcome out;
	struct error err;
	int64_t began_ms = bench->now_ms;

	limit.must_be_begun = true;
	limit.by_grant = true;
	limit_bench_begin(bench, &limit, 10);
	limit_bench_grant(bench, &limit, 50);
	assert_true(limits_lmdb.peek(
		bench->store, &limit, bench->now_ms, &at, &err));
	assert_int_equal(at.touched_ms, 0);
	limit_bench_reserve(bench, S("touch-1"), &limit, 1, &out);
	assert_int_equal(out.states[0].touched_ms, began_ms);
	bench->now_ms += 1000;
	limit_bench_settle(bench, S("touch-1"), -1, 5);
	bench->now_ms += 1000;
	assert_true(limits_lmdb.peek(
		bench->store, &limit, bench->now_ms, &at, &err));
	assert_int_equal(at.touched_ms, began_ms + 1000);
}

/* --- several at once --- */

static const struct limit three = { .kind = LIMIT_CONCURRENT,
	.unit = LIMIT_CALLS,
	.name = STR("several"),
	.max = 3,
	.amount = 1 };

static void change_both(struct limit_bench *bench,
	const struct limit_settlement *ended, size_t ended_count,
	struct limit_request *wanted, size_t wanted_count)
{
	struct error err = ERROR_INIT;

	limit_bench_check(bench->body->change(bench->store, ended, ended_count,
				  wanted, wanted_count, bench->now_ms, &err),
		&err);
}

/* Each sees what those before it took; what ended is free before that. */
static void several_reserve_one_after_the_other(void **state)
{
	struct limit_bench *bench = *state;
	const struct limit_settlement ended = { S("several-0"), { -1, -1 } };
	struct limit_request wanted[4] = { { .is_refused = false } };
	struct limit_outcome outcomes[4];
	char ids[4][16];

	for (size_t i = 0; i < 4; i++) {
		snprintf(ids[i], sizeof(ids[i]), "several-%zu", i);
		wanted[i] = (struct limit_request){ .id = str_of(ids[i]),
			.wanted = &three,
			.count = 1,
			.note = S("note"),
			.out = &outcomes[i] };
	}
	change_both(bench, NULL, 0, wanted, 4);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(outcomes[i].verdict, LIMIT_TAKEN);
	assert_int_equal(outcomes[2].states[0].used, 3);
	assert_int_equal(outcomes[3].verdict, LIMIT_FULL);
	change_both(bench, &ended, 1, &wanted[3], 1);
	assert_int_equal(outcomes[3].verdict, LIMIT_TAKEN);
	assert_int_equal(limit_bench_peek(bench, &three).used, 3);
	assert_false(limit_bench_settle(bench, S("several-0"), -1, -1));
	for (size_t i = 1; i < 4; i++)
		assert_true(limit_bench_settle(bench, wanted[i].id, -1, -1));
}

/* What cannot be is said of it alone. */
static void an_id_that_is_taken_refuses_its_request_alone(void **state)
{
	struct limit_bench *bench = *state;
	struct limit_outcome first, again, other;
	struct limit_request wanted[] = {
		{ .id = S("twice"),
			.wanted = &three,
			.count = 1,
			.out = &first },
		{ .id = S("twice"),
			.wanted = &three,
			.count = 1,
			.out = &again },
		{ .id = S("other"),
			.wanted = &three,
			.count = 1,
			.out = &other },
	};
	const struct limit_settlement nobody = { S("nobody"), { 1, 1 } };

	change_both(bench, &nobody, 1, wanted, 3);
	assert_false(wanted[0].is_refused);
	assert_true(wanted[1].is_refused);
	assert_false(wanted[2].is_refused);
	assert_int_equal(other.verdict, LIMIT_TAKEN);
	assert_int_equal(limit_bench_peek(bench, &three).used, 2);
	assert_true(limit_bench_settle(bench, S("twice"), -1, -1));
	assert_true(limit_bench_settle(bench, S("other"), -1, -1));
}

/* More counters than a change keeps in mind: none is lost on the way. */
static void many_counters_in_one_change(void **state)
{
	enum { CALLS = 20, EACH = 40 };
	struct limit_bench *bench = *state;
	static struct limit limits[CALLS][EACH];
	static char names[CALLS][EACH][32], ids[CALLS][32];
	static struct limit_outcome outcomes[CALLS];
	struct limit_request wanted[CALLS];

	for (size_t i = 0; i < CALLS; i++) {
		snprintf(ids[i], sizeof(ids[i]), "counters-%zu", i);
		for (size_t k = 0; k < EACH; k++) {
			/* Every fifth is everybody's. */
			snprintf(names[i][k], sizeof(names[i][k]),
				"many/%zu/%zu", k % 5 ? i : 0, k);
			limits[i][k] = three;
			limits[i][k].max = CALLS;
			limits[i][k].name = str_of(names[i][k]);
		}
		wanted[i] = (struct limit_request){ .id = str_of(ids[i]),
			.wanted = limits[i],
			.count = EACH,
			.out = &outcomes[i] };
	}
	change_both(bench, NULL, 0, wanted, CALLS);
	for (size_t i = 0; i < CALLS; i++) {
		assert_false(wanted[i].is_refused);
		assert_int_equal(outcomes[i].verdict, LIMIT_TAKEN);
		for (size_t k = 0; k < EACH; k++)
			assert_int_equal(
				limit_bench_peek(bench, &limits[i][k]).used,
				k % 5 ? 1 : CALLS);
	}
	for (size_t i = 0; i < CALLS; i++)
		assert_true(limit_bench_settle(bench, wanted[i].id, -1, -1));
	assert_int_equal(limit_bench_peek(bench, &limits[0][0]).used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_CASES,
		cmocka_unit_test(it_is_known_when_an_amount_was_touched),
		cmocka_unit_test(several_reserve_one_after_the_other),
		cmocka_unit_test(an_id_that_is_taken_refuses_its_request_alone),
		cmocka_unit_test(many_counters_in_one_change),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
