/*
 * cuts.h - what comes out of a stream, however it is cut into feeds: for the
 * tests of the framings.
 */
#ifndef TESTS_UNIT_DIALECT_CUTS_H
#define TESTS_UNIT_DIALECT_CUTS_H

#include "recordings.h"

/* What a stream came to: all raw bytes, and each event as one line. */
struct seen {
	struct buf raw;
	struct buf events;
	size_t count;
	size_t largest;
};

static inline void seen_init(struct seen *seen)
{
	*seen = (struct seen){ .count = 0 };
	buf_init(&seen->raw, 16 << 20);
	buf_init(&seen->events, 16 << 20);
}

static inline void seen_release(struct seen *seen)
{
	buf_release(&seen->raw);
	buf_release(&seen->events);
}

static inline void note(struct seen *seen, const struct frame *frame)
{
	buf_append(&seen->raw, frame->raw);
	if (frame->raw.n > seen->largest)
		seen->largest = frame->raw.n;
	/* A blank line that a cut made an event of its own says nothing. */
	if (!frame->has_data && !frame->has_comment && frame->event.n == 0)
		return;
	seen->count++;
	json_append_quoted(&seen->events, frame->event);
	json_append_quoted(&seen->events, frame->data);
	buf_printf(&seen->events, "%d%d%d\n", frame->has_data,
		frame->has_comment, frame->is_whole);
}

static inline void take(
	struct frames *frames, struct str piece, struct seen *seen)
{
	struct error err = ERROR_INIT;
	struct frame frame;
	enum frames_state state;

	frames_feed(frames, piece);
	while ((state = frames_next(frames, &frame, &err)) == FRAMES_EVENT)
		note(seen, &frame);
	assert_int_equal(state, FRAMES_MORE);
}

/* Each piece lies in memory of its own, so that a view of an earlier one
 * that is used too late is an error that ASan sees. */
static inline void take_copy(
	struct frames *frames, struct str piece, struct seen *seen)
{
	char *copy = malloc(piece.n + 1);

	memcpy(copy, piece.p, piece.n);
	take(frames, (struct str){ copy, piece.n }, seen);
	free(copy);
}

static inline void finish(struct frames *frames, struct seen *seen)
{
	struct frame frame;

	if (frames_finish(frames, &frame)) {
		assert_false(frame.is_whole);
		note(seen, &frame);
	}
	assert_false(frames_finish(frames, &frame));
	frames_release(frames);
}

static inline void split_whole(
	enum framing framing, struct str stream, struct seen *seen)
{
	struct frames frames;

	seen_init(seen);
	frames_init(&frames, framing, 1 << 20);
	take_copy(&frames, stream, seen);
	finish(&frames, seen);
}

static inline void split_at(
	enum framing framing, struct str stream, size_t cut, struct seen *seen)
{
	struct frames frames;

	seen_init(seen);
	frames_init(&frames, framing, 1 << 20);
	take_copy(&frames, str_head(stream, cut), seen);
	take_copy(&frames, str_from(stream, cut), seen);
	finish(&frames, seen);
}

static inline void split_random(enum framing framing, struct str stream,
	unsigned *random, size_t max_piece, struct seen *seen)
{
	struct frames frames;

	seen_init(seen);
	frames_init(&frames, framing, 1 << 20);
	while (stream.n > 0) {
		size_t n = 1 + (size_t)rand_r(random) % max_piece;

		take_copy(&frames, str_head(stream, n), seen);
		stream = str_from(stream, n);
	}
	finish(&frames, seen);
}

static inline void assert_same(const struct seen *whole, const struct seen *cut,
	struct str stream, const char *name)
{
	assert_false(cut->raw.failed || cut->events.failed);
	if (!str_equal(buf_str(&cut->raw), stream))
		fail_msg("%s: bytes were changed", name);
	if (!str_equal(buf_str(&cut->events), buf_str(&whole->events)))
		fail_msg("%s: %.*s\n is not\n%.*s", name,
			STR_ARG(buf_str(&cut->events)),
			STR_ARG(buf_str(&whole->events)));
}

static inline void check_all_cuts(
	enum framing framing, struct str stream, const char *name)
{
	struct seen whole, cut;

	split_whole(framing, stream, &whole);
	assert_same(&whole, &whole, stream, name);
	for (size_t at = 0; at <= stream.n; at++) {
		split_at(framing, stream, at, &cut);
		assert_same(&whole, &cut, stream, name);
		seen_release(&cut);
	}
	seen_release(&whole);
}

struct expectation {
	const char *name;
	const char *stream;
	const char *events; /* one line each: "event""data"flags */
};

/* Flags: has data, has a comment, is whole. */
static inline void check_expectations(
	enum framing framing, const struct expectation *e, size_t count)
{
	for (; count > 0; count--, e++) {
		struct seen seen;

		split_whole(framing, str_of(e->stream), &seen);
		if (!str_equal(buf_str(&seen.events), str_of(e->events)))
			fail_msg("%s: %.*s", e->name,
				STR_ARG(buf_str(&seen.events)));
		seen_release(&seen);
		check_all_cuts(framing, str_of(e->stream), e->name);
	}
}

/* The stream breaks off with that error, whole and byte by byte. */
static inline void check_refused(enum framing framing, struct str stream,
	size_t max_frame_bytes, enum error_kind kind)
{
	for (size_t piece = 1; piece <= stream.n;
		piece += stream.n > 1 ? stream.n - 1 : 1) {
		enum frames_state state = FRAMES_MORE;
		struct str rest = stream;
		struct error err = ERROR_INIT;
		struct frames frames;
		struct frame frame;

		frames_init(&frames, framing, max_frame_bytes);
		while (rest.n > 0 && state != FRAMES_FAILED) {
			frames_feed(&frames, str_head(rest, piece));
			while ((state = frames_next(&frames, &frame, &err)) ==
				FRAMES_EVENT)
				;
			rest = str_from(rest, piece);
		}
		assert_int_equal(state, FRAMES_FAILED);
		assert_int_equal(err.kind, kind);
		err.kind = ERR_NONE;
		assert_int_equal(
			frames_next(&frames, &frame, &err), FRAMES_FAILED);
		assert_int_equal(err.kind, kind);
		assert_false(frames_finish(&frames, &frame));
		frames_release(&frames);
	}
}

struct totals {
	size_t streams;
	size_t events;
	size_t cuts;
	unsigned random;
};

/* A recorded stream: all cut positions of a short one, byte by byte and
 * random cuts of any. */
static inline void check_recorded(enum framing framing, struct str stream,
	const char *name, struct totals *totals)
{
	static const size_t pieces[] = { 1, 7, 64, 1000, 16384 };
	struct seen whole, cut;

	split_whole(framing, stream, &whole);
	assert_same(&whole, &whole, stream, name);
	totals->streams++;
	totals->events += whole.count;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		split_random(framing, stream, &totals->random, pieces[i], &cut);
		assert_same(&whole, &cut, stream, name);
		seen_release(&cut);
		totals->cuts++;
	}
	if (stream.n < 3000) {
		check_all_cuts(framing, stream, name);
		totals->cuts += stream.n + 1;
	}
	seen_release(&whole);
}

#endif
