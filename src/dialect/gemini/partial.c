/*
 * partial.c - arguments that come value by value, as JSON text.
 *
 * Vertex AI's streamFunctionCallArguments sends {"jsonPath": "$.a.b[0]",
 * "stringValue": "x", "willContinue": true}; a string may go on in the next
 * value of the same path, and values come in the order of the text. So the
 * path of the last value says which objects and arrays are open, and of these
 * stay open those that the next path goes through as well.
 *
 * A path is kept as it stands between the quotes of its JSON string: its names
 * can be written as they are.
 */
#include "dialect/gemini/gemini.h"

#define MAX_PATH_BYTES 4096
#define MAX_STEPS 64

/* ".name", "['name']" or "[0]": what leads from an object or array to
 * something in it. */
struct step {
	bool is_index;
	struct str name;
};

struct path {
	struct step steps[MAX_STEPS];
	size_t count;
};

static bool read_path(struct str text, struct path *out);
static bool next_step(struct str *text, struct step *out);
static bool next_index(struct str *text, struct step *out);
static bool next_quoted(
	struct str *text, struct str begin, struct str end, struct step *out);
static bool is_same(const struct step *a, const struct step *b);
static bool move(
	struct gemini_partial *partial, struct str text, struct buf *out);
static void close_steps(const struct path *path, size_t from, struct buf *out);
static void open_step(const struct step *step, bool begins, struct buf *out);
static void append_value(
	struct gemini_partial *partial, struct json value, struct buf *out);
static void append_inside(struct json string, struct buf *out);
static void end_string(struct gemini_partial *partial, struct buf *out);

void gemini_partial_add(
	struct gemini_partial *partial, struct json value, struct buf *out)
{
	struct json path = gemini_find(value, "jsonPath");
	struct json string = gemini_find(value, "stringValue");
	struct str text = path.text;

	if (path.type != JSON_TYPE_STRING || text.n < 4 || text.p[1] != '$')
		return;
	text = (struct str){ text.p + 2, text.n - 3 };
	if (partial->in_string && str_equal(text, buf_str(&partial->path))) {
		append_inside(string, out);
	} else {
		if (!move(partial, text, out))
			return;
		append_value(partial, value, out);
	}
	if (gemini_find(value, "willContinue").type != JSON_TYPE_TRUE)
		end_string(partial, out);
}

void gemini_partial_end(struct gemini_partial *partial, struct buf *out)
{
	struct path path;

	end_string(partial, out);
	if (partial->path.n == 0)
		buf_append(out, S("{}"));
	else if (read_path(buf_str(&partial->path), &path))
		close_steps(&path, 0, out);
	buf_clear(&partial->path);
}

/* From the last value to where the next one begins. False: that place is not
 * in what has been written. */
static bool move(
	struct gemini_partial *partial, struct str text, struct buf *out)
{
	struct path last = { .count = 0 }, next;
	bool begins = partial->path.n == 0;
	size_t common = 0;

	if (!read_path(text, &next))
		return false;
	if (!begins && !read_path(buf_str(&partial->path), &last))
		return false;
	/* The last step is the value itself. */
	while (common + 1 < last.count && common + 1 < next.count &&
		is_same(&last.steps[common], &next.steps[common]))
		common++;
	if (!begins &&
		last.steps[common].is_index != next.steps[common].is_index)
		return false;
	end_string(partial, out);
	if (!begins) {
		close_steps(&last, common + 1, out);
		buf_append_char(out, ',');
	}
	for (size_t i = common; i < next.count; i++)
		open_step(&next.steps[i], begins || i > common, out);
	buf_clear(&partial->path);
	buf_append(&partial->path, text);
	return true;
}

static bool read_path(struct str text, struct path *out)
{
	out->count = 0;
	if (text.n == 0 || text.n > MAX_PATH_BYTES)
		return false;
	while (text.n > 0) {
		if (out->count == MAX_STEPS ||
			!next_step(&text, &out->steps[out->count]))
			return false;
		out->count++;
	}
	return true;
}

static bool next_step(struct str *text, struct step *out)
{
	size_t n = 1;

	if (text->p[0] == '[')
		return next_quoted(text, S("['"), S("']"), out) ||
		       next_quoted(text, S("[\\\""), S("\\\"]"), out) ||
		       next_index(text, out);
	if (text->p[0] != '.')
		return false;
	while (n < text->n && text->p[n] != '.' && text->p[n] != '[')
		n++;
	*out = (struct step){ false, { text->p + 1, n - 1 } };
	*text = str_from(*text, n);
	return out->name.n > 0;
}

static bool next_quoted(
	struct str *text, struct str begin, struct str end, struct step *out)
{
	struct str name = str_from(*text, begin.n);
	size_t n = str_find(name, end);

	if (!str_starts(*text, begin) || n == name.n)
		return false;
	*out = (struct step){ false, str_head(name, n) };
	*text = str_from(name, n + end.n);
	return true;
}

static bool next_index(struct str *text, struct step *out)
{
	struct str inside = str_from(*text, 1);
	size_t n = str_index(inside, ']');
	int64_t index;

	*out = (struct step){ true, str_head(inside, n) };
	*text = str_from(inside, n + 1);
	return n < inside.n && str_to_int64_in(out->name, 0, INT32_MAX, &index);
}

static bool is_same(const struct step *a, const struct step *b)
{
	return a->is_index == b->is_index && str_equal(a->name, b->name);
}

static void close_steps(const struct path *path, size_t from, struct buf *out)
{
	for (size_t i = path->count; i-- > from;)
		buf_append_char(out, path->steps[i].is_index ? ']' : '}');
}

static void open_step(const struct step *step, bool begins, struct buf *out)
{
	if (begins)
		buf_append_char(out, step->is_index ? '[' : '{');
	if (step->is_index)
		return;
	buf_append_char(out, '"');
	buf_append(out, step->name);
	buf_append(out, S("\":"));
}

static void append_value(
	struct gemini_partial *partial, struct json value, struct buf *out)
{
	struct json string = gemini_find(value, "stringValue");
	struct json number = gemini_find(value, "numberValue");
	struct json flag = gemini_find(value, "boolValue");

	if (string.type == JSON_TYPE_STRING) {
		buf_append_char(out, '"');
		partial->in_string = true;
		append_inside(string, out);
	} else if (number.type == JSON_TYPE_NUMBER) {
		buf_append(out, number.text);
	} else if (flag.type == JSON_TYPE_TRUE ||
		   flag.type == JSON_TYPE_FALSE) {
		buf_append(out, flag.text);
	} else {
		buf_append(out, S("null"));
	}
}

static void append_inside(struct json string, struct buf *out)
{
	if (string.type == JSON_TYPE_STRING)
		buf_append(out,
			(struct str){ string.text.p + 1, string.text.n - 2 });
}

static void end_string(struct gemini_partial *partial, struct buf *out)
{
	if (partial->in_string)
		buf_append_char(out, '"');
	partial->in_string = false;
}
