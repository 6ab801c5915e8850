/*
 * across.c - conversations of other dialects with Ollama's models, and
 * Ollama's with others'.
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

static const char *const ollama_files[] = {
	RECORDINGS "ollama.jsonl",
	RECORDINGS "ollama_streams.jsonl",
};

static struct suite_exception to_ollama[] = {
	{ "openai/openllmetry-test_async_parsed_refused_completion-00", "reply",
		"a refusal is a text like any other", false },
	{ "openai/braintrust-strands-agent-sdk-v1-latest-03", "request",
		"images stand beside the text, not before it", false },
	{ "openai/agentgateway-resp-truncated_tool_call", "reply",
		"arguments that were broken off are a text in an object",
		false },
};

static void openai_chat_to_ollama(void **state)
{
	(void)state;
	across_run(&openai_chat, &ollama, recorded_files,
		ARRAY_LEN(recorded_files), to_ollama, ARRAY_LEN(to_ollama));
}

static void ollama_to_openai_chat(void **state)
{
	(void)state;
	across_run(&ollama, &openai_chat, ollama_files, ARRAY_LEN(ollama_files),
		NULL, 0);
}

static void ollama_to_cohere(void **state)
{
	(void)state;
	across_run(&ollama, &cohere, ollama_files, ARRAY_LEN(ollama_files),
		NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_to_ollama),
		cmocka_unit_test(ollama_to_openai_chat),
		cmocka_unit_test(ollama_to_cohere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
