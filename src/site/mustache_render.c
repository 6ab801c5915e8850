/*
 * mustache_render.c - filling a template.
 *
 * Indentation is the hard thing: it goes before each line of a template that
 * is put in as a whole, and not before lines of the data. So what was written
 * last is remembered as far as it came from a template (at_line_start), and
 * the indentation is written when the first thing of a line is.
 */
#include "site/mustache_step.h"

/* Lists and objects that names are looked up in. */
#define MAX_CONTEXTS (MUSTACHE_MAX_DEPTH + 8)
#define MAX_INDENT_BYTES 1024

/* The blocks of a {{<parent}} tag; those of the outer ones win. */
struct overrides {
	const struct mustache *template;
	size_t parent; /* its step */
	const struct overrides *outer;
};

struct rendering {
	mustache_find *find;
	void *owner;
	struct buf *out;
	json_t *contexts[MAX_CONTEXTS];
	size_t context_count;
	const struct overrides *overrides; /* newest first */
	char indent[MAX_INDENT_BYTES];
	size_t indent_bytes;
	bool at_line_start; /* of a line of a template */
	unsigned depth;
	unsigned steps;
	struct error *err;
};

static bool render_steps(struct rendering *r, const struct mustache *template,
	size_t from, size_t to);
static bool render_step(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static bool render_body(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static bool render_section(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static bool render_partial(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static bool render_block(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static const struct overrides *find_override(
	const struct rendering *r, struct str name, size_t *block);
static bool enter(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static bool push_indent(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step);
static json_t *look_up(
	const struct rendering *r, const struct mustache_step *step);
static bool is_false(const json_t *value);
static void write_text(struct rendering *r, struct str text);
static void write_indent(struct rendering *r);
static void write_value(struct rendering *r, const json_t *value, bool raw);
static void write_real(struct buf *out, double value);
static void write_escaped(struct buf *out, struct str text);
static bool refuse(const struct rendering *r, enum error_kind kind,
	const struct mustache *template, const struct mustache_step *step,
	const char *why);

bool mustache_render(const struct mustache *template, mustache_find *find,
	void *owner, json_t *const *contexts, size_t count, struct buf *out,
	struct error *err)
{
	struct rendering r = {
		.find = find,
		.owner = owner,
		.out = out,
		.context_count = count,
		.at_line_start = true,
		.err = err,
	};

	assert(count <= MAX_CONTEXTS - MUSTACHE_MAX_DEPTH);
	if (count > 0)
		memcpy(r.contexts, contexts, count * sizeof(*contexts));
	if (!render_steps(&r, template, 0, template->count))
		return false;
	return !out->failed ||
	       error_refuse(err, ERR_TOO_LARGE, NULL,
		       "%.*s: the result is larger than %zu bytes",
		       STR_ARG(template->name), out->max);
}

static bool render_steps(struct rendering *r, const struct mustache *template,
	size_t from, size_t to)
{
	const struct mustache_step *step;

	for (size_t i = from; i < to; i = step->end) {
		step = &template->steps[i];
		if (!render_step(r, template, step))
			return false;
	}
	return true;
}

static bool render_step(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	if (++r->steps > MUSTACHE_MAX_STEPS)
		return refuse(r, ERR_TOO_LARGE, template, step,
			"this takes too many steps to render");
	if (r->out->failed)
		return refuse(r, ERR_TOO_LARGE, template, step,
			"the result is too large");
	switch (step->kind) {
	case MUSTACHE_TEXT: write_text(r, step->text); return true;
	case MUSTACHE_VALUE: write_value(r, look_up(r, step), false); break;
	case MUSTACHE_RAW: write_value(r, look_up(r, step), true); break;
	case MUSTACHE_SECTION: return render_section(r, template, step);
	case MUSTACHE_INVERTED:
		if (is_false(look_up(r, step)))
			return render_body(r, template, step);
		break;
	case MUSTACHE_PARTIAL:
	case MUSTACHE_PARENT: return render_partial(r, template, step);
	case MUSTACHE_BLOCK: return render_block(r, template, step);
	}
	return true;
}

/* What is between a tag and its end. */
static bool render_body(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	size_t at = (size_t)(step - template->steps);
	bool ok;

	if (!enter(r, template, step))
		return false;
	ok = render_steps(r, template, at + 1, step->end);
	r->depth--;
	return ok;
}

static bool render_section(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	json_t *value = look_up(r, step);
	bool ok = true;

	if (is_false(value))
		return true;
	r->contexts[r->context_count++] = value;
	if (!json_is_array(value)) {
		ok = render_body(r, template, step);
	} else {
		for (size_t i = 0; ok && i < json_array_size(value); i++) {
			r->contexts[r->context_count - 1] =
				json_array_get(value, i);
			ok = render_body(r, template, step);
		}
	}
	r->context_count--;
	return ok;
}

/* A partial, and a parent, which is one whose blocks may be replaced. */
static bool render_partial(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	const struct overrides *before = r->overrides;
	struct overrides mine = { template, (size_t)(step - template->steps),
		before };
	struct str name = step->text;
	size_t indent_bytes = r->indent_bytes;
	const struct mustache *partial;
	bool ok;

	if (step->is_dynamic) {
		json_t *value = look_up(r, step);

		name = (struct str){ json_string_value(value),
			json_string_length(value) };
	}
	partial = r->find(r->owner, name);
	if (!step->is_alone && r->at_line_start)
		write_indent(r);
	if (!partial)
		return true;
	if (!enter(r, template, step))
		return false;
	if (!step->is_alone)
		r->indent_bytes = 0;
	else if (!push_indent(r, template, step))
		return false;
	if (step->kind == MUSTACHE_PARENT)
		r->overrides = &mine;
	ok = render_steps(r, partial, 0, partial->count);
	r->overrides = before;
	r->indent_bytes = indent_bytes;
	r->at_line_start = step->is_alone;
	r->depth--;
	return ok;
}

/* The content of the outermost parent tag that has this block, else its own. */
static bool render_block(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	const struct overrides *before = r->overrides;
	size_t indent_bytes = r->indent_bytes;
	size_t block;
	const struct overrides *found = find_override(r, step->text, &block);
	bool ok;

	if (!push_indent(r, template, step))
		return false;
	if (found) {
		/* It was written in the template that has the parent tag: what
		 * may be replaced in there, may be in it. */
		r->overrides = found->outer;
		ok = render_body(
			r, found->template, &found->template->steps[block]);
		r->overrides = before;
	} else {
		ok = render_body(r, template, step);
	}
	r->indent_bytes = indent_bytes;
	return ok;
}

static const struct overrides *find_override(
	const struct rendering *r, struct str name, size_t *block)
{
	const struct overrides *found = NULL;

	for (const struct overrides *o = r->overrides; o; o = o->outer) {
		const struct mustache_step *steps = o->template->steps;
		size_t end = steps[o->parent].end;

		for (size_t i = o->parent + 1; i < end; i = steps[i].end) {
			if (!str_equal(steps[i].text, name))
				continue;
			found = o;
			*block = i;
			break;
		}
	}
	return found;
}

static bool enter(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	if (r->depth >= MUSTACHE_MAX_DEPTH)
		return refuse(r, ERR_TOO_DEEP, template, step,
			"sections and partials nest too deeply");
	r->depth++;
	return true;
}

static bool push_indent(struct rendering *r, const struct mustache *template,
	const struct mustache_step *step)
{
	if (step->indent.n > MAX_INDENT_BYTES - r->indent_bytes)
		return refuse(r, ERR_TOO_DEEP, template, step,
			"this is indented too far");
	if (step->indent.n > 0)
		memcpy(r->indent + r->indent_bytes, step->indent.p,
			step->indent.n);
	r->indent_bytes += step->indent.n;
	return true;
}

static json_t *look_up(
	const struct rendering *r, const struct mustache_step *step)
{
	json_t *value = NULL;

	if (step->path_length == 0)
		return r->context_count ? r->contexts[r->context_count - 1]
					: NULL;
	for (size_t i = r->context_count; i-- > 0 && !value;)
		value = json_object_getn(
			r->contexts[i], step->path[0].p, step->path[0].n);
	for (size_t i = 1; i < step->path_length && value; i++)
		value = json_object_getn(
			value, step->path[i].p, step->path[i].n);
	return value;
}

static bool is_false(const json_t *value)
{
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE: return true;
	case JSON_TRUE:
	case JSON_OBJECT: return false;
	case JSON_ARRAY: return json_array_size(value) == 0;
	case JSON_STRING: return json_string_length(value) == 0;
	case JSON_INTEGER: return json_integer_value(value) == 0;
	case JSON_REAL: return !(json_real_value(value) != 0.0);
	}
	abort();
}

static void write_text(struct rendering *r, struct str text)
{
	if (text.n == 0)
		return;
	if (r->indent_bytes == 0) {
		buf_append(r->out, text);
	} else {
		for (struct str rest = text; rest.n > 0;) {
			size_t line = str_index(rest, '\n');

			if (line < rest.n)
				line++;
			if (r->at_line_start)
				write_indent(r);
			buf_append(r->out, str_head(rest, line));
			rest = str_from(rest, line);
			r->at_line_start = true;
		}
	}
	r->at_line_start = text.p[text.n - 1] == '\n';
}

static void write_indent(struct rendering *r)
{
	buf_append(r->out, (struct str){ r->indent, r->indent_bytes });
	r->at_line_start = false;
}

static void write_value(struct rendering *r, const json_t *value, bool raw)
{
	struct str text;

	if (r->at_line_start)
		write_indent(r);
	switch (value ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING:
		text = (struct str){ json_string_value(value),
			json_string_length(value) };
		if (raw)
			buf_append(r->out, text);
		else
			write_escaped(r->out, text);
		break;
	case JSON_INTEGER:
		buf_append_int(r->out, json_integer_value(value));
		break;
	case JSON_REAL: write_real(r->out, json_real_value(value)); break;
	case JSON_TRUE: buf_append(r->out, S("true")); break;
	case JSON_FALSE: buf_append(r->out, S("false")); break;
	case JSON_NULL:
	case JSON_ARRAY:
	case JSON_OBJECT: break;
	}
}

/* The shortest text that is this number again. */
static void write_real(struct buf *out, double value)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (!(strtod(text, NULL) < value) &&
			!(strtod(text, NULL) > value))
			break;
	}
	buf_append(out, str_of(text));
}

static void write_escaped(struct buf *out, struct str text)
{
	static const struct str names[256] = {
		['&'] = STR("&amp;"),
		['<'] = STR("&lt;"),
		['>'] = STR("&gt;"),
		['"'] = STR("&quot;"),
		['\''] = STR("&#39;"),
	};
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		const struct str *name = &names[(unsigned char)text.p[i]];

		if (name->n == 0)
			continue;
		buf_append(out, (struct str){ text.p + from, i - from });
		buf_append(out, *name);
		from = i + 1;
	}
	buf_append(out, str_from(text, from));
}

static bool refuse(const struct rendering *r, enum error_kind kind,
	const struct mustache *template, const struct mustache_step *step,
	const char *why)
{
	return error_refuse(r->err, kind, NULL, "%.*s:%u: %s",
		STR_ARG(template->name), step->line, why);
}
