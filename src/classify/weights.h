/*
 * weights.h - what training leaves behind, as it stands in its file.
 *
 * The file is this struct, in the byte order of the machine; it is mapped and
 * used where it lies. The sum guards against a file that was cut or damaged,
 * FEATURES_VERSION against weights of features that are no more.
 */
#ifndef CLASSIFY_WEIGHTS_H
#define CLASSIFY_WEIGHTS_H

#include "classify/features.h"

#define WEIGHTS_MAGIC "LLMGWCW\n"
/* Changes when what features_read() gives, or this struct, does. */
#define FEATURES_VERSION 2

struct weights {
	char magic[8];
	uint32_t version;
	uint32_t byte_order; /* WEIGHTS_BYTE_ORDER */
	uint64_t sum;        /* of all that follows */
	/* A prompt's raw score is the sum of what it counts above what is
	 * usual, each times its weight, and of the weights of its n hashes,
	 * times hash_scale, over the root of n. */
	float weight[FEATURE_COUNT];
	float usual[FEATURE_COUNT];
	float hash_scale;
	/* P(the strong model is better) = 1 / (1 + exp(-(at + by * raw))) */
	float calibrate_at;
	float calibrate_by;
	/* Scores from which a prompt is medium, and complex. */
	float medium;
	float complex;
	uint32_t trained_rows;
	struct lexicon_slot lexicon[LEXICON_SLOTS];
	int8_t hash[FEATURE_HASHES];
};

#define WEIGHTS_BYTE_ORDER 0x01020304u

/* Set magic, version and sum. */
void weights_seal(struct weights *weights);
/* Is this a whole weights file of ours? ERR_CONFIG. */
MUST_USE bool weights_check(struct str bytes, struct error *err);

/* A prompt as the weights see it; views of features or of a training row. */
struct weighed {
	const float *counted; /* FEATURE_COUNT */
	const uint32_t *hash;
	size_t hash_count;
};

/* What one counted feature adds to the raw score. */
static inline double weights_of_feature(
	const struct weights *weights, struct weighed prompt, size_t feature)
{
	return (double)weights->weight[feature] *
	       ((double)prompt.counted[feature] -
		       (double)weights->usual[feature]);
}

/* What the hashed words add to it. */
double weights_of_words(const struct weights *weights, struct weighed prompt);
/* The raw score: all of that. */
double weights_score(const struct weights *weights, struct weighed prompt);
/* 0 to 1. */
double weights_calibrate(const struct weights *weights, double raw);

#endif
