/*
 * train.c - what is to be learned, and how well it was.
 *
 * The target of a row is the gain: strong less weak, half of it as it was and
 * half as other models' scores make it steadier. A loss counts half, for it is
 * mostly noise. A part of each gain is replaced by the mean gain of its task.
 * Rows that say what class they are were chosen as clear cases, and are few:
 * each counts for three.
 */
#include "classify/train.h"

#include "classify/solve.h"

#include <math.h>

#define LOSS_WEIGHT 0.5
#define CLEAR_WEIGHT 3.0
#define OWN_SHARE 0.5
#define TASK_SHARE 0.2
/* Rows of a task until its own mean counts as much as the data set's. */
#define TASK_PRIOR_ROWS 40.0
#define LEAST_ROWS 20
#define CALIBRATION_STEPS 100

struct mean {
	double sum;
	double count;
};

struct scored {
	double score;
	size_t row;
};

static bool may_learn(const struct training *training, size_t row);
static void find_gains(const struct training *training, double *gain);
static void find_sides(
	const struct training *training, bool strong[TRAINING_MODELS]);
static double gain_of(const struct training_row *row, const bool *strong);
static void fit(const struct training *training, const double *gain, int fold,
	struct weights *out);
static void set_targets(const struct training *training, const double *gain,
	int fold, struct solve_target *targets);
static void measure_folds(
	struct training *training, const double *gain, struct weights *weights);
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
static void *new_array(size_t count, size_t bytes);

bool training_run(
	struct training *training, struct weights *out, struct error *err)
{
	double *gain;
	size_t usable = 0;

	for (size_t i = 0; i < training->count; i++)
		usable += may_learn(training, i);
	if (usable < LEAST_ROWS)
		return error_refuse(err, ERR_CONFIG, NULL,
			"%zu rows to train on; at least %d are needed.", usable,
			LEAST_ROWS);
	gain = new_array(training->count, sizeof(gain[0]));
	find_gains(training, gain);
	measure_folds(training, gain, out);
	fit(training, gain, -1, out);
	for (size_t i = 0; i < training->count; i++) {
		if (!may_learn(training, i))
			training->rows[i].raw = weights_score(
				out, weighed_row(&training->rows[i]));
	}
	free(gain);
	memcpy(out->lexicon, training->lexicon, sizeof(out->lexicon));
	out->trained_rows = (uint32_t)usable;
	calibrate(training, out);
	set_thresholds(training, out);
	weights_seal(out);
	return true;
}

static bool may_learn(const struct training *training, size_t row)
{
	return training->rows[row].may_train &&
	       !training->held_out[training->rows[row].data_set];
}

static void *new_array(size_t count, size_t bytes)
{
	void *array = calloc(count + 1, bytes);

	if (!array)
		abort();
	return array;
}

static void find_gains(const struct training *training, double *gain)
{
	bool strong[TRAINING_MODELS] = { false };

	find_sides(training, strong);
	for (size_t i = 0; i < training->count; i++) {
		gain[i] = gain_of(&training->rows[i], strong);
		if (gain[i] < 0)
			gain[i] *= LOSS_WEIGHT;
	}
}

/* Another model stands with the one of the pair whose mean is nearer. */
static void find_sides(
	const struct training *training, bool strong[TRAINING_MODELS])
{
	struct mean model[TRAINING_MODELS] = { { 0, 0 } };
	struct mean middle[TRAINING_MODELS] = { { 0, 0 } };

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		for (unsigned k = 0;
			may_learn(training, i) && k < row->score_count; k++) {
			unsigned m = row->score_model[k];

			model[m].sum += (double)row->score[k];
			middle[m].sum += (row->weak + row->strong) / 2;
		}
	}
	for (size_t m = 0; m < training->model_count; m++)
		strong[m] = model[m].sum > middle[m].sum;
}

static double gain_of(const struct training_row *row, const bool *strong)
{
	struct mean weak_side = { 0, 0 }, strong_side = { 0, 0 };
	double own = row->strong - row->weak;

	for (unsigned k = 0; k < row->score_count; k++) {
		struct mean *side =
			strong[row->score_model[k]] ? &strong_side : &weak_side;

		side->sum += (double)row->score[k];
		side->count++;
	}
	if (!(weak_side.count > 0) || !(strong_side.count > 0))
		return own;
	return OWN_SHARE * own +
	       (1 - OWN_SHARE) * (strong_side.sum / strong_side.count -
					 weak_side.sum / weak_side.count);
}

/* Without the rows of one fold; -1: with all. */
static void fit(const struct training *training, const double *gain, int fold,
	struct weights *out)
{
	struct solve_target *targets =
		new_array(training->count, sizeof(targets[0]));

	set_targets(training, gain, fold, targets);
	solve(training, targets, out);
	free(targets);
}

static void set_targets(const struct training *training, const double *gain,
	int fold, struct solve_target *targets)
{
	struct mean sets[TRAINING_DATA_SETS] = { { 0, 0 } };
	struct mean tasks[TRAINING_TASKS] = { { 0, 0 } };
	double weight = 0, used = 0;

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (!may_learn(training, i) || (int)row->fold == fold)
			continue;
		sets[row->data_set].sum += gain[i];
		sets[row->data_set].count++;
		tasks[row->task].sum += gain[i];
		tasks[row->task].count++;
	}
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];
		const struct mean *set = &sets[row->data_set];
		const struct mean *task = &tasks[row->task];
		double usual = set->sum / set->count;

		if (!may_learn(training, i) || (int)row->fold == fold)
			continue;
		targets[i].value =
			(1 - TASK_SHARE) * gain[i] +
			TASK_SHARE * (task->sum + TASK_PRIOR_ROWS * usual) /
				(task->count + TASK_PRIOR_ROWS) -
			usual;
		targets[i].weight = row->expected < 0 ? 1 : CLEAR_WEIGHT;
		weight += targets[i].weight;
		used++;
	}
	for (size_t i = 0; i < training->count; i++)
		targets[i].weight *= used / weight;
}

/* Each row's raw score by weights that never saw it. */
static void measure_folds(
	struct training *training, const double *gain, struct weights *weights)
{
	for (int fold = 0; fold < TRAINING_FOLDS; fold++) {
		fit(training, gain, fold, weights);
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

			if (!may_learn(training, i))
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
	struct scored *sorted = new_array(training->count, sizeof(sorted[0]));
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

		if (may_learn(training, i) && (!classes || row->expected >= 0))
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
	struct scored *sorted = new_array(training->count, sizeof(sorted[0]));
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
		out->trained |= may_learn(training, i);
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
