/*
 * frames.c - cuts a server-sent event stream into whole events.
 *
 * One pass looks for the blank line that ends an event, across feeds, and
 * remembers no more than whether the current line has bytes. A second one
 * reads the lines of the event once it is whole. The format is the one of the
 * HTML standard, section "Server-sent events".
 */
#include "dialect/frames.h"

static bool find_event_end(struct frames *frames, size_t *end);
static size_t next_line_end(struct frames *frames, size_t from);
static struct str take_input(struct frames *frames, size_t n);
static bool hold(struct frames *frames, struct str bytes);
static enum frames_state refuse(struct frames *frames, struct error *err);

static void read_event(
	struct frames *frames, struct str raw, struct frame *out);
static struct str take_line(struct str *rest);
static void read_line(
	struct frames *frames, struct str line, struct frame *out);
static void add_data(
	struct frames *frames, struct str value, struct frame *out);

void frames_init(struct frames *frames, size_t max_frame_bytes)
{
	*frames = (struct frames){ .max_frame_bytes = max_frame_bytes };
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
	struct str raw;
	size_t end;
	bool found;

	if (frames->held_was_given)
		buf_clear(&frames->held);
	frames->held_was_given = false;
	if (frames->failed)
		return refuse(frames, err);
	found = find_event_end(frames, &end);
	if (end > frames->max_frame_bytes - frames->held.n)
		return refuse(frames, err);
	raw = take_input(frames, end);
	if (found && frames->held.n == 0) {
		read_event(frames, raw, out);
		return FRAMES_EVENT;
	}
	if (!hold(frames, raw))
		return refuse(frames, err);
	if (!found)
		return FRAMES_MORE;
	frames->held_was_given = true;
	read_event(frames, buf_str(&frames->held), out);
	return FRAMES_EVENT;
}

bool frames_finish(struct frames *frames, struct frame *out)
{
	assert(frames->input.n == 0 || frames->failed);
	if (frames->held_was_given)
		buf_clear(&frames->held);
	if (frames->held.n == 0 || frames->failed)
		return false;
	frames->held_was_given = true;
	read_event(frames, buf_str(&frames->held), out);
	out->is_whole = false;
	return true;
}

/*
 * How many bytes of the input belong to the event; false when its end is not
 * among them (then it is all of them).
 */
static bool find_event_end(struct frames *frames, size_t *end)
{
	struct str input = frames->input;
	size_t at = 0;

	while (at < input.n) {
		size_t line_end;
		bool was_blank;

		if (frames->after_cr && input.p[at] == '\n') {
			/* The second half of a line end that counted. */
			frames->after_cr = false;
			at++;
			continue;
		}
		line_end = next_line_end(frames, at);
		if (line_end > at)
			frames->in_line = true;
		frames->after_cr = false;
		if (line_end == input.n)
			break;
		was_blank = !frames->in_line;
		frames->in_line = false;
		frames->after_cr = input.p[line_end] == '\r';
		at = line_end + 1;
		if (!was_blank)
			continue;
		if (frames->after_cr && at < input.n && input.p[at] == '\n') {
			frames->after_cr = false;
			at++;
		}
		*end = at;
		return true;
	}
	*end = input.n;
	return false;
}

/* The next CR or LF of the input; the CRs are looked for once a feed, because
 * most streams have none. */
static size_t next_line_end(struct frames *frames, size_t from)
{
	struct str rest = str_from(frames->input, from);
	size_t lf;

	if (frames->next_cr < from)
		frames->next_cr = from + str_index(rest, '\r');
	lf = str_index(str_head(rest, frames->next_cr - from), '\n');
	return from + lf;
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

static enum frames_state refuse(struct frames *frames, struct error *err)
{
	frames->failed = true;
	frames->input = S("");
	error_set(err, ERR_UPSTREAM_TOO_LARGE,
		"an event of the stream is larger than %zu bytes",
		frames->max_frame_bytes);
	return FRAMES_FAILED;
}

static void read_event(struct frames *frames, struct str raw, struct frame *out)
{
	struct str rest = raw;

	*out = (struct frame){ .raw = raw, .is_whole = true };
	if (!frames->began && str_starts(rest, S("\xef\xbb\xbf")))
		rest = str_from(rest, 3); /* the byte order mark */
	frames->began = true;
	while (rest.n > 0)
		read_line(frames, take_line(&rest), out);
}

/* The next line, without its end. */
static struct str take_line(struct str *rest)
{
	size_t lf = str_index(*rest, '\n');
	size_t end = str_index(str_head(*rest, lf), '\r');
	struct str line = str_head(*rest, end);
	bool is_crlf = end + 1 == lf && lf < rest->n;

	*rest = str_from(*rest, end + 1 + is_crlf);
	return line;
}

static void read_line(struct frames *frames, struct str line, struct frame *out)
{
	size_t colon = str_index(line, ':');
	struct str name = str_head(line, colon);
	struct str value = str_from(line, colon + 1);

	if (value.n > 0 && value.p[0] == ' ')
		value = str_from(value, 1);
	if (line.n > 0 && colon == 0)
		out->has_comment = true;
	else if (str_equal(name, S("data")))
		add_data(frames, value, out);
	else if (str_equal(name, S("event")))
		out->event = value;
}

/* One data line is a view of the event; a second one makes a copy. */
static void add_data(struct frames *frames, struct str value, struct frame *out)
{
	struct buf *joined = &frames->joined;

	if (!out->has_data) {
		out->has_data = true;
		out->data = value;
		return;
	}
	if (out->data.p != joined->p) {
		buf_clear(joined);
		buf_append(joined, out->data);
	}
	buf_append_char(joined, '\n');
	buf_append(joined, value);
	/* The lines are shorter than the event, which has the same limit. */
	assert(!joined->failed);
	out->data = buf_str(joined);
}
