/*
 * frames_json.c - streams of JSON texts: one a line, or the items of one
 * array.
 *
 * Of an array no more is followed than braces and strings, for that is enough
 * to see where an item ends; whether it is JSON its reader finds. An object
 * outside of any array is an item like another: so an error comes that was
 * sent in place of the array.
 */
#include "dialect/framing.h"

static enum frames_state find_line_end(struct frames *frames, size_t *end);
static bool read_line(struct frames *frames, struct frame *out);
static enum frames_state find_item_end(struct frames *frames, size_t *end);
static bool step(struct frames *frames, char c);
static bool is_between(char c);
static bool read_item(struct frames *frames, struct frame *out);

const struct framing_row framing_json_lines = { find_line_end, read_line };
const struct framing_row framing_json_array = { find_item_end, read_item };

static enum frames_state find_line_end(struct frames *frames, size_t *end)
{
	size_t lf = str_index(frames->input, '\n');

	*end = lf;
	if (lf == frames->input.n)
		return FRAMES_MORE;
	*end = lf + 1;
	return FRAMES_EVENT;
}

static bool read_line(struct frames *frames, struct frame *out)
{
	(void)frames;
	out->data = str_trim(out->raw);
	out->has_data = out->data.n > 0;
	return true;
}

/* An item ends with its last brace; the bracket that closes the array is an
 * event without data, so that nothing of the stream waits. */
static enum frames_state find_item_end(struct frames *frames, size_t *end)
{
	struct str input = frames->input;

	for (size_t at = 0; at < input.n; at++) {
		char c = input.p[at];
		bool ends_item;

		if (frames->depth == 0 && !is_between(c) && c != '{') {
			frames->garbage = "the stream is not a JSON array of "
					  "objects";
			return FRAMES_FAILED;
		}
		ends_item = step(frames, c);
		if (!ends_item && (frames->depth > 0 || c != ']'))
			continue;
		*end = at + 1;
		return FRAMES_EVENT;
	}
	*end = input.n;
	return FRAMES_MORE;
}

/* True when this byte ends an item. */
static bool step(struct frames *frames, char c)
{
	if (frames->after_backslash) {
		frames->after_backslash = false;
	} else if (frames->in_string) {
		frames->after_backslash = c == '\\';
		frames->in_string = c != '"';
	} else if (c == '{') {
		frames->depth++;
	} else if (c == '}') {
		return --frames->depth == 0;
	} else {
		frames->in_string = c == '"';
	}
	return false;
}

/* What stands between items: it belongs to the raw of the next one. */
static bool is_between(char c)
{
	return c == '[' || c == ',' || c == ']' || c == ' ' || c == '\t' ||
	       c == '\n' || c == '\r';
}

static bool read_item(struct frames *frames, struct frame *out)
{
	struct str item = out->raw;

	(void)frames;
	while (item.n > 0 && is_between(item.p[0]))
		item = str_from(item, 1);
	out->data = item;
	out->has_data = item.n > 0;
	return true;
}
