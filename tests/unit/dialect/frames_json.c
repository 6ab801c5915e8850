/*
 * frames_json.c - JSON texts come out whole, one a line or as the items of
 * one array, and every byte is passed on.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cuts.h"

static const struct expectation lines[] = {
	{ "LF", "{\"a\":1}\n{\"b\":2}\n",
		"\"\"\"{\\\"a\\\":1}\"101\n\"\"\"{\\\"b\\\":2}\"101\n" },
	{ "CRLF", "{}\r\n[]\r\n", "\"\"\"{}\"101\n\"\"\"[]\"101\n" },
	{ "white space", " {} \t\n", "\"\"\"{}\"101\n" },
	{ "empty lines", "\n{}\n\r\n \n[]\n\n",
		"\"\"\"{}\"101\n\"\"\"[]\"101\n" },
	{ "no last end", "{}\n{\"a\"",
		"\"\"\"{}\"101\n\"\"\"{\\\"a\\\"\"100\n" },
	{ "half an end", "{}\r", "\"\"\"{}\"100\n" },
	{ "escaped line ends", "{\"a\":\"\\n\"}\n",
		"\"\"\"{\\\"a\\\":\\\"\\\\n\\\"}\"101\n" },
	{ "nothing", "", "" },
};

static const struct expectation arrays[] = {
	{ "compact", "[{\"a\":1},{\"b\":2}]",
		"\"\"\"{\\\"a\\\":1}\"101\n\"\"\"{\\\"b\\\":2}\"101\n" },
	{ "as Google sends it", "[{\"a\": 1}\n,\r\n{\"b\": 2}\n]\n",
		"\"\"\"{\\\"a\\\": 1}\"101\n\"\"\"{\\\"b\\\": 2}\"101\n" },
	{ "braces in strings", "[{\"a\":\"}]{[\"},{}]",
		"\"\"\"{\\\"a\\\":\\\"}]{[\\\"}\"101\n\"\"\"{}\"101\n" },
	{ "escapes", "[{\"\\\"}\":\"\\\\\"},{\"a\":\"\\\\\\\"}\"}]",
		"\"\"\"{\\\"\\\\\\\"}\\\":\\\"\\\\\\\\\\\"}\"101\n"
		"\"\"\"{\\\"a\\\":\\\"\\\\\\\\\\\\\\\"}\\\"}\"101\n" },
	{ "objects within", "[{\"a\":{\"b\":[{}]}}]",
		"\"\"\"{\\\"a\\\":{\\\"b\\\":[{}]}}\"101\n" },
	{ "an object alone", " {\"error\":{}}\n",
		"\"\"\"{\\\"error\\\":{}}\"101\n" },
	{ "an error behind the array", "[{}]\n{\"error\":1}",
		"\"\"\"{}\"101\n\"\"\"{\\\"error\\\":1}\"101\n" },
	{ "empty", "[]", "" },
	{ "empty, with space", "\n[\n]\n", "" },
	{ "cut in an item", "[{},{\"a\":\"}",
		"\"\"\"{}\"101\n\"\"\"{\\\"a\\\":\\\"}\"100\n" },
	{ "cut between items", "[{},\n", "\"\"\"{}\"101\n" },
	{ "nothing", "", "" },
};

static void lines_come_one_by_one(void **state)
{
	(void)state;
	check_expectations(FRAMING_JSON_LINES, lines, ARRAY_LEN(lines));
}

static void items_come_one_by_one(void **state)
{
	(void)state;
	check_expectations(FRAMING_JSON_ARRAY, arrays, ARRAY_LEN(arrays));
}

/* An item leaves with its last brace, and the array's end at once. */
static void an_item_leaves_at_once(void **state)
{
	struct seen seen;
	struct frames frames;

	(void)state;
	seen_init(&seen);
	frames_init(&frames, FRAMING_JSON_ARRAY, 64);
	take(&frames, S("[{\"a\":1}"), &seen);
	assert_text(buf_str(&seen.raw), "[{\"a\":1}");
	take(&frames, S(",\n{}]"), &seen);
	assert_text(buf_str(&seen.raw), "[{\"a\":1},\n{}]");
	assert_int_equal(seen.count, 2);
	finish(&frames, &seen);
	seen_release(&seen);
}

static void whole_items_are_not_copied(void **state)
{
	static const struct str array = STR("[{},{\"a\":1}]");
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	(void)state;
	frames_init(&frames, FRAMING_JSON_ARRAY, 64);
	frames_feed(&frames, array);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, array.p);
	assert_ptr_equal(frame.data.p, array.p + 1);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, array.p + 3);
	assert_ptr_equal(frame.data.p, array.p + 4);
	assert_int_equal(frame.data.n, 7);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_false(frame.has_data);
	assert_null(frames.held.p);
	frames_release(&frames);
}

static void what_is_no_array_is_refused(void **state)
{
	static const char *const streams[] = { "<html>", "[1]", "[\"{}\"]",
		"[{}x{}]", "null", "[{}}", "data: {}\n\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(streams); i++)
		check_refused(FRAMING_JSON_ARRAY, str_of(streams[i]), 64,
			ERR_UPSTREAM_GARBAGE);
}

static void large_ones_are_refused(void **state)
{
	struct seen seen;
	struct frames frames;

	(void)state;
	check_refused(FRAMING_JSON_LINES, S("{\"a\":1234}\n"), 10,
		ERR_UPSTREAM_TOO_LARGE);
	check_refused(FRAMING_JSON_ARRAY, S("[{\"a\":1234}]"), 10,
		ERR_UPSTREAM_TOO_LARGE);
	check_refused(FRAMING_JSON_ARRAY, S("           "), 10,
		ERR_UPSTREAM_TOO_LARGE);
	seen_init(&seen);
	frames_init(&frames, FRAMING_JSON_LINES, 11);
	take(&frames, S("{\"a\":1234}\n{\"a\":1234}\n"), &seen);
	assert_int_equal(seen.count, 2);
	finish(&frames, &seen);
	seen_release(&seen);
}

static void memory_stays_flat(void **state)
{
	static const struct str pieces[] = { STR("[{\"a\":\"b"),
		STR("\"},\n{\"c"), STR("\":1}\n,{\"d\":\"") };
	struct frames frames;
	struct seen seen;

	(void)state;
	seen_init(&seen);
	frames_init(&frames, FRAMING_JSON_ARRAY, 1 << 20);
	take(&frames, pieces[0], &seen);
	for (unsigned i = 0; i < 100000; i++) {
		take(&frames, pieces[1], &seen);
		take(&frames, pieces[2], &seen);
	}
	assert_int_equal(seen.count, 200000);
	assert_true(frames.held.capacity < 4096);
	finish(&frames, &seen);
	seen_release(&seen);
}

static void visit_lines(const struct recording *r, void *context)
{
	if (recording_is(r, "ndjson"))
		check_recorded(
			FRAMING_JSON_LINES, r->response, r->name, context);
}

/* Gemini's streams without alt=sse. */
static void visit_arrays(const struct recording *r, void *context)
{
	if (str_starts(str_trim(r->response), S("[")))
		check_recorded(
			FRAMING_JSON_ARRAY, r->response, r->name, context);
}

static void recorded_lines_come_back(void **state)
{
	struct totals totals = { .random = 1 };

	(void)state;
	recordings_visit_file(RECORDINGS "ollama.jsonl", visit_lines, &totals);
	recordings_visit_file(
		RECORDINGS "ollama_streams.jsonl", visit_lines, &totals);
	print_message("%zu streams, %zu lines, %zu ways to cut them\n",
		totals.streams, totals.events, totals.cuts);
	assert_true(totals.streams >= 6);
	assert_true(totals.events >= 100);
}

static void recorded_arrays_come_back(void **state)
{
	struct totals totals = { .random = 1 };

	(void)state;
	recordings_visit_file(RECORDINGS "gemini.jsonl", visit_arrays, &totals);
	print_message("%zu streams, %zu items, %zu ways to cut them\n",
		totals.streams, totals.events, totals.cuts);
	assert_true(totals.streams >= 8);
	assert_true(totals.events >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_one_by_one),
		cmocka_unit_test(items_come_one_by_one),
		cmocka_unit_test(an_item_leaves_at_once),
		cmocka_unit_test(whole_items_are_not_copied),
		cmocka_unit_test(what_is_no_array_is_refused),
		cmocka_unit_test(large_ones_are_refused),
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(recorded_lines_come_back),
		cmocka_unit_test(recorded_arrays_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
