/*
 * limit_window.c - sliding windows, against a model that remembers everything:
 * nothing is forgotten early, nothing more than 1 % of the window late.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/limit_window.h"

#define MINUTE INT64_C(60000)
#define START INT64_C(1790000000000)
#define EVENTS 20000

struct event {
	int64_t taken_ms; /* as the window gave it */
	int64_t now_ms;   /* when it was */
	int64_t amount;
};

static uint64_t random_below(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + 1;
	return (*state >> 33) % below;
}

static int64_t sum_since(
	const struct event *events, size_t count, int64_t after_ms)
{
	int64_t sum = 0;

	while (count > 0 && events[count - 1].now_ms > after_ms)
		sum += events[--count].amount;
	return sum;
}

static void check(const struct window *window)
{
	int64_t sum = 0;

	assert_true(window->count <= WINDOW_ENTRIES);
	for (size_t i = 0; i < window->count; i++) {
		assert_true(window->entries[i].amount > 0);
		assert_true(i == 0 || window->entries[i].time_ms >
					      window->entries[i - 1].time_ms);
		sum += window->entries[i].amount;
	}
	assert_true(sum == window->used);
}

/* Takes and corrections at random, so that from a few to hundreds of thousands
 * fall into a window. */
static void follow_model(int64_t window_ms, uint64_t step_ms, uint64_t seed)
{
	static struct event events[EVENTS];
	struct window window;
	int64_t now_ms = START;

	window_init(&window, window_ms);
	for (size_t i = 0; i < EVENTS; i++) {
		struct event *past =
			&events[i ? i - 1 - random_below(&seed, i < 50 ? i : 50)
				  : 0];
		int64_t delta = (int64_t)random_below(&seed, 100) - 60;

		now_ms += (int64_t)random_below(&seed, step_ms);
		window_slide(&window, now_ms);
		events[i].amount = (int64_t)random_below(&seed, 80);
		events[i].now_ms = now_ms;
		events[i].taken_ms =
			window_take(&window, events[i].amount, now_ms);
		if (delta < -past->amount)
			delta = -past->amount;
		if (past->taken_ms > now_ms - window_ms) {
			window_correct(&window, past->taken_ms, delta, now_ms);
			past->amount += delta;
		}
		check(&window);
		assert_true(window.used >=
			    sum_since(events, i + 1, now_ms - window_ms));
		assert_true(window.used <=
			    sum_since(events, i + 1,
				    now_ms - window_ms - window_ms / 100 - 1));
	}
}

static void follows_a_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		follow_model(MINUTE, 2, seed);
		follow_model(MINUTE, 30, seed);
		follow_model(MINUTE, 800, seed);
		follow_model(MINUTE, 5000, seed);
		follow_model(MINUTE, 300000, seed);
		follow_model(1000, 5, seed);
		follow_model(50, 4, seed);
		follow_model(1, 3, seed);
		follow_model(24 * 60 * MINUTE, 60000, seed);
	}
}

/* Up to 120 calls are known to the millisecond. */
static void few_are_exact(void **state)
{
	struct window window;
	int64_t now_ms = START;

	(void)state;
	window_init(&window, MINUTE);
	for (int i = 0; i < 120; i++) {
		window_slide(&window, now_ms);
		window_take(&window, 1, now_ms);
		now_ms += 3;
	}
	for (int i = 0; i < 120; i++) {
		int64_t until_ms = START + 3 * i + MINUTE;

		window_slide(&window, until_ms - 1);
		assert_int_equal(window.used, 120 - i);
		assert_int_equal(
			window_wait_ms(&window, 1, 120 - i, until_ms - 1), 1);
		window_slide(&window, until_ms);
		assert_int_equal(window.used, 119 - i);
		assert_int_equal(
			window_wait_ms(&window, 1, 120 - i, until_ms), 0);
	}
}

/* Somebody asks each millisecond; nobody gets more than the maximum, and
 * together they get 99 % of it. */
static void overload(int64_t max, int64_t window_ms, int64_t amount)
{
	static int64_t taken_ms[EVENTS];
	struct window window;
	size_t per_window = (size_t)(max / amount);
	size_t count = 0;
	size_t first = 0;

	window_init(&window, window_ms);
	for (int64_t t = START; t < START + 10 * window_ms; t++) {
		for (;;) {
			window_slide(&window, t);
			if (window_wait_ms(&window, amount, max, t) != 0)
				break;
			window_take(&window, amount, t);
			assert_true(count < EVENTS);
			taken_ms[count++] = t;
			while (taken_ms[first] <= t - window_ms)
				first++;
			assert_true(count - first <= per_window);
			/* Not all at once, at first. */
			if (t < START + window_ms && count % 7 == 0)
				break;
		}
	}
	assert_true(count * 100 >= 10 * per_window * 99);
}

static void overload_gets_its_share(void **state)
{
	static const int64_t maxima[] = { 1, 2, 10, 60, 119, 121, 127, 128, 500,
		1900 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		overload(maxima[i], 10000, 1);
		overload(maxima[i] * 1000, 10000, 1000);
	}
}

static void waits_are_exact(void **state)
{
	struct window window;
	uint64_t seed = 7;
	int64_t now_ms = START;

	(void)state;
	window_init(&window, 10000);
	for (int i = 0; i < 20000; i++) {
		int64_t amount = (int64_t)random_below(&seed, 300);
		struct window then;
		int64_t wait_ms;

		now_ms += (int64_t)random_below(&seed, 40);
		window_slide(&window, now_ms);
		wait_ms = window_wait_ms(&window, amount, 250, now_ms);
		if (amount > 250) {
			assert_int_equal(wait_ms, -1);
			continue;
		}
		if (wait_ms == 0) {
			assert_true(window.used + amount <= 250);
			window_take(&window, amount, now_ms);
			continue;
		}
		then = window;
		window_slide(&then, now_ms + wait_ms - 1);
		assert_true(then.used + amount > 250);
		window_slide(&then, now_ms + wait_ms);
		assert_true(then.used + amount <= 250);
	}
	assert_int_equal(window_reset_ms(&window, now_ms),
		window.entries[window.count - 1].time_ms + 10000 - now_ms);
}

static void clock_goes_back(void **state)
{
	struct window window;
	int64_t taken_ms;

	(void)state;
	window_init(&window, MINUTE);
	assert_int_equal(window_take(&window, 10, START), START);
	/* A caller that is a little late: nothing counts for less. */
	window_slide(&window, START - 50);
	assert_int_equal(window_take(&window, 5, START - 50), START);
	assert_int_equal(window.used, 15);
	/* Up to a window. */
	window_slide(&window, START - MINUTE);
	assert_false(window_is_ahead(&window, START - MINUTE));
	assert_int_equal(window.used, 15);
	assert_int_equal(
		window_wait_ms(&window, 1, 15, START - MINUTE), 2 * MINUTE);
	/* And further: not for ten years. */
	assert_true(window_is_ahead(&window, 1000));
	window_slide(&window, 1000);
	assert_int_equal(window.used, 15);
	assert_int_equal(window_wait_ms(&window, 1, 15, 1000), MINUTE);
	taken_ms = window_take(&window, 1, 2000);
	assert_int_equal(taken_ms, 2000);
	/* A call from before ends now. */
	window_correct(&window, START, -10, 2000);
	window_correct(&window, START, 4, 2000);
	check(&window);
	assert_int_equal(window.used, 20);
	window_slide(&window, 1000 + MINUTE);
	assert_int_equal(window.used, 5);
	window_slide(&window, 2000 + MINUTE);
	assert_int_equal(window.used, 0);
	assert_int_equal(window_reset_ms(&window, 2000 + MINUTE), 0);
}

static void sums_have_ends(void **state)
{
	struct window window;

	(void)state;
	window_init(&window, MINUTE);
	for (int i = 0; i < 3; i++)
		window_take(&window, INT64_MAX, START + i);
	check(&window);
	assert_true(window.used == INT64_MAX);
	assert_int_equal(
		window_wait_ms(&window, INT64_MAX, INT64_MAX, START + 3),
		MINUTE - 3);
	window_correct(&window, START, -INT64_MAX, START + 3);
	check(&window);
	assert_int_equal(window.used, 0);
	assert_int_equal(window.count, 0);
	window_correct(&window, START, -5, START + 3);
	assert_int_equal(window.used, 0);
	window_correct(&window, START, 5, START + 3);
	assert_int_equal(window.used, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_model),
		cmocka_unit_test(few_are_exact),
		cmocka_unit_test(overload_gets_its_share),
		cmocka_unit_test(waits_are_exact),
		cmocka_unit_test(clock_goes_back),
		cmocka_unit_test(sums_have_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
