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
	memset(weights.hash, WEIGHTS_NO_STEPS, sizeof(weights.hash));
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
	weights.view[VIEW_GAIN].weight[3] = INFINITY;
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
	weights.usual_square[FEATURE_BOUNDED - 1] = NAN;
	weights_seal(&weights);
	assert_false(check(sizeof(weights)));
	fill(state);
	weights.quality_bend = 0.5f;
	weights_seal(&weights);
	assert_false(check(sizeof(weights)));
	fill(state);
	weights.version = FEATURES_VERSION + 1;
	assert_false(check(sizeof(weights)));
}

static void put(size_t hash, enum view view, int step)
{
	weights.hash[hash] = weights_put(weights.hash[hash], view, step);
}

static double words(struct weighed prompt, enum view view)
{
	return weights_of_words(&weights, prompt).of[view];
}

static void the_score_is_what_the_weights_say(void **state)
{
	float counted[FEATURE_COUNT] = { 0 };
	uint32_t hash[] = { 7, 9, 11, 13 };
	struct weighed prompt = { counted, hash, 4 };
	struct view_weights *gain;

	(void)state;
	gain = &weights.view[VIEW_GAIN];
	counted[2] = 3;
	gain->weight[2] = 0.5f;
	weights.usual[2] = 1;
	gain->hash_scale = 0.25f;
	put(7, VIEW_GAIN, 2);
	put(13, VIEW_GAIN, -4);
	assert_true(words(prompt, VIEW_GAIN) == -1.5);
	assert_true(words(prompt, VIEW_QUALITY) == 0);
	assert_true(weights_score(&weights, prompt) == -0.5);
	/* 2 above what is usual, squared, less the usual square */
	gain->bend[2] = 1;
	weights.usual_square[2] = 1;
	assert_true(weights_score(&weights, prompt) == 2.5);
	gain->mean = 0.5f;
	assert_true(weights_score(&weights, prompt) == 2);
	assert_true(weights_calibrate(&weights, 0) == 0.5);
	assert_true(weights_calibrate(&weights, 1) > 0.5);
}

/* Answers that are all good or all poor take from the score alike. */
static void what_is_easy_or_hopeless_gains_less(void **state)
{
	float counted[FEATURE_COUNT] = { 0 };
	uint32_t hash[] = { 7 };
	struct weighed prompt = { counted, hash, 1 };
	struct weighed none = { counted, hash, 0 };

	(void)state;
	weights.view[VIEW_QUALITY].hash_scale = 0.125f;
	weights.quality_bend = -0.25f;
	put(7, VIEW_QUALITY, 2);
	assert_true(words(prompt, VIEW_QUALITY) == 0.5);
	assert_true(weights_score(&weights, prompt) == -0.0625);
	put(7, VIEW_QUALITY, -2);
	assert_true(words(prompt, VIEW_QUALITY) == -0.5);
	assert_true(weights_score(&weights, prompt) == -0.0625);
	assert_true(weights_score(&weights, none) == 0);
	/* No quality is further than 1 from the mean. */
	put(7, VIEW_QUALITY, 5);
	assert_true(weights_score(&weights, prompt) == -0.25);
	put(7, VIEW_QUALITY, -7);
	assert_true(weights_score(&weights, prompt) == -0.25);
}

static void the_steps_of_two_views_share_a_byte(void **state)
{
	(void)state;
	weights.view[VIEW_GAIN].hash_scale = 1;
	weights.view[VIEW_QUALITY].hash_scale = 1;
	for (int gain = -WEIGHTS_STEPS; gain <= WEIGHTS_STEPS; gain++) {
		for (int quality = -WEIGHTS_STEPS; quality <= WEIGHTS_STEPS;
			quality++) {
			uint32_t hash[] = { 3 };
			struct weighed prompt = { NULL, hash, 1 };
			int g = gain < 0 ? -gain : gain;
			int q = quality < 0 ? -quality : quality;

			put(3, VIEW_GAIN, gain);
			put(3, VIEW_QUALITY, quality);
			assert_true(words(prompt, VIEW_GAIN) == gain * g);
			assert_true(words(prompt, VIEW_QUALITY) == quality * q);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_sealed_file_is_taken, fill),
		cmocka_unit_test_setup(a_cut_file_is_refused, fill),
		cmocka_unit_test_setup(every_damaged_byte_is_seen, fill),
		cmocka_unit_test_setup(sealed_nonsense_is_refused, fill),
		cmocka_unit_test_setup(the_score_is_what_the_weights_say, fill),
		cmocka_unit_test_setup(
			what_is_easy_or_hopeless_gains_less, fill),
		cmocka_unit_test_setup(
			the_steps_of_two_views_share_a_byte, fill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
