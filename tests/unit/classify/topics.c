/*
 * topics.c - words of the same prompts share a topic; rows that may not teach
 * have no part in it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "classify/topics.h"

#include <math.h>

#define ROWS 200

static struct lexicon_slot slots[LEXICON_SLOTS];
static struct training training;

static const char *const sea[] = { "harbour", "anchor", "tide", "sail" };
static const char *const law[] = { "contract", "tenant", "lease", "court" };

/* Two of four words each: no row has them all. */
static void read_rows(const char *more)
{
	struct buf lines = BUF_INIT(1 << 20);
	struct error err = ERROR_INIT;

	for (unsigned i = 0; i < ROWS; i++) {
		const char *const *words = i % 2 ? sea : law;

		buf_printf(&lines,
			"{\"dataset\":\"%c\",\"prompt\":\"%s x%u %s y%u\","
			"\"weak\":0,\"strong\":1%s}\n",
			i < ROWS / 2 ? 'a' : 'b', words[i / 2 % 4], i,
			words[(i / 2 + 1 + i / 8 % 3) % 4], i * 7,
			i < ROWS / 2 ? "" : more);
	}
	training_init(&training, slots);
	assert_true(training_read(&training, buf_str(&lines), "rows", &err));
	buf_release(&lines);
}

static const double *loading_of(const struct topics *topics, const char *word)
{
	uint32_t hash = words_hash(str_of(word)) >> (32 - FEATURE_HASH_BITS);

	assert_true(topics->place[hash] > 0);
	return topics->loading[topics->place[hash]];
}

static double likeness(
	const struct topics *topics, const char *one, const char *other)
{
	const double *a = loading_of(topics, one);
	const double *b = loading_of(topics, other);
	double sum = 0, aa = 0, bb = 0;

	/* The topics beyond these two are of single words. */
	for (int t = 0; t < 2; t++) {
		sum += a[t] * b[t];
		aa += a[t] * a[t];
		bb += b[t] * b[t];
	}
	return sum / sqrt(aa * bb);
}

static void words_of_the_same_prompts_share_topics(void **state)
{
	struct topics *topics;

	(void)state;
	read_rows("");
	topics = topics_find(&training);
	for (size_t i = 1; i < ARRAY_LEN(sea); i++) {
		assert_true(likeness(topics, sea[0], sea[i]) > 0.9);
		assert_true(likeness(topics, law[0], law[i]) > 0.9);
		assert_true(likeness(topics, sea[0], law[i]) < 0.1);
	}
	topics_free(topics);
	topics_free(NULL);
	training_release(&training);
}

/* What a prompt is scored by must be what the training saw. */
static void loadings_give_the_shares_of_rows(void **state)
{
	struct topics *topics;

	(void)state;
	read_rows("");
	topics = topics_find(&training);
	for (size_t i = 0; i < training.count; i++) {
		const struct training_row *row = &training.rows[i];

		for (int t = 0; t < TOPICS; t++) {
			double sum = 0;

			for (size_t k = 0; k < row->hash_count; k++) {
				uint32_t at = topics->place[row->hash[k]];

				sum += at ? topics->loading[at][t] : 0;
			}
			sum /= sqrt((double)row->hash_count);
			assert_true(fabs(sum - topics->row[i][t]) < 1e-6);
		}
	}
	topics_free(topics);
	training_release(&training);
}

static void rows_that_may_not_teach_have_no_topics(void **state)
{
	struct topics *topics;

	(void)state;
	read_rows(",\"train_ok\":false");
	topics = topics_find(&training);
	for (int t = 0; t < TOPICS; t++) {
		double squares = 0;

		for (size_t i = 0; i < ROWS / 2; i++)
			squares += topics->row[i][t] * topics->row[i][t];
		for (size_t i = ROWS / 2; i < ROWS; i++)
			assert_true(fabs(topics->row[i][t]) <= 0);
		/* of length 1, times the root of the rows that teach */
		assert_true(
			fabs(squares - ROWS / 2.0) < 1e-6 || squares < 1e-6);
	}
	topics_free(topics);
	training_release(&training);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_the_same_prompts_share_topics),
		cmocka_unit_test(loadings_give_the_shares_of_rows),
		cmocka_unit_test(rows_that_may_not_teach_have_no_topics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
