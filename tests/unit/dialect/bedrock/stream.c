/*
 * bedrock/stream.c - another dialect's streams as Bedrock's, event by event.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../cases.h"

#include "dialect/bedrock/bedrock.h"
#include "dialect/frames_aws.h"
#include "dialect/openai_chat/openai_chat.h"

/* A stream as text: a line of type, name and data for each message. */
static void list_events(struct str stream, struct buf *out)
{
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	frames_init(&frames, FRAMING_AWS, CASES_MAX);
	frames_feed(&frames, stream);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT) {
		struct str type =
			frames_aws_header(frame.raw, S(":message-type"));

		if (!str_equal(type, S("event")))
			buf_printf(out, "%.*s ", STR_ARG(type));
		buf_printf(out, "%.*s %.*s\n", STR_ARG(frame.event),
			STR_ARG(frame.data));
	}
	assert_false(frames_finish(&frames, &frame));
	frames_release(&frames);
}

#define CHUNK(delta) \
	"data: {\"choices\":[{\"index\":0,\"delta\":{" delta "}}]}\n\n"
#define FINISH(reason)                                                              \
	"data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"" reason \
	"\"}]}\n\n"
#define CALL(index, rest) \
	CHUNK("\"tool_calls\":[{\"index\":" index "," rest "}]")
#define DONE "data: [DONE]\n\n"

static const struct {
	const char *said;
	const char *written;
} streams[] = {
	{ CHUNK("\"role\":\"assistant\",\"content\":\"\"") CHUNK(
		  "\"content\":\"a\"") CHUNK("\"content\":\"b\"")
			FINISH("length") "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
					 "\"completion_tokens\":2,\"prompt_tokens_details\":"
					 "{\"cached_tokens\":1}}}\n\n" DONE,
		"messageStart {\"role\":\"assistant\"}\n"
		"contentBlockDelta {\"delta\":{\"text\":\"a\"},"
		"\"contentBlockIndex\":0}\n"
		"contentBlockDelta {\"delta\":{\"text\":\"b\"},"
		"\"contentBlockIndex\":0}\n"
		"contentBlockStop {\"contentBlockIndex\":0}\n"
		"messageStop {\"stopReason\":\"max_tokens\"}\n"
		"metadata {\"usage\":{\"inputTokens\":2,\"outputTokens\":2,"
		"\"totalTokens\":5,\"cacheReadInputTokens\":1}}\n" },
	/* Each kind of block by itself; calls numbered on. */
	{ CHUNK("\"reasoning_content\":\"t\"") CHUNK("\"content\":\"a\"")
			CALL("0", "\"id\":\"c1\",\"type\":\"function\","
				  "\"function\":{\"name\":\"f\","
				  "\"arguments\":\"\"}") CALL("0",
				"\"function\":{\"arguments\":"
				"\"{\\\"a\"}") CALL("0", "\"function\":"
							 "{\"arguments\":"
							 "\"\\\":1}\"}")
				CALL("1", "\"id\":\"c2\","
					  "\"function\":"
					  "{\"name\":\"g\","
					  "\"arguments\":"
					  "\"{}\"}") FINISH("tool_calls") DONE,
		"messageStart {\"role\":\"assistant\"}\n"
		"contentBlockDelta {\"delta\":{\"reasoningContent\":{\"text\":"
		"\"t\"}},\"contentBlockIndex\":0}\n"
		"contentBlockStop {\"contentBlockIndex\":0}\n"
		"contentBlockDelta {\"delta\":{\"text\":\"a\"},"
		"\"contentBlockIndex\":1}\n"
		"contentBlockStop {\"contentBlockIndex\":1}\n"
		"contentBlockStart {\"contentBlockIndex\":2,\"start\":"
		"{\"toolUse\":{\"toolUseId\":\"c1\",\"name\":\"f\"}}}\n"
		"contentBlockDelta {\"delta\":{\"toolUse\":{\"input\":"
		"\"{\\\"a\"}},\"contentBlockIndex\":2}\n"
		"contentBlockDelta {\"delta\":{\"toolUse\":{\"input\":"
		"\"\\\":1}\"}},\"contentBlockIndex\":2}\n"
		"contentBlockStop {\"contentBlockIndex\":2}\n"
		"contentBlockStart {\"contentBlockIndex\":3,\"start\":"
		"{\"toolUse\":{\"toolUseId\":\"c2\",\"name\":\"g\"}}}\n"
		"contentBlockDelta {\"delta\":{\"toolUse\":{\"input\":"
		"\"{}\"}},\"contentBlockIndex\":3}\n"
		"contentBlockStop {\"contentBlockIndex\":3}\n"
		"messageStop {\"stopReason\":\"tool_use\"}\n"
		"metadata {}\n" },
	/* A second end, and what comes behind the first. */
	{ FINISH("stop") CHUNK("\"content\":\"a\"") FINISH("length") DONE,
		"messageStart {\"role\":\"assistant\"}\n"
		"contentBlockDelta {\"delta\":{\"text\":\"a\"},"
		"\"contentBlockIndex\":0}\n"
		"contentBlockStop {\"contentBlockIndex\":0}\n"
		"messageStop {\"stopReason\":\"end_turn\"}\n"
		"metadata {}\n" },
	{ DONE, "messageStart {\"role\":\"assistant\"}\n"
		"messageStop {\"stopReason\":\"end_turn\"}\n"
		"metadata {}\n" },
	{ CHUNK("\"content\":\"a\"") "data: {\"error\":{\"message\":\"Too many\",\"code\":429}}\n\n",
		"messageStart {\"role\":\"assistant\"}\n"
		"contentBlockDelta {\"delta\":{\"text\":\"a\"},"
		"\"contentBlockIndex\":0}\n"
		"exception throttlingException {\"message\":\"Too many\"}\n" },
};

static void streams_of_openai_are_translated(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		struct buf out = BUF_INIT(CASES_MAX);
		struct buf list = BUF_INIT(CASES_MAX);

		cases_write_stream(
			&openai_chat, &bedrock, streams[i].said, false, &out);
		list_events(buf_str(&out), &list);
		if (!str_equal(buf_str(&list), str_of(streams[i].written)))
			fail_msg("%s\n--- became ---\n%.*s--- not ---\n%s",
				streams[i].said, STR_ARG(buf_str(&list)),
				streams[i].written);
		buf_release(&out);
		buf_release(&list);
	}
}

/* Signatures of another provider, sealed thoughts, images, interleaved calls:
 * what OpenAI's streams do not have. */
static void other_parts_are_blocks_too(void **state)
{
	static const struct str expected = STR(
		"messageStart {\"role\":\"assistant\"}\n"
		"contentBlockDelta {\"delta\":{\"reasoningContent\":{\"text\":"
		"\"t\"}},\"contentBlockIndex\":0}\n"
		"contentBlockDelta {\"delta\":{\"reasoningContent\":"
		"{\"signature\":\"gemini:c2ln\"}},\"contentBlockIndex\":0}\n"
		"contentBlockStop {\"contentBlockIndex\":0}\n"
		"contentBlockDelta {\"delta\":{\"reasoningContent\":{\"text\":"
		"\"u\"}},\"contentBlockIndex\":1}\n"
		"contentBlockStop {\"contentBlockIndex\":1}\n"
		"contentBlockDelta {\"delta\":{\"reasoningContent\":"
		"{\"redactedContent\":\"aGk=\"}},\"contentBlockIndex\":2}\n"
		"contentBlockStop {\"contentBlockIndex\":2}\n"
		"contentBlockStart {\"contentBlockIndex\":3,\"start\":"
		"{\"image\":{\"format\":\"png\"}}}\n"
		"contentBlockDelta {\"delta\":{\"image\":{\"source\":"
		"{\"bytes\":\"aGk=\"}}},\"contentBlockIndex\":3}\n"
		"contentBlockStop {\"contentBlockIndex\":3}\n"
		"contentBlockDelta {\"delta\":{\"citation\":{\"title\":\"x\"}},"
		"\"contentBlockIndex\":4}\n"
		"contentBlockStop {\"contentBlockIndex\":4}\n"
		"contentBlockStart {\"contentBlockIndex\":5,\"start\":"
		"{\"toolUse\":{\"toolUseId\":\"1\",\"name\":\"f\"}}}\n"
		"contentBlockStop {\"contentBlockIndex\":5}\n"
		"contentBlockStart {\"contentBlockIndex\":6,\"start\":"
		"{\"toolUse\":{\"toolUseId\":\"2\",\"name\":\"g\"}}}\n"
		"contentBlockDelta {\"delta\":{\"toolUse\":{\"input\":\"{}\"}},"
		"\"contentBlockIndex\":5}\n"
		"contentBlockStop {\"contentBlockIndex\":6}\n"
		"messageStop {\"stopReason\":\"stop_sequence\"}\n"
		"metadata {\"metadata\":{\"cost\":1}}\n");
	struct chat_start start = { .request_id = S("r") };
	struct buf out = BUF_INIT(65536), list = BUF_INIT(65536);
	struct chat_citation citation = { .title = S("x") };
	struct chat_choice choice = { .finish = CHAT_FINISH_STOP,
		.stop_sequence = S("s") };
	struct chat_event event = { .kind = CHAT_EVENT_DELTA,
		.done = true,
		.metadata = S("{\"cost\":1}") };
	struct chat_part *part;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_message_init(&choice.message);
	part = chat_message_add(&choice.message, CHAT_THINKING, &arena);
	part->text = S("t");
	part->signature = (struct chat_signature){ S("c2ln"), S("gemini") };
	part = chat_message_add(&choice.message, CHAT_THINKING, &arena);
	part->text = S("u");
	part = chat_message_add(
		&choice.message, CHAT_REDACTED_THINKING, &arena);
	part->data = S("aGk=");
	part->signature.origin = S("bedrock");
	part = chat_message_add(
		&choice.message, CHAT_REDACTED_THINKING, &arena);
	part->data = S("c2VhbGVk");
	part->signature.origin = S("anthropic");
	part = chat_message_add(&choice.message, CHAT_IMAGE, &arena);
	part->data = S("aGk=");
	part->media_type = S("image/png");
	part = chat_message_add(&choice.message, CHAT_TEXT, &arena);
	part->citations = &citation;
	for (int i = 0; i < 3; i++) {
		part = chat_message_add(
			&choice.message, CHAT_TOOL_CALL, &arena);
		part->call.index = i % 2;
		part->call.id = i == 0 ? S("1") : S("2");
		part->call.name = i == 0 ? S("f") : S("g");
		part->call.arguments = i == 2 ? S("{}") : S("");
	}
	chat_response_init(&event.delta, S("another"));
	event.delta.choices = &choice;
	event.delta.choice_count = 1;
	bedrock.write_event(&event, bedrock.writer_new(&start, &arena), &out);
	list_events(buf_str(&out), &list);
	if (!str_equal(buf_str(&list), expected))
		fail_msg("%.*s", STR_ARG(buf_str(&list)));
	buf_release(&out);
	buf_release(&list);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_of_openai_are_translated),
		cmocka_unit_test(other_parts_are_blocks_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
