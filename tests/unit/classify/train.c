/*
 * train.c - a tiny set is learned, the same way each time; bad lines, sets
 * that are held out and rows that may not be trained on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "classify/train.h"

#define ROWS 120

static struct lexicon_slot slots[LEXICON_SLOTS];
static struct weights weights, again;
static struct buf lines;

/* Long division needs the strong model, colours do not. */
static void write_rows(const char *set, const char *more)
{
	for (int i = 0; i < ROWS; i++) {
		bool hard = i % 2;

		buf_printf(&lines,
			"{\"dataset\":\"%s\",\"prompt\":\"word%d %s thing%d\","
			"\"weak\":%d,\"strong\":1%s}\n",
			set, i, hard ? "quaternion" : "colour", i * 7, !hard,
			more);
	}
}

static int begin(void **state)
{
	(void)state;
	buf_init(&lines, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_release(&lines);
	return 0;
}

static double score(const char *text)
{
	struct prompt prompt = {
		.text = str_of(text), .turns = 1, .max_tokens = -1
	};
	struct features features;

	features_read(&features, &prompt, slots);
	return weights_score(
		&weights, (struct weighed){ features.counted, features.hash,
				  features.hash_count });
}

static void train(struct weights *out)
{
	struct training training;
	struct error err = ERROR_INIT;

	training_init(&training, slots);
	assert_true(training_read(&training, buf_str(&lines), "rows", &err));
	assert_true(training_run(&training, out, &err));
	training_release(&training);
}

static void what_helps_is_learned(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	write_rows("one", "");
	train(&weights);
	assert_true(weights_check(
		(struct str){ (const char *)&weights, sizeof(weights) }, &err));
	assert_true(score("a quaternion") > score("a colour"));
	assert_int_equal(weights.trained_rows, ROWS);
	assert_true(weights.medium <= weights.complex);
}

static double quality(const char *text)
{
	struct prompt prompt = {
		.text = str_of(text), .turns = 1, .max_tokens = -1
	};
	struct features features;
	struct weighed weighed;
	struct views words;

	features_read(&features, &prompt, slots);
	weighed = (struct weighed){ features.counted, features.hash,
		features.hash_count };
	words = weights_of_words(&weights, weighed);
	return weights_views(&weights, weighed, &words).of[VIEW_QUALITY];
}

/* Neither gains anything: all answer the one, none the other. */
static void what_all_or_none_can_answer_is_told_apart(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		static const char *const words[] = { "colour", "quaternion",
			"oracle" };

		buf_printf(&lines,
			"{\"prompt\":\"word%d %s thing%d\",\"weak\":%d,"
			"\"strong\":%d}\n",
			i, words[i % 3], i * 7, i % 3 == 0, i % 3 < 2);
	}
	train(&weights);
	assert_true(weights.quality_bend < 0);
	assert_true(quality("word2 colour thing14") > 0.1);
	assert_true(quality("word2 oracle thing14") < -0.1);
	assert_true(score("word2 quaternion thing14") >
		    score("word2 colour thing14"));
	assert_true(score("word2 quaternion thing14") >
		    score("word2 oracle thing14"));
}

static void the_same_rows_give_the_same_bytes(void **state)
{
	(void)state;
	write_rows("one", ",\"scores\":{\"x\":1,\"y\":0.2}");
	train(&weights);
	train(&again);
	assert_memory_equal(&weights, &again, sizeof(weights));
}

static void rows_that_say_what_they_are_set_thresholds(void **state)
{
	(void)state;
	write_rows("one", "");
	for (int i = 0; i < ROWS; i++)
		buf_printf(&lines,
			"{\"dataset\":\"own\",\"prompt\":\"x%d %s\",\"weak\":%d,"
			"\"strong\":1,\"class\":\"%s\"}\n",
			i, i % 2 ? "quaternion" : "colour", !(i % 2),
			i % 2 ? "complex" : "simple");
	train(&weights);
	assert_true(weights_calibrate(&weights, score("x7 quaternion")) >=
		    (double)weights.complex);
	assert_true(weights_calibrate(&weights, score("x8 colour")) <
		    (double)weights.medium);
}

static void measure(const char *hold_out, struct training_measure out[2])
{
	struct training training;
	struct error err = ERROR_INIT;

	training_init(&training, slots);
	assert_true(training_read(&training, buf_str(&lines), "rows", &err));
	if (hold_out)
		assert_true(
			training_hold_out(&training, str_of(hold_out), &err));
	assert_true(training_run(&training, &weights, &err));
	for (size_t i = 0; i < 2; i++)
		training_measure(&training, i, &out[i]);
	assert_false(training_hold_out(&training, S("three"), &err));
	training_release(&training);
}

/* Half of the rows gain 1: the best order has an area of 0.75. */
static void what_is_held_out_is_measured(void **state)
{
	struct training_measure found[2];

	(void)state;
	write_rows("one", "");
	write_rows("two", "");
	measure("two", found);
	assert_int_equal(weights.trained_rows, ROWS);
	assert_true(found[0].trained && !found[1].trained);
	assert_int_equal(found[1].rows, ROWS);
	assert_true(found[1].apgr > 0.74 && found[1].apgr < 0.7501);
	assert_true(found[1].weak == 0.5 && found[1].strong == 1);
}

static void rows_that_may_not_teach_do_not(void **state)
{
	struct training_measure found[2];

	(void)state;
	write_rows("one", "");
	train(&again);
	write_rows("two", ",\"train_ok\":false");
	measure(NULL, found);
	assert_memory_equal(&weights, &again, sizeof(weights));
	assert_true(found[1].apgr > 0.74 && !found[1].trained);
}

static void bad_lines_are_named(void **state)
{
	static const char *const rows[] = {
		"{",
		"[]",
		"{\"weak\":0,\"strong\":1}",
		"{\"prompt\":\"a\",\"weak\":0}",
		"{\"prompt\":\"a\",\"weak\":-0.1,\"strong\":1}",
		"{\"prompt\":\"a\",\"weak\":0,\"strong\":2}",
		"{\"prompt\":7,\"weak\":0,\"strong\":1}",
		"{\"prompt\":\"a\",\"weak\":0,\"strong\":1,\"class\":\"hard\"}",
		"{\"prompt\":\"a\",\"weak\":0,\"strong\":1,\"train_ok\":1}",
		"{\"prompt\":\"a\",\"weak\":0,\"strong\":1,\"scores\":{\"m\":7}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct training training;
		struct error err = ERROR_INIT;

		buf_clear(&lines);
		buf_printf(&lines,
			"{\"prompt\":\"a\",\"weak\":0,\"strong\":1}\n\n%s\n",
			rows[i]);
		training_init(&training, slots);
		assert_false(training_read(
			&training, buf_str(&lines), "rows", &err));
		assert_int_equal(err.kind, ERR_CONFIG);
		assert_non_null(strstr(err.message, "rows:3: "));
		training_release(&training);
	}
}

static void too_little_teaches_nothing(void **state)
{
	struct training training;
	struct error err = ERROR_INIT;

	(void)state;
	buf_append(&lines, S("{\"prompt\":\"a\",\"weak\":0,\"strong\":1}\n"));
	training_init(&training, slots);
	assert_true(training_read(&training, buf_str(&lines), "rows", &err));
	assert_false(training_run(&training, &weights, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	training_release(&training);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_helps_is_learned),
		TEST(what_all_or_none_can_answer_is_told_apart),
		TEST(the_same_rows_give_the_same_bytes),
		TEST(rows_that_say_what_they_are_set_thresholds),
		TEST(what_is_held_out_is_measured),
		TEST(rows_that_may_not_teach_do_not),
		TEST(bad_lines_are_named),
		TEST(too_little_teaches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
