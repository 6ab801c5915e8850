/*
 * openai_responses/event.c - what the events of a provider's stream mean, also
 * of odd ones.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"
#include "dialect/openai_responses/openai_responses.h"

#define EVENT(type, members) \
	"event: " type "\ndata: {\"type\":\"" type "\"" members "}\n\n"
#define CREATED                                               \
	EVENT("response.created",                             \
		",\"response\":{\"id\":\"i\",\"created_at\":" \
		"5,\"model\":\"m\"}")
#define TEXT_DELTA(place, text)             \
	EVENT("response.output_text.delta", \
		",\"output_index\":" place ",\"delta\":\"" text "\"")
#define COMPLETED(members)                                       \
	EVENT("response.completed", ",\"response\":{\"status\":" \
				    "\"completed\"" members "}")
#define ITEM_ADDED(place, item)             \
	EVENT("response.output_item.added", \
		",\"output_index\":" place ",\"item\":" item)
#define ITEM_DONE(place, item)             \
	EVENT("response.output_item.done", \
		",\"output_index\":" place ",\"item\":" item)
#define ARGUMENTS(place, text)                          \
	EVENT("response.function_call_arguments.delta", \
		",\"output_index\":" place ",\"delta\":\"" text "\"")
#define USAGE "\"usage\":{\"input_tokens\":7,\"output_tokens\":5}"

/* What was heard, in a few words: parts and the end. */
static void describe_part(const struct chat_part *part, struct buf *out)
{
	switch (part->kind) {
	case CHAT_TEXT: buf_append(out, S(" text:")); break;
	case CHAT_REFUSAL: buf_append(out, S(" refusal:")); break;
	case CHAT_THINKING: buf_append(out, S(" thinking:")); break;
	case CHAT_OTHER: buf_append(out, S(" other:")); break;
	case CHAT_TOOL_CALL:
		buf_printf(out, " call%" PRId64 ":%.*s:%.*s:%.*s:%.*s",
			part->call.index, STR_ARG(part->call.type),
			STR_ARG(part->call.id), STR_ARG(part->call.name),
			STR_ARG(part->call.arguments));
		break;
	default: fail_msg("part %d", part->kind);
	}
	buf_append(out, part->text);
	if (part->signature.text.p)
		buf_printf(out, "[%.*s]", STR_ARG(part->signature.text));
	if (part->citations)
		buf_printf(out, "<%.*s>", STR_ARG(part->citations->url));
}

static void describe_event(const struct chat_event *event, struct buf *out)
{
	const struct chat_response *delta = &event->delta;

	switch (event->kind) {
	case CHAT_EVENT_NOTHING: buf_append(out, S("-")); break;
	case CHAT_EVENT_DONE: buf_append(out, S("done")); break;
	case CHAT_EVENT_ERROR:
		buf_printf(out, "error %d %.*s", event->error_status,
			STR_ARG(event->error_message));
		break;
	case CHAT_EVENT_DELTA:
		buf_append(out, S("delta"));
		if (delta->id.p)
			buf_printf(out, " id:%.*s", STR_ARG(delta->id));
		for (size_t i = 0; i < delta->choice_count; i++)
			for (const struct chat_part *part =
					delta->choices[i].message.parts;
				part; part = part->next)
				describe_part(part, out);
		if (delta->has_usage)
			buf_printf(out, " usage:%" PRId64 "+%" PRId64,
				delta->usage.prompt, delta->usage.completion);
		if (event->done)
			buf_printf(out, " end:%.*s/%d",
				STR_ARG(delta->choices[0].finish_word),
				delta->choices[0].finish);
		break;
	}
	buf_append_char(out, '\n');
}

static void read_stream(const char *stream, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct arena memory, scratch;
	struct frames frames;
	struct frame frame;
	struct chat_event event;
	void *reader;

	arena_init(&memory, 4096);
	reader = openai_responses.reader_new(&memory);
	frames_init(&frames, FRAMING_SSE, CASES_MAX);
	frames_feed(&frames, str_of(stream));
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		arena_init(&scratch, 4096);
		if (!openai_responses.read_event(
			    &frame, reader, &scratch, &event, &err))
			fail_msg("%s: %.*s", error_detail(&err),
				STR_ARG(frame.data));
		describe_event(&event, out);
		arena_release(&scratch);
	}
	frames_release(&frames);
	arena_release(&memory);
}

static const struct {
	const char *stream;
	const char *heard;
} streams[] = {
	/* Comments, pings, and events of tomorrow. */
	{ ": hello\n\nevent: keepalive\ndata: {\"type\":\"keepalive\"}\n\n"
	  "data: {}\n\ndata: {\"type\":null}\n\ndata:\n\n" CREATED EVENT(
		  "response.in_progress", "") EVENT("response.queued", "")
			EVENT("response.new", ""),
		"-\n-\n-\n-\n-\ndelta id:i\n-\n-\n-\n" },
	/* Pieces count once, whatever repeats them. */
	{ CREATED ITEM_ADDED(
		  "0", "{\"type\":\"message\",\"content\":[]}") TEXT_DELTA("0",
		  "ab") TEXT_DELTA("0", "c") EVENT("response.output_text.done",
		  ",\"output_index\":0,\"text\":\"abc\"") ITEM_DONE("0",
		  "{\"type\":\"message\",\"content\":[{\"type\":"
		  "\"output_text\",\"text\":\"abc\"}]}")
			COMPLETED(
				",\"output\":[{\"type\":\"message\","
				"\"content\":[{\"type\":"
				"\"output_text\",\"text\":\"abc\"}]}]," USAGE),
		"delta id:i\n-\ndelta text:ab\ndelta text:c\n-\n-\n"
		"delta usage:7+5 end:completed/1\n" },
	/* Providers leave events out: the rest is told by the next one. */
	{ TEXT_DELTA("0", "ab") EVENT("response.output_text.done",
		  ",\"output_index\":0,\"text\":\"abc\"") ITEM_DONE("0",
		  "{\"type\":\"message\",\"content\":[{\"type\":"
		  "\"output_text\",\"text\":\"abcd\"}]}") COMPLETED(""),
		"delta text:ab\ndelta text:c\ndelta text:d\n"
		"delta end:completed/1\n" },
	{ CREATED COMPLETED(
		  ",\"output\":[{\"type\":\"reasoning\",\"summary\":[{\"text\":"
		  "\"t\"},{\"text\":\"u\"}],\"encrypted_content\":\"gA\"},"
		  "{\"type\":\"message\",\"content\":[{\"type\":"
		  "\"output_text\",\"text\":\"a\",\"annotations\":[{\"type\":"
		  "\"url_citation\",\"url\":\"https://x\"}]},{\"type\":"
		  "\"refusal\",\"refusal\":\"no\"}]},{\"type\":"
		  "\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
		  "\"arguments\":\"{}\"},{\"type\":\"new\"}]"),
		"delta id:i\ndelta thinking:t thinking:\n\nu thinking:[gA]"
		" text:a text:<https://x> refusal:no call0:function:c:f:{}"
		" other: end:completed/3\n" },
	/* Two summaries, an unfinished seal, and a whole one. */
	{ ITEM_ADDED(
		  "0", "{\"type\":\"reasoning\",\"encrypted_content\":\"g\"}")
			EVENT("response.reasoning_summary_text.delta",
				",\"output_index\":0,\"summary_index\":0,\"delta\":"
				"\"t\"") EVENT("response.reasoning_summary_text.done",
				",\"output_index\":0,\"summary_index\":0,"
				"\"text\":\"t\"")
				EVENT("response.reasoning_summary_text.delta",
					",\"output_index\":0,"
					"\"summary_index\":1,\"delta\":\"u\"")
					ITEM_DONE("0",
						"{\"type\":\"reasoning\","
						"\"summary\":[{\"text\":\"t\"},"
						"{\"text\":\"u\"}],"
						"\"encrypted_content\":\"gA\"}")
						ITEM_DONE("0",
							"{\"type\":"
							"\"reasoning\","
							"\"encrypted_"
							"content\":\"gA\"}"),
		"-\ndelta thinking:t\n-\ndelta thinking:\n\nu\n"
		"delta thinking:[gA]\n-\n" },
	/* Of thoughts and their summary, what came first. */
	{ EVENT("response.reasoning_text.delta",
		  ",\"output_index\":0,\"content_index\":0,\"delta\":\"w\"")
			EVENT("response.reasoning_summary_text.delta",
				",\"output_index\":0,\"summary_index\":0,\"delta\":"
				"\"t\"") EVENT("response.reasoning_text.done",
				",\"output_index\":0,\"content_index\":0,"
				"\"text\":\"wx\""),
		"delta thinking:w\n-\ndelta thinking:x\n" },
	/* Calls are numbered by their beginning; their pieces may mix. */
	{ ITEM_ADDED("4",
		  "{\"type\":\"function_call\",\"call_id\":\"c1\",\"name\":"
		  "\"f\",\"arguments\":\"\"}") ITEM_ADDED("7",
		  "{\"type\":\"custom_tool_call\",\"call_id\":\"c2\","
		  "\"name\":\"g\",\"input\":\"\"}") ARGUMENTS("4",
		  "1") EVENT("response.custom_tool_call_input.delta",
		  ",\"output_index\":7,\"delta\":\"x\"") ARGUMENTS("4", "2")
			EVENT("response.function_call_arguments.done",
				",\"output_index\":4,\"arguments\":"
				"\"123\"") EVENT("response.custom_tool_call_"
						 "input.done",
				",\"output_index\":7,"
				"\"input\":\"x\"") COMPLETED(""),
		"delta call0:function:c1:f:\ndelta call1:custom:c2:g:\n"
		"delta call0::::1\ndelta call1::::x\ndelta call0::::2\n"
		"delta call0::::3\n-\ndelta end:completed/3\n" },
	/* Arguments of a call without a name wait for the whole item. */
	{ ARGUMENTS("0", "{") ITEM_DONE("0",
		  "{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\","
		  "\"arguments\":\"{}\"}"),
		"-\ndelta call0:function:c:f:{}\n" },
	/* Sources are told by events, or by the item. */
	{ TEXT_DELTA("0", "a") EVENT("response.output_text.annotation.added",
		  ",\"output_index\":0,\"annotation\":{\"url\":\"https://x\"}")
			ITEM_DONE("0",
				"{\"type\":\"message\",\"content\":[{\"type\":"
				"\"output_text\",\"text\":\"a\",\"annotations\":"
				"[{\"url\":\"https://x\"},{\"url\":\"https://y\"}]}]}"),
		"delta text:a\ndelta text:<https://x>\n"
		"delta text:<https://y>\n" },
	{ EVENT("response.refusal.delta", ",\"delta\":\"n\"") EVENT(
		  "response.refusal.done", ",\"refusal\":\"no\"")
			EVENT("response.incomplete",
				",\"response\":{\"status\":\"incomplete\","
				"\"incomplete_details\":{\"reason\":"
				"\"content_filter\"},\"usage\":null}"),
		"delta refusal:n\ndelta refusal:o\n"
		"delta end:content_filter/4\n" },
	/* Nothing follows the end. */
	{ COMPLETED("") "data: [DONE]\n\n" COMPLETED("") TEXT_DELTA("0", "a"),
		"delta end:completed/1\n-\n-\n-\n" },
	{ "data: [DONE]\n\ndata: [DONE]\n\n", "done\n-\n" },
	/* Errors, in all shapes that were seen. */
	{ "event: error\ndata: {\"type\":\"error\",\"error\":{\"code\":"
	  "\"insufficient_quota\",\"message\":\"No money\"}}\n\n" EVENT(
		  "response.failed",
		  ",\"response\":{\"error\":{\"message\":\"No money\"}}"),
		"error 429 No money\n-\n" },
	{ EVENT("error", ",\"code\":\"server_error\",\"message\":\"Oh\""),
		"error 500 Oh\n" },
	{ EVENT("response.failed",
		  ",\"response\":{\"error\":{\"code\":\"rate_limit_exceeded\","
		  "\"message\":\"Slow\"}}"),
		"error 429 Slow\n" },
	{ "data: {\"error\":{\"message\":\"Oh\",\"code\":502}}\n\n",
		"error 502 Oh\n" },
	{ "event: error\ndata: {\"message\":\"Oh\"}\n\n", "error 500 Oh\n" },
	/* A key that the provider quotes does not go on. */
	{ EVENT("error", ",\"message\":\"Bad key sk-1234567890abcdef\""),
		"error 500 Bad key sk-***\n" },
};

static void odd_streams_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct buf out = BUF_INIT(CASES_MAX);

		read_stream(streams[i].stream, &out);
		if (!str_equal(buf_str(&out), str_of(streams[i].heard)))
			fail_msg("%s\n--- heard ---\n%.*s--- not ---\n%s",
				streams[i].stream, STR_ARG(buf_str(&out)),
				streams[i].heard);
		buf_release(&out);
	}
}

static void garbage_is_refused(void **state)
{
	struct error err = ERROR_INIT;
	struct frame frame = { .data = S("{\"type\":"), .has_data = true };
	struct chat_event event;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_false(openai_responses.read_event(&frame,
		openai_responses.reader_new(&arena), &arena, &event, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(odd_streams_are_understood),
		cmocka_unit_test(garbage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
