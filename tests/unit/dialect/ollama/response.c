/*
 * ollama/response.c - Ollama's answers, streams and errors: what comes back as
 * it was, what they mean, and what another dialect's become.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/ollama/ollama.h"
#include "dialect/openai_chat/openai_chat.h"

/* --- whole answers --- */

#define REPLY(message) "{\"message\":" message "}"

static const char *const odd_bodies[] = {
	"{}",
	"{\"model\":null,\"message\":null,\"done\":null,\"created_at\":5}",
	"{\"done\":true,\"done_reason\":\"load\"}",
	"{\"done\":false,\"eval_count\":-1,\"prompt_eval_count\":1.5}",
	"{\"created_at\":\"2024-05-24T21:01:59.481632Z\",\"done\":true}",
	"{\"logprobs\":[{\"token\":\"a\",\"logprob\":-1}],\"done\":true}",
	REPLY("{}"),
	REPLY("{\"role\":\"assistant\",\"content\":\"\",\"images\":null}"),
	REPLY("{\"tool_calls\":[{\"function\":{\"arguments\":{\"a\":1}}}]}"),
	REPLY("{\"role\":\"robot\",\"content\":[1],\"thinking\":{}}"),
	REPLY("{\"tool_calls\":[{\"function\":7}],\"tool_call_id\":\"x\"}"),
};

static void odd_replies_come_back(void **state)
{
	(void)state;
	cases_same_replies(&ollama, odd_bodies, ARRAY_LEN(odd_bodies));
}

static const struct reply_case from_openai[] = {
	{ "{\"id\":\"i\",\"created\":1700000000,\"model\":\"m\",\"choices\":"
	  "[{\"index\":0,\"finish_reason\":\"stop\",\"message\":{\"role\":"
	  "\"assistant\",\"content\":\"a\",\"reasoning_content\":\"t\"},"
	  "\"logprobs\":{\"content\":[{\"token\":\"a\",\"logprob\":-0.5}]}},"
	  "{\"index\":1,\"message\":{\"content\":\"b\"}}],\"usage\":"
	  "{\"prompt_tokens\":7,\"completion_tokens\":5}}",
		"{\"model\":\"m\",\"created_at\":\"2023-11-14T22:13:20.000Z\","
		"\"message\":{\"role\":\"assistant\",\"content\":\"a\","
		"\"thinking\":\"t\"},\"logprobs\":[{\"token\":\"a\","
		"\"logprob\":-0.5}],\"done_reason\":\"stop\",\"done\":true,"
		"\"prompt_eval_count\":7,\"eval_count\":5}" },
	{ "{\"choices\":[{\"finish_reason\":\"tool_calls\",\"message\":"
	  "{\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":"
	  "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
	  "\"{\\\"a\\\": [1]}\"}},{\"id\":\"2\",\"function\":{\"name\":\"g\","
	  "\"arguments\":\"\"}},{\"id\":\"3\",\"function\":{\"name\":\"h\","
	  "\"arguments\":\"{\\\"a\"}}]}}],\"usage\":{}}",
		"{\"model\":\"\",\"created_at\":\"1970-01-01T00:00:00.000Z\","
		"\"message\":{\"role\":\"assistant\",\"content\":\"\","
		"\"tool_calls\":[{\"id\":\"1\",\"function\":{\"index\":0,"
		"\"name\":\"f\",\"arguments\":{\"a\":[1]}}},{\"id\":\"2\","
		"\"function\":{\"index\":1,\"name\":\"g\",\"arguments\":{}}},"
		"{\"id\":\"3\",\"function\":{\"index\":2,\"name\":\"h\","
		"\"arguments\":{\"arguments\":\"{\\\"a\"}}}]},\"done_reason\":"
		"\"stop\",\"done\":true,\"prompt_eval_count\":0,"
		"\"eval_count\":0}" },
	{ "{\"created\":0,\"choices\":[{\"finish_reason\":\"length\","
	  "\"message\":{\"refusal\":\"no\"}}]}",
		"{\"model\":\"\",\"created_at\":\"1970-01-01T00:00:00.000Z\","
		"\"message\":{\"role\":\"assistant\",\"content\":\"no\"},"
		"\"done_reason\":\"length\",\"done\":true}" },
	{ "{\"choices\":[]}",
		"{\"model\":\"\",\"created_at\":\"1970-01-01T00:00:00.000Z\","
		"\"message\":{\"role\":\"assistant\",\"content\":\"\"},"
		"\"done_reason\":\"stop\",\"done\":true}" },
};

static void others_are_written_in_our_words(void **state)
{
	(void)state;
	cases_replies(
		&openai_chat, &ollama, from_openai, ARRAY_LEN(from_openai));
}

static void read_reply(
	const char *body, struct arena *arena, struct chat_response *out)
{
	struct error err = ERROR_INIT;

	if (!ollama.read_response(str_of(body), arena, out, &err))
		fail_msg("%s: %s", error_detail(&err), body);
}

static void times_are_of_any_zone(void **state)
{
	static const struct {
		const char *text;
		int64_t unix_s;
	} cases[] = {
		{ "2023-11-14T22:13:20Z", 1700000000 },
		{ "2023-11-14T22:13:20.999999999Z", 1700000000 },
		{ "2023-11-15T00:13:20.1+02:00", 1700000000 },
		{ "2023-11-14T14:43:20-07:30", 1700000000 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01T00:00:00+00:01", -1 },
		{ "0001-01-01T00:00:00Z", -1 },
		{ "2023-11-14T22:13:20", -1 },
		{ "2023-11-14T22:13:20+2:00", -1 },
		{ "2023-11-14T22:13:20+24:00", -1 },
		{ "2023-11-14T22:13:20.Zulu", -1 },
		{ "2023-13-14T22:13:20Z", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (ollama_read_time(str_of(cases[i].text)) != cases[i].unix_s)
			fail_msg("%s: %" PRId64, cases[i].text,
				ollama_read_time(str_of(cases[i].text)));
}

static void the_end_is_understood(void **state)
{
	static const struct {
		const char *body;
		enum chat_finish finish;
		int64_t prompt, completion;
	} cases[] = {
		{ "{\"done_reason\":\"stop\",\"done\":true,"
		  "\"prompt_eval_count\":3,\"eval_count\":2}",
			CHAT_FINISH_STOP, 3, 2 },
		/* Of a prompt that was seen before it says nothing. */
		{ "{\"done_reason\":\"length\",\"eval_count\":2}",
			CHAT_FINISH_LENGTH, -1, 2 },
		{ "{\"done_reason\":\"load\",\"done\":true}", CHAT_FINISH_OTHER,
			-1, -1 },
		/* Earlier versions did not say why. */
		{ "{\"done\":true}", CHAT_FINISH_STOP, -1, -1 },
		{ "{\"done\":true,\"message\":{\"tool_calls\":[{\"function\":"
		  "{\"name\":\"f\"}}]},\"done_reason\":\"stop\"}",
			CHAT_FINISH_TOOL_CALLS, -1, -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct chat_response response;
		struct arena arena;

		arena_init(&arena, 4096);
		read_reply(cases[i].body, &arena, &response);
		assert_int_equal(response.choice_count, 1);
		assert_int_equal(response.choices->finish, cases[i].finish);
		assert_int_equal(response.usage.prompt, cases[i].prompt);
		assert_int_equal(
			response.usage.completion, cases[i].completion);
		assert_int_equal(response.has_usage, cases[i].completion >= 0);
		arena_release(&arena);
	}
}

/* --- streams --- */

#define LINE(message, rest)                                                   \
	"{\"model\":\"a-model\",\"created_at\":\"2023-11-14T22:13:20.000Z\"," \
	"\"message\":{\"role\":\"assistant\"," message "}," rest "}\n"
#define SAY(text) LINE("\"content\":\"" text "\"", "\"done\":false")
#define FINISH(reason, counts)   \
	LINE("\"content\":\"\"", \
		"\"done_reason\":\"" reason "\",\"done\":true" counts)
#define COUNTS(prompt, completion) \
	",\"prompt_eval_count\":" prompt ",\"eval_count\":" completion

#define CHUNK(members) "data: {\"choices\":[{\"index\":0," members "}]}\n\n"
#define TEXT(text) CHUNK("\"delta\":{\"content\":\"" text "\"}")
#define CALLS(calls) CHUNK("\"delta\":{\"tool_calls\":[" calls "]}")
#define REASON(word) CHUNK("\"delta\":{},\"finish_reason\":\"" word "\"")
#define DONE "data: [DONE]\n\n"

static const struct stream_case streams_from_openai[] = {
	{ DONE, FINISH("stop", ""), false },
	{ "", FINISH("stop", ""), true },
	{ CHUNK("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}") CHUNK(
		  "\"delta\":{\"reasoning_content\":\"t\"}") TEXT("a\\n")
			REASON("length") REASON(
				"stop") "data: {\"choices\":[],\"usage\":"
					"{\"prompt_tokens\":3,\"completion_tokens\":"
					"2}}\n\n" DONE,
		LINE("\"thinking\":\"t\",\"content\":\"\"", "\"done\":false")
			SAY("a\\n") FINISH("length", COUNTS("3", "2")),
		false },
	/* Two calls side by side, in pieces, and text between them. */
	{ CALLS("{\"index\":0,\"id\":\"x\",\"type\":\"function\",\"function\":"
		"{\"name\":\"f\",\"arguments\":\"\"}}")
			CALLS("{\"index\":0,\"function\":{\"arguments\":"
			      "\"{\\\"a\\\"\"}}") TEXT("b")
				CALLS("{\"index\":1,\"id\":\"y\",\"function\":"
				      "{\"name\":\"g\",\"arguments\":\"\"}},"
				      "{\"index\":0,\"function\":"
				      "{\"arguments\":\":1}\"}}")
					REASON("tool_calls") DONE,
		SAY("b") LINE(
			"\"content\":\"\",\"tool_calls\":[{\"id\":\"x\","
			"\"function\":{\"index\":0,\"name\":\"f\","
			"\"arguments\":{\"a\":1}}},{\"id\":\"y\",\"function\":"
			"{\"index\":1,\"name\":\"g\",\"arguments\":{}}}]",
			"\"done\":false") FINISH("stop", ""),
		false },
	/* An error ends it; what comes then does not. */
	{ TEXT("a") "data: {\"error\":{\"message\":\"broken\"}}\n\n" TEXT("b")
			DONE,
		SAY("a") "{\"error\":\"broken\"}\n", false },
	{ CHUNK("\"delta\":{\"content\":\"a\"},\"logprobs\":{\"content\":["
		"{\"token\":\"a\",\"logprob\":-1}]}") DONE,
		LINE("\"content\":\"a\"", "\"logprobs\":[{\"token\":\"a\","
					  "\"logprob\":-1}],\"done\":false")
			FINISH("stop", ""),
		false },
};

static void other_streams_are_written_in_our_lines(void **state)
{
	(void)state;
	cases_streams(&openai_chat, &ollama, streams_from_openai,
		ARRAY_LEN(streams_from_openai));
}

static const struct stream_case streams_come_back[] = {
	{ "\n{\"message\":{\"content\":\"a\"}}\r\n{\"done\":true}\n{\"x\":1}\n",
		"{\"message\":{\"content\":\"a\"}}\n{\"done\":true}\n"
		"{\"x\":1}\n",
		false },
	{ "{\"x\":null}\n{\"error\":\"broken\"}\n{\"done\":true}\n",
		"{\"x\":null}\n{\"error\":\"broken\"}\n{\"done\":true}\n",
		false },
	{ "{\"error\":{\"message\":\"broken\"}}\n", "{\"error\":\"broken\"}\n",
		false },
};

static void our_streams_come_back(void **state)
{
	(void)state;
	cases_streams(&ollama, &ollama, streams_come_back,
		ARRAY_LEN(streams_come_back));
}

/* Calls come whole, each with the next number, and end the answer. */
static void calls_are_numbered(void **state)
{
	static const char *const lines[] = {
		"{\"message\":{\"tool_calls\":[{\"function\":{\"index\":0,"
		"\"name\":\"f\"}}]},\"done_reason\":\"stop\",\"done\":false}",
		"{\"message\":{\"tool_calls\":[{\"function\":{\"index\":0,"
		"\"name\":\"g\"}},{\"function\":{\"name\":\"h\"}}]}}",
		"{\"message\":{\"content\":\"\"},\"done_reason\":\"stop\","
		"\"done\":true}",
	};
	struct chat_event event;
	struct arena arena;
	int64_t index = 0;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = ollama.reader_new(&arena);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct frame frame = { .data = str_of(lines[i]) };
		struct error err = ERROR_INIT;
		const struct chat_part *part;

		assert_true(ollama.read_event(
			&frame, reader, &arena, &event, &err));
		assert_int_equal(event.kind, CHAT_EVENT_DELTA);
		part = event.delta.choices->message.parts;
		for (; part; part = part->next)
			assert_int_equal(part->call.index, index++);
		assert_int_equal(event.done, i == 2);
		assert_int_equal(event.delta.choices->finish,
			i == 2 ? CHAT_FINISH_TOOL_CALLS : CHAT_FINISH_UNSET);
	}
	assert_int_equal(index, 3);
	arena_release(&arena);
}

static void metadata_goes_out_with_the_counts(void **state)
{
	struct chat_start start = { .created_unix_s = 1700000000,
		.model = S("a-model") };
	struct chat_event event = { .kind = CHAT_EVENT_DONE,
		.metadata = S("{\"a\":\n1}") };
	struct buf out = BUF_INIT(4096);
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&event.delta, S("another"));
	ollama.write_event(&event, ollama.writer_new(&start, &arena), &out);
	assert_string_equal(
		buf_cstr(&out), FINISH("stop", ",\"metadata\":{\"a\": 1}"));
	buf_release(&out);
	arena_release(&arena);
}

/* --- errors --- */

static void errors_are_written_in_our_shape(void **state)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT(4096);

	(void)state;
	error_refuse(&err, ERR_BAD_FIELD, "messages[2].role",
		"'messages[2].role' must be a string.");
	ollama.write_failure(&err, S("req-9"), &out);
	assert_string_equal(buf_cstr(&out),
		"{\"error\":\"'messages[2].role' must be a string.\"}");
	buf_clear(&out);
	error_refuse(&err, ERR_BAD_FIELD, "choices", "One is enough.");
	ollama.write_stream_failure(&err, S(""), NULL, &out);
	assert_string_equal(
		buf_cstr(&out), "{\"error\":\"choices: One is enough.\"}\n");
	buf_release(&out);
}

static void what_is_not_json_is_garbage(void **state)
{
	static const char *const bodies[] = { "[]", "{", "null", "502" };
	struct chat_response response;
	struct chat_event event;
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = ollama.reader_new(&arena);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct frame frame = { .data = str_of(bodies[i]) };
		struct error err = ERROR_INIT;

		assert_false(ollama.read_response(
			str_of(bodies[i]), &arena, &response, &err));
		assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
		assert_false(ollama.read_event(
			&frame, reader, &arena, &event, &err));
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_replies_come_back),
		cmocka_unit_test(others_are_written_in_our_words),
		cmocka_unit_test(times_are_of_any_zone),
		cmocka_unit_test(the_end_is_understood),
		cmocka_unit_test(other_streams_are_written_in_our_lines),
		cmocka_unit_test(our_streams_come_back),
		cmocka_unit_test(calls_are_numbered),
		cmocka_unit_test(metadata_goes_out_with_the_counts),
		cmocka_unit_test(errors_are_written_in_our_shape),
		cmocka_unit_test(what_is_not_json_is_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
