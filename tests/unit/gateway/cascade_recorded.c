/*
 * cascade_recorded.c - the check of a cascade, on recorded answers.
 *
 * Providers gave these answers to the tests of their clients. Somebody read
 * those that the check takes for poor: they are, as it says. Anything else
 * that it finds is a false alarm, which costs a second answer for nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/cascade_check.h"

#include "../dialect/recordings.h"

/* What is poor, by a part of its name. */
static const struct {
	const char *name, *fault;
} poor[] = {
	{ "ddpy-azure_chat_completion-00", "refusal" },
	{ "ddpy-chat_completion_prompt_caching_5_6_cache_write-00", "empty" },
	{ "envoy-chat-multimodal-00", "empty" },
	{ "envoy-chat-text-to-image-tool-00", "empty" },
	{ "test_async_parsed_refused_completion-00", "refusal" },
	{ "test_tool_choice_matrix_none-huggingface-00", "refusal" },
	{ "ddpy-test_multiple_agent_handoffs-02", "refusal" },
	{ "openai_gpt-5-nano_respects_choice_none-00", "refusal" },
	{ "anthropic_claude-haiku-4-5_respects_choic-00", "empty" },
	{ "max_tokens_thinking_model_empty_response-00", "empty" },
	{ "test_google_model_safety_settings-00", "refusal" },
	{ "test_google_model_armor_response_template_real_block-00",
		"refusal" },
	{ "direct-uploaded_file-video-google_vertex-00", "unknown_tool" },
	{ "command-a-03-2025_replaces_previous_sys-00", "refusal" },
	{ "openllmetry-test_nova_converse-00", "refusal" },
};

struct seen {
	const struct dialect *dialect;
	size_t answers;
	size_t poor;
};

static const char *expected_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(poor); i++)
		if (strstr(name, poor[i].name))
			return poor[i].fault;
	return "nothing";
}

static void look(const struct recording *r, void *context)
{
	struct seen *seen = context;
	struct error err = ERROR_INIT;
	struct chat_response response;
	struct chat_request request;
	struct chat_head head;
	struct arena arena;

	if (!r->request.p || !r->response.p || (r->status && r->status != 200))
		return;
	arena_init(&arena, 65536);
	if (seen->dialect->read_head(r->request, &arena, &head, &err) &&
		seen->dialect->read_request(&head, &arena, &request, &err) &&
		seen->dialect->read_response(
			r->response, &arena, &response, &err)) {
		const char *fault = cascade_fault(
			&request, head.max_tokens, &response, &arena);
		const char *expected = expected_of(r->name);

		if (strcmp(fault ? fault : "nothing", expected) != 0)
			fail_msg("%s: %s, not %s", r->name,
				fault ? fault : "nothing", expected);
		seen->answers++;
		seen->poor += fault != NULL;
	}
	arena_release(&arena);
}

static void good_answers_are_left_alone(void **state)
{
	static const struct {
		const char *dialect, *file;
	} files[] = {
		{ "openai_chat", "openai_chat_openai_azure.jsonl" },
		{ "openai_chat",
			"openai_chat_openrouter_deepseek_perplexity.jsonl" },
		{ "openai_chat", "openai_chat_others.jsonl" },
		{ "openai_responses", "openai_responses.jsonl" },
		{ "anthropic", "anthropic.jsonl" },
		{ "gemini", "gemini.jsonl" },
		{ "cohere", "cohere.jsonl" },
		{ "ollama", "ollama.jsonl" },
		{ "bedrock", "bedrock.jsonl" },
	};
	struct seen seen = { .answers = 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s%s", RECORDINGS, files[i].file);
		seen.dialect = dialect_find(str_of(files[i].dialect));
		recordings_visit_file(path, look, &seen);
	}
	assert_int_equal(seen.poor, ARRAY_LEN(poor));
	assert_true(seen.answers > 480);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_answers_are_left_alone),
	};

	return cmocka_run_group_tests_name(
		"gateway/cascade_recorded", tests, NULL, NULL);
}
