/*
 * suite.c - all that every dialect must prove, over every recorded
 * exchange in Anthropic's Messages format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../suite.h"

#include "dialect/anthropic/anthropic.h"

static const char *const files[] = {
	RECORDINGS "anthropic.jsonl",
	RECORDINGS "anthropic_streams.jsonl",
	RECORDINGS "anthropic_edge_cases.jsonl",
};

#define MID_CONVERSATION "a system message amid the others goes to the front"
#define SEVERAL "the file holds several answers, one after the other"

static struct suite_exception exceptions[] = {
	{ "anthropic/pydantic-test_inline_system_prompt_cache_prefix",
		"request-foreign", MID_CONVERSATION, false },
	{ "anthropic/pydantic-test_leading_cache_point_survives",
		"request-foreign", MID_CONVERSATION, false },
	{ "anthropic/agentgateway-req-cache_control", "request-foreign",
		MID_CONVERSATION, false },
	{ "anthropic/pydantic-test_multimodal_tool_return_matrix_tool_return_"
	  "content-uploaded_file-docume-01",
		"request-foreign", "another provider's file cannot be sent",
		false },
	{ "anthropic/agentgateway-req-gpt_adaptive_thinking_with_tools",
		"request-foreign", "64 tokens leave no room to think", false },
	{ "anthropic/agentgateway-req-structured-output", "request-foreign",
		"Claude 3 does not think", false },
	{ "anthropic/agentgateway-req-tool_history_without_tools",
		"request-foreign", "the user begins", false },
	{ "anthropic/vercel-anthropic-tool-search-deferred-bm25", "events",
		SEVERAL, false },
	{ "anthropic/vercel-anthropic-tool-search-deferred-bm25",
		"stream-foreign", SEVERAL, false },
	{ "anthropic/vercel-anthropic-tool-search-regex.1", "events", SEVERAL,
		false },
	{ "anthropic/vercel-anthropic-tool-search-regex.1", "stream-foreign",
		SEVERAL, false },
};

static void recordings_come_back(void **state)
{
	(void)state;
	suite_run(&anthropic, files, ARRAY_LEN(files), exceptions,
		ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
