/*
 * weights.c - is a file one of weights, and what do they say of a prompt?
 */
#include "classify/weights.h"

#include <math.h>

/* Of what stands in four bits, which is never 0. */
static const int8_t squares[16] = { 0, -49, -36, -25, -16, -9, -4, -1, 0, 1, 4,
	9, 16, 25, 36, 49 };

static uint64_t sum_of(const struct weights *weights);
static bool is_sound(const struct weights *weights);

void weights_seal(struct weights *weights)
{
	memcpy(weights->magic, WEIGHTS_MAGIC, sizeof(weights->magic));
	weights->version = FEATURES_VERSION;
	weights->byte_order = WEIGHTS_BYTE_ORDER;
	weights->sum = sum_of(weights);
}

bool weights_check(struct str bytes, struct error *err)
{
	const struct weights *weights = (const void *)bytes.p;

	if (bytes.n < sizeof(weights->magic) ||
		memcmp(bytes.p, WEIGHTS_MAGIC, sizeof(weights->magic)) != 0)
		return error_set(err, ERR_CONFIG, "these are no weights");
	if (bytes.n != sizeof(*weights))
		return error_set(err, ERR_CONFIG,
			"the weights have %zu bytes, not %zu", bytes.n,
			sizeof(*weights));
	if (weights->version != FEATURES_VERSION ||
		weights->byte_order != WEIGHTS_BYTE_ORDER)
		return error_set(err, ERR_CONFIG,
			"the weights are of another version or machine");
	if (weights->sum != sum_of(weights) || !is_sound(weights))
		return error_set(err, ERR_CONFIG, "the weights are damaged");
	return true;
}

struct views weights_of_words(
	const struct weights *weights, struct weighed prompt)
{
	struct views views = { { 0 } };
	int64_t gain = 0, quality = 0;

	if (!prompt.hash_count)
		return views;
	for (size_t i = 0; i < prompt.hash_count; i++) {
		uint8_t packed = weights->hash[prompt.hash[i]];

		gain += squares[packed & 15];
		quality += squares[packed >> 4];
	}
	views.of[VIEW_GAIN] = (double)gain;
	views.of[VIEW_QUALITY] = (double)quality;
	for (int i = 0; i < VIEWS; i++)
		views.of[i] *= (double)weights->view[i].hash_scale /
			       sqrt((double)prompt.hash_count);
	return views;
}

struct views weights_views(const struct weights *weights, struct weighed prompt,
	const struct views *words)
{
	struct views views = *words;

	for (int view = 0; view < VIEWS; view++) {
		for (size_t i = 0; i < FEATURE_COUNT; i++)
			views.of[view] += weights_of_feature(
				weights, (enum view)view, prompt, i);
		views.of[view] -= (double)weights->view[view].mean;
	}
	return views;
}

double weights_score(const struct weights *weights, struct weighed prompt)
{
	struct views words = weights_of_words(weights, prompt);
	struct views views = weights_views(weights, prompt, &words);

	return views.of[VIEW_GAIN] + weights_of_quality(weights, &views);
}

double weights_calibrate(const struct weights *weights, double raw)
{
	return 1 / (1 + exp(-((double)weights->calibrate_at +
				(double)weights->calibrate_by * raw)));
}

/* Of the bytes behind the sum, eight at a time; what is left over counts. */
static uint64_t sum_of(const struct weights *weights)
{
	const char *p = (const char *)weights->view;
	const char *end = (const char *)weights + sizeof(*weights);
	uint64_t sum = 0, word;

	for (; end - p >= 8; p += 8) {
		memcpy(&word, p, sizeof(word));
		sum = (sum ^ word) * 0x9e3779b97f4a7c15u;
		sum ^= sum >> 29;
	}
	for (; p < end; p++)
		sum = (sum ^ (unsigned char)*p) * 0x9e3779b97f4a7c15u;
	return sum;
}

static bool is_sound(const struct weights *weights)
{
	/* All numbers from the first weight to the last threshold. */
	const char *p = (const char *)weights->view;
	const char *end = (const char *)&weights->trained_rows;
	float number;

	for (; p < end; p += sizeof(number)) {
		memcpy(&number, p, sizeof(number));
		if (!isfinite(number))
			return false;
	}
	return weights->calibrate_by > 0 && weights->quality_bend <= 0 &&
	       weights->medium <= weights->complex;
}
