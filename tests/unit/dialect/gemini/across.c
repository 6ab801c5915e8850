/*
 * across.c - conversations of other dialects with Google's models, and
 * what Google's clients hear of others'.
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

static const char *const anthropic_files[] = {
	RECORDINGS "anthropic.jsonl",
	RECORDINGS "anthropic_streams.jsonl",
	RECORDINGS "anthropic_edge_cases.jsonl",
};
static const char *const responses_files[] = {
	RECORDINGS "openai_responses.jsonl",
	RECORDINGS "openai_responses_streams.jsonl",
	RECORDINGS "openai_responses_edge_cases.jsonl",
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

#define PROMPT "a system prompt alone is what the user asks"
#define TEXT "a refusal is a text like any other"
#define CUT "a call that was cut off is none"
#define WRAPPED "an input that is a text stands in an object"
#define SEVERAL "the file holds several answers, one after the other"

static struct suite_exception from_openai_chat[] = {
	{ "openai/envoy-chat-streaming-detailed-usage-00", "request", PROMPT,
		false },
	{ "openai/openllmetry-test_async_parsed_refused_completion-00", "reply",
		TEXT, false },
	{ "openai/agentgateway-resp-truncated_tool_call", "reply", CUT, false },
	{ "translation/chatCompletionsUrlBackedVideoFileParam", "request",
		"a file whose name says that it is a film is one", false },
};

static struct suite_exception from_openai_responses[] = {
	{ "openai/ddpy-response_custom_tool_call-00", "reply", WRAPPED, false },
	{ "openai/agentgateway-resp-custom-tool", "reply", WRAPPED, false },
	{ "openai/agentgateway-resp-stream-custom-tool", "stream", WRAPPED,
		false },
	{ "openai/agentgateway-resp-truncated_tool_call", "reply", CUT, false },
	{ "openai/agentgateway-req-assistant-history", "request", TEXT, false },
	{ "openai/pydantic-test_multimodal_tool_return_matrix_direct-url-audio",
		"request", "a result has no URL in it: it comes behind",
		false },
	{ "openai/vercel-parallel-tool-call-wrapper.1", "stream",
		"two of its events lack a brace", false },
};

static struct suite_exception from_anthropic[] = {
	{ "anthropic/vercel-anthropic-tool-search-deferred-bm25", "stream",
		SEVERAL, false },
	{ "anthropic/vercel-anthropic-tool-search-regex.1", "stream", SEVERAL,
		false },
	{ "anthropic/agentgateway-req-cache_control", "request",
		"a result's media stand behind its text", false },
};

static void openai_chat_to_gemini(void **state)
{
	(void)state;
	across_run(&openai_chat, &gemini, recorded_files,
		ARRAY_LEN(recorded_files), from_openai_chat,
		ARRAY_LEN(from_openai_chat));
}

static void openai_responses_to_gemini(void **state)
{
	(void)state;
	across_run(&openai_responses, &gemini, responses_files,
		ARRAY_LEN(responses_files), from_openai_responses,
		ARRAY_LEN(from_openai_responses));
}

static void anthropic_to_gemini(void **state)
{
	(void)state;
	across_run(&anthropic, &gemini, anthropic_files,
		ARRAY_LEN(anthropic_files), from_anthropic,
		ARRAY_LEN(from_anthropic));
}

static void cohere_to_gemini(void **state)
{
	(void)state;
	across_run(&cohere, &gemini, cohere_files, ARRAY_LEN(cohere_files),
		NULL, 0);
}

static void ollama_to_gemini(void **state)
{
	(void)state;
	across_run(&ollama, &gemini, ollama_files, ARRAY_LEN(ollama_files),
		NULL, 0);
}

static void gemini_to_openai_chat(void **state)
{
	(void)state;
	across_run(&gemini, &openai_chat, gemini_files, ARRAY_LEN(gemini_files),
		NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_to_gemini),
		cmocka_unit_test(openai_responses_to_gemini),
		cmocka_unit_test(anthropic_to_gemini),
		cmocka_unit_test(cohere_to_gemini),
		cmocka_unit_test(ollama_to_gemini),
		cmocka_unit_test(gemini_to_openai_chat),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
