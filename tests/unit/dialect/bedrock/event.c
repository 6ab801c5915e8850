/*
 * bedrock/event.c - single events of Bedrock's streams: exceptions, calls, and
 * those that say nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/bedrock/bedrock.h"
#include "dialect/frames_aws.h"

/* One event, as it comes and as it is meant. */
static void read_one(const char *type, const char *name, const char *data,
	void *reader, struct arena *arena, struct chat_event *out)
{
	struct buf message = BUF_INIT(65536);
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	frames_aws_append(str_of(type), str_of(name), str_of(data), &message);
	frames_init(&frames, FRAMING_AWS, 65536);
	frames_feed(&frames, arena_copy(arena, buf_str(&message)));
	buf_release(&message);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_true(bedrock.read_event(&frame, reader, arena, out, &err));
	frames_release(&frames);
}

static void exceptions_have_a_status(void **state)
{
	static const struct {
		const char *name;
		int status;
	} names[] = {
		{ "throttlingException", 429 },
		{ "validationException", 400 },
		{ "modelStreamErrorException", 424 },
		{ "modelTimeoutException", 408 },
		{ "internalServerException", 500 },
		{ "serviceUnavailableException", 503 },
		{ "newException", 500 },
	};
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = bedrock.reader_new(&arena);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct chat_event event;

		read_one("exception", names[i].name,
			"{\"message\":\"Wait, "
			"sk-abcdefghijklmnopqrstuvwxyz\"}",
			reader, &arena, &event);
		assert_int_equal(event.kind, CHAT_EVENT_ERROR);
		assert_int_equal(event.error_status, names[i].status);
		assert_text(event.error_message, "Wait, sk-***");
	}
	arena_release(&arena);
}

/* An error that is no exception says it in its headers. */
static void errors_without_a_payload(void **state)
{
	static const struct str headers =
		STR("\15:message-type\7\0\5error\13:error-code\7\0\10"
		    "Internal\16:error-message\7\0\6broken");
	struct frame frame = { .event = S("Internal"), .is_whole = true };
	struct buf raw = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	/* The check sums are the framing's matter. */
	for (int i = 0; i < 7; i++)
		buf_append_char(&raw, 0);
	buf_append_char(&raw, (char)headers.n);
	buf_append(&raw, S("sum."));
	buf_append(&raw, headers);
	buf_append(&raw, S("sum."));
	frame.raw = buf_str(&raw);
	assert_true(bedrock.read_event(
		&frame, bedrock.reader_new(&arena), &arena, &event, &err));
	assert_int_equal(event.kind, CHAT_EVENT_ERROR);
	assert_int_equal(event.error_status, 500);
	assert_text(event.error_message, "broken");
	buf_release(&raw);
	arena_release(&arena);
}

static void events_that_say_nothing(void **state)
{
	static const char *const events[][2] = {
		{ "contentBlockStart", "{\"start\":{},\"contentBlockIndex\":"
				       "0}" },
		{ "contentBlockStart", "{\"start\":{\"toolUse\":{\"name\":"
				       "\"nova_grounding\",\"type\":"
				       "\"server_tool_use\"}}}" },
		{ "contentBlockDelta", "{}" },
		{ "contentBlockDelta", "{\"delta\":{\"new\":1}}" },
		{ "contentBlockDelta", "{\"delta\":{\"text\":null}}" },
		{ "contentBlockDelta", "{\"delta\":{\"toolUse\":{\"input\":"
				       "\"{}\"}},\"contentBlockIndex\":9}" },
		{ "contentBlockStop", "{\"contentBlockIndex\":0}" },
		{ "messageStop", "{}" },
		{ "newEvent", "{\"a\":1}" },
		{ "", "{}" },
	};
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = bedrock.reader_new(&arena);
	for (size_t i = 0; i < ARRAY_LEN(events); i++) {
		struct chat_event event;

		read_one("event", events[i][0], events[i][1], reader, &arena,
			&event);
		assert_int_equal(event.kind, CHAT_EVENT_NOTHING);
		assert_text(event.json, events[i][1]);
	}
	arena_release(&arena);
}

/* Half a message at the end of a broken stream, and one that is no JSON. */
static void broken_events(void **state)
{
	struct frame half = { .raw = S("xxxxxxxxxxxxxxxxxxxx") };
	struct frame garbage = { .event = S("metadata"),
		.data = S("<html>"),
		.has_data = true,
		.is_whole = true };
	struct error err = ERROR_INIT;
	struct chat_event event;
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 4096);
	reader = bedrock.reader_new(&arena);
	assert_true(bedrock.read_event(&half, reader, &arena, &event, &err));
	assert_int_equal(event.kind, CHAT_EVENT_NOTHING);
	assert_false(
		bedrock.read_event(&garbage, reader, &arena, &event, &err));
	assert_int_equal(err.kind, ERR_UPSTREAM_GARBAGE);
	arena_release(&arena);
}

/* Calls are numbered by us, blocks by the provider; whatever block an input
 * belongs to, it finds its call. */
static void calls_are_numbered(void **state)
{
	struct chat_event event;
	struct arena arena;
	void *reader;

	(void)state;
	arena_init(&arena, 65536);
	reader = bedrock.reader_new(&arena);
	for (int i = 0; i < 40; i++) {
		const struct chat_part *part;
		char data[128];

		snprintf(data, sizeof(data),
			"{\"start\":{\"toolUse\":{\"toolUseId\":\"t\","
			"\"name\":\"f\"}},\"contentBlockIndex\":%d}",
			3 * i + 1);
		read_one("event", "contentBlockStart", data, reader, &arena,
			&event);
		part = event.delta.choices->message.parts;
		assert_int_equal(part->call.index, i);
		assert_text(part->call.name, "f");
		snprintf(data, sizeof(data),
			"{\"delta\":{\"toolUse\":{\"input\":\"{}\"}},"
			"\"contentBlockIndex\":%d}",
			3 * (i > 0 ? i - 1 : 0) + 1);
		read_one("event", "contentBlockDelta", data, reader, &arena,
			&event);
		part = event.delta.choices->message.parts;
		assert_int_equal(part->call.index, i > 0 ? i - 1 : 0);
		assert_text(part->call.arguments, "{}");
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exceptions_have_a_status),
		cmocka_unit_test(errors_without_a_payload),
		cmocka_unit_test(events_that_say_nothing),
		cmocka_unit_test(broken_events),
		cmocka_unit_test(calls_are_numbered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
