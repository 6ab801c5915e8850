/*
 * frames.c - events come out whole and every byte is passed on, however the
 * stream is cut into feeds.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cuts.h"

/* Flags: has data, has a comment, is whole. */
static const struct expectation expectations[] = {
	{ "LF", "data: a\n\ndata: b\n\n", "\"\"\"a\"101\n\"\"\"b\"101\n" },
	{ "CRLF", "data: a\r\n\r\ndata: b\r\n\r\n",
		"\"\"\"a\"101\n\"\"\"b\"101\n" },
	{ "CRLF in lines", "event: e\r\ndata: a\r\ndata: b\r\n\r\n",
		"\"e\"\"a\\nb\"101\n" },
	{ "CR in lines", "event: e\rdata: a\rdata: b\r\r",
		"\"e\"\"a\\nb\"101\n" },
	{ "CR", "data: a\r\rdata: b\r\r", "\"\"\"a\"101\n\"\"\"b\"101\n" },
	{ "mixed ends", "data: a\n\r\ndata: b\r\n\ndata: c\r\n\r",
		"\"\"\"a\"101\n\"\"\"b\"101\n\"\"\"c\"101\n" },
	{ "no space", "data:a\n\n", "\"\"\"a\"101\n" },
	{ "two spaces", "data:  a\n\n", "\"\"\" a\"101\n" },
	{ "lines joined", "data: a\ndata: b\ndata:\n\n",
		"\"\"\"a\\nb\\n\"101\n" },
	{ "empty first line", "data\ndata: b\ndata: c\n\n",
		"\"\"\"\\nb\\nc\"101\n" },
	{ "event", "event: error\nid: 7\nretry: 10\ndata: {}\n\n",
		"\"error\"\"{}\"101\n" },
	{ "last event counts", "event: a\nevent: b\ndata: {}\n\n",
		"\"b\"\"{}\"101\n" },
	{ "comment", ": OPENROUTER PROCESSING\n\ndata: a\n\n",
		"\"\"\"\"011\n\"\"\"a\"101\n" },
	{ "comment in an event", ":x\ndata: a\n\n", "\"\"\"a\"111\n" },
	{ "blank lines", "\n\n\ndata: a\n\n\n\ndata: b\n\n\n",
		"\"\"\"a\"101\n\"\"\"b\"101\n" },
	{ "empty data", "data:\n\ndata: \n\n", "\"\"\"\"101\n\"\"\"\"101\n" },
	{ "byte order mark",
		"\xef\xbb\xbf"
		"data: a\n\ndata: \xef\xbb\xbf\n\n",
		"\"\"\"a\"101\n\"\"\"\xef\xbb\xbf\"101\n" },
	{ "mark only at the start",
		"data: a\n\n\xef\xbb\xbf"
		"data: b\n\n",
		"\"\"\"a\"101\n" },
	{ "no last blank line", "data: a\n\ndata: [DONE]\n",
		"\"\"\"a\"101\n\"\"\"[DONE]\"100\n" },
	{ "no last line end", "data: a\n\ndata: [DO",
		"\"\"\"a\"101\n\"\"\"[DO\"100\n" },
	{ "other fields", "foo: bar\ndatax: y\ndata: a\n\n", "\"\"\"a\"101\n" },
	{ "colons in the value", "data: {\"a\":\"b: c\"}\n\n",
		"\"\"\"{\\\"a\\\":\\\"b: c\\\"}\"101\n" },
	{ "nothing", "", "" },
};

static void lines_mean_what_the_standard_says(void **state)
{
	(void)state;
	check_expectations(FRAMING_SSE, expectations, ARRAY_LEN(expectations));
}

static void nul_bytes_pass(void **state)
{
	(void)state;
	check_all_cuts(
		FRAMING_SSE, S("data: a\0b\n\n\0\n\ndata: c\n\n"), "NUL");
}

/* An event that lies whole in the fed bytes is given where it lies. */
static void whole_events_are_not_copied(void **state)
{
	static const struct str stream = STR("data: a\n\ndata: b\n\n");
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	(void)state;
	frames_init(&frames, FRAMING_SSE, 64);
	frames_feed(&frames, stream);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, stream.p);
	assert_ptr_equal(frame.data.p, stream.p + 6);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, stream.p + 9);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_MORE);
	assert_null(frames.held.p);
	frames_release(&frames);
}

/* The event leaves with its last CR; nobody waits for an LF. */
static void an_event_leaves_at_once(void **state)
{
	struct seen seen;
	struct frames frames;

	(void)state;
	seen_init(&seen);
	frames_init(&frames, FRAMING_SSE, 64);
	take(&frames, S("data: a\r\n\r"), &seen);
	assert_int_equal(seen.count, 1);
	take(&frames, S("\n"), &seen);
	take(&frames, S("data: b\n"), &seen);
	assert_int_equal(seen.count, 1);
	take(&frames, S("\n"), &seen);
	assert_int_equal(seen.count, 2);
	assert_text(buf_str(&seen.raw), "data: a\r\n\r\ndata: b\n\n");
	finish(&frames, &seen);
	seen_release(&seen);
}

/* 16 bytes are allowed: an event of 16 passes, one of 17 does not, fed whole
 * or byte by byte. */
static void a_large_event_is_refused(void **state)
{
	static const struct str allowed = STR("data: 12345678\n\n");
	static const struct str refused = STR("data: 123456789\n\n");
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;
	struct seen seen;

	(void)state;
	seen_init(&seen);
	frames_init(&frames, FRAMING_SSE, 16);
	take(&frames, allowed, &seen);
	for (size_t i = 0; i < allowed.n; i++)
		take(&frames, str_head(str_from(allowed, i), 1), &seen);
	assert_int_equal(seen.count, 2);

	frames_feed(&frames, refused);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_FAILED);
	assert_int_equal(err.kind, ERR_UPSTREAM_TOO_LARGE);
	frames_feed(&frames, allowed);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_FAILED);
	frames_release(&frames);

	frames_init(&frames, FRAMING_SSE, 16);
	for (size_t i = 0; i < 16; i++)
		take(&frames, str_head(str_from(refused, i), 1), &seen);
	frames_feed(&frames, S("\n"));
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_FAILED);
	assert_false(frames_finish(&frames, &frame));
	frames_release(&frames);
	seen_release(&seen);
}

static void memory_stays_flat(void **state)
{
	struct frames frames;
	struct seen seen;
	size_t capacity;

	(void)state;
	seen_init(&seen);
	frames_init(&frames, FRAMING_SSE, 1 << 20);
	for (unsigned i = 0; i < 1000; i++)
		take(&frames, S("a: 1\ndata: 2\ndata: 3\n\ndata"), &seen);
	capacity = frames.held.capacity + frames.joined.capacity;
	for (unsigned i = 0; i < 100000; i++)
		take(&frames, S("a: 1\ndata: 2\ndata: 3\n\ndata"), &seen);
	assert_int_equal(
		frames.held.capacity + frames.joined.capacity, capacity);
	assert_true(capacity < 4096);
	finish(&frames, &seen);
	seen_release(&seen);
}

static void visit(const struct recording *r, void *context)
{
	if (recording_is(r, "sse") && r->response.p)
		check_recorded(FRAMING_SSE, r->response, r->name, context);
}

static void recorded_streams_come_back(void **state)
{
	struct totals totals = { .random = 1 };

	(void)state;
	recordings_visit(visit, &totals);
	print_message("%zu streams, %zu events, %zu ways to cut them\n",
		totals.streams, totals.events, totals.cuts);
	assert_true(totals.streams >= 130);
	assert_true(totals.events >= 3000);
}

static void content_types_name_framings(void **state)
{
	static const struct {
		const char *type;
		int framing; /* -1: no stream */
	} types[] = {
		{ "text/event-stream", FRAMING_SSE },
		{ "Text/Event-Stream; charset=utf-8", FRAMING_SSE },
		{ " text/event-stream ;charset=utf-8", FRAMING_SSE },
		{ "application/x-ndjson", FRAMING_JSON_LINES },
		{ "application/jsonl", FRAMING_JSON_LINES },
		{ "application/vnd.amazon.eventstream", FRAMING_AWS },
		{ "application/json", -1 },
		{ "text/event-stream2", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		enum framing framing = FRAMING_JSON_ARRAY;
		bool known = framing_of(str_of(types[i].type), &framing);

		assert_int_equal(known ? (int)framing : -1, types[i].framing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_mean_what_the_standard_says),
		cmocka_unit_test(nul_bytes_pass),
		cmocka_unit_test(whole_events_are_not_copied),
		cmocka_unit_test(an_event_leaves_at_once),
		cmocka_unit_test(a_large_event_is_refused),
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(recorded_streams_come_back),
		cmocka_unit_test(content_types_name_framings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
