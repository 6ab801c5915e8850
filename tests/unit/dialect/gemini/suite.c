/*
 * suite.c - all that every dialect must prove, over every recorded
 * exchange in Google's generateContent format.
 *
 * Google's streams of events end without a last one, and the suite wants to
 * hear that a stream has ended: so a mark is written behind it here, and read.
 * Those that are a JSON array have their bracket.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dialect/gemini/gemini.h"
#include "../suite.h"

#define MARK "[END]"

static const char *const files[] = {
	RECORDINGS "gemini.jsonl",
	RECORDINGS "gemini_streams.jsonl",
	RECORDINGS "gemini_edge_cases.jsonl",
};

static struct suite_exception exceptions[] = {
	{ .name = "vertexai/otel-test_generate_content_invalid_role",
		.check = "request",
		.reason = "a role that Google refused" },
	{ .name = "vertexai/pydantic-test_multimodal_tool_return_matrix_"
		  "direct-url-image-google_vertex-02",
		.check = "request-foreign",
		.reason = "a URL inside a result, which Google refused: it "
			  "comes behind it" },
	{ .name = "vertexai/firebase-streaming-failure-error-mid-stream",
		.check = "stream-foreign",
		.reason = "how it ended is told at the end, and there is none "
			  "after an error" },
};

static void write_event(
	const struct chat_event *event, void *writer, struct buf *out)
{
	bool ends = event->kind == CHAT_EVENT_DONE || event->done;

	gemini.write_event(event, writer, out);
	if (ends && !str_ends(buf_str(out), S("]")))
		buf_append(out, S("data: " MARK "\r\n\r\n"));
}

static bool read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err)
{
	if (!str_equal(frame->data, S(MARK)))
		return gemini.read_event(frame, reader, arena, out, err);
	*out = (struct chat_event){ .kind = CHAT_EVENT_DONE };
	chat_response_init(&out->delta, S(GEMINI_NAME));
	return true;
}

static void recordings_come_back(void **state)
{
	struct dialect row = gemini;

	(void)state;
	row.write_event = write_event;
	row.read_event = read_event;
	suite_run(&row, files, ARRAY_LEN(files), exceptions,
		ARRAY_LEN(exceptions));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
