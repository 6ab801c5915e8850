/*
 * weights.c - is a file one of weights, and what do they say of a prompt?
 */
#include "classify/weights.h"

#include <math.h>

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

double weights_of_words(const struct weights *weights, struct weighed prompt)
{
	int64_t sum = 0;

	if (!prompt.hash_count)
		return 0;
	for (size_t i = 0; i < prompt.hash_count; i++)
		sum += weights->hash[prompt.hash[i]];
	return (double)sum * (double)weights->hash_scale /
	       sqrt((double)prompt.hash_count);
}

double weights_score(const struct weights *weights, struct weighed prompt)
{
	double score = weights_of_words(weights, prompt);

	for (size_t i = 0; i < FEATURE_COUNT; i++)
		score += weights_of_feature(weights, prompt, i);
	return score;
}

double weights_calibrate(const struct weights *weights, double raw)
{
	return 1 / (1 + exp(-((double)weights->calibrate_at +
				(double)weights->calibrate_by * raw)));
}

/* Of the bytes behind the sum, eight at a time; what is left over counts. */
static uint64_t sum_of(const struct weights *weights)
{
	const char *p = (const char *)weights->weight;
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
	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		if (!isfinite(weights->weight[i]) ||
			!isfinite(weights->usual[i]))
			return false;
	}
	return isfinite(weights->hash_scale) &&
	       isfinite(weights->calibrate_at) &&
	       isfinite(weights->calibrate_by) && weights->calibrate_by > 0 &&
	       weights->medium <= weights->complex;
}
