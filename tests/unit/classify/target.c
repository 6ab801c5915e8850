/*
 * target.c - what rows say: losses count half, other models steady a value,
 * tasks lend theirs, and what is left out says nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/target.h"

#include <math.h>

#define ROWS 4

static struct lexicon_slot slots[LEXICON_SLOTS];
static struct training training;
static double gain[ROWS], quality[ROWS];
static struct solve_target targets[ROWS];

static void find(const char *lines)
{
	struct error err = ERROR_INIT;
	double *value[VIEWS] = { gain, quality };

	training_init(&training, slots);
	assert_true(training_read(&training, str_of(lines), "rows", &err));
	assert_true(training.count <= ROWS);
	target_find(&training, value);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-6;
}

static void a_loss_counts_half(void **state)
{
	(void)state;
	find("{\"prompt\":\"a\",\"weak\":0,\"strong\":1}\n"
	     "{\"prompt\":\"b\",\"weak\":1,\"strong\":0.5}\n");
	assert_true(near(gain[0], 1) && near(quality[0], 0.5));
	assert_true(near(gain[1], -0.25) && near(quality[1], 0.75));
	training_release(&training);
}

/* x is as good as the strong model, y as the weak one. */
static void other_models_steady_both(void **state)
{
	(void)state;
	find("{\"prompt\":\"a\",\"weak\":0,\"strong\":1,"
	     "\"scores\":{\"x\":1,\"y\":0}}\n"
	     "{\"prompt\":\"b\",\"weak\":0,\"strong\":1,"
	     "\"scores\":{\"x\":1,\"y\":1}}\n"
	     "{\"prompt\":\"c\",\"weak\":0,\"strong\":0,"
	     "\"scores\":{\"x\":1,\"y\":0}}\n"
	     "{\"prompt\":\"d\",\"weak\":0,\"strong\":1,"
	     "\"scores\":{\"x\":1}}\n");
	assert_true(near(gain[0], 1) && near(quality[0], 0.5));
	assert_true(near(gain[1], 0.5) && near(quality[1], 0.75));
	assert_true(near(gain[2], 0.5) && near(quality[2], 0.25));
	/* One side alone says nothing of the other. */
	assert_true(near(gain[3], 1) && near(quality[3], 0.5));
	training_release(&training);
}

static void targets_are_above_the_mean_of_the_set(void **state)
{
	(void)state;
	find("{\"prompt\":\"a\",\"task\":\"t\",\"weak\":0,\"strong\":1}\n"
	     "{\"prompt\":\"b\",\"task\":\"u\",\"weak\":1,\"strong\":1}\n"
	     "{\"dataset\":\"s\",\"prompt\":\"c\",\"weak\":0,\"strong\":1,"
	     "\"class\":\"simple\"}\n"
	     "{\"prompt\":\"d\",\"weak\":0,\"strong\":1,\"train_ok\":false}\n");
	target_set(&training, gain, -1, targets);
	/* 0.2 of it is the mean of its task: mostly that of the set. */
	assert_true(targets[0].value > 0.4 && targets[0].value < 0.5);
	assert_true(near(targets[1].value, -targets[0].value));
	assert_true(near(targets[2].value, 0));
	/* A clear case counts for three; on the average a row does for 1. */
	assert_true(near(targets[2].weight, 3 * targets[0].weight));
	assert_true(near(targets[0].weight, 0.6));
	assert_true(near(targets[3].weight, 0));
	training_release(&training);
}

static void a_fold_is_left_out(void **state)
{
	unsigned fold;

	(void)state;
	find("{\"prompt\":\"a\",\"weak\":0,\"strong\":1}\n"
	     "{\"prompt\":\"a\",\"weak\":0,\"strong\":1}\n"
	     "{\"prompt\":\"b\",\"weak\":1,\"strong\":1}\n");
	fold = training.rows[0].fold;
	assert_int_equal(training.rows[1].fold, fold);
	training.rows[2].fold = (fold + 1) % TRAINING_FOLDS;
	memset(targets, 0, sizeof(targets));
	target_set(&training, gain, (int)fold, targets);
	assert_true(near(targets[0].weight, 0) && near(targets[1].weight, 0));
	assert_true(near(targets[2].weight, 1) && near(targets[2].value, 0));
	training_release(&training);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loss_counts_half),
		cmocka_unit_test(other_models_steady_both),
		cmocka_unit_test(targets_are_above_the_mean_of_the_set),
		cmocka_unit_test(a_fold_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
