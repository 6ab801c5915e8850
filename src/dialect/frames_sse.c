/*
 * frames_sse.c - server-sent events.
 *
 * One pass looks for the blank line that ends an event, across feeds, and
 * remembers no more than whether the current line has bytes. A second one
 * reads the lines of the event once it is whole. The format is the one of the
 * HTML standard, section "Server-sent events".
 */
#include "dialect/framing.h"

static enum frames_state find_end(struct frames *frames, size_t *end);
static size_t next_line_end(struct frames *frames, size_t from);
static bool read_event(struct frames *frames, struct frame *out);
static struct str take_line(struct str *rest);
static void read_line(
	struct frames *frames, struct str line, struct frame *out);
static void add_data(
	struct frames *frames, struct str value, struct frame *out);

const struct framing_row framing_sse = { find_end, read_event };

static enum frames_state find_end(struct frames *frames, size_t *end)
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
		return FRAMES_EVENT;
	}
	*end = input.n;
	return FRAMES_MORE;
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

static bool read_event(struct frames *frames, struct frame *out)
{
	struct str rest = out->raw;

	if (!frames->began && str_starts(rest, S("\xef\xbb\xbf")))
		rest = str_from(rest, 3); /* the byte order mark */
	frames->began = true;
	while (rest.n > 0)
		read_line(frames, take_line(&rest), out);
	return true;
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
