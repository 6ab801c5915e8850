/*
 * across.c - conversations of other dialects with providers
 * of OpenAI's Responses format, what its clients hear of others' answers, and
 * its own conversations with providers of OpenAI's older format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../across.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/cohere/cohere.h"
#include "dialect/gemini/gemini.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"
#include "dialect/openai_responses/openai_responses.h"

static const char *const responses_files[] = {
	RECORDINGS "openai_responses.jsonl",
	RECORDINGS "openai_responses_streams.jsonl",
	RECORDINGS "openai_responses_edge_cases.jsonl",
};
static const char *const anthropic_files[] = {
	RECORDINGS "anthropic.jsonl",
	RECORDINGS "anthropic_streams.jsonl",
	RECORDINGS "anthropic_edge_cases.jsonl",
};
static const char *const gemini_files[] = {
	RECORDINGS "gemini.jsonl",
	RECORDINGS "gemini_streams.jsonl",
	RECORDINGS "gemini_edge_cases.jsonl",
};
static const char *const cohere_files[] = {
	RECORDINGS "cohere.jsonl",
	RECORDINGS "cohere_streams.jsonl",
};
static const char *const ollama_files[] = {
	RECORDINGS "ollama.jsonl",
	RECORDINGS "ollama_streams.jsonl",
};

#define SEVERAL "the file holds several answers, one after the other"

static struct suite_exception from_openai_chat[] = {
	{ "openai/ddjs-openai_chat_completions_post_797109e5-00", "reply",
		"of an audio answer its transcript is told", false },
};

static struct suite_exception to_openai_chat[] = {
	{ "deepseek/pydantic-test_deepseek_responses_rejects_interleaved",
		"request", "a turn's texts come before its calls there",
		false },
	{ "openai/vercel-parallel-tool-call-wrapper.1", "stream",
		"two of its events lack a brace", false },
};

static struct suite_exception from_anthropic[] = {
	{ "anthropic/vercel-anthropic-tool-search-deferred-bm25", "stream",
		SEVERAL, false },
	{ "anthropic/vercel-anthropic-tool-search-regex.1", "stream", SEVERAL,
		false },
};

static void openai_chat_to_responses(void **state)
{
	(void)state;
	across_run(&openai_chat, &openai_responses, recorded_files,
		ARRAY_LEN(recorded_files), from_openai_chat,
		ARRAY_LEN(from_openai_chat));
}

static void responses_to_openai_chat(void **state)
{
	(void)state;
	across_run(&openai_responses, &openai_chat, responses_files,
		ARRAY_LEN(responses_files), to_openai_chat,
		ARRAY_LEN(to_openai_chat));
}

static void anthropic_to_responses(void **state)
{
	(void)state;
	across_run(&anthropic, &openai_responses, anthropic_files,
		ARRAY_LEN(anthropic_files), from_anthropic,
		ARRAY_LEN(from_anthropic));
}

static void gemini_to_responses(void **state)
{
	(void)state;
	across_run(&gemini, &openai_responses, gemini_files,
		ARRAY_LEN(gemini_files), NULL, 0);
}

static void cohere_to_responses(void **state)
{
	(void)state;
	across_run(&cohere, &openai_responses, cohere_files,
		ARRAY_LEN(cohere_files), NULL, 0);
}

static void ollama_to_responses(void **state)
{
	(void)state;
	across_run(&ollama, &openai_responses, ollama_files,
		ARRAY_LEN(ollama_files), NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_to_responses),
		cmocka_unit_test(responses_to_openai_chat),
		cmocka_unit_test(anthropic_to_responses),
		cmocka_unit_test(gemini_to_responses),
		cmocka_unit_test(cohere_to_responses),
		cmocka_unit_test(ollama_to_responses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
