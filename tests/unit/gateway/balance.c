/* Tests of draws by weight and of latencies. */
#include "gateway/balance.h"

#include <setjmp.h>

#include <cmocka.h>

#define DRAWS 20000

static size_t draw_first(const int64_t *weights, size_t count)
{
	size_t first = 0;
	double least = 0;

	for (size_t i = 0; i < count; i++) {
		double draw = balance_draw((double)weights[i]);

		if (i == 0 || draw < least) {
			least = draw;
			first = i;
		}
	}
	return first;
}

/* Pearson's chi-square with two degrees of freedom is above 30 once in three
 * million times. */
static void comes_first_in_proportion(void **state)
{
	static const int64_t weights[] = { 1, 3, 6 };
	double counts[3] = { 0 }, chi_square = 0;

	(void)state;
	for (int i = 0; i < DRAWS; i++)
		counts[draw_first(weights, 3)]++;
	for (size_t i = 0; i < 3; i++) {
		double expected = DRAWS * (double)weights[i] / 10;
		double off = counts[i] - expected;

		chi_square += off * off / expected;
	}
	assert_true(chi_square < 30);
}

static void weight_0_comes_last(void **state)
{
	static const int64_t weights[] = { 0, 1, 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(draw_first(weights, 3), 1);
}

static void the_same_bits_draw_the_same(void **state)
{
	(void)state;
	assert_true(balance_draw_by(3, 12345) == balance_draw_by(3, 12345));
	assert_true(balance_draw_by(3, 12345) < balance_draw_by(1, 12345));
	assert_true(balance_draw_by(0, 12345) > balance_draw_by(1e-6, 0));
}

/* What is under way stays within a quarter above the shares, and the first
 * choice has as much as it may. */
static void nobody_gets_much_more_than_its_share(void **state)
{
	static const double shares[] = { 0.5, 0.3, 0.2 };
	int64_t here[3] = { 0 };

	(void)state;
	assert_false(balance_is_over(0, 0, 0.001));
	assert_true(balance_is_over(0, 0, 0));
	for (int64_t all = 0; all < 1000; all++) {
		size_t i = 0;

		while (balance_is_over(here[i], all, shares[i]))
			assert_true(++i < 3);
		here[i]++;
		for (i = 0; i < 3; i++)
			assert_true((double)here[i] <=
				    1.25 * shares[i] * (double)(all + 1) + 1);
	}
	assert_int_equal(here[0], 625);
	assert_int_equal(here[1], 375);
}

static int setup(void **state)
{
	*state = latencies_new();
	return 0;
}

static int teardown(void **state)
{
	latencies_free(*state);
	return 0;
}

static void call(struct latencies *latencies, int64_t model_id, int64_t us,
	int64_t now_ms)
{
	latencies_begin(latencies, model_id);
	latencies_end(latencies, model_id, us, now_ms);
}

static void the_quicker_one_comes_first(void **state)
{
	call(*state, 1, 300000, 1000);
	call(*state, 2, 100000, 1000);
	assert_true(latencies_score(*state, 2, 1000) <
		    latencies_score(*state, 1, 1000));
	/* Who waits there already counts: 3 * 100 is as much as 300. */
	latencies_begin(*state, 2);
	latencies_begin(*state, 2);
	latencies_begin(*state, 2);
	assert_true(latencies_score(*state, 2, 1000) >
		    latencies_score(*state, 1, 1000));
}

static void an_unknown_one_is_tried_by_one_call(void **state)
{
	call(*state, 1, 1000, 1000);
	assert_true(latencies_score(*state, 3, 1000) <
		    latencies_score(*state, 1, 1000));
	latencies_begin(*state, 3);
	assert_true(latencies_score(*state, 3, 1000) >
		    latencies_score(*state, 1, 1000));
}

static void a_peak_counts_at_once_and_fades(void **state)
{
	double quick, peak, later;

	for (int i = 0; i < 100; i++)
		call(*state, 1, 1000, i);
	quick = latencies_score(*state, 1, 100);
	call(*state, 1, 500000, 100);
	peak = latencies_score(*state, 1, 100);
	assert_true(peak > 400 * quick);
	/* By better calls: half of it is gone after ten seconds. */
	call(*state, 1, 1000, 10100);
	later = latencies_score(*state, 1, 10100);
	assert_true(later > 0.45 * peak && later < 0.55 * peak);
	/* And without any, after a minute. */
	assert_true(latencies_score(*state, 1, 70100) < 0.55 * later);
}

static void a_failure_is_a_bad_latency(void **state)
{
	call(*state, 1, 800000, 1000);
	latencies_begin(*state, 2);
	latencies_fail(*state, 2, 1000);
	assert_true(latencies_score(*state, 2, 1000) >
		    latencies_score(*state, 1, 1000));
	/* One that says nothing changes nothing. */
	call(*state, 4, 5000, 1000);
	call(*state, 4, -1, 1000);
	assert_true(latencies_score(*state, 4, 1000) == 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_first_in_proportion),
		cmocka_unit_test(weight_0_comes_last),
		cmocka_unit_test(the_same_bits_draw_the_same),
		cmocka_unit_test(nobody_gets_much_more_than_its_share),
		cmocka_unit_test_setup_teardown(
			the_quicker_one_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(
			an_unknown_one_is_tried_by_one_call, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_peak_counts_at_once_and_fades, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_failure_is_a_bad_latency, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
