/*
 * topics.c - orthogonal iteration: multiply by the table and by the table
 * turned over, again and again, until the strongest directions stand out.
 */
#include "classify/topics.h"

#include "classify/array.h"
#include "classify/target.h"

#include <math.h>

#define ROUNDS 12
/* A hash that fewer rows have is in no topic. */
#define LEAST_ROWS 10
/* What is left of a direction that the ones before it span. */
#define NOTHING 1e-6
#define SEED 12345u

static size_t place_hashes(
	const struct training *training, struct topics *topics, double **idf);
static void guess(struct topics *topics);
static void find_rows(const struct training *training, struct topics *topics,
	const double *idf);
static void find_loadings(const struct training *training,
	struct topics *topics, const double *idf);
static void straighten(
	const struct training *training, struct topics *topics, bool last);
static double product(double (*rows)[TOPICS], size_t count, int a, int b);
static void subtract(
	double (*rows)[TOPICS], size_t count, int from, int what, double times);
static void scale(double (*rows)[TOPICS], size_t count, int topic, double by);

struct topics *topics_find(const struct training *training)
{
	struct topics *topics = array_new(1, sizeof(*topics));
	double *idf;
	size_t rows;

	topics->row = array_new(training->count, sizeof(topics->row[0]));
	topics->place = array_new(FEATURE_HASHES, sizeof(topics->place[0]));
	rows = place_hashes(training, topics, &idf);
	topics->loading = array_new(topics->places, sizeof(topics->loading[0]));
	guess(topics);
	for (int round = 1; round <= ROUNDS; round++) {
		find_rows(training, topics, idf);
		straighten(training, topics, round == ROUNDS);
		if (round < ROUNDS)
			find_loadings(training, topics, idf);
	}
	for (size_t i = 0; i < topics->places; i++) {
		for (int k = 0; k < TOPICS; k++)
			topics->loading[i][k] *= idf[i] * sqrt((double)rows);
	}
	for (int k = 0; k < TOPICS; k++)
		scale(topics->row, training->count, k, sqrt((double)rows));
	free(idf);
	return topics;
}

void topics_free(struct topics *topics)
{
	if (!topics)
		return;
	free(topics->row);
	free(topics->place);
	free(topics->loading);
	free(topics);
}

/* Also how much each counts: the rarer the more. Gives the rows that teach. */
static size_t place_hashes(
	const struct training *training, struct topics *topics, double **idf)
{
	uint32_t *counts = array_new(FEATURE_HASHES, sizeof(counts[0]));
	size_t rows = 0;

	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];

		if (!target_teaches(training, i))
			continue;
		rows++;
		for (size_t k = 0; k < row->hash_count; k++)
			counts[row->hash[k]]++;
	}
	topics->places = 1;
	for (size_t h = 0; h < FEATURE_HASHES; h++) {
		if (counts[h] >= LEAST_ROWS)
			topics->place[h] = (uint32_t)topics->places++;
	}
	*idf = array_new(topics->places, sizeof((*idf)[0]));
	for (size_t h = 0; h < FEATURE_HASHES; h++) {
		if (topics->place[h])
			(*idf)[topics->place[h]] =
				log((double)rows / counts[h]);
	}
	free(counts);
	return rows;
}

static void guess(struct topics *topics)
{
	uint32_t state = SEED;

	for (size_t i = 1; i < topics->places; i++) {
		for (int k = 0; k < TOPICS; k++) {
			state = state * 1664525u + 1013904223u;
			topics->loading[i][k] =
				(double)(int32_t)state / 2147483648.0;
		}
	}
}

static void find_rows(const struct training *training, struct topics *topics,
	const double *idf)
{
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];
		double *share = topics->row[i];
		double over = 1 / sqrt((double)row->hash_count + 1e-9);

		for (int t = 0; t < TOPICS; t++)
			share[t] = 0;
		if (!target_teaches(training, i))
			continue;
		for (size_t k = 0; k < row->hash_count; k++) {
			uint32_t at = topics->place[row->hash[k]];

			for (int t = 0; at && t < TOPICS; t++)
				share[t] +=
					over * idf[at] * topics->loading[at][t];
		}
	}
}

static void find_loadings(const struct training *training,
	struct topics *topics, const double *idf)
{
	memset(topics->loading, 0, topics->places * sizeof(topics->loading[0]));
	for (size_t i = 0; i < training->count; i++) {
		const struct training_row *row = &training->rows[i];
		const double *share = topics->row[i];
		double over = 1 / sqrt((double)row->hash_count + 1e-9);

		for (size_t k = 0; k < row->hash_count; k++) {
			uint32_t at = topics->place[row->hash[k]];

			for (int t = 0; at && t < TOPICS; t++)
				topics->loading[at][t] +=
					over * idf[at] * share[t];
		}
	}
}

/*
 * Make the rows' shares in each topic of length 1 and at right angles to those
 * before it; at last the loadings with them, so that they still give them.
 */
static void straighten(
	const struct training *training, struct topics *topics, bool last)
{
	double(*rows)[TOPICS] = topics->row;
	size_t count = training->count;
	size_t places = last ? topics->places : 0;

	for (int t = 0; t < TOPICS; t++) {
		double before = sqrt(product(rows, count, t, t)), after, by;

		for (int k = 0; k < t; k++) {
			double part = product(rows, count, k, t);

			subtract(rows, count, t, k, part);
			subtract(topics->loading, places, t, k, part);
		}
		after = sqrt(product(rows, count, t, t));
		by = after > NOTHING * before ? 1 / after : 0;
		scale(rows, count, t, by);
		scale(topics->loading, places, t, by);
	}
}

static double product(double (*rows)[TOPICS], size_t count, int a, int b)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += rows[i][a] * rows[i][b];
	return sum;
}

static void subtract(
	double (*rows)[TOPICS], size_t count, int from, int what, double times)
{
	for (size_t i = 0; i < count; i++)
		rows[i][from] -= times * rows[i][what];
}

static void scale(double (*rows)[TOPICS], size_t count, int topic, double by)
{
	for (size_t i = 0; i < count; i++)
		rows[i][topic] *= by;
}
