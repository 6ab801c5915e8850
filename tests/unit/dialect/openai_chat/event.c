/*
 * openai_chat/event.c - providers' streams, with all their oddities, are read
 * as one: calls numbered in the order they begin, what is no answer left out.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../suite.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

static void hear(const char *stream, struct heard *heard)
{
	struct recording r = {
		.name = "by hand", .kind = "sse", .response = str_of(stream)
	};
	struct suite s = { .dialect = openai, .recording = &r };
	struct suite_ear ear;
	bool failed;

	suite_ear_init(&ear, &s);
	suite_cut(r.response, FRAMING_SSE, 0, suite_hear_frame, &ear, &failed);
	assert_false(failed);
	assert_int_equal(s.failed, 0);
	if (ear.heard.fault)
		fail_msg("%s: %s", ear.heard.fault, stream);
	*heard = ear.heard;
	buf_release(&ear.events);
	arena_release(&ear.memory);
}

#define CALLS(items)                                                         \
	"data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[" items \
	"]}}]}\n\n"
#define BEGIN(index, id, name)                                         \
	"{" index "\"id\":" id ",\"type\":\"function\",\"function\":{" \
	"\"name\":\"" name "\",\"arguments\":\"\"}}"
#define GO_ON(index, text) \
	"{" index "\"function\":{\"arguments\":\"" text "\"}}"

/* Two calls, f("1") and g("2"), in every way to number them. */
static const char *const numberings[] = {
	/* OpenAI */
	CALLS(BEGIN("\"index\":0,", "\"a\"", "f"))
		CALLS(GO_ON("\"index\":0,", "1"))
			CALLS(BEGIN("\"index\":1,", "\"b\"", "g"))
				CALLS(GO_ON("\"index\":1,", "2")),
	/* from 1 on, and mixed */
	CALLS(BEGIN("\"index\":1,", "\"a\"", "f"))
		CALLS(BEGIN("\"index\":2,", "\"b\"", "g")) CALLS(GO_ON(
			"\"index\":2,", "2") "," GO_ON("\"index\":1,", "1")),
	/* all of them 0, told apart by their ids: Gemini's compatible side */
	CALLS(BEGIN("\"index\":0,", "\"a\"", "f"))
		CALLS(GO_ON("\"index\":0,", "1"))
			CALLS(BEGIN("\"index\":0,", "\"b\"", "g"))
				CALLS(GO_ON("\"index\":0,", "2")),
	/* no numbers */
	CALLS(BEGIN("", "\"a\"", "f")) CALLS(GO_ON("", "1"))
		CALLS(BEGIN("", "\"b\"", "g")) CALLS(GO_ON("", "2")),
	/* neither numbers nor ids */
	CALLS(BEGIN("", "null", "f")) CALLS(GO_ON("", "1"))
		CALLS(BEGIN("", "null", "g")) CALLS(GO_ON("", "2")),
	/* id and name in every piece */
	CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
	      "\"arguments\":\"\"}}")
		CALLS("{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\","
		      "\"arguments\":\"1\"}}")
			CALLS("{\"index\":1,\"id\":\"b\",\"function\":{\"name\":\"g\","
			      "\"arguments\":\"2\"}}"),
	/* empty ids and names in the later ones */
	CALLS(BEGIN("\"index\":0,", "\"a\"", "f")) CALLS(
		"{\"index\":0,\"id\":\"\",\"type\":\"\",\"function\":{\"name\":"
		"\"\",\"arguments\":\"1\"}}")
		CALLS(BEGIN("\"index\":1,", "\"b\"", "g")) CALLS(
			"{\"index\":1,\"id\":null,\"function\":{\"name\":null,"
			"\"arguments\":\"2\"}}"),
};

static void calls_are_numbered_in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(numberings); i++) {
		const struct heard_choice *choice;
		struct heard heard;

		hear(numberings[i], &heard);
		choice = &heard.choices[0];
		if (choice->call_count != 2)
			fail_msg("%zu calls of %s", choice->call_count,
				numberings[i]);
		assert_text(buf_str(&choice->calls[0].name), "f");
		assert_text(buf_str(&choice->calls[0].arguments), "1");
		assert_text(buf_str(&choice->calls[1].name), "g");
		assert_text(buf_str(&choice->calls[1].arguments), "2");
		heard_release(&heard);
	}
}

static void each_choice_has_its_own_calls(void **state)
{
	struct heard heard;

	(void)state;
	hear("data: {\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":["
	     "{\"index\":0,\"id\":\"x\",\"function\":{\"name\":\"f\"}}]}},"
	     "{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":"
	     "\"y\",\"function\":{\"name\":\"g\"}}]}}]}\n\n"
	     "data: {\"choices\":[{\"index\":1,\"delta\":{\"tool_calls\":["
	     "{\"index\":0,\"function\":{\"arguments\":\"z\"}}]}}]}\n\n",
		&heard);
	assert_int_equal(heard.choice_count, 2);
	assert_int_equal(heard.choices[0].index, 1);
	assert_text(buf_str(&heard.choices[0].calls[0].id), "x");
	assert_text(buf_str(&heard.choices[0].calls[0].arguments), "z");
	assert_text(buf_str(&heard.choices[1].calls[0].id), "y");
	heard_release(&heard);
}

static void custom_calls_go_on_by_their_member(void **state)
{
	struct heard heard;

	(void)state;
	hear(CALLS("{\"index\":0,\"id\":\"a\",\"type\":\"custom\",\"custom\":{"
		   "\"name\":\"c\",\"input\":\"x\"}}")
			CALLS("{\"index\":0,\"custom\":{\"input\":\"y\"}}"),
		&heard);
	assert_text(buf_str(&heard.choices[0].calls[0].type), "custom");
	assert_text(buf_str(&heard.choices[0].calls[0].arguments), "xy");
	heard_release(&heard);
}

static void the_first_function_calling_streams_too(void **state)
{
	struct heard heard;

	(void)state;
	hear("data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":"
	     "\"assistant\",\"content\":null,\"function_call\":{\"name\":"
	     "\"f\",\"arguments\":\"\"}}}]}\n\n"
	     "data: {\"choices\":[{\"index\":0,\"delta\":{\"function_call\":{"
	     "\"arguments\":\"{}\"}}}]}\n\n"
	     "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
	     "\"function_call\"}]}\n\n",
		&heard);
	assert_int_equal(heard.choices[0].call_count, 1);
	assert_text(buf_str(&heard.choices[0].calls[0].arguments), "{}");
	assert_int_equal(heard.choices[0].finish, CHAT_FINISH_TOOL_CALLS);
	heard_release(&heard);
}

/* Null usage, usage twice, empty reasons, empty frames, comments, Groq's own
 * place for usage, a message beside the delta. */
static void oddities_are_read_right(void **state)
{
	struct heard heard;

	(void)state;
	hear(": waiting\n\n"
	     "data:\n\n"
	     "data: {\"id\":\"i\",\"model\":\"m\",\"choices\":[],"
	     "\"prompt_filter_results\":[],\"usage\":null}\n\n"
	     "event: message\ndata: {\"id\":\"i\",\"choices\":[{\"index\":0,"
	     "\"delta\":{\"content\":\"a\",\"reasoning\":\"t\","
	     "\"reasoning_content\":\"t\"},\"message\":{\"content\":\"a\"},"
	     "\"finish_reason\":\"\"}],\"usage\":null}\n\n"
	     "data: {\"choices\":[{\"index\":0,\"delta\":null,"
	     "\"finish_reason\":\"length\"}],\"x_groq\":{\"usage\":{"
	     "\"prompt_tokens\":3,\"completion_tokens\":1}}}\n\n"
	     "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":"
	     "\"stop\"}],\"usage\":{\"prompt_tokens\":4,"
	     "\"completion_tokens\":2}}\n\n"
	     "data: [DONE]\n\n",
		&heard);
	assert_true(heard.done && !heard.failed);
	assert_text(buf_str(&heard.choices[0].text), "a");
	assert_text(buf_str(&heard.choices[0].thinking), "t");
	assert_int_equal(heard.choices[0].finish, CHAT_FINISH_LENGTH);
	assert_int_equal(heard.usage.prompt, 4);
	assert_int_equal(heard.usage.completion, 2);
	heard_release(&heard);
}

static void errors_are_told(void **state)
{
	static const struct {
		const char *stream;
		const char *message;
		int status;
	} errors[] = {
		{ "data: {\"error\":{\"message\":\"no\",\"code\":429}}\n\n",
			"no", 429 },
		{ "event: error\ndata: {\"message\":\"no\"}\n\n", "no", 500 },
		{ "data: {\"id\":\"x\",\"error\":{\"message\":\"cut\",\"code\":"
		  "502},\"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},"
		  "\"finish_reason\":\"error\"}]}\n\n",
			"cut", 502 },
		{ "data: {\"object\":\"error\",\"message\":\"key "
		  "sk-abcdefgh12345678 bad\"}\n\n",
			"key sk-*** bad", 500 },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		struct heard heard;

		hear(errors[i].stream, &heard);
		assert_true(heard.failed);
		assert_string_equal(heard.error, errors[i].message);
		heard_release(&heard);
	}
	arena_release(&arena);
}

static void garbage_is_refused(void **state)
{
	static const struct str bodies[] = { STR("[]"), STR("{"), STR("x") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame frame = { .data = bodies[i], .has_data = true };
		void *reader = openai->reader_new(&arena);
		struct error err = ERROR_INIT;
		struct chat_event event;

		assert_false(openai->read_event(
			&frame, reader, &arena, &event, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_are_numbered_in_order),
		cmocka_unit_test(each_choice_has_its_own_calls),
		cmocka_unit_test(custom_calls_go_on_by_their_member),
		cmocka_unit_test(the_first_function_calling_streams_too),
		cmocka_unit_test(oddities_are_read_right),
		cmocka_unit_test(errors_are_told),
		cmocka_unit_test(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
