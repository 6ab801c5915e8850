/*
 * solve.c - coordinate descent, one feature at a time, in a fixed order.
 *
 * Each step sets one weight to its best value while all others stand still,
 * and corrects what is left over (the residuals) at once, so a pass costs as
 * much as there are numbers that are not zero. Counts, their squares and the
 * shares in topics are columns of a number for each row; hashes are sparse.
 */
#include "classify/solve.h"

#include "classify/array.h"

#include <math.h>

#define PASSES 15
#define COUNTED_RIDGE 4000.0
#define TOPIC_RIDGE 270.0
#define HASHED_RIDGE 4.0
/* Of rows; a hash that only one has says nothing of others. */
#define LEAST_ROWS 2
/* Features that hardly vary are not blown up. */
#define LEAST_DEVIATION 0.02
/* The greatest step stands for so many times the root mean square of the
 * hashes' weights; the few beyond it are cut. */
#define GREATEST_WEIGHT 8.0

struct column {
	float *value; /* of each row, over deviation; NULL: not used */
	double mean;
	double deviation;
	double ridge;
	double weight; /* per deviation */
};

enum columns {
	COLUMN_SQUARE = FEATURE_COUNT,
	COLUMN_TOPIC = COLUMN_SQUARE + FEATURE_BOUNDED,
	COLUMNS = COLUMN_TOPIC + TOPICS,
};

struct solver {
	const struct training *training;
	const struct solve_target *targets;
	double *residuals;
	double *hash_value; /* of each row: 1 / root of its hashes */
	/* The rows of each hash: rows[start[h]] to rows[start[h + 1]]. */
	uint32_t *start;
	uint32_t *rows;
	struct column column[COLUMNS];
	double *hash;
};

static void list_rows(struct solver *solver);
static void fill_columns(struct solver *solver, const struct topics *topics);
static void fill_column(struct solver *solver, struct column *column,
	double *values, double ridge, double least);
static void fit_constants(struct solver *solver);
static void fit_column(struct solver *solver, struct column *column);
static void fit_hash(struct solver *solver, size_t hash);
static void spread_topics(struct solver *solver, const struct topics *topics);
static void write_columns(
	const struct solver *solver, enum view view, struct weights *out);
static void write_hashes(
	const struct solver *solver, enum view view, struct weights *out);
static void write_mean(
	const struct solver *solver, enum view view, struct weights *out);
static void release(struct solver *solver);

void solve_begin(struct weights *out)
{
	memset(out->hash, WEIGHTS_NO_STEPS, sizeof(out->hash));
}

void solve_view(const struct training *training,
	const struct solve_target *targets, const struct topics *topics,
	enum view view, struct weights *out)
{
	struct solver *solver = array_new(1, sizeof(*solver));

	*solver = (struct solver){ .training = training, .targets = targets };
	solver->residuals = array_new(training->count, sizeof(double));
	solver->hash_value = array_new(training->count, sizeof(double));
	solver->hash = array_new(FEATURE_HASHES, sizeof(double));
	for (size_t i = 0; i < training->count; i++)
		solver->residuals[i] = targets[i].value;
	list_rows(solver);
	fill_columns(solver, topics);
	for (int pass = 0; pass < PASSES; pass++) {
		fit_constants(solver);
		for (size_t i = 0; i < COLUMNS; i++)
			fit_column(solver, &solver->column[i]);
		for (size_t i = 0; i < FEATURE_HASHES; i++)
			fit_hash(solver, i);
	}
	spread_topics(solver, topics);
	write_columns(solver, view, out);
	write_hashes(solver, view, out);
	write_mean(solver, view, out);
	release(solver);
}

static void release(struct solver *solver)
{
	for (size_t i = 0; i < COLUMNS; i++)
		free(solver->column[i].value);
	free(solver->residuals);
	free(solver->hash_value);
	free(solver->hash);
	free(solver->start);
	free(solver->rows);
	free(solver);
}

static void list_rows(struct solver *solver)
{
	const struct training *training = solver->training;
	uint32_t *start = array_new(FEATURE_HASHES + 1, sizeof(start[0]));
	uint32_t *next = array_new(FEATURE_HASHES, sizeof(next[0]));

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
		array_new(start[FEATURE_HASHES], sizeof(solver->rows[0]));
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

static void fill_columns(struct solver *solver, const struct topics *topics)
{
	const struct training *training = solver->training;
	double *values = array_new(training->count, sizeof(values[0]));

	for (size_t f = 0; f < FEATURE_COUNT; f++) {
		for (size_t i = 0; i < training->count; i++)
			values[i] = (double)training->rows[i].counted[f];
		fill_column(solver, &solver->column[f], values, COUNTED_RIDGE,
			LEAST_DEVIATION);
	}
	for (size_t f = 0; f < FEATURE_BOUNDED; f++) {
		for (size_t i = 0; i < training->count; i++) {
			double above = (double)training->rows[i].counted[f] -
				       solver->column[f].mean;

			values[i] = above * above;
		}
		fill_column(solver, &solver->column[COLUMN_SQUARE + f], values,
			COUNTED_RIDGE, LEAST_DEVIATION);
	}
	/* Topics are of length 1 already: one that all rows share alike is no
	 * stronger for that. */
	for (size_t t = 0; t < TOPICS; t++) {
		for (size_t i = 0; i < training->count; i++)
			values[i] = topics->row[i][t];
		fill_column(solver, &solver->column[COLUMN_TOPIC + t], values,
			TOPIC_RIDGE, 1);
	}
	free(values);
}

static void fill_column(struct solver *solver, struct column *column,
	double *values, double ridge, double least)
{
	size_t rows = solver->training->count;
	double count = 0, sum = 0, squares = 0, variance;

	for (size_t i = 0; i < rows; i++) {
		if (!(solver->targets[i].weight > 0))
			continue;
		count++;
		sum += values[i];
		squares += values[i] * values[i];
	}
	column->mean = sum / count;
	variance = squares / count - column->mean * column->mean;
	if (!(variance > 1e-9))
		return;
	column->deviation = fmax(sqrt(variance), least);
	column->ridge = ridge;
	column->value = array_new(rows, sizeof(column->value[0]));
	for (size_t i = 0; i < rows; i++)
		column->value[i] =
			(float)((values[i] - column->mean) / column->deviation);
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

static void fit_column(struct solver *solver, struct column *column)
{
	size_t rows = solver->training->count;
	double top = -column->ridge * column->weight;
	double bottom = column->ridge, change;

	if (!column->value)
		return;
	for (size_t i = 0; i < rows; i++) {
		double x = (double)column->value[i];
		double weighed = solver->targets[i].weight * x;

		top += weighed * solver->residuals[i];
		bottom += weighed * x;
	}
	change = top / bottom;
	column->weight += change;
	for (size_t i = 0; i < rows; i++)
		solver->residuals[i] -= change * (double)column->value[i];
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

/* The weight of a topic becomes one of each of its hashes. */
static void spread_topics(struct solver *solver, const struct topics *topics)
{
	for (size_t h = 0; h < FEATURE_HASHES; h++) {
		const double *loading = topics->loading[topics->place[h]];

		for (size_t t = 0; topics->place[h] && t < TOPICS; t++) {
			const struct column *column =
				&solver->column[COLUMN_TOPIC + t];

			if (column->value)
				solver->hash[h] += column->weight /
						   column->deviation *
						   loading[t];
		}
	}
}

static void write_columns(
	const struct solver *solver, enum view view, struct weights *out)
{
	struct view_weights *of = &out->view[view];

	for (size_t i = 0; i < FEATURE_COUNT; i++) {
		const struct column *column = &solver->column[i];

		out->usual[i] = (float)column->mean;
		of->weight[i] =
			column->value
				? (float)(column->weight / column->deviation)
				: 0;
	}
	for (size_t i = 0; i < FEATURE_BOUNDED; i++) {
		const struct column *column =
			&solver->column[COLUMN_SQUARE + i];

		out->usual_square[i] = (float)column->mean;
		of->bend[i] =
			column->value
				? (float)(column->weight / column->deviation)
				: 0;
	}
}

static void write_hashes(
	const struct solver *solver, enum view view, struct weights *out)
{
	double squares = 0, count = 1e-9, scale;

	for (size_t i = 0; i < FEATURE_HASHES; i++) {
		squares += solver->hash[i] * solver->hash[i];
		count += fabs(solver->hash[i]) > 0;
	}
	scale = fmax(1e-9, GREATEST_WEIGHT * sqrt(squares / count)) /
		(WEIGHTS_STEPS * WEIGHTS_STEPS);
	out->view[view].hash_scale = (float)scale;
	for (size_t i = 0; i < FEATURE_HASHES; i++) {
		double root = sqrt(fabs(solver->hash[i]) / scale);
		int step = (int)lround(fmin(root, WEIGHTS_STEPS));

		out->hash[i] = weights_put(
			out->hash[i], view, solver->hash[i] < 0 ? -step : step);
	}
}

static void write_mean(
	const struct solver *solver, enum view view, struct weights *out)
{
	const struct training *training = solver->training;
	double sum = 0, count = 0;

	out->view[view].mean = 0;
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];
		struct weighed prompt = { row->counted, row->hash,
			row->hash_count };
		struct views words = weights_of_words(out, prompt);

		if (!(solver->targets[i].weight > 0))
			continue;
		sum += weights_views(out, prompt, &words).of[view];
		count++;
	}
	out->view[view].mean = (float)(sum / count);
}
