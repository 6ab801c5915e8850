/*
 * frames.c - cuts a stream into whole events: what is held from one feed to
 * the next, and for how long. Where an event ends, its framing says.
 */
#include "dialect/frames.h"

#include "dialect/framing.h"

static const struct framing_row *const framings[] = {
	[FRAMING_SSE] = &framing_sse,
	[FRAMING_JSON_LINES] = &framing_json_lines,
	[FRAMING_JSON_ARRAY] = &framing_json_array,
	[FRAMING_AWS] = &framing_aws,
};

static const struct {
	struct str type;
	enum framing framing;
} stream_types[] = {
	{ STR("text/event-stream"), FRAMING_SSE },
	{ STR("application/x-ndjson"), FRAMING_JSON_LINES },
	{ STR("application/jsonl"), FRAMING_JSON_LINES },
	{ STR("application/vnd.amazon.eventstream"), FRAMING_AWS },
};

static struct str take_input(struct frames *frames, size_t n);
static bool hold(struct frames *frames, struct str bytes);
static void forget_given(struct frames *frames);
static bool read_event(struct frames *frames, struct str raw, bool is_whole,
	struct frame *out);
static enum frames_state refuse(struct frames *frames, struct error *err);

bool framing_of(struct str content_type, enum framing *out)
{
	struct str type =
		str_trim(str_head(content_type, str_index(content_type, ';')));

	for (size_t i = 0; i < ARRAY_LEN(stream_types); i++) {
		if (!str_equal_nocase(type, stream_types[i].type))
			continue;
		*out = stream_types[i].framing;
		return true;
	}
	return false;
}

void frames_init(
	struct frames *frames, enum framing framing, size_t max_frame_bytes)
{
	*frames = (struct frames){ .framing = framing,
		.max_frame_bytes = max_frame_bytes };
	buf_init(&frames->held, max_frame_bytes);
	buf_init(&frames->joined, max_frame_bytes);
}

void frames_release(struct frames *frames)
{
	buf_release(&frames->held);
	buf_release(&frames->joined);
}

void frames_feed(struct frames *frames, struct str bytes)
{
	assert(frames->input.n == 0 || frames->failed);
	frames->input = bytes;
	frames->next_cr = str_index(bytes, '\r');
}

enum frames_state frames_next(
	struct frames *frames, struct frame *out, struct error *err)
{
	enum frames_state state;
	struct str raw;
	size_t end;

	forget_given(frames);
	if (frames->failed)
		return refuse(frames, err);
	state = framings[frames->framing]->find_end(frames, &end);
	if (state == FRAMES_FAILED ||
		end > frames->max_frame_bytes - frames->held.n)
		return refuse(frames, err);
	raw = take_input(frames, end);
	if (state == FRAMES_MORE || frames->held.n > 0) {
		if (!hold(frames, raw))
			return refuse(frames, err);
		raw = buf_str(&frames->held);
	}
	if (state == FRAMES_MORE)
		return FRAMES_MORE;
	frames->held_was_given = frames->held.n > 0;
	if (!read_event(frames, raw, true, out))
		return refuse(frames, err);
	return FRAMES_EVENT;
}

bool frames_finish(struct frames *frames, struct frame *out)
{
	assert(frames->input.n == 0 || frames->failed);
	forget_given(frames);
	if (frames->held.n == 0 || frames->failed)
		return false;
	frames->held_was_given = true;
	return read_event(frames, buf_str(&frames->held), false, out);
}

static void forget_given(struct frames *frames)
{
	if (frames->held_was_given)
		buf_clear(&frames->held);
	frames->held_was_given = false;
}

static struct str take_input(struct frames *frames, size_t n)
{
	struct str taken = str_head(frames->input, n);

	frames->input = str_from(frames->input, n);
	/* Where a CR lies before the cut, it is looked for anew. */
	frames->next_cr = frames->next_cr >= n ? frames->next_cr - n
					       : str_index(frames->input, '\r');
	return taken;
}

static bool hold(struct frames *frames, struct str bytes)
{
	buf_append(&frames->held, bytes);
	return !frames->held.failed;
}

static bool read_event(
	struct frames *frames, struct str raw, bool is_whole, struct frame *out)
{
	*out = (struct frame){ .raw = raw, .is_whole = is_whole };
	return framings[frames->framing]->read(frames, out);
}

static enum frames_state refuse(struct frames *frames, struct error *err)
{
	frames->failed = true;
	frames->input = S("");
	if (frames->garbage)
		error_set(err, ERR_UPSTREAM_GARBAGE, "%s", frames->garbage);
	else
		error_set(err, ERR_UPSTREAM_TOO_LARGE,
			"an event of the stream is larger than %zu bytes",
			frames->max_frame_bytes);
	return FRAMES_FAILED;
}
