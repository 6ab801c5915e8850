/*
 * suite.c - all that every dialect must prove, over every
 * recorded exchange in OpenAI's Responses format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../suite.h"

#include "dialect/openai_responses/openai_responses.h"

static const char *const files[] = {
	RECORDINGS "openai_responses.jsonl",
	RECORDINGS "openai_responses_streams.jsonl",
	RECORDINGS "openai_responses_edge_cases.jsonl",
};

static struct suite_exception exceptions[] = {
	{ "deepseek/pydantic-test_deepseek_responses_function_tool-01",
		"request-foreign",
		"its reasoning has no encrypted content to send back", false },
	{ "openai/openinf-agent_run_reasoning-00", "stream-foreign",
		"its body was recorded compressed: there are no events in it",
		false },
	{ "openai/vercel-parallel-tool-call-wrapper.1", "events",
		"two of its events lack a brace", false },
	{ "openai/vercel-parallel-tool-call-wrapper.1", "stream-foreign",
		"two of its events lack a brace", false },
};

static void recordings_come_back(void **state)
{
	(void)state;
	suite_run(&openai_responses, files, ARRAY_LEN(files), exceptions,
		ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
