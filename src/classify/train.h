/*
 * train.h - weights from prompts that a cheap and a premium model answered.
 *
 * A training set is fed with lines of JSON:
 *
 *	{"prompt": "...", "weak": 0.0, "strong": 1.0}
 *
 * weak and strong, 0 to 1, are the quality of the two answers. May be added:
 * "dataset" (rows are compared within one), "task" (rows of one task share
 * what is known of it), "scores" (an object of other models' qualities, which
 * average out noise), "train_ok" (false: the row is only measured), "class"
 * (simple, medium or complex: the thresholds are set by such rows), "turns",
 * "tools", "images", "max_tokens", "wants_json".
 *
 * The same lines in the same order give the same weights, bit by bit.
 */
#ifndef CLASSIFY_TRAIN_H
#define CLASSIFY_TRAIN_H

#include "base/arena.h"
#include "classify/weights.h"

#define TRAINING_DATA_SETS 32
#define TRAINING_TASKS 512
#define TRAINING_MODELS 256
#define TRAINING_ROW_SCORES 16
#define TRAINING_FOLDS 5

/* One prompt that was answered and judged. */
struct training_row {
	const float *counted; /* FEATURE_COUNT */
	const uint32_t *hash;
	size_t hash_count;
	unsigned data_set;
	unsigned task;
	unsigned fold; /* near-duplicates share it */
	double weak;
	double strong;
	/* Those of other models: whose, and what. */
	uint16_t score_model[TRAINING_ROW_SCORES];
	float score[TRAINING_ROW_SCORES];
	unsigned score_count;
	int expected; /* enum complexity, or -1 */
	bool may_train;
	double raw; /* when it was not trained on */
};

/* How well the strong model is put to use. */
struct training_measure {
	struct str name;
	size_t rows;
	bool trained; /* measured in folds, else held out whole */
	double weak;  /* quality of always cheap */
	double strong;
	double apgr; /* 0.5: as well as chance */
};

struct training {
	struct arena arena;
	const struct lexicon_slot *lexicon;
	struct training_row *rows;
	size_t count;
	size_t capacity;
	struct str data_set[TRAINING_DATA_SETS];
	bool held_out[TRAINING_DATA_SETS];
	size_t data_set_count;
	struct str task[TRAINING_TASKS];
	size_t task_count;
	/* A model of one data set, as "dataset/model". */
	struct str model[TRAINING_MODELS];
	size_t model_count;
};

/* `lexicon` has LEXICON_SLOTS slots and outlives the training. */
void training_init(
	struct training *training, const struct lexicon_slot *lexicon);
void training_release(struct training *training);

/* Add the lines of a text. ERR_CONFIG names `name` and the line. */
MUST_USE bool training_read(struct training *training, struct str lines,
	const char *name, struct error *err);

/* Keep a data set out; ERR_CONFIG when no row belongs to it. */
MUST_USE bool training_hold_out(
	struct training *training, struct str data_set, struct error *err);

/* ERR_CONFIG when there is too little to learn from. */
MUST_USE bool training_run(
	struct training *training, struct weights *out, struct error *err);

/* After training_run(): one for each data set, in order of appearance. */
void training_measure(const struct training *training, size_t data_set,
	struct training_measure *out);

#endif
