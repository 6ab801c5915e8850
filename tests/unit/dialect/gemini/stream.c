/*
 * stream.c - streams in Google's format, read and written.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "../meaning.h"

#include "dialect/anthropic/anthropic.h"
#include "dialect/gemini/gemini.h"
#include "dialect/openai_chat/openai_chat.h"

/* --- reading --- */

/* Every event, as the relay does it: the arena is gone after each. */
static void hear(enum framing framing, const char *stream, struct heard *heard)
{
	struct error err = ERROR_INIT;
	struct arena memory, scratch;
	struct chat_event event;
	struct frames frames;
	struct frame frame;
	void *reader;

	arena_init(&memory, 4096);
	heard_init(heard);
	reader = gemini.reader_new(&memory);
	frames_init(&frames, framing, CASES_MAX);
	frames_feed(&frames, str_of(stream));
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		arena_init(&scratch, 4096);
		if (!gemini.read_event(&frame, reader, &scratch, &event, &err))
			fail_msg("%s", error_detail(&err));
		heard_add_event(heard, &event);
		arena_release(&scratch);
	}
	if (heard->fault)
		fail_msg("%s: %s", stream, heard->fault);
	frames_release(&frames);
	arena_release(&memory);
}

#define EVENT(candidate) "data: {\"candidates\":[" candidate "]}\r\n\r\n"
#define CHUNK(parts) EVENT("{\"content\":{\"parts\":[" parts "]}}")
#define PIECE(path, value, rest)                                          \
	CHUNK("{\"functionCall\":{\"partialArgs\":[{\"jsonPath\":\"" path \
	      "\"," value "}]" rest "}}")
#define MORE ",\"willContinue\":true"
#define BEGIN(name) CHUNK("{\"functionCall\":{\"name\":\"" name "\"" MORE "}}")
#define END CHUNK("{\"functionCall\":{}}")
#define STOP EVENT("{\"finishReason\":\"STOP\"}")

static void calls_come_whole_or_in_pieces(void **state)
{
	static const struct {
		const char *stream;
		const char *calls; /* one line each */
	} cases[] = {
		{ CHUNK("{\"functionCall\":{\"name\":\"f\",\"args\":{\"a\":1}}}"
			",{\"functionCall\":{\"name\":\"g\"}}") STOP,
			"f {\"a\":1}\ng {}\n" },
		{ BEGIN("f") PIECE("$.a", "\"stringValue\":\"x\"" MORE,
			  MORE) PIECE("$.a", "\"stringValue\":\"\\\"y\"" MORE,
			  MORE) PIECE("$.a", "\"stringValue\":\"\"", MORE)
				END STOP,
			"f {\"a\":\"x\\\"y\"}\n" },
		/* deeper and back, all kinds of values */
		{ BEGIN("f") PIECE("$.a.b[0].c", "\"numberValue\":0.5",
			  MORE) PIECE("$.a.b[0].d", "\"boolValue\":true",
			  MORE) PIECE("$.a.b[1].c", "\"nullValue\":null",
			  MORE) PIECE("$.a.e", "\"stringValue\":\"\"",
			  MORE) PIECE("$['f g'][0][1]", "\"numberValue\":-1",
			  MORE) PIECE("$[\\\"h\\\"]", "\"numberValue\":2", "")
				STOP,
			"f {\"a\":{\"b\":[{\"c\":0.5,\"d\":true},{\"c\":null}],"
			"\"e\":\"\"},\"f g\":[[-1]],\"h\":2}\n" },
		/* none at all, and one that nobody ended */
		{ BEGIN("f") END BEGIN("g") PIECE(
			  "$.a", "\"numberValue\":1", MORE) BEGIN("h")
				PIECE("$.b[0]", "\"stringValue\":\"c\"" MORE,
					MORE) CHUNK("{\"text\":\"\"}") STOP,
			"f {}\ng {\"a\":1}\nh {\"b\":[\"c\"]}\n" },
		/* at the very end */
		{ BEGIN("f") PIECE("$.a[0]", "\"stringValue\":\"b\"" MORE, MORE)
				STOP,
			"f {\"a\":[\"b\"]}\n" },
		/* paths that are none */
		{ BEGIN("f") PIECE("a", "\"numberValue\":1", MORE) PIECE(
			  "$", "\"numberValue\":1", MORE) PIECE("$.a..b",
			  "\"numberValue\":1",
			  MORE) PIECE("$[x]", "\"numberValue\":1", MORE)
				PIECE("$.ok", "\"numberValue\":1", MORE) PIECE(
					"$[0]", "\"numberValue\":2", "") STOP,
			"f {\"ok\":1}\n" },
		/* two values at once */
		{ BEGIN("f") CHUNK("{\"functionCall\":{\"partialArgs\":[{"
				   "\"jsonPath\":\"$.a\",\"numberValue\":1},{"
				   "\"jsonPath\":\"$.b\",\"numberValue\":2}]}}")
				STOP,
			"f {\"a\":1,\"b\":2}\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf calls = BUF_INIT(CASES_MAX);
		struct heard heard;

		hear(FRAMING_SSE, cases[i].stream, &heard);
		assert_int_equal(heard.choice_count, 1);
		for (size_t j = 0; j < heard.choices[0].call_count; j++) {
			const struct heard_call *call =
				&heard.choices[0].calls[j];

			buf_append(&calls, buf_str(&call->name));
			buf_append_char(&calls, ' ');
			buf_append(&calls, buf_str(&call->arguments));
			buf_append_char(&calls, '\n');
		}
		if (!str_equal(buf_str(&calls), str_of(cases[i].calls)))
			fail_msg("%s\nbecame\n%.*snot\n%s", cases[i].stream,
				STR_ARG(buf_str(&calls)), cases[i].calls);
		assert_int_equal(
			heard.choices[0].finish, CHAT_FINISH_TOOL_CALLS);
		buf_release(&calls);
		heard_release(&heard);
	}
}

static void odd_streams_are_read(void **state)
{
	static const struct {
		const char *stream;
		enum framing framing;
		const char *text;
		const char *error;
		bool done;
	} cases[] = {
		{ ": ping\n\n\n\ndata:\n\n" CHUNK("{\"text\":\"a\"}")
				EVENT("{}") "data: {}\n\ndata: {\"x\":1}\n\n",
			FRAMING_SSE, "a", "", false },
		/* a second finish, text behind it */
		{ EVENT("{\"finishReason\":\"STOP\",\"content\":{\"parts\":[{"
			"\"text\":\"a\"}]}}")
				EVENT("{\"finishReason\":\"OTHER\",\"content\":{"
				      "\"parts\":[{\"text\":\"b\"}]}}"),
			FRAMING_SSE, "ab", "", false },
		{ CHUNK("{\"text\":\"a\"}") "data: {\"error\":{\"code\":503,"
					    "\"message\":\"Busy\"}}\n\n",
			FRAMING_SSE, "a", "Busy", false },
		/* without "data:" */
		{ CHUNK("{\"text\":\"a\"}") "{\n  \"error\": {\n    \"code\":"
					    " 499,\n    \"message\": \"Gone\"\n"
					    "  }\n}\n\n",
			FRAMING_SSE, "a", "Gone", false },
		{ "[{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]"
		  "}}]}\r\n,\r\n{\"candidates\":[{\"content\":{\"parts\":[{"
		  "\"text\":\"b\"}]}}]}\n]\n",
			FRAMING_JSON_ARRAY, "ab", "", true },
		{ "[]", FRAMING_JSON_ARRAY, "", "", true },
		{ "[{\"error\":{\"code\":400,\"message\":\"Bad\"}}]",
			FRAMING_JSON_ARRAY, "", "Bad", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct heard heard;
		struct str text = S("");

		hear(cases[i].framing, cases[i].stream, &heard);
		if (heard.choice_count > 0)
			text = buf_str(&heard.choices[0].text);
		assert_text(text, cases[i].text);
		assert_string_equal(heard.error, cases[i].error);
		assert_int_equal(heard.failed, cases[i].error[0] != 0);
		assert_int_equal(heard.done, cases[i].done);
		heard_release(&heard);
	}
}

static void garbage_is_refused(void **state)
{
	struct frame frame = { .data = S("{\"candidates\":"),
		.raw = S("data: {\"candidates\":\n\n"),
		.has_data = true };
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_false(gemini.read_event(
		&frame, gemini.reader_new(&arena), &arena, &event, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	arena_release(&arena);
}

/* However long the stream, what outlives an event does not grow. */
static void memory_stays_flat(void **state)
{
	const struct chat_start start = { .request_id = S("r") };
	struct frame frame = { .has_data = true };
	struct buf out = BUF_INIT(CASES_MAX);
	struct arena arena;
	struct arena_mark begin = { 0 };
	void *reader, *writer;

	(void)state;
	arena_init(&arena, 4096);
	reader = gemini.reader_new(&arena);
	writer = gemini.writer_new(&start, &arena);
	frame.data = S("{\"candidates\":[{\"content\":{\"parts\":[{\"text\":"
		       "\"0123456789012345678901234567890123456789\"}]}}]}");
	for (int i = 0; i < 20000; i++) {
		struct arena_mark mark = arena_mark(&arena);
		struct error err = ERROR_INIT;
		struct chat_event event;

		assert_true(gemini.read_event(
			&frame, reader, &arena, &event, &err));
		event.delta.dialect = S("another");
		buf_clear(&out);
		gemini.write_event(&event, writer, &out);
		arena_rewind(&arena, mark);
		if (i == 0)
			begin = mark;
		assert_ptr_equal(mark.block, begin.block);
		assert_int_equal(mark.used, begin.used);
		assert_ptr_equal(mark.deferred, begin.deferred);
	}
	buf_release(&out);
	arena_release(&arena);
}

/* --- writing --- */

#define IDS ",\"modelVersion\":\"m\",\"responseId\":\"r\"}\r\n\r\n"
#define OPENAI(choice) \
	"data: {\"id\":\"r\",\"model\":\"m\",\"choices\":[" choice "]}\n\n"
#define DELTA(delta) OPENAI("{\"index\":0,\"delta\":{" delta "}}")
#define DONE "data: [DONE]\n\n"
#define SAYS(parts)                                              \
	"data: {\"candidates\":[{\"content\":{\"parts\":[" parts \
	"],\"role\":\"model\"},\"index\":0}]" IDS
#define ENDS(parts, rest)                                        \
	"data: {\"candidates\":[{\"content\":{\"parts\":[" parts \
	"],\"role\":\"model\"}," rest "\"index\":0}]"

static void googles_clients_hear_openais_streams(void **state)
{
	static const struct stream_case cases[] = {
		{ DELTA("\"role\":\"assistant\",\"content\":\"\"") DELTA(
			  "\"reasoning_content\":\"Hm\"")
				DELTA("\"content\":\"Ho\"") OPENAI(
					"{\"index\":0,\"delta\":{},\"finish_reason\":"
					"\"stop\"}") "data: {\"id\":\"r\",\"model\":\"m\",\"choices\":[],"
						     "\"usage\":{\"prompt_tokens\":3,"
						     "\"completion_tokens\":2,\"total_tokens\":5}}\n\n" DONE,
			SAYS("{\"text\":\"Hm\",\"thought\":true}") SAYS(
				"{\"text\":\"Ho\"}") ENDS("{\"text\":\"\"}",
				"\"finishReason\":\"STOP\",") ",\"usageMetadata\":{\"promptTokenCount\":3,"
							      "\"candidatesTokenCount\":2,\"totalTokenCount\":5}" IDS,
			false },
		/* calls in pieces, told apart by their numbers */
		{ DELTA("\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"type\":"
			"\"function\",\"function\":{\"name\":\"f\","
			"\"arguments\":\"\"}}]")
				DELTA("\"tool_calls\":[{\"index\":0,\"function\":{"
				      "\"arguments\":\"{\\\"x\"}},{\"index\":1,"
				      "\"id\":\"b\",\"function\":{\"name\":\"g\"}}]")
					DELTA("\"tool_calls\":[{\"index\":0,\"function\":{"
					      "\"arguments\":\"\\\":\\n1}\"}}]")
						OPENAI("{\"index\":0,\"delta\":{\"content\":\"!\"},"
						       "\"finish_reason\":\"tool_calls\"}")
							DONE,
			SAYS("{\"text\":\"!\"}") ENDS(
				"{\"functionCall\":{\"id\":\"a\",\"name\":\"f\","
				"\"args\":{\"x\": 1}}},{\"functionCall\":{\"id\":"
				"\"b\",\"name\":\"g\",\"args\":{}}}",
				"\"finishReason\":\"STOP\",") IDS,
			false },
		/* two choices; a second finish is ignored; no end */
		{ OPENAI("{\"index\":1,\"delta\":{\"content\":\"b\"},"
			 "\"finish_reason\":\"length\"},{\"index\":0,\"delta\":"
			 "{},\"finish_reason\":\"content_filter\"}")
				OPENAI("{\"index\":1,\"delta\":{},\"finish_reason\":"
				       "\"stop\"}"),
			"data: {\"candidates\":[{\"content\":{\"parts\":[{"
			"\"text\":\"b\"}],\"role\":\"model\"},\"index\":1}]" IDS
			"data: {\"candidates\":[{\"content\":{\"parts\":[{"
			"\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":"
			"\"MAX_TOKENS\",\"index\":1},{\"content\":{\"parts\":[{"
			"\"text\":\"\"}],\"role\":\"model\"},\"finishReason\":"
			"\"SAFETY\",\"index\":0}]" IDS,
			true },
		{ "",
			"data: {\"candidates\":[],\"modelVersion\":\"a-model\","
			"\"responseId\":\"req-1\"}\r\n\r\n",
			true },
		{ "data: {\"error\":{\"message\":\"Busy\",\"code\":503}}\n\n",
			"data: {\"error\":{\"code\":503,\"message\":\"Busy\","
			"\"status\":\"UNAVAILABLE\",\"details\":[{\"@type\":"
			"\"type.googleapis.com/google.rpc.ErrorInfo\","
			"\"reason\":\"upstream_error\",\"domain\":"
			"\"llm-gateway\"},{\"@type\":"
			"\"type.googleapis.com/google.rpc.RequestInfo\","
			"\"requestId\":\"req-1\"}]}}\r\n\r\n",
			false },
	};

	(void)state;
	cases_streams(&openai_chat, &gemini, cases, ARRAY_LEN(cases));
}

static void add_text(
	struct chat_event *event, const char *text, struct arena *arena)
{
	*event = (struct chat_event){ .kind = CHAT_EVENT_DELTA };
	chat_response_init(&event->delta, S("another"));
	event->delta.choices = ARENA_NEW(arena, struct chat_choice);
	event->delta.choice_count = 1;
	chat_message_init(&event->delta.choices[0].message);
	chat_message_add(&event->delta.choices[0].message, CHAT_TEXT, arena)
		->text = str_of(text);
}

#define ITEM(parts, rest)                                             \
	"{\"candidates\":[{\"content\":{\"parts\":[" parts            \
	"],\"role\":\"model\"},\"index\":0}],\"modelVersion\":\"m\"," \
	"\"responseId\":\"r\"" rest "}"

/* streamGenerateContent without alt=sse */
static void a_stream_may_be_an_array(void **state)
{
	struct chat_start start = {
		.request_id = S("r"), .model = S("m"), .as_array = true
	};
	struct chat_event done = { .kind = CHAT_EVENT_DONE };
	struct error err = { .kind = ERR_UPSTREAM_CUT, .message = "Cut" };
	struct buf out = BUF_INIT(CASES_MAX);
	struct chat_event event;
	struct arena arena;
	void *writer;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&done.delta, S("another"));
	writer = gemini.writer_new(&start, &arena);
	add_text(&event, "a", &arena);
	gemini.write_event(&event, writer, &out);
	event.metadata = S("{\"x\":1}");
	gemini.write_event(&event, writer, &out);
	gemini.write_event(&done, writer, &out);
	assert_text(buf_str(&out),
		"[" ITEM("{\"text\":\"a\"}", "") ",\r\n" ITEM(
			"{\"text\":\"a\"}", "") ",\r\n" ITEM("{\"text\":\"\"}",
			",\"metadata\":{\"x\":1}") "]");
	/* It breaks, before the first item and behind one. */
	for (int i = 0; i < 2; i++) {
		json_t *root;

		buf_clear(&out);
		writer = gemini.writer_new(&start, &arena);
		if (i == 1)
			gemini.write_event(&event, writer, &out);
		gemini.write_stream_failure(&err, S("q"), writer, &out);
		root = parse(buf_str(&out));
		assert_int_equal(json_array_size(root), 1 + i);
		assert_non_null(json_object_get(
			json_array_get(root, (size_t)i), "error"));
		json_decref(root);
	}
	/* The array has begun already. */
	buf_clear(&out);
	start.began = true;
	writer = gemini.writer_new(&start, &arena);
	gemini.write_stream_failure(&err, S("q"), writer, &out);
	assert_true(str_starts(buf_str(&out), S(",\r\n{\"error\":")));
	assert_true(str_ends(buf_str(&out), S("}]")));
	buf_clear(&out);
	writer = gemini.writer_new(&start, &arena);
	done.delta.dialect = S(GEMINI_NAME);
	gemini.write_event(&done, writer, &out);
	assert_text(buf_str(&out), "]");
	buf_release(&out);
	arena_release(&arena);
}

/* Google's own events go out as they came, in one line. */
static void own_events_go_out_as_they_came(void **state)
{
	struct chat_start start = { .model = S("m") };
	struct buf out = BUF_INIT(CASES_MAX);
	struct chat_event event = { .kind = CHAT_EVENT_DELTA,
		.json = S("{\n \"x\": 1\r\n}"),
		.metadata = S("{}") };
	struct arena arena;
	void *writer;

	(void)state;
	arena_init(&arena, 4096);
	chat_response_init(&event.delta, S(GEMINI_NAME));
	writer = gemini.writer_new(&start, &arena);
	gemini.write_event(&event, writer, &out);
	event = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&event.delta, S("another"));
	gemini.write_event(&event, writer, &out);
	assert_text(
		buf_str(&out), "data: {  \"x\": 1  ,\"metadata\":{}}\r\n\r\n");
	buf_release(&out);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_come_whole_or_in_pieces),
		cmocka_unit_test(odd_streams_are_read),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(googles_clients_hear_openais_streams),
		cmocka_unit_test(a_stream_may_be_an_array),
		cmocka_unit_test(own_events_go_out_as_they_came),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
