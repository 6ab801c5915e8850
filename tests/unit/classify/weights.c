/*
 * weights.c - only a whole file of this version is taken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/weights.h"

#include <math.h>

static struct weights weights;

static int fill(void **state)
{
	(void)state;
	memset(&weights, 0, sizeof(weights));
	weights.calibrate_by = 1;
	weights.medium = 0.3f;
	weights.complex = 0.6f;
	weights_seal(&weights);
	return 0;
}

static bool check(size_t bytes)
{
	struct error err = ERROR_INIT;
	bool good = weights_check(
		(struct str){ (const char *)&weights, bytes }, &err);

	assert_true(good || err.kind == ERR_CONFIG);
	return good;
}

static void a_sealed_file_is_taken(void **state)
{
	(void)state;
	assert_true(check(sizeof(weights)));
}

static void a_cut_file_is_refused(void **state)
{
	(void)state;
	assert_false(check(0));
	assert_false(check(7));
	assert_false(check(64));
	assert_false(check(sizeof(weights) - 1));
}

static void every_damaged_byte_is_seen(void **state)
{
	char *bytes = (char *)&weights;

	(void)state;
	for (size_t i = 0; i < sizeof(weights); i += 997) {
		bytes[i] ^= 1;
		assert_false(check(sizeof(weights)));
		bytes[i] ^= 1;
	}
	bytes[sizeof(weights) - 1] ^= 1;
	assert_false(check(sizeof(weights)));
}

static void sealed_nonsense_is_refused(void **state)
{
	(void)state;
	weights.weight[3] = INFINITY;
	weights_seal(&weights);
	assert_false(check(sizeof(weights)));
	fill(state);
	weights.calibrate_by = -1;
	weights_seal(&weights);
	assert_false(check(sizeof(weights)));
	fill(state);
	weights.medium = 0.7f;
	weights_seal(&weights);
	assert_false(check(sizeof(weights)));
	fill(state);
	weights.version = FEATURES_VERSION + 1;
	assert_false(check(sizeof(weights)));
}

static void the_score_is_what_the_weights_say(void **state)
{
	float counted[FEATURE_COUNT] = { 0 };
	uint32_t hash[] = { 7, 9, 11, 13 };
	struct weighed prompt = { counted, hash, 4 };

	(void)state;
	counted[2] = 3;
	weights.weight[2] = 0.5f;
	weights.usual[2] = 1;
	weights.hash_scale = 0.25f;
	weights.hash[7] = 4;
	weights.hash[13] = -12;
	assert_true(weights_of_words(&weights, prompt) == -1);
	assert_true(weights_score(&weights, prompt) == 0);
	assert_true(weights_calibrate(&weights, 0) == 0.5);
	assert_true(weights_calibrate(&weights, 1) > 0.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sealed_file_is_taken, fill),
		cmocka_unit_test_setup(a_cut_file_is_refused, fill),
		cmocka_unit_test_setup(every_damaged_byte_is_seen, fill),
		cmocka_unit_test_setup(sealed_nonsense_is_refused, fill),
		cmocka_unit_test_setup(the_score_is_what_the_weights_say, fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
