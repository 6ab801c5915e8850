/*
 * solve.c - coordinate descent, one feature at a time, in a fixed order.
 *
 * Each step sets one weight to its best value while all others stand still,
 * and corrects what is left over (the residuals) at once, so a pass costs as
 * much as there are numbers that are not zero.
 */
#include "classify/solve.h"

#include <math.h>

#define PASSES 15
#define COUNTED_RIDGE 4000.0
#define HASHED_RIDGE 4.0
/* Of rows; a hash that only one has says nothing of others. */
#define LEAST_ROWS 2
/* Features that hardly vary are not blown up. */
#define LEAST_DEVIATION 0.02
#define HASH_LEVELS 127

struct solver {
	const struct training *training;
	const struct solve_target *targets;
	double *residuals;
	double *hash_value; /* of each row: 1 / root of its hashes */
	/* The rows of each hash: rows[start[h]] to rows[start[h + 1]]. */
	uint32_t *start;
	uint32_t *rows;
	double usual[FEATURE_COUNT];
	double deviation[FEATURE_COUNT]; /* 0: not used */
	double weight[FEATURE_COUNT];    /* per deviation */
	double *hash;
};

static void *new_array(size_t count, size_t bytes);
static void list_rows(struct solver *solver);
static void find_usual(struct solver *solver);
static void fit_constants(struct solver *solver);
static void fit_counted(struct solver *solver, size_t feature);
static void fit_hash(struct solver *solver, size_t hash);
static void write_weights(const struct solver *solver, struct weights *out);

void solve(const struct training *training, const struct solve_target *targets,
	struct weights *out)
{
	struct solver solver = { .training = training, .targets = targets };

	solver.residuals = new_array(training->count, sizeof(double));
	solver.hash_value = new_array(training->count, sizeof(double));
	solver.hash = new_array(FEATURE_HASHES, sizeof(double));
	for (size_t i = 0; i < training->count; i++)
		solver.residuals[i] = targets[i].value;
	list_rows(&solver);
	find_usual(&solver);
	for (int pass = 0; pass < PASSES; pass++) {
		fit_constants(&solver);
		for (size_t i = 0; i < FEATURE_COUNT; i++)
			fit_counted(&solver, i);
		for (size_t i = 0; i < FEATURE_HASHES; i++)
			fit_hash(&solver, i);
	}
	write_weights(&solver, out);
	free(solver.residuals);
	free(solver.hash_value);
	free(solver.hash);
	free(solver.start);
	free(solver.rows);
}

static void *new_array(size_t count, size_t bytes)
{
	void *array = calloc(count + 1, bytes);

	if (!array)
		abort();
	return array;
}

static void list_rows(struct solver *solver)
{
	const struct training *training = solver->training;
	uint32_t *start = new_array(FEATURE_HASHES + 1, sizeof(start[0]));
	uint32_t *next = new_array(FEATURE_HASHES, sizeof(next[0]));

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (row->hash_count)
			solver->hash_value[i] =
				1 / sqrt((double)row->hash_count);
		for (size_t k = 0;
			solver->targets[i].weight > 0 && k < row->hash_count;
			k++)
			start[row->hash[k] + 1]++;
	}
	for (size_t h = 0; h < FEATURE_HASHES; h++) {
		start[h + 1] += start[h];
		next[h] = start[h];
	}
	solver->rows =
		new_array(start[FEATURE_HASHES], sizeof(solver->rows[0]));
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		for (size_t k = 0;
			solver->targets[i].weight > 0 && k < row->hash_count;
			k++)
			solver->rows[next[row->hash[k]]++] = (uint32_t)i;
	}
	solver->start = start;
	free(next);
}

static void find_usual(struct solver *solver)
{
	const struct training *training = solver->training;

	for (size_t f = 0; f < FEATURE_COUNT; f++) {
		double count = 0, sum = 0, squares = 0, mean, variance;

		for (size_t i = 0; i < training->count; i++) {
			double x = (double)training->rows[i].counted[f];

			if (!(solver->targets[i].weight > 0))
				continue;
			count++;
			sum += x;
			squares += x * x;
		}
		mean = sum / count;
		variance = squares / count - mean * mean;
		solver->usual[f] = mean;
		if (variance > 1e-9)
			solver->deviation[f] =
				fmax(sqrt(variance), LEAST_DEVIATION);
	}
}

static void fit_constants(struct solver *solver)
{
	const struct training *training = solver->training;
	double sum[TRAINING_DATA_SETS] = { 0 };
	double weight[TRAINING_DATA_SETS] = { 0 };

	for (size_t i = 0; i < training->count; i++) {
		unsigned set = training->rows[i].data_set;

		sum[set] += solver->targets[i].weight * solver->residuals[i];
		weight[set] += solver->targets[i].weight;
	}
	for (size_t i = 0; i < training->count; i++) {
		unsigned set = training->rows[i].data_set;

		if (weight[set] > 0)
			solver->residuals[i] -= sum[set] / weight[set];
	}
}

static void fit_counted(struct solver *solver, size_t feature)
{
	const struct training *training = solver->training;
	double top = -COUNTED_RIDGE * solver->weight[feature];
	double bottom = COUNTED_RIDGE, change;
	double usual = solver->usual[feature];
	double deviation = solver->deviation[feature];

	if (!(deviation > 0))
		return;
	for (size_t i = 0; i < training->count; i++) {
		double weight = solver->targets[i].weight;
		double x =
			((double)training->rows[i].counted[feature] - usual) /
			deviation;

		top += weight * x * solver->residuals[i];
		bottom += weight * x * x;
	}
	change = top / bottom;
	solver->weight[feature] += change;
	for (size_t i = 0; i < training->count; i++)
		solver->residuals[i] -=
			change *
			((double)training->rows[i].counted[feature] - usual) /
			deviation;
}

static void fit_hash(struct solver *solver, size_t hash)
{
	uint32_t from = solver->start[hash], to = solver->start[hash + 1];
	double top = -HASHED_RIDGE * solver->hash[hash];
	double bottom = HASHED_RIDGE, change;

	if (to - from < LEAST_ROWS)
		return;
	for (uint32_t k = from; k < to; k++) {
		uint32_t i = solver->rows[k];
		double x = solver->hash_value[i];

		top += solver->targets[i].weight * x * solver->residuals[i];
		bottom += solver->targets[i].weight * x * x;
	}
	change = top / bottom;
	solver->hash[hash] += change;
	for (uint32_t k = from; k < to; k++)
		solver->residuals[solver->rows[k]] -=
			change * solver->hash_value[solver->rows[k]];
}

static void write_weights(const struct solver *solver, struct weights *out)
{
	double greatest = 1e-9;

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		out->usual[i] = (float)solver->usual[i];
		out->weight[i] = solver->deviation[i] > 0
					 ? (float)(solver->weight[i] /
						   solver->deviation[i])
					 : 0;
	}
	for (size_t i = 0; i < FEATURE_HASHES; i++)
		greatest = fmax(greatest, fabs(solver->hash[i]));
	out->hash_scale = (float)(greatest / HASH_LEVELS);
	for (size_t i = 0; i < FEATURE_HASHES; i++)
		out->hash[i] = (int8_t)lround(
			solver->hash[i] / greatest * HASH_LEVELS);
}
