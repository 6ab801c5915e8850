/*
 * train.c - learns two views of prompts, puts them together to one score, and
 * says how good it is.
 */
#include "classify/train.h"

#include "classify/array.h"
#include "classify/target.h"
#include "classify/topics.h"

#include <math.h>

/* What a prompt loses where all answers are good, or all are poor. */
#define QUALITY_BEND (-0.5)
#define LEAST_ROWS 20
#define CALIBRATION_STEPS 100

/* What all fits share. */
struct lesson {
	double *value[VIEWS]; /* of each row: target_find() */
	struct topics *topics;
};

struct scored {
	double score;
	size_t row;
};

static void fit(const struct training *training, const struct lesson *lesson,
	int fold, struct weights *out);
static void measure_folds(struct training *training,
	const struct lesson *lesson, struct weights *weights);
static struct weighed weighed_row(const struct training_row *row);
static void calibrate(const struct training *training, struct weights *weights);
static void set_thresholds(
	const struct training *training, struct weights *weights);
static void set_by_classes(const struct training *training,
	const struct scored *sorted, size_t count, struct weights *weights);
static size_t best_cut(const struct training *training,
	const struct scored *sorted, size_t count, int class);
static size_t sort_rows(const struct training *training,
	const struct weights *weights, bool classes, struct scored *out);
static int compare_scored(const void *a, const void *b);

bool training_run(
	struct training *training, struct weights *out, struct error *err)
{
	struct lesson lesson;
	size_t usable = 0;

	for (size_t i = 0; i < training->count; i++)
		usable += target_teaches(training, i);
	if (usable < LEAST_ROWS)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%zu rows to train on; at least %d are needed.", usable,
			LEAST_ROWS);
	for (int view = 0; view < VIEWS; view++)
		lesson.value[view] = array_new(training->count, sizeof(double));
	target_find(training, lesson.value);
	lesson.topics = topics_find(training);
	measure_folds(training, &lesson, out);
	fit(training, &lesson, -1, out);
	for (int view = 0; view < VIEWS; view++)
		free(lesson.value[view]);
	topics_free(lesson.topics);
	for (size_t i = 0; i < training->count; i++) {
		if (!target_teaches(training, i))
			training->rows[i].raw = weights_score(
				out, weighed_row(&training->rows[i]));
	}
	memcpy(out->lexicon, training->lexicon, sizeof(out->lexicon));
	out->trained_rows = (uint32_t)usable;
	calibrate(training, out);
	set_thresholds(training, out);
	weights_seal(out);
	return true;
}

/* Without the rows of one fold; -1: with all. */
static void fit(const struct training *training, const struct lesson *lesson,
	int fold, struct weights *out)
{
	struct solve_target *targets =
		array_new(training->count, sizeof(targets[0]));

	solve_begin(out);
	for (int view = 0; view < VIEWS; view++) {
		target_set(training, lesson->value[view], fold, targets);
		solve_view(training, targets, lesson->topics, (enum view)view,
			out);
	}
	out->quality_bend = (float)QUALITY_BEND;
	free(targets);
}

/* Each row's raw score by weights that saw neither its answers nor those of its
 * like. Which words go together, the topics know from all rows. */
static void measure_folds(struct training *training,
	const struct lesson *lesson, struct weights *weights)
{
	for (int fold = 0; fold < TRAINING_FOLDS; fold++) {
		fit(training, lesson, fold, weights);
		for (size_t i = 0; i < training->count; i++) {
			struct training_row *row = &training->rows[i];

			if ((int)row->fold == fold)
				row->raw = weights_score(
					weights, weighed_row(row));
		}
	}
}

static struct weighed weighed_row(const struct training_row *row)
{
	return (struct weighed){ row->counted, row->hash, row->hash_count };
}

/* Newton's steps towards the likeliest two numbers. */
static void calibrate(const struct training *training, struct weights *weights)
{
	double at = 0, by = 1;

	for (int step = 0; step < CALIBRATION_STEPS; step++) {
		/* The ridge holds where all rows are alike. */
		double ga = -1e-3 * at, gb = -1e-3 * (by - 1);
		double aa = 1e-3, ab = 0, bb = 1e-3, det;

		for (size_t i = 0; i < training->count; i++) {
			const struct training_row *row = &training->rows[i];
			double x = row->raw;
			double p = 1 / (1 + exp(-(at + by * x)));
			double miss = (row->strong > row->weak ? 1 : 0) - p;

			if (!target_teaches(training, i))
				continue;
			ga += miss;
			gb += miss * x;
			aa += p * (1 - p);
			ab += p * (1 - p) * x;
			bb += p * (1 - p) * x * x;
		}
		det = aa * bb - ab * ab;
		at += (bb * ga - ab * gb) / det;
		by += (aa * gb - ab * ga) / det;
	}
	weights->calibrate_at = (float)at;
	/* Rows that taught nothing must not turn the order round. */
	weights->calibrate_by = (float)fmax(by, 1e-3);
}

/*
 * By the rows that say what they are; without any, thirds. The scores are those
 * of weights that never saw the row, as it will be for new prompts.
 */
static void set_thresholds(
	const struct training *training, struct weights *weights)
{
	struct scored *sorted = array_new(training->count, sizeof(sorted[0]));
	size_t count = sort_rows(training, weights, true, sorted);

	if (count) {
		set_by_classes(training, sorted, count, weights);
	} else {
		count = sort_rows(training, weights, false, sorted);
		weights->medium = (float)sorted[count / 3].score;
		weights->complex = (float)sorted[count * 2 / 3].score;
	}
	free(sorted);
}

/* Lowest score first. */
static size_t sort_rows(const struct training *training,
	const struct weights *weights, bool classes, struct scored *out)
{
	size_t count = 0;

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (target_teaches(training, i) &&
			(!classes || row->expected >= 0))
			out[count++] = (struct scored){
				weights_calibrate(weights, row->raw), i
			};
	}
	qsort(out, count, sizeof(out[0]), compare_scored);
	return count;
}

static int compare_scored(const void *a, const void *b)
{
	const struct scored *left = a, *right = b;

	if (left->score < right->score)
		return -1;
	if (left->score > right->score)
		return 1;
	return left->row < right->row ? -1 : left->row > right->row;
}

/*
 * For each of the two thresholds, the cut half way between two scores with
 * the fewest rows on the wrong side.
 */
static void set_by_classes(const struct training *training,
	const struct scored *sorted, size_t count, struct weights *weights)
{
	float *thresholds[] = { &weights->medium, &weights->complex };

	for (int class = COMPLEXITY_MEDIUM; class <= COMPLEXITY_COMPLEX;
		class ++) {
		size_t at = best_cut(training, sorted, count, class);
		double below = at ? sorted[at - 1].score : 0;
		double above = at < count ? sorted[at].score : 1;

		*thresholds[class - COMPLEXITY_MEDIUM] =
			(float)((below + above) / 2);
	}
	if (weights->complex < weights->medium)
		weights->complex = weights->medium;
}

/* How many of the lowest scores are best taken to be below the class. */
static size_t best_cut(const struct training *training,
	const struct scored *sorted, size_t count, int class)
{
	size_t wrong = 0, least, at = 0;

	for (size_t i = 0; i < count; i++)
		wrong += training->rows[sorted[i].row].expected < class;
	least = wrong;
	for (size_t i = 0; i < count; i++) {
		if (training->rows[sorted[i].row].expected < class)
			wrong--;
		else
			wrong++;
		if (wrong < least) {
			least = wrong;
			at = i + 1;
		}
	}
	return at;
}

void training_measure(const struct training *training, size_t data_set,
	struct training_measure *out)
{
	struct scored *sorted = array_new(training->count, sizeof(sorted[0]));
	double weak = 0, strong = 0, area = 0, gained = 0;
	size_t count = 0;

	*out = (struct training_measure){
		.name = training->data_set[data_set]
	};
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (row->data_set != data_set)
			continue;
		sorted[count++] = (struct scored){ -row->raw, i };
		weak += row->weak;
		strong += row->strong;
		out->trained |= target_teaches(training, i);
	}
	qsort(sorted, count, sizeof(sorted[0]), compare_scored);
	for (size_t i = 0; i < count; i++) {
		const struct training_row *row = &training->rows[sorted[i].row];

		area += gained + (row->strong - row->weak) / 2;
		gained += row->strong - row->weak;
	}
	out->rows = count;
	out->weak = weak / (double)count;
	out->strong = strong / (double)count;
	out->apgr = fabs(gained) > 0 ? area / (double)count / gained : 0.5;
	free(sorted);
}
