/*
 * text.c - wrappers go, options are kept apart, long prompts are cut.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/text.h"

static struct text text;

static struct str question_of(struct str prompt)
{
	text_read(&text, prompt);
	return str_trim((struct str){ text.question, text.question_bytes });
}

static struct str options_of(struct str prompt)
{
	text_read(&text, prompt);
	return str_trim((struct str){ text.options, text.option_bytes });
}

static void options_lose_their_letters(void **state)
{
	struct str prompt = S("Which is a gas?\nA. iron\nB) helium\n(C) gold");

	(void)state;
	assert_true(str_equal(question_of(prompt), S("Which is a gas?")));
	assert_true(str_equal(options_of(prompt), S("iron\nhelium\ngold")));
	assert_int_equal(text.option_count, 3);
}

static void listed_options_are_options(void **state)
{
	(void)state;
	assert_true(str_equal(
		options_of(S("Go?\nA. {'text': ['by ship', 'by air'], "
			     "'label': ['A', 'B']}")),
		S("'by ship', 'by air'")));
	assert_true(str_equal(
		options_of(S("How many?\nA. ['9', '8']")), S("'9', '8'")));
}

static void cues_and_phrases_go(void **state)
{
	(void)state;
	assert_true(str_equal(
		question_of(S("Question: What is two plus two?\nAnswer:")),
		S("What is two plus two?")));
	assert_true(str_equal(
		question_of(S("Add 2 and 3. Put your final answer in a box.")),
		S("Add 2 and 3.")));
	assert_true(str_equal(
		question_of(S("Suma 2 y 3. Escribe la respuesta final.")),
		S("Suma 2 y 3.")));
}

/* What looks like a wrapper and is none. */
static void prose_stays(void **state)
{
	static const char *const prompts[] = {
		"A letter from home",
		"U.S. law",
		"Answer me this",
		"e.g. trees",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(prompts); i++) {
		assert_true(str_equal(
			question_of(str_of(prompts[i])), str_of(prompts[i])));
	}
}

static void the_middle_of_a_long_prompt_is_passed_over(void **state)
{
	static char prompt[100000];
	struct str seen;

	(void)state;
	memset(prompt, 'x', sizeof(prompt));
	memcpy(prompt, "BEGIN ", 6);
	memcpy(prompt + sizeof(prompt) / 2, "MIDDLE", 6);
	memcpy(prompt + sizeof(prompt) - 4, " END", 4);
	seen = question_of((struct str){ prompt, sizeof(prompt) });
	assert_true(seen.n <= TEXT_BYTES);
	assert_true(str_starts(seen, S("BEGIN ")));
	assert_true(str_ends(seen, S(" END")));
	assert_int_equal(str_find(seen, S("MIDDLE")), seen.n);
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(question_of(S("")).n, 0);
	assert_int_equal(question_of(S("\n\n \n")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_lose_their_letters),
		cmocka_unit_test(listed_options_are_options),
		cmocka_unit_test(cues_and_phrases_go),
		cmocka_unit_test(prose_stays),
		cmocka_unit_test(the_middle_of_a_long_prompt_is_passed_over),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
