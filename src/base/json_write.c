/*
 * json_write.c - JSON into a buf. The one hard thing: text comes from
 * providers and clients, and whatever it holds, what leaves must be JSON.
 */
#include "base/json.h"

#include "base/json_text.h"

/* U+FFFD, what stands for bytes that are not UTF-8. */
#define REPLACEMENT S("\xef\xbf\xbd")

static void begin_value(struct json_writer *w);
static size_t append_special(struct buf *out, struct str rest);
static void append_escape(struct buf *out, char c);

void json_writer_init(struct json_writer *w, struct buf *out)
{
	*w = (struct json_writer){ .out = out, .needs_comma = false };
}

void json_begin_object(struct json_writer *w)
{
	begin_value(w);
	buf_append_char(w->out, '{');
	w->needs_comma = false;
}

void json_end_object(struct json_writer *w)
{
	buf_append_char(w->out, '}');
	w->needs_comma = true;
}

void json_begin_array(struct json_writer *w)
{
	begin_value(w);
	buf_append_char(w->out, '[');
	w->needs_comma = false;
}

void json_end_array(struct json_writer *w)
{
	buf_append_char(w->out, ']');
	w->needs_comma = true;
}

void json_name(struct json_writer *w, const char *name)
{
	begin_value(w);
	json_append_quoted(w->out, str_of(name));
	buf_append_char(w->out, ':');
	w->needs_comma = false;
}

void json_write_str(struct json_writer *w, struct str value)
{
	begin_value(w);
	json_append_quoted(w->out, value);
}

void json_write_int(struct json_writer *w, int64_t value)
{
	begin_value(w);
	buf_append_int(w->out, value);
}

void json_write_bool(struct json_writer *w, bool value)
{
	begin_value(w);
	buf_append(w->out, value ? S("true") : S("false"));
}

void json_write_null(struct json_writer *w)
{
	begin_value(w);
	buf_append(w->out, S("null"));
}

void json_write_raw(struct json_writer *w, struct str json)
{
	assert(json.n > 0);
	begin_value(w);
	buf_append(w->out, json);
}

void json_member_str(struct json_writer *w, const char *name, struct str value)
{
	json_name(w, name);
	json_write_str(w, value);
}

void json_member_int(struct json_writer *w, const char *name, int64_t value)
{
	json_name(w, name);
	json_write_int(w, value);
}

void json_member_bool(struct json_writer *w, const char *name, bool value)
{
	json_name(w, name);
	json_write_bool(w, value);
}

void json_member_null(struct json_writer *w, const char *name)
{
	json_name(w, name);
	json_write_null(w);
}

void json_member_raw(struct json_writer *w, const char *name, struct str json)
{
	json_name(w, name);
	json_write_raw(w, json);
}

void json_append_quoted(struct buf *out, struct str s)
{
	const char *p = s.p;
	const char *end = s.n ? p + s.n : p;

	buf_append_char(out, '"');
	while (p < end) {
		const char *stop = json_text_plain_end(p, end);

		buf_append(out, (struct str){ p, (size_t)(stop - p) });
		p = stop;
		if (p < end)
			p += append_special(
				out, (struct str){ p, (size_t)(end - p) });
	}
	buf_append_char(out, '"');
}

/* A value or a name: the comma before it, and the need of one after it. */
static void begin_value(struct json_writer *w)
{
	if (w->needs_comma)
		buf_append_char(w->out, ',');
	w->needs_comma = true;
}

/* What cannot stand for itself; returns how many bytes that were. */
static size_t append_special(struct buf *out, struct str rest)
{
	int n;

	if ((unsigned char)rest.p[0] < 0x80) {
		append_escape(out, rest.p[0]);
		return 1;
	}
	n = json_text_utf8(rest.p, rest.p + rest.n);
	if (n < 0)
		buf_append(out, REPLACEMENT);
	else
		buf_append(out, str_head(rest, (size_t)n));
	return (size_t)abs(n);
}

static void append_escape(struct buf *out, char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char kinds[] = "\"\\bfnrt";
	static const char meanings[] = "\"\\\b\f\n\r\t";
	const char *at = c ? strchr(meanings, c) : NULL;
	char escape[6] = { '\\', 'u', '0', '0', hex[(c >> 4) & 15],
		hex[c & 15] };

	if (at)
		escape[1] = kinds[at - meanings];
	buf_append(out, (struct str){ escape, at ? 2 : 6 });
}
