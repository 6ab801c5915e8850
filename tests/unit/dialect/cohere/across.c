/*
 * across.c - conversations of other dialects with Cohere's models, and
 * Cohere's with others'.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../across.h"
#include "dialect/cohere/cohere.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"

static const char *const cohere_files[] = {
	RECORDINGS "cohere.jsonl",
	RECORDINGS "cohere_streams.jsonl",
};

static struct suite_exception to_cohere[] = {
	{ "openai/openllmetry-test_async_parsed_refused_completion-00", "reply",
		"a refusal is a text like any other", false },
};

static void openai_chat_to_cohere(void **state)
{
	(void)state;
	across_run(&openai_chat, &cohere, recorded_files,
		ARRAY_LEN(recorded_files), to_cohere, ARRAY_LEN(to_cohere));
}

static void cohere_to_openai_chat(void **state)
{
	(void)state;
	across_run(&cohere, &openai_chat, cohere_files, ARRAY_LEN(cohere_files),
		NULL, 0);
}

static void cohere_to_ollama(void **state)
{
	(void)state;
	across_run(&cohere, &ollama, cohere_files, ARRAY_LEN(cohere_files),
		NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_to_cohere),
		cmocka_unit_test(cohere_to_openai_chat),
		cmocka_unit_test(cohere_to_ollama),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
