/*
 * suite.c - all that every dialect must prove, over every
 * recorded exchange in OpenAI's Chat Completions format.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../suite.h"

static struct suite_exception exceptions[] = {
	{ "openai/envoy-chat-no-messages-00", "head",
		"OpenAI refused this one too: there are no messages", false },
	{ "openrouter/pydantic-test_openrouter_google_nested_schema-01",
		"request-foreign",
		"an id of 50 characters, and OpenAI takes 40", false },
	{ "translation/chatCompletionsUrlBackedVideoFileParam",
		"request-foreign",
		"a file by its address is OpenRouter's alone", false },
};

/* OpenRouter takes thinking back in every form. */
static const struct dialect_traits traits = { .reasoning = REASONING_OBJECT };

static void recordings_come_back(void **state)
{
	(void)state;
	suite_run_with(dialect_find(S("openai_chat")), &traits, recorded_files,
		ARRAY_LEN(recorded_files), exceptions, ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
