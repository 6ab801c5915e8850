/*
 * frames_aws.c - messages of AWS's binary event stream: read, checked, and
 * written so that recorded ones come out byte for byte.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cuts.h"

#include "dialect/frames_aws.h"

static void make(struct buf *out, const char *type, const char *name,
	const char *payload)
{
	frames_aws_append(str_of(type), str_of(name), str_of(payload), out);
}

/* Bit by bit: a second opinion on the table. */
static uint32_t sum_of(struct str bytes)
{
	uint32_t sum = UINT32_MAX;

	for (size_t i = 0; i < bytes.n; i++) {
		sum ^= (uint8_t)bytes.p[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
	}
	return ~sum;
}

static void put_u32(struct buf *out, uint32_t value)
{
	buf_append_char(out, (char)(value >> 24));
	buf_append_char(out, (char)(value >> 16));
	buf_append_char(out, (char)(value >> 8));
	buf_append_char(out, (char)value);
}

/* A message with any headers, sound or not, whose sums are right. */
static void make_raw(
	struct buf *out, uint32_t total, uint32_t headers_n, struct str rest)
{
	buf_clear(out);
	put_u32(out, total);
	put_u32(out, headers_n);
	put_u32(out, sum_of(buf_str(out)));
	buf_append(out, rest);
	put_u32(out, sum_of(buf_str(out)));
}

static void messages_are_read(void **state)
{
	struct buf stream = BUF_INIT(4096);
	struct seen seen;

	(void)state;
	make(&stream, "event", "messageStart", "{\"role\":\"assistant\"}");
	make(&stream, "exception", "throttlingException", "{}");
	make(&stream, "event", "empty", "");
	split_whole(FRAMING_AWS, buf_str(&stream), &seen);
	assert_text(buf_str(&seen.events),
		"\"messageStart\"\"{\\\"role\\\":\\\"assistant\\\"}\"101\n"
		"\"throttlingException\"\"{}\"101\n"
		"\"empty\"\"\"001\n");
	seen_release(&seen);
	check_all_cuts(FRAMING_AWS, buf_str(&stream), "three messages");
	/* A stream that is cut loses no byte, but the rest has no data. */
	check_all_cuts(FRAMING_AWS, str_head(buf_str(&stream), stream.n - 1),
		"a cut stream");
	buf_release(&stream);
}

/* Every type that a header may have, around the one that is looked for. */
static void headers_of_all_types_are_stepped_over(void **state)
{
	static const struct str headers = STR("\1a\0"
					      "\1b\1"
					      "\1c\2x"
					      "\1d\3xx"
					      "\1e\4xxxx"
					      "\1f\5xxxxxxxx"
					      "\1g\6\0\3xxx"
					      "\1h\7\0\0"
					      "\1i\10xxxxxxxx"
					      "\1j\11xxxxxxxxxxxxxxxx"
					      "\13:error-code\7\0\4oops"
					      "\1k\0");
	struct buf stream = BUF_INIT(4096);
	struct seen seen;

	(void)state;
	make_raw(&stream, (uint32_t)headers.n + 16, (uint32_t)headers.n,
		headers);
	split_whole(FRAMING_AWS, buf_str(&stream), &seen);
	assert_text(buf_str(&seen.events), "\"oops\"\"\"001\n");
	assert_text(
		frames_aws_header(buf_str(&stream), S(":error-code")), "oops");
	assert_null(frames_aws_header(buf_str(&stream), S("g")).p);
	assert_null(frames_aws_header(buf_str(&stream), S("z")).p);
	assert_null(frames_aws_header(S("short"), S("z")).p);
	seen_release(&seen);
	buf_release(&stream);
}

static void broken_headers_are_refused(void **state)
{
	static const struct str headers[] = {
		STR("\1"),           /* no name */
		STR("\1a"),          /* no type */
		STR("\2a\0"),        /* name beyond the end */
		STR("\1a\12"),       /* no such type */
		STR("\1a\7\0"),      /* half a length */
		STR("\1a\7\0\3xx"),  /* value beyond the end */
		STR("\1a\5xxxxxxx"), /* number beyond the end */
		STR("\1a\0\1b"),     /* sound, then broken */
	};
	struct buf stream = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		uint32_t n = (uint32_t)headers[i].n;

		make_raw(&stream, n + 16, n, headers[i]);
		check_refused(FRAMING_AWS, buf_str(&stream), 64,
			ERR_UPSTREAM_GARBAGE);
	}
	buf_release(&stream);
}

static void broken_lengths_are_refused(void **state)
{
	static const uint32_t lengths[][2] = { { 0, 0 }, { 15, 0 }, { 16, 1 },
		{ 20, UINT32_MAX } };
	struct buf stream = BUF_INIT(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		make_raw(&stream, lengths[i][0], lengths[i][1], S("    "));
		check_refused(FRAMING_AWS, buf_str(&stream), 64,
			ERR_UPSTREAM_GARBAGE);
	}
	buf_release(&stream);
}

/* No bit of a message may change unnoticed. */
static void every_broken_bit_is_found(void **state)
{
	struct buf stream = BUF_INIT(4096);

	(void)state;
	make(&stream, "event", "messageStop", "{\"stopReason\":\"end_turn\"}");
	for (size_t bit = 0; bit < stream.n * 8; bit++) {
		stream.p[bit / 8] ^= (char)(1 << bit % 8);
		check_refused(FRAMING_AWS, buf_str(&stream), 4096,
			ERR_UPSTREAM_GARBAGE);
		stream.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	check_all_cuts(FRAMING_AWS, buf_str(&stream), "as it was");
	buf_release(&stream);
}

/* A message that is too large is refused by what it says of itself. */
static void large_messages_are_refused(void **state)
{
	struct buf stream = BUF_INIT(4096);
	struct seen seen;
	struct frames frames;

	(void)state;
	make(&stream, "event", "a", "{\"a\":\"0123456789\"}");
	frames_init(&frames, FRAMING_AWS, stream.n);
	seen_init(&seen);
	take(&frames, buf_str(&stream), &seen);
	take(&frames, str_head(buf_str(&stream), 20), &seen);
	take(&frames, str_from(buf_str(&stream), 20), &seen);
	assert_int_equal(seen.count, 2);
	finish(&frames, &seen);
	seen_release(&seen);
	check_refused(FRAMING_AWS, buf_str(&stream), stream.n - 1,
		ERR_UPSTREAM_TOO_LARGE);
	check_refused(FRAMING_AWS, str_head(buf_str(&stream), 12), stream.n - 1,
		ERR_UPSTREAM_TOO_LARGE);
	buf_release(&stream);
}

static void whole_messages_are_not_copied(void **state)
{
	struct buf stream = BUF_INIT(4096);
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;
	size_t first;

	(void)state;
	make(&stream, "event", "a", "{}");
	first = stream.n;
	make(&stream, "event", "b", "{}");
	frames_init(&frames, FRAMING_AWS, 4096);
	frames_feed(&frames, buf_str(&stream));
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, stream.p);
	assert_ptr_equal(frame.data.p, stream.p + first - 6);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_ptr_equal(frame.raw.p, stream.p + first);
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_MORE);
	assert_null(frames.held.p);
	frames_release(&frames);
	buf_release(&stream);
}

static void memory_stays_flat(void **state)
{
	struct buf stream = BUF_INIT(4096);
	struct frames frames;
	struct seen seen;

	(void)state;
	make(&stream, "event", "contentBlockDelta", "{\"delta\":{}}");
	seen_init(&seen);
	frames_init(&frames, FRAMING_AWS, 1 << 20);
	for (unsigned i = 0; i < 50000; i++) {
		take(&frames, str_head(buf_str(&stream), 9), &seen);
		take(&frames, str_from(buf_str(&stream), 9), &seen);
	}
	assert_int_equal(seen.count, 50000);
	assert_true(frames.held.capacity < 4096);
	finish(&frames, &seen);
	seen_release(&seen);
	buf_release(&stream);
}

static void assert_written_alike(const struct frame *frame)
{
	struct buf out = BUF_INIT(1 << 20);

	frames_aws_append(S("event"), frame->event, frame->data, &out);
	if (!str_equal(buf_str(&out), frame->raw))
		fail_msg("%.*s is written in another way",
			STR_ARG(frame->event));
	buf_release(&out);
}

static void visit(const struct recording *r, void *context)
{
	struct error err = ERROR_INIT;
	struct frames frames;
	struct frame frame;

	if (!recording_is(r, "base64"))
		return;
	check_recorded(FRAMING_AWS, r->response, r->name, context);
	frames_init(&frames, FRAMING_AWS, 1 << 20);
	frames_feed(&frames, r->response);
	while (frames_next(&frames, &frame, &err) == FRAMES_EVENT)
		assert_written_alike(&frame);
	assert_false(frames_finish(&frames, &frame));
	frames_release(&frames);
}

static void recorded_streams_come_back(void **state)
{
	struct totals totals = { .random = 1 };

	(void)state;
	recordings_visit_file(RECORDINGS "bedrock.jsonl", visit, &totals);
	recordings_visit_file(
		RECORDINGS "bedrock_edge_cases.jsonl", visit, &totals);
	print_message("%zu streams, %zu messages, %zu ways to cut them\n",
		totals.streams, totals.events, totals.cuts);
	assert_true(totals.streams >= 8);
	assert_true(totals.events >= 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_read),
		cmocka_unit_test(headers_of_all_types_are_stepped_over),
		cmocka_unit_test(broken_headers_are_refused),
		cmocka_unit_test(broken_lengths_are_refused),
		cmocka_unit_test(every_broken_bit_is_found),
		cmocka_unit_test(large_messages_are_refused),
		cmocka_unit_test(whole_messages_are_not_copied),
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(recorded_streams_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
