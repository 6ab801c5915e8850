/*
 * target.c - gain and quality, as steady as the data allows.
 *
 * The gain is strong less weak, the quality the mean of both; half of each as
 * it was and half as other models' scores make it steadier. A loss counts half,
 * for it is mostly noise. A part of each value is replaced by the mean of its
 * task. Rows that say what class they are were chosen as clear cases, and are
 * few: each counts for three.
 */
#include "classify/target.h"

#define LOSS_WEIGHT 0.5
#define CLEAR_WEIGHT 3.0
#define OWN_SHARE 0.5
#define TASK_SHARE 0.2
/* Rows of a task until its own mean counts as much as the data set's. */
#define TASK_PRIOR_ROWS 40.0

struct mean {
	double sum;
	double count;
};

static void find_sides(
	const struct training *training, bool strong[TRAINING_MODELS]);
static void find_row(const struct training_row *row, const bool *strong,
	double *gain, double *quality);
static bool learns(const struct training *training, size_t row, int fold);

void target_find(const struct training *training, double *value[VIEWS])
{
	bool strong[TRAINING_MODELS] = { false };

	find_sides(training, strong);
	for (size_t i = 0; i < training->count; i++) {
		find_row(&training->rows[i], strong, &value[VIEW_GAIN][i],
			&value[VIEW_QUALITY][i]);
		if (value[VIEW_GAIN][i] < 0)
			value[VIEW_GAIN][i] *= LOSS_WEIGHT;
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
			target_teaches(training, i) && k < row->score_count;
			k++) {
			unsigned m = row->score_model[k];

			model[m].sum += (double)row->score[k];
			middle[m].sum += (row->weak + row->strong) / 2;
		}
	}
	for (size_t m = 0; m < training->model_count; m++)
		strong[m] = model[m].sum > middle[m].sum;
}

static void find_row(const struct training_row *row, const bool *strong,
	double *gain, double *quality)
{
	struct mean weak_side = { 0, 0 }, strong_side = { 0, 0 };
	double weak, better;

	*gain = row->strong - row->weak;
	*quality = (row->strong + row->weak) / 2;
	for (unsigned k = 0; k < row->score_count; k++) {
		struct mean *side =
			strong[row->score_model[k]] ? &strong_side : &weak_side;

		side->sum += (double)row->score[k];
		side->count++;
	}
	if (!(weak_side.count > 0) || !(strong_side.count > 0))
		return;
	weak = weak_side.sum / weak_side.count;
	better = strong_side.sum / strong_side.count;
	*gain = OWN_SHARE * *gain + (1 - OWN_SHARE) * (better - weak);
	*quality = OWN_SHARE * *quality + (1 - OWN_SHARE) * (better + weak) / 2;
}

void target_set(const struct training *training, const double *value, int fold,
	struct solve_target *targets)
{
	struct mean sets[TRAINING_DATA_SETS] = { { 0, 0 } };
	struct mean tasks[TRAINING_TASKS] = { { 0, 0 } };
	double weight = 0, used = 0;

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (!learns(training, i, fold))
			continue;
		sets[row->data_set].sum += value[i];
		sets[row->data_set].count++;
		tasks[row->task].sum += value[i];
		tasks[row->task].count++;
	}
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];
		const struct mean *set = &sets[row->data_set];
		const struct mean *task = &tasks[row->task];
		double usual = set->sum / set->count;

		if (!learns(training, i, fold))
			continue;
		targets[i].value =
			(1 - TASK_SHARE) * value[i] +
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

static bool learns(const struct training *training, size_t row, int fold)
{
	return target_teaches(training, row) &&
	       (int)training->rows[row].fold != fold;
}
