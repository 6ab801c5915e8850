/* Tests of waiting times and of the budget of retries. */
#include "gateway/retry.h"

#include <setjmp.h>

#include <cmocka.h>

static const struct settings settings = {
	.retry_base_ms = 100,
	.retry_max_ms = 1000,
};

static void waits_are_random_up_to_a_doubling_bound(void **state)
{
	static const int64_t bounds[] = { 100, 200, 400, 800, 1000, 1000 };

	(void)state;
	for (unsigned tries = 1; tries <= ARRAY_LEN(bounds); tries++) {
		int64_t bound = bounds[tries - 1], most = 0, least = bound;

		for (int i = 0; i < 1000; i++) {
			int64_t wait = retry_wait_ms(&settings, tries, -1);

			assert_in_range(wait, 0, bound);
			most = wait > most ? wait : most;
			least = wait < least ? wait : least;
		}
		/* None in the upper fifth of a thousand: 1e-97. */
		assert_true(most > bound * 4 / 5);
		assert_true(least < bound / 5);
	}
	assert_in_range(retry_wait_ms(&settings, 1000000, -1), 0, 1000);
}

static void a_hint_is_waited_in_full(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_in_range(retry_wait_ms(&settings, 3, 5000), 5000, 5101);
		assert_in_range(retry_wait_ms(&settings, 3, 0), 0, 101);
	}
}

static unsigned take_all(struct retry_budgets *budgets, int64_t now_ms)
{
	unsigned count = 0;

	while (retry_budgets_take(budgets, 7, now_ms))
		count++;
	return count;
}

static void retries_are_a_share_of_the_calls(void **state)
{
	struct retry_budgets *budgets = retry_budgets_new(20);

	(void)state;
	assert_int_equal(take_all(budgets, 1000), 10); /* to begin with */
	for (int i = 0; i < 100; i++)
		retry_budgets_note_call(budgets, 7);
	assert_int_equal(take_all(budgets, 1000), 20);
	assert_int_equal(take_all(budgets, 1000), 0);
	/* One each second, without any calls. */
	assert_int_equal(take_all(budgets, 1999), 0);
	assert_int_equal(take_all(budgets, 4999), 3);
	/* Not more than so many are saved up. */
	for (int i = 0; i < 10000; i++)
		retry_budgets_note_call(budgets, 7);
	assert_int_equal(take_all(budgets, 5000), 100);
	/* Others have their own. */
	assert_true(retry_budgets_take(budgets, 8, 5000));
	retry_budgets_free(budgets);
}

static void none_at_0_percent(void **state)
{
	struct retry_budgets *budgets = retry_budgets_new(0);

	(void)state;
	retry_budgets_note_call(budgets, 7);
	assert_false(retry_budgets_take(budgets, 7, 1000));
	assert_false(retry_budgets_take(budgets, 7, 1000000));
	retry_budgets_free(budgets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_are_random_up_to_a_doubling_bound),
		cmocka_unit_test(a_hint_is_waited_in_full),
		cmocka_unit_test(retries_are_a_share_of_the_calls),
		cmocka_unit_test(none_at_0_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
