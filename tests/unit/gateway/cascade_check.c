/* Tests of what a cheap look finds wrong with an answer. */
#include "gateway/cascade_check.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena arena;
static struct chat_request request;
static struct chat_choice choice;
static struct chat_response response;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	chat_request_init(&request, S("openai_chat"));
	chat_response_init(&response, S("openai_chat"));
	choice = (struct chat_choice){ .finish = CHAT_FINISH_STOP };
	chat_message_init(&choice.message);
	response.choices = &choice;
	response.choice_count = 1;
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void says(const char *text)
{
	chat_message_add(&choice.message, CHAT_TEXT, &arena)->text =
		str_of(text);
}

static void calls(const char *name, const char *arguments)
{
	struct chat_part *part =
		chat_message_add(&choice.message, CHAT_TOOL_CALL, &arena);

	part->call.type = S("function");
	part->call.name = str_of(name);
	part->call.arguments = str_of(arguments);
}

static void assert_fault(const char *expected)
{
	const char *fault = cascade_fault(&request, -1, &response, &arena);

	if (!expected && fault)
		fail_msg("found %s", fault);
	if (expected)
		assert_string_equal(fault ? fault : "nothing", expected);
}

static void again(void **state)
{
	end(state);
	begin(state);
}

static void an_answer_is_good(void **state)
{
	static const char *const texts[] = { "Paris.", "4",
		"Rivers carry water from the mountains down to the sea; some "
		"say: I'm sorry, but I can't swim in them.",
		"Lo importante es que no hay nada que temer." };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		again(state);
		says(texts[i]);
		assert_fault(NULL);
	}
}

static void nothing_said_is_empty(void **state)
{
	(void)state;
	assert_fault("empty");
	says(" \n ");
	assert_fault("empty");
	response.choice_count = 0;
	assert_fault("empty");
}

static void a_refusal_is_found_at_the_beginning(void **state)
{
	static const char *const texts[] = {
		"I'm sorry, but I can't help with that.",
		"I\xe2\x80\x99m unable to do this.",
		"Hmm. As an AI language model, I have no opinion.",
		"Lo siento, pero no puedo ayudarte con eso.",
		"Lamentablemente, no puedo responder a eso.",
		"NO LO S\xc3\x89, la verdad."
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		again(state);
		says(texts[i]);
		assert_fault("refusal");
	}
	again(state);
	chat_message_add(&choice.message, CHAT_REFUSAL, &arena)->text =
		S("No.");
	assert_fault("refusal");
	again(state);
	says("Something");
	choice.finish = CHAT_FINISH_FILTER;
	assert_fault("refusal");
}

static void cut_short_where_nobody_asked_for_it(void **state)
{
	(void)state;
	says("The answer");
	choice.finish = CHAT_FINISH_LENGTH;
	assert_fault("cut_short");
	assert_null(cascade_fault(&request, 5, &response, &arena));
	says(" is long enough to be of some use to the one who asked for it, "
	     "after all.");
	assert_fault(NULL);
}

static void json_is_what_was_asked_for(void **state)
{
	(void)state;
	request.format.kind = CHAT_FORMAT_JSON;
	says("{\"a\": 1");
	assert_fault("malformed_json");
	says("}");
	assert_fault(NULL);
	request.format.kind = CHAT_FORMAT_SCHEMA;
	request.format.schema =
		S("{\"type\":\"object\",\"required\":[\"a\",\"b\"]}");
	assert_fault("malformed_json");
	request.format.schema = S("{\"type\":\"object\",\"required\":[\"a\"]}");
	assert_fault(NULL);
}

static void a_call_is_one_that_a_tool_can_take(void **state)
{
	struct chat_tool tool = { .name = S("look") };

	request.tools = &tool;
	request.tool_count = 1;
	calls("look", "{\"city\":\"Paris\"}");
	assert_fault(NULL);
	calls("look", "{\"city\":");
	assert_fault("malformed_arguments");
	again(state);
	request.tools = &tool;
	request.tool_count = 1;
	calls("listen", "{}");
	assert_fault("unknown_tool");
}

static void a_model_is_not_sure(void **state)
{
	(void)state;
	says("Paris");
	choice.logprobs = S("{\"content\":[{\"token\":\"P\",\"logprob\":-0.1},"
			    "{\"token\":\"a\",\"logprob\":-0.3}]}");
	assert_fault(NULL);
	choice.logprobs = S("{\"content\":[{\"token\":\"P\",\"logprob\":-2.1},"
			    "{\"token\":\"a\",\"logprob\":-0.9}]}");
	assert_fault("unsure");
	choice.logprobs = S("null");
	assert_fault(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_answer_is_good, begin, end),
		cmocka_unit_test_setup_teardown(
			nothing_said_is_empty, begin, end),
		cmocka_unit_test_setup_teardown(
			a_refusal_is_found_at_the_beginning, begin, end),
		cmocka_unit_test_setup_teardown(
			cut_short_where_nobody_asked_for_it, begin, end),
		cmocka_unit_test_setup_teardown(
			json_is_what_was_asked_for, begin, end),
		cmocka_unit_test_setup_teardown(
			a_call_is_one_that_a_tool_can_take, begin, end),
		cmocka_unit_test_setup_teardown(
			a_model_is_not_sure, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
