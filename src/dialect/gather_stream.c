/*
 * gather_stream.c - the bytes of a stream, cut, read and gathered.
 */
#include "dialect/gather.h"

static bool read_frame(struct gather *gather, const struct dialect *dialect,
	const struct frame *frame, void *reader, struct arena *arena,
	struct error *err);
static void keep_data(struct frame *frame, struct arena *arena);

bool gather_stream(const struct dialect *dialect, enum framing framing,
	struct str bytes, struct arena *arena, struct chat_response *out,
	struct error *err)
{
	struct gather *gather = gather_new(arena);
	void *reader = dialect->reader_new ? dialect->reader_new(arena) : NULL;
	struct frames frames;
	struct frame frame;
	enum frames_state state;
	bool ok = true;

	frames_init(&frames, framing, bytes.n + 1);
	frames_feed(&frames, bytes);
	while (ok && (state = frames_next(&frames, &frame, err)) != FRAMES_MORE)
		ok = state == FRAMES_EVENT &&
		     read_frame(gather, dialect, &frame, reader, arena, err);
	if (ok && frames_finish(&frames, &frame))
		ok = read_frame(gather, dialect, &frame, reader, arena, err);
	frames_release(&frames);
	return ok && gather_finish(gather, out, err);
}

static bool read_frame(struct gather *gather, const struct dialect *dialect,
	const struct frame *frame, void *reader, struct arena *arena,
	struct error *err)
{
	struct frame kept = *frame;
	struct chat_event event;

	keep_data(&kept, arena);
	if (!dialect->read_event(&kept, reader, arena, &event, err))
		return false;
	gather_add(gather, &event);
	return true;
}

/* What the cutter of frames has joined itself, it will use again. */
static void keep_data(struct frame *frame, struct arena *arena)
{
	frame->raw = arena_copy(arena, frame->raw);
	frame->data = arena_copy(arena, frame->data);
	frame->event = arena_copy(arena, frame->event);
}
