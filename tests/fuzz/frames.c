/*
 * frames.c - any bytes as a stream of any framing, in any cuts.
 *
 * The first byte chooses the framing, the next two the size of the pieces.
 * However it is cut, the same events come out and all raw bytes together are
 * the input, up to where it is refused. Each server-sent event is read as the
 * relay reads it; one that is written anew is one event again, and all of
 * them written as another dialect's are a whole stream. Events of the other
 * framings are read in the fuzzers of their dialects.
 */
#include "dialect/dialect.h"

#define MAX_BYTES (64u << 20)
#define MAX_FRAME 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	enum framing framing;
	bool refused;
	struct buf raw;
	struct buf events;
	struct arena *arena;
	const struct dialect *dialect;
	struct chat_facts facts;
	void *reader;
	void *writer;           /* of events as they came */
	void *translator;       /* of another dialect's */
	struct buf translation; /* what it wrote */
	bool ended;
};

static void split(struct str stream, size_t piece, struct seen *seen);
static void begin_events(struct seen *seen);
static bool take(struct frames *frames, struct str piece, struct seen *seen);
static void note(struct seen *seen, const struct frame *frame);
static void try_facts(struct seen *seen, const struct frame *frame);
static void try_event(struct seen *seen, const struct frame *frame);
static void end_translation(struct seen *seen);
static void assert_stream(struct seen *seen);
static void assert_one_event(struct str text, struct arena *arena);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str stream = { (const char *)data, size };
	struct arena arena;
	struct seen whole, cut;
	size_t piece;

	if (size < 3 || size > MAX_FRAME)
		return 0;
	whole.framing = cut.framing = (enum framing)(data[0] % 4);
	piece = 1 + ((size_t)data[1] | (size_t)data[2] << 8) % 512;
	stream = str_from(stream, 3);
	arena_init(&arena, 4096);
	whole.arena = cut.arena = &arena;
	split(stream, stream.n, &whole);
	split(stream, piece, &cut);
	assert(whole.refused == cut.refused);
	assert(whole.refused || str_equal(buf_str(&whole.raw), stream));
	assert(str_starts(stream, buf_str(&whole.raw)));
	assert(str_equal(buf_str(&cut.raw), buf_str(&whole.raw)));
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
	begin_events(seen);
	seen->refused = false;
	frames_init(&frames, seen->framing, MAX_FRAME);
	while (stream.n > 0 && !seen->refused) {
		struct str next = str_head(stream, piece);
		/* Of its own, so that a view used too late is found. */
		char *copy = malloc(next.n);

		assert(copy);
		memcpy(copy, next.p, next.n);
		seen->refused =
			!take(&frames, (struct str){ copy, next.n }, seen);
		free(copy);
		stream = str_from(stream, next.n);
	}
	if (frames_finish(&frames, &frame)) {
		assert(!frame.is_whole);
		note(seen, &frame);
	}
	assert(!frames_finish(&frames, &frame));
	frames_release(&frames);
	end_translation(seen);
	assert_stream(seen);
	buf_release(&seen->translation);
}

static void begin_events(struct seen *seen)
{
	struct chat_start start = {
		.request_id = S("r"), .model = S("m"), .wants_usage = true
	};

	seen->reader = seen->dialect->reader_new(seen->arena);
	seen->writer = seen->dialect->writer_new(&start, seen->arena);
	seen->translator = seen->dialect->writer_new(&start, seen->arena);
	buf_init(&seen->translation, MAX_BYTES);
	seen->ended = false;
}

static bool take(struct frames *frames, struct str piece, struct seen *seen)
{
	struct error err = ERROR_INIT;
	struct frame frame;
	enum frames_state state;

	frames_feed(frames, piece);
	while ((state = frames_next(frames, &frame, &err)) == FRAMES_EVENT) {
		assert(frame.is_whole && frame.raw.n > 0);
		note(seen, &frame);
	}
	if (state == FRAMES_MORE)
		return true;
	assert(seen->framing >= FRAMING_JSON_ARRAY);
	assert(err.kind == ERR_UPSTREAM_GARBAGE ||
		err.kind == ERR_UPSTREAM_TOO_LARGE);
	return false;
}

static void note(struct seen *seen, const struct frame *frame)
{
	struct arena_mark mark = arena_mark(seen->arena);

	buf_append(&seen->raw, frame->raw);
	if (seen->framing == FRAMING_SSE) {
		try_facts(seen, frame);
		try_event(seen, frame);
	}
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
	facts_splice_frame(frame, &seen->facts, S("{\"a\":1}"), &splice);
	if (splice.count > 1 && frame->is_whole)
		assert_one_event(
			splice_join(&splice, seen->arena), seen->arena);
}

static void try_event(struct seen *seen, const struct frame *frame)
{
	struct buf out = BUF_INIT(MAX_BYTES);
	struct error err = ERROR_INIT;
	struct chat_event event;

	if (!seen->dialect->read_event(
		    frame, seen->reader, seen->arena, &event, &err))
		return;
	seen->dialect->write_event(&event, seen->writer, &out);
	assert(!out.failed);
	assert((event.kind == CHAT_EVENT_NOTHING) == (out.n == 0));
	if (out.n > 0)
		assert_one_event(buf_str(&out), seen->arena);
	buf_release(&out);
	if (seen->ended)
		return;
	event.delta.dialect = S("another");
	seen->dialect->write_event(
		&event, seen->translator, &seen->translation);
	seen->ended =
		event.kind == CHAT_EVENT_DONE || event.kind == CHAT_EVENT_ERROR;
}

/* The gateway says so when a provider does not. */
static void end_translation(struct seen *seen)
{
	struct chat_event done = { .kind = CHAT_EVENT_DONE };

	chat_response_init(&done.delta, S("another"));
	if (!seen->ended)
		seen->dialect->write_event(
			&done, seen->translator, &seen->translation);
	assert(!seen->translation.failed);
}

/* All of it is understood, and it ends with its last event. */
static void assert_stream(struct seen *seen)
{
	void *reader = seen->dialect->reader_new(seen->arena);
	struct error err = ERROR_INIT;
	enum frames_state state;
	struct frames frames;
	struct frame frame;
	bool ended = false;

	frames_init(&frames, FRAMING_SSE, MAX_BYTES);
	frames_feed(&frames, buf_str(&seen->translation));
	while ((state = frames_next(&frames, &frame, &err)) == FRAMES_EVENT) {
		struct chat_event event;

		assert(!ended);
		assert(seen->dialect->read_event(
			&frame, reader, seen->arena, &event, &err));
		assert(event.kind != CHAT_EVENT_NOTHING);
		ended = event.kind != CHAT_EVENT_DELTA;
	}
	assert(state == FRAMES_MORE && ended);
	assert(!frames_finish(&frames, &frame));
	frames_release(&frames);
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
	frames_init(&frames, FRAMING_SSE, MAX_BYTES);
	frames_feed(&frames, text);
	assert(frames_next(&frames, &frame, &err) == FRAMES_EVENT);
	assert(d->read_frame(&frame, &facts, arena, &err));
	assert(facts.frame != FRAME_COMMENT);
	assert(frames_next(&frames, &frame, &err) == FRAMES_MORE);
	assert(!frames_finish(&frames, &frame));
	frames_release(&frames);
}
