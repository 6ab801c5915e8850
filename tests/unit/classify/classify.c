/*
 * classify.c - the weights that ship: what is simple, what is complex, why,
 * and how long it takes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"
#include "classify/classify.h"
#include "classify/weights.h"
#include "shipped.h"

#include <unistd.h>

static struct classifier *classifier;

static int open_shipped(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	return classifier_open(SHIPPED_WEIGHTS, &classifier, &err) ? 0 : -1;
}

static int close_shipped(void **state)
{
	(void)state;
	classifier_close(classifier);
	return 0;
}

static struct classification classify(const char *text)
{
	struct prompt prompt = {
		.text = str_of(text), .turns = 1, .max_tokens = -1
	};
	struct classification found;

	classifier_run(classifier, &prompt, &found);
	assert_true(found.score > 0 && found.score < 1);
	assert_true(found.reason_count <= CLASSIFY_REASONS);
	return found;
}

/* None of these is in the training's own list. */
static void clear_cases_are_told_apart(void **state)
{
	static const char *const simple[] = {
		"What is the capital of Portugal?",
		"Cu\xc3\xa1l es la capital de Portugal?",
		"Translate to Spanish: the cat sleeps on the sofa.",
		"Traduce al ingl\xc3\xa9s: el gato duerme en el sof\xc3\xa1.",
		"Hi there, thanks!",
		"Who painted Guernica?",
	};
	static const char *const complex[] = {
		"Prove that the square root of 3 is irrational and generalize "
		"the proof to every prime.",
		"Demuestra que la ra\xc3\xadz cuadrada de 3 es irracional y "
		"generaliza la demostraci\xc3\xb3n a todo primo.",
		"Implement a thread-safe priority queue in C with unit tests "
		"and analyze its complexity.",
		"Implementa en C una cola de prioridad segura entre hilos, con "
		"pruebas, y analiza su complejidad.",
		"Analyze the liability of the seller under this contract and "
		"propose alternative clauses for each risk.",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(simple); i++)
		assert_int_equal(
			classify(simple[i]).complexity, COMPLEXITY_SIMPLE);
	for (size_t i = 0; i < ARRAY_LEN(complex); i++)
		assert_int_equal(
			classify(complex[i]).complexity, COMPLEXITY_COMPLEX);
}

static void the_strongest_reason_comes_first(void **state)
{
	struct classification found = classify("Prove this theorem.");
	bool has_proof = false;

	(void)state;
	assert_true(found.reason_count > 1);
	for (size_t i = 0; i < found.reason_count; i++) {
		double weight = found.reasons[i].weight;
		double last = i ? found.reasons[i - 1].weight : 1e9;

		assert_true((weight < 0 ? -weight : weight) <=
			    (last < 0 ? -last : last));
		has_proof |= strcmp(found.reasons[i].feature, "proof") == 0;
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(found.reasons[i].feature,
				found.reasons[j].feature);
	}
	assert_true(has_proof);
}

static void broken_files_are_refused(void **state)
{
	char path[] = "/tmp/classify-XXXXXX";
	int fd = mkstemp(path);
	struct classifier *none;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(fd >= 0);
	assert_false(classifier_open(path, &none, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_null(none);
	assert_int_equal(ftruncate(fd, sizeof(struct weights)), 0);
	assert_false(classifier_open(path, &none, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	close(fd);
	unlink(path);
	assert_false(classifier_open(path, &none, &err));
	assert_int_equal(err.kind, ERR_IO);
	classifier_close(NULL);
}

/* The best of some rounds, in ns: others use the machine, too. */
static int64_t time_of(size_t bytes, int rounds)
{
	static char text[1 << 20];
	struct prompt prompt = {
		.text = { text, bytes }, .turns = 1, .max_tokens = -1
	};
	static const char words[] = "Explain why the derivative of this "
				    "function is zero at 3.14, and 'how'? ";
	struct classification found;
	int64_t begin, took, best = INT64_MAX;

	for (size_t i = 0; i < bytes; i++)
		text[i] = words[i % (sizeof(words) - 1)] + (i / 97 % 7 == 3);
	for (int i = 0; i < rounds; i++) {
		begin = clock_monotonic_ns();
		classifier_run(classifier, &prompt, &found);
		took = clock_monotonic_ns() - begin;
		if (took < best)
			best = took;
	}
	return best;
}

/* What lies in the middle is not looked at: 1 MB costs what 16 KB do. */
static void long_prompts_cost_no_more(void **state)
{
	int64_t small, large;

	(void)state;
	time_of(16384, 50);
	small = time_of(16384, 200);
	large = time_of(1 << 20, 200);
	print_message("4 KB: %.1f us, 16 KB: %.1f us, 1 MB: %.1f us\n",
		(double)time_of(4096, 500) / 1000, (double)small / 1000,
		(double)large / 1000);
	assert_true(large < 8 * small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clear_cases_are_told_apart),
		cmocka_unit_test(the_strongest_reason_comes_first),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(long_prompts_cost_no_more),
	};

	return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
