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

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMIT_CASES,
		cmocka_unit_test(it_is_known_when_an_amount_was_touched),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
