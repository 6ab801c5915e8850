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
#define FEATURES_VERSION 3

/*
 * Two things are foreseen of a prompt: what the strong model gains, and how
 * good the answers of models are at all. Where they are all good or all poor,
 * there is little to gain.
 */
enum view {
	VIEW_GAIN,
	VIEW_QUALITY,
	VIEWS,
};

/* A view is the sum of what a prompt counts above what is usual, each times
 * its weight, of the squares of that, above what is usual of them, each times
 * its bend, and of the weights of its n hashes, times hash_scale, over the
 * root of n; all that less `mean`. */
struct view_weights {
	float weight[FEATURE_COUNT];
	float bend[FEATURE_BOUNDED];
	float hash_scale;
	float mean;
};

struct weights {
	char magic[8];
	uint32_t version;
	uint32_t byte_order; /* WEIGHTS_BYTE_ORDER */
	uint64_t sum;        /* of all that follows */
	struct view_weights view[VIEWS];
	float usual[FEATURE_COUNT];
	float usual_square[FEATURE_BOUNDED]; /* about what is usual */
	/* The raw score is the gain, and this, which is not above 0, times the
	 * quality squared. */
	float quality_bend;
	/* P(the strong model is better) = 1 / (1 + exp(-(at + by * raw))) */
	float calibrate_at;
	float calibrate_by;
	/* Scores from which a prompt is medium, and complex. */
	float medium;
	float complex;
	uint32_t trained_rows;
	struct lexicon_slot lexicon[LEXICON_SLOTS];
	/* The steps of both views: weights_put(). */
	uint8_t hash[FEATURE_HASHES];
};

/* A hash weighs step * |step| times the scale of the view: small weights,
 * which most are, are told apart more finely than large ones. Each view has
 * four bits of a byte for its step. */
#define WEIGHTS_STEPS 7
#define WEIGHTS_NO_STEPS 0x88

static inline uint8_t weights_put(uint8_t packed, enum view view, int step)
{
	unsigned shift = 4 * (unsigned)view;

	assert(step >= -WEIGHTS_STEPS && step <= WEIGHTS_STEPS);
	return (uint8_t)((packed & ~(15u << shift)) | (unsigned)(step + 8)
							      << shift);
}

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

/* What one counted feature adds to a view. */
static inline double weights_of_feature(const struct weights *weights,
	enum view view, struct weighed prompt, size_t feature)
{
	const struct view_weights *of = &weights->view[view];
	double above = (double)prompt.counted[feature] -
		       (double)weights->usual[feature];
	double sum = (double)of->weight[feature] * above;

	if (feature < FEATURE_BOUNDED)
		sum += (double)of->bend[feature] *
		       (above * above - (double)weights->usual_square[feature]);
	return sum;
}

struct views {
	double of[VIEWS];
};

/* What the hashed words add to each view. */
struct views weights_of_words(
	const struct weights *weights, struct weighed prompt);
/* Both views whole. */
struct views weights_views(const struct weights *weights, struct weighed prompt,
	const struct views *words);
/* What the quality adds to the raw score. Qualities are from 0 to 1, so what is
 * further than 1 from their mean is a prompt beyond all that was learned. */
static inline double weights_of_quality(
	const struct weights *weights, const struct views *views)
{
	double quality = views->of[VIEW_QUALITY];

	if (quality > 1)
		quality = 1;
	if (quality < -1)
		quality = -1;
	return (double)weights->quality_bend * quality * quality;
}

/* The raw score: all of that. */
double weights_score(const struct weights *weights, struct weighed prompt);
/* 0 to 1. */
double weights_calibrate(const struct weights *weights, double raw);

#endif
