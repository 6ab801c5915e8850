/*
 * openai_responses/stream.c - what a client hears of another dialect's stream,
 * event by event, to the end or to an error.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <malloc.h>

#include "../cases.h"
#include "dialect/openai_chat/openai_chat.h"
#include "dialect/openai_responses/openai_responses.h"

#define RESPONSE(status, details, output, more)                                 \
	"{\"id\":\"i\",\"object\":\"response\",\"created_at\":5,"               \
	"\"status\":\"" status                                                  \
	"\",\"error\":null,\"incomplete_details\":" details                     \
	",\"model\":\"m\",\"output\":[" output                                  \
	"],\"instructions\":null,\"tools\":[],\"tool_choice\":\"auto\","        \
	"\"parallel_tool_calls\":true,\"max_output_tokens\":null,"              \
	"\"previous_response_id\":null,\"reasoning\":{\"effort\":null,"         \
	"\"summary\":null},\"store\":false,\"background\":false,"               \
	"\"temperature\":null,\"top_p\":null,\"text\":{\"format\":"             \
	"{\"type\":\"text\"}},\"truncation\":\"disabled\",\"metadata\":{}" more \
	"}"
#define OUT(number, type, members)                 \
	"event: " type "\ndata: {\"type\":\"" type \
	"\",\"sequence_number\":" number members "}\n\n"
#define BEGUN                                                             \
	OUT("0", "response.created",                                      \
		",\"response\":" RESPONSE("in_progress", "null", "", "")) \
	OUT("1", "response.in_progress",                                  \
		",\"response\":" RESPONSE("in_progress", "null", "", ""))
#define ID(prefix, place) prefix "_af63e44c8601fa24000" place
#define AT(id, place) ",\"item_id\":\"" id "\",\"output_index\":" place
#define SAID(place, parts, status)                                        \
	"{\"id\":\"" ID("msg", place) "\",\"type\":\"message\",\"role\":" \
				      "\"assistant\",\"content\":[" parts \
				      "],\"status\":\"" status "\"}"
#define SPOKEN(text)                                                    \
	"{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[]," \
	"\"text\":\"" text "\"}"
#define CALLED(place, call_id, name, arguments, status)               \
	"{\"id\":\"" ID("fc", place) "\",\"type\":\"function_call\"," \
				     "\"call_id\":\"" call_id         \
				     "\",\"name\":\"" name "\","      \
				     "\"arguments\":\"" arguments     \
				     "\",\"status\":\"" status "\"}"
#define THOUGHT(place, summary, status)                           \
	"{\"id\":\"" ID("rs", place) "\",\"type\":\"reasoning\"," \
				     "\"summary\":[" summary      \
				     "],\"status\":\"" status "\"}"
#define SUMMARY(text) "{\"type\":\"summary_text\",\"text\":\"" text "\"}"

#define CHUNK(choice)                                        \
	"data: {\"id\":\"i\",\"created\":5,\"model\":\"m\"," \
	"\"choices\":[{\"index\":0," choice "}]}\n\n"

static const struct stream_case from_openai_chat[] = {
	/* A thought, a text, the end, the tokens. */
	{ CHUNK("\"delta\":{\"role\":\"assistant\",\"content\":\"\"}") CHUNK(
		  "\"delta\":{\"reasoning_content\":\"t\"}")
			CHUNK("\"delta\":{\"content\":\"b\"}") CHUNK(
				"\"delta\":{\"content\":\"c\"}")
				CHUNK("\"delta\":{},\"finish_reason\":\"stop\"") CHUNK(
					"\"delta\":{},\"finish_reason\":\"length\"") "data: {\"choices\":[],\"usage\":"
										     "{\"prompt_tokens\":7,\"completion_tokens\":5}}"
										     "\n\ndata: [DONE]\n\n",
		BEGUN OUT("2", "response.output_item.added",
			",\"output_index\":0,\"item\":" THOUGHT(
				"0", "", "in_progress")) OUT("3",
			"response.reasoning_summary_part.added",
			AT(ID("rs", "0"), "0") ",\"summary_index\":0,"
					       "\"part\":" SUMMARY("")) OUT("4",
			"response.reasoning_summary_text.delta",
			AT(ID("rs", "0"), "0") ",\"summary_index\":0,"
					       "\"delta\":\"t\"") OUT("5",
			"response.reasoning_summary_text.done",
			AT(ID("rs", "0"), "0") ",\"summary_index\":0,\"text\":"
					       "\"t\"") OUT("6",
			"response.reasoning_summary_part.done",
			AT(ID("rs", "0"), "0") ",\"summary_index\":0,\"part\":" SUMMARY(
				"t")) OUT("7", "response.output_item.done",
			",\"output_index\":0,\"item\":" THOUGHT(
				"0", SUMMARY("t"), "completed")) OUT("8",
			"response.output_item.added",
			",\"output_index\":1,\"item\":" SAID(
				"1", "", "in_progress")) OUT("9",
			"response.content_part.added",
			AT(ID("msg", "1"), "1") ",\"content_index\":0,\"part\":" SPOKEN(
				"")) OUT("10", "response.output_text.delta",
			AT(ID("msg", "1"), "1") ",\"content_index\":0,"
						"\"delta\":\"b\",\"logprobs\":"
						"[]") OUT("11",
			"response.output_text.delta",
			AT(ID("msg", "1"), "1") ",\"content_index\":0,"
						"\"delta\":\"c\",\"logprobs\":"
						"[]") OUT("12",
			"response.output_text.done",
			AT(ID("msg", "1"),
				"1") ",\"content_index\":0,\"text\":"
				     "\"bc\",\"logprobs\":[]") OUT("13",
			"response.content_part.done",
			AT(ID("msg", "1"), "1") ",\"content_index\":0,\"part\":" SPOKEN(
				"bc")) OUT("14", "response.output_item.done",
			",\"output_index\":1,\"item\":" SAID("1", SPOKEN("bc"),
				"completed")) OUT("15", "response.completed",
			",\"response\":" RESPONSE("completed", "null",
				THOUGHT("0", SUMMARY("t"),
					"completed") "," SAID("1", SPOKEN("bc"),
					"completed"),
				",\"usage\":{\"input_tokens\":7,"
				"\"input_tokens_details\":{\"cached_tokens\":0,"
				"\"cache_write_tokens\":0},\"output_tokens\":5,"
				"\"output_tokens_details\":"
				"{\"reasoning_tokens\":0},\"total_tokens\":12}")),
		false },
	/* Two calls in turns; the second has no arguments. */
	{ CHUNK("\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\","
		"\"type\":\"function\",\"function\":{\"name\":\"f\","
		"\"arguments\":\"\"}}]}")
			CHUNK("\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"c2\","
			      "\"type\":\"function\",\"function\":{\"name\":\"g\","
			      "\"arguments\":\"\"}}]}")
				CHUNK("\"delta\":{\"tool_calls\":[{\"index\":0,"
				      "\"function\":{\"arguments\":\"12\"}}]}")
					CHUNK("\"delta\":{},\"finish_reason\":"
					      "\"tool_calls\""),
		BEGUN OUT("2", "response.output_item.added",
			",\"output_index\":0,\"item\":" CALLED(
				"0", "c1", "f", "", "in_progress")) OUT("3",
			"response.output_item.added",
			",\"output_index\":1,\"item\":" CALLED(
				"1", "c2", "g", "", "in_progress")) OUT("4",
			"response.function_call_arguments.delta",
			AT(ID("fc", "0"), "0") ",\"delta\":\"12\"") OUT("5",
			"response.function_call_arguments.done",
			AT(ID("fc", "0"), "0") ",\"arguments\":\"12\","
					       "\"name\":\"f\"") OUT("6",
			"response.output_item.done",
			",\"output_index\":0,\"item\":" CALLED(
				"0", "c1", "f", "12", "completed")) OUT("7",
			"response.function_call_arguments.done",
			AT(ID("fc", "1"), "1") ",\"arguments\":\"{}\","
					       "\"name\":\"g\"") OUT("8",
			"response.output_item.done",
			",\"output_index\":1,\"item\":" CALLED(
				"1", "c2", "g", "{}", "completed"))
			OUT("9", "response.completed",
				",\"response\":" RESPONSE("completed", "null",
					CALLED("0", "c1", "f", "12",
						"completed") "," CALLED("1",
						"c2", "g", "{}", "completed"),
					"")),
		true },
	/* A refusal, that was cut off. */
	{ CHUNK("\"delta\":{\"refusal\":\"no\"},\"finish_reason\":"
		"\"content_filter\"") "data: [DONE]\n\n",
		BEGUN OUT("2", "response.output_item.added",
			",\"output_index\":0,\"item\":" SAID(
				"0", "", "in_progress")) OUT("3",
			"response.content_part.added",
			AT(ID("msg", "0"), "0") ",\"content_index\":0,\"part\":"
						"{\"type\":\"refusal\","
						"\"refusal\":\"\"}") OUT("4",
			"response.refusal.delta",
			AT(ID("msg", "0"), "0") ",\"content_index\":0,"
						"\"delta\":\"no\"") OUT("5",
			"response.refusal.done",
			AT(ID("msg", "0"), "0") ",\"content_index\":0,"
						"\"refusal\":\"no\"") OUT("6",
			"response.content_part.done",
			AT(ID("msg", "0"), "0") ",\"content_index\":0,\"part\":"
						"{\"type\":\"refusal\","
						"\"refusal\":\"no\"}") OUT("7",
			"response.output_item.done",
			",\"output_index\":0,\"item\":" SAID("0",
				"{\"type\":\"refusal\",\"refusal\":\"no\"}",
				"incomplete")) OUT("8", "response.incomplete",
			",\"response\":" RESPONSE("incomplete",
				"{\"reason\":\"content_filter\"}",
				SAID("0",
					"{\"type\":\"refusal\",\"refusal\":"
					"\"no\"}",
					"incomplete"),
				"")),
		false },
};

static void openai_chat_streams_become_events(void **state)
{
	(void)state;
	cases_streams(&openai_chat, &openai_responses, from_openai_chat,
		ARRAY_LEN(from_openai_chat));
}

static void *new_writer(struct arena *memory)
{
	const struct chat_start start = {
		.request_id = S("req-1"), .created_unix_s = 5, .model = S("m")
	};

	return openai_responses.writer_new(&start, memory);
}

static void begin_delta(struct chat_event *event, struct chat_choice *choice)
{
	*choice = (struct chat_choice){ .index = 0 };
	chat_message_init(&choice->message);
	*event = (struct chat_event){ .kind = CHAT_EVENT_DELTA };
	chat_response_init(&event->delta, S("gemini"));
	event->delta.choices = choice;
	event->delta.choice_count = 1;
}

static bool has(const struct buf *out, const char *text)
{
	return str_find(buf_str(out), str_of(text)) < out->n;
}

/* An error is heard by SDKs and by those who read the events themselves, and
 * is the last that is. */
static void a_failure_ends_the_stream(void **state)
{
	struct error err = { .kind = ERR_UPSTREAM_CUT };
	struct buf out = BUF_INIT(65536);
	struct chat_event event;
	struct chat_choice choice;
	struct arena memory;
	void *writer;

	(void)state;
	arena_init(&memory, 4096);
	writer = new_writer(&memory);
	begin_delta(&event, &choice);
	chat_message_add(&choice.message, CHAT_TEXT, &memory)->text = S("half");
	openai_responses.write_event(&event, writer, &out);
	buf_clear(&out);
	error_set(&err, ERR_UPSTREAM_CUT, "for the log");
	openai_responses.write_stream_failure(&err, S("req-1"), writer, &out);
	assert_true(has(&out, "event: error\ndata: {\"type\":\"error\","
			      "\"sequence_number\":5,\"code\":\""));
	assert_true(has(&out, ",\"error\":{\"message\":"));
	assert_true(has(&out, "event: response.failed\n"));
	assert_true(has(&out, "\"status\":\"failed\",\"error\":{\"code\":"
			      "\"server_error\",\"message\":"));
	assert_false(has(&out, "for the log"));
	buf_clear(&out);
	openai_responses.write_stream_failure(&err, S("req-1"), writer, &out);
	openai_responses.write_event(&event, writer, &out);
	event.kind = CHAT_EVENT_DONE;
	openai_responses.write_event(&event, writer, &out);
	assert_int_equal(out.n, 0);
	arena_release(&memory);
	buf_release(&out);
}

static void a_providers_error_keeps_its_status(void **state)
{
	struct buf out = BUF_INIT(65536);
	struct chat_event event = { .kind = CHAT_EVENT_ERROR,
		.error_message = S("Too many"),
		.error_status = 429 };
	struct arena memory;

	(void)state;
	arena_init(&memory, 4096);
	openai_responses.write_event(&event, new_writer(&memory), &out);
	assert_true(has(&out, "\"message\":\"Too many\""));
	assert_true(has(&out, "\"type\":\"rate_limit_error\""));
	assert_true(has(&out, "\"code\":\"rate_limit_exceeded\""));
	arena_release(&memory);
	buf_release(&out);
}

/* The gateway's own data goes out with the last event. */
static void metadata_goes_with_the_end(void **state)
{
	struct buf out = BUF_INIT(65536);
	struct chat_event event = { .kind = CHAT_EVENT_DONE,
		.metadata = S("{\"cost\":\n1}") };
	struct arena memory;
	void *writer;

	(void)state;
	arena_init(&memory, 4096);
	writer = new_writer(&memory);
	chat_response_init(&event.delta, S(""));
	openai_responses.write_event(&event, writer, &out);
	assert_true(has(&out, "event: response.created\n"));
	assert_true(has(&out, ",\"metadata\":{\"cost\": 1}}\n\n"));
	arena_release(&memory);
	buf_release(&out);
}

static void assert_all_json(struct str stream)
{
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;
	struct json root;

	frames_init(&frames, FRAMING_SSE, CASES_MAX * 8);
	frames_feed(&frames, stream);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT)
		assert_true(
			json_check(frame.data, JSON_MAX_DEPTH, &root, &err));
	assert_false(frames_finish(&frames, &frame));
	frames_release(&frames);
}

/* Memory grows with the texts, once, and not with the number of events; and
 * a text beyond the limit still goes out. */
static void long_answers_are_bounded(void **state)
{
	enum { PIECE = 1 << 16, PIECES = 600 }; /* 39 MB */
	struct buf out = BUF_INIT(SIZE_MAX);
	struct chat_choice choice;
	struct chat_event event;
	struct arena memory;
	size_t told = 0, before;
	void *writer;
	char *piece = malloc(PIECE);

	(void)state;
	memset(piece, 'x', PIECE);
	arena_init(&memory, 4096);
	writer = new_writer(&memory);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	for (int i = 0; i < PIECES; i++) {
		struct arena scratch;

		arena_init(&scratch, 4096);
		begin_delta(&event, &choice);
		chat_message_add(&choice.message, CHAT_TEXT, &scratch)->text =
			(struct str){ piece, PIECE };
		openai_responses.write_event(&event, writer, &out);
		assert_true(has(&out, "xxxx"));
		told += PIECE;
		buf_clear(&out);
		arena_release(&scratch);
	}
	assert_true(told > 32u << 20);
	assert_true(
		mallinfo2().uordblks + mallinfo2().hblkhd - before < 80u << 20);
	event = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&event.delta, S(""));
	openai_responses.write_event(&event, writer, &out);
	assert_false(out.failed);
	assert_true(has(&out, "event: response.completed\n"));
	assert_all_json(buf_str(&out));
	arena_release(&memory);
	buf_release(&out);
	free(piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openai_chat_streams_become_events),
		cmocka_unit_test(a_failure_ends_the_stream),
		cmocka_unit_test(a_providers_error_keeps_its_status),
		cmocka_unit_test(metadata_goes_with_the_end),
		cmocka_unit_test(long_answers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
