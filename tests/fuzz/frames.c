/*
 * frames.c - any bytes as a stream, in any cuts.
 *
 * The first two bytes choose the size of the pieces. However it is cut, the
 * same events come out and all raw bytes together are the input. Each event
 * is read as the relay reads it; one that is written anew is one event again.
 */
#include "dialect/dialect.h"

#define MAX_BYTES (64u << 20)
#define MAX_FRAME 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	struct buf raw;
	struct buf events;
	struct arena *arena;
	const struct dialect *dialect;
	struct chat_facts facts;
};

static void split(struct str stream, size_t piece, struct seen *seen);
static void take(struct frames *frames, struct str piece, struct seen *seen);
static void note(struct seen *seen, const struct frame *frame);
static void try_facts(struct seen *seen, const struct frame *frame);
static void try_event(struct seen *seen, const struct frame *frame);
static void assert_one_event(struct str text, struct arena *arena);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str stream = { (const char *)data, size };
	struct arena arena;
	struct seen whole, cut;
	size_t piece;

	if (size < 2 || size > MAX_FRAME)
		return 0;
	piece = 1 + ((size_t)data[0] | (size_t)data[1] << 8) % 512;
	stream = str_from(stream, 2);
	arena_init(&arena, 4096);
	whole.arena = cut.arena = &arena;
	split(stream, stream.n, &whole);
	split(stream, piece, &cut);
	assert(str_equal(buf_str(&whole.raw), stream));
	assert(str_equal(buf_str(&cut.raw), stream));
	assert(str_equal(buf_str(&whole.events), buf_str(&cut.events)));
	assert(whole.facts.output_bytes == cut.facts.output_bytes);
	buf_release(&whole.raw);
	buf_release(&whole.events);
	buf_release(&cut.raw);
	buf_release(&cut.events);
	arena_release(&arena);
	return 0;
}

static void split(struct str stream, size_t piece, struct seen *seen)
{
	struct frames frames;
	struct frame frame;

	buf_init(&seen->raw, MAX_BYTES);
	buf_init(&seen->events, MAX_BYTES);
	seen->dialect = dialect_find(S("openai_chat"));
	chat_facts_init(&seen->facts);
	frames_init(&frames, MAX_FRAME);
	while (stream.n > 0) {
		struct str next = str_head(stream, piece);
		/* Of its own, so that a view used too late is found. */
		char *copy = malloc(next.n);

		assert(copy);
		memcpy(copy, next.p, next.n);
		take(&frames, (struct str){ copy, next.n }, seen);
		free(copy);
		stream = str_from(stream, next.n);
	}
	if (frames_finish(&frames, &frame)) {
		assert(!frame.is_whole);
		note(seen, &frame);
	}
	assert(!frames_finish(&frames, &frame));
	frames_release(&frames);
}

static void take(struct frames *frames, struct str piece, struct seen *seen)
{
	struct error err = ERROR_INIT;
	struct frame frame;
	enum frames_state state;

	frames_feed(frames, piece);
	while ((state = frames_next(frames, &frame, &err)) == FRAMES_EVENT) {
		assert(frame.is_whole && frame.raw.n > 0);
		note(seen, &frame);
	}
	assert(state == FRAMES_MORE);
}

static void note(struct seen *seen, const struct frame *frame)
{
	struct arena_mark mark = arena_mark(seen->arena);

	buf_append(&seen->raw, frame->raw);
	try_facts(seen, frame);
	try_event(seen, frame);
	arena_rewind(seen->arena, mark);
	/* A line end that a cut set apart is an event that says nothing. */
	if (!frame->has_data && !frame->has_comment && frame->event.n == 0)
		return;
	json_append_quoted(&seen->events, frame->event);
	json_append_quoted(&seen->events, frame->data);
	buf_printf(&seen->events, "%d%d%d\n", frame->has_data,
		frame->has_comment, frame->is_whole);
}

static void try_facts(struct seen *seen, const struct frame *frame)
{
	struct error err = ERROR_INIT;
	struct splice splice;

	if (!seen->dialect->read_frame(
		    frame, &seen->facts, seen->arena, &err)) {
		assert(err.kind == ERR_UPSTREAM_GARBAGE);
		return;
	}
	if (seen->facts.frame != FRAME_USAGE_ONLY)
		return;
	seen->dialect->splice_usage_frame(
		frame, &seen->facts, S("{\"a\":1}"), &splice);
	if (splice.count > 1 && frame->is_whole)
		assert_one_event(
			splice_join(&splice, seen->arena), seen->arena);
}

static void try_event(struct seen *seen, const struct frame *frame)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_event event;

	if (!seen->dialect->read_event(frame, seen->arena, &event, &err))
		return;
	seen->dialect->write_event(&event, &out);
	assert(!out.failed);
	assert((event.kind == CHAT_EVENT_NOTHING) == (out.n == 0));
	if (out.n > 0)
		assert_one_event(buf_str(&out), seen->arena);
	buf_clear(&out);
	event.delta.dialect = S("another");
	seen->dialect->write_event(&event, &out);
	if (out.n > 0)
		assert_one_event(buf_str(&out), seen->arena);
	buf_release(&out);
}

/* The text is one event to the last byte, and its data is understood. */
static void assert_one_event(struct str text, struct arena *arena)
{
	const struct dialect *d = dialect_find(S("openai_chat"));
	struct chat_facts facts;
	struct frames frames;
	struct frame frame;
	struct error err = ERROR_INIT;

	chat_facts_init(&facts);
	frames_init(&frames, MAX_BYTES);
	frames_feed(&frames, text);
	assert(frames_next(&frames, &frame, &err) == FRAMES_EVENT);
	assert(d->read_frame(&frame, &facts, arena, &err));
	assert(facts.frame != FRAME_COMMENT);
	assert(frames_next(&frames, &frame, &err) == FRAMES_MORE);
	assert(!frames_finish(&frames, &frame));
	frames_release(&frames);
}
