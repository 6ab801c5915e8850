/*
 * json_scan.c - checking JSON once, and walking what was checked.
 *
 * The one hard thing is speed without recursion: json_check() reads each byte
 * once and remembers of its ancestors only one bit each, array or object. The
 * walkers trust what was checked and step over values by looking for quotes
 * and brackets alone.
 */
#include "base/json.h"

#include <math.h>

#include "base/json_text.h"

#define MAX_NUMBER_BYTES 256

struct check {
	const char *start;
	const char *p;
	const char *end;
	unsigned depth;
	unsigned max_depth;
	struct error *err;
	/* One bit for each open container: set for an object. */
	uint64_t is_object[JSON_DEPTH_LIMIT / 64];
};

/* What can follow a number, true, false or null. */
static const bool ends_scalar[256] = {
	[' '] = true,
	['\t'] = true,
	['\n'] = true,
	['\r'] = true,
	[','] = true,
	[']'] = true,
	['}'] = true,
};

/* What a letter behind a backslash means, but 'u'; 0: nothing. */
static const char escapes[256] = {
	['"'] = '"',
	['\\'] = '\\',
	['/'] = '/',
	['b'] = '\b',
	['f'] = '\f',
	['n'] = '\n',
	['r'] = '\r',
	['t'] = '\t',
};

/* What is expected next. */
enum step { STEP_VALUE, STEP_AFTER_VALUE, STEP_DONE, STEP_FAILED };

static enum step check_value(struct check *c);
static enum step check_after_value(struct check *c);
static enum step check_open(struct check *c, bool is_object);
static enum step check_close(struct check *c);
static bool check_name(struct check *c);
static bool check_string(struct check *c);
static bool check_escape(struct check *c);
static bool check_utf8(struct check *c);
static bool check_number(struct check *c);
static bool check_digits(struct check *c, const char *expected);
static bool check_word(struct check *c, struct str word);
static bool fail_expected(struct check *c, const char *what);
static bool fail(struct check *c, const char *why);

static const char *skip_space(const char *p, const char *end);
static const char *value_end(const char *p, const char *end);
static const char *string_end(const char *p, const char *end);
static const char *container_end(const char *p, const char *end);
static const char *bracket_or_quote(const char *p, const char *end);
static enum json_type type_at(const char *p);

static struct str inside_quotes(struct json string);
static bool unescaped_is(struct str raw, struct str expected);
static struct str unescape(struct str raw, struct arena *arena);
static size_t take_escape(struct str *raw, char out[4]);
static unsigned take_code_unit(struct str *raw);
static size_t encode_utf8(unsigned code, char out[4]);

bool json_check(struct str text, unsigned max_depth, struct json *out,
	struct error *err)
{
	struct check c;
	enum step step = STEP_VALUE;
	const char *begin;
	const char *end;

	/* is_object[] is written before it is read: it need not be zeroed. */
	c.start = text.n ? text.p : "";
	c.end = c.start + text.n;
	c.p = begin = skip_space(c.start, c.end);
	c.depth = 0;
	c.max_depth =
		max_depth < JSON_DEPTH_LIMIT ? max_depth : JSON_DEPTH_LIMIT;
	c.err = err;
	while (step <= STEP_AFTER_VALUE)
		step = step == STEP_VALUE ? check_value(&c)
					  : check_after_value(&c);
	if (step == STEP_FAILED)
		return false;
	end = c.p;
	c.p = skip_space(c.p, c.end);
	if (c.p < c.end)
		return fail(&c, "there is more after the value");
	*out = (struct json){ type_at(begin),
		{ begin, (size_t)(end - begin) } };
	return true;
}

struct json_cursor json_members(struct json container)
{
	struct str text = container.text;

	if (container.type != JSON_TYPE_OBJECT &&
		container.type != JSON_TYPE_ARRAY)
		return (struct json_cursor){ NULL, NULL, false };
	return (struct json_cursor){
		.p = text.p + 1,
		.end = text.p + text.n - 1,
		.in_object = container.type == JSON_TYPE_OBJECT,
	};
}

bool json_next(struct json_cursor *cursor, struct json_member *out)
{
	const char *end = cursor->end;
	const char *p = skip_space(cursor->p, end);
	const char *value;

	if (p == end)
		return false;
	if (*p == ',')
		p = skip_space(p + 1, end);
	out->name = (struct str){ p, 0 };
	if (cursor->in_object) {
		assert(p < end && *p == '"');
		out->name.p = p + 1;
		p = string_end(p + 1, end);
		out->name.n = (size_t)(p - 1 - out->name.p);
		p = skip_space(p, end);
		assert(p < end && *p == ':');
		p = skip_space(p + 1, end);
	}
	value = p;
	p = value_end(p, end);
	out->value.type = type_at(value);
	out->value.text = (struct str){ value, (size_t)(p - value) };
	cursor->p = p;
	return true;
}

bool json_name_is(struct json_member member, struct str name)
{
	return unescaped_is(member.name, name);
}

struct json json_find(struct json object, struct str name)
{
	struct json_cursor cursor = json_members(object);
	struct json found = { JSON_TYPE_NONE, { NULL, 0 } };
	struct json_member member;

	while (cursor.in_object && json_next(&cursor, &member)) {
		if (json_name_is(member, name))
			found = member.value;
	}
	return found;
}

unsigned json_count(struct json object, struct str name)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;
	unsigned count = 0;

	while (cursor.in_object && json_next(&cursor, &member))
		count += json_name_is(member, name);
	return count;
}

size_t json_length(struct json container)
{
	struct json_cursor cursor = json_members(container);
	struct json_member member;
	size_t length = 0;

	while (json_next(&cursor, &member))
		length++;
	return length;
}

bool json_is_empty(struct json container)
{
	struct json_cursor cursor = json_members(container);

	return skip_space(cursor.p, cursor.end) == cursor.end;
}

bool json_text(struct json value, struct arena *arena, struct str *out)
{
	struct str raw;

	if (value.type != JSON_TYPE_STRING)
		return false;
	raw = inside_quotes(value);
	*out = str_index(raw, '\\') == raw.n ? raw : unescape(raw, arena);
	return true;
}

bool json_text_is(struct json value, struct str expected)
{
	return value.type == JSON_TYPE_STRING &&
	       unescaped_is(inside_quotes(value), expected);
}

bool json_int(struct json value, int64_t *out)
{
	return value.type == JSON_TYPE_NUMBER && str_to_int64(value.text, out);
}

bool json_double(struct json value, double *out)
{
	char digits[MAX_NUMBER_BYTES];
	double number;

	if (value.type != JSON_TYPE_NUMBER || value.text.n >= sizeof(digits))
		return false;
	memcpy(digits, value.text.p, value.text.n);
	digits[value.text.n] = '\0';
	number = strtod(digits, NULL);
	if (!isfinite(number))
		return false;
	*out = number;
	return true;
}

bool json_bool(struct json value, bool *out)
{
	if (value.type != JSON_TYPE_TRUE && value.type != JSON_TYPE_FALSE)
		return false;
	*out = value.type == JSON_TYPE_TRUE;
	return true;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_TYPE_NONE] = "nothing",
		[JSON_TYPE_NULL] = "null",
		[JSON_TYPE_FALSE] = "boolean",
		[JSON_TYPE_TRUE] = "boolean",
		[JSON_TYPE_NUMBER] = "number",
		[JSON_TYPE_STRING] = "string",
		[JSON_TYPE_ARRAY] = "array",
		[JSON_TYPE_OBJECT] = "object",
	};

	assert(type < ARRAY_LEN(names));
	return names[type];
}

static inline enum step check_value(struct check *c)
{
	bool ok;

	switch (c->p < c->end ? *c->p : '\0') {
	case '{': return check_open(c, true);
	case '[': return check_open(c, false);
	case '"': ok = check_string(c); break;
	case 't': ok = check_word(c, S("true")); break;
	case 'f': ok = check_word(c, S("false")); break;
	case 'n': ok = check_word(c, S("null")); break;
	default: ok = check_number(c); break;
	}
	return ok ? STEP_AFTER_VALUE : STEP_FAILED;
}

static inline enum step check_after_value(struct check *c)
{
	unsigned top = c->depth - 1;
	bool in_object;

	if (c->depth == 0)
		return STEP_DONE;
	c->p = skip_space(c->p, c->end);
	in_object = c->is_object[top / 64] >> (top % 64) & 1;
	if (c->p < c->end && *c->p == ',') {
		c->p = skip_space(c->p + 1, c->end);
		if (in_object && !check_name(c))
			return STEP_FAILED;
		return STEP_VALUE;
	}
	if (c->p < c->end && *c->p == (in_object ? '}' : ']'))
		return check_close(c);
	fail_expected(c, in_object ? "',' or '}'" : "',' or ']'");
	return STEP_FAILED;
}

static inline enum step check_open(struct check *c, bool is_object)
{
	uint64_t *bits = &c->is_object[c->depth / 64];
	uint64_t bit = UINT64_C(1) << (c->depth % 64);

	if (c->depth == c->max_depth) {
		error_refuse(c->err, ERR_TOO_DEEP, NULL,
			"The JSON is nested deeper than %u levels at byte %zu",
			c->max_depth, (size_t)(c->p - c->start));
		return STEP_FAILED;
	}
	*bits = is_object ? *bits | bit : *bits & ~bit;
	c->depth++;
	c->p = skip_space(c->p + 1, c->end);
	if (c->p < c->end && *c->p == (is_object ? '}' : ']'))
		return check_close(c);
	if (is_object && !check_name(c))
		return STEP_FAILED;
	return STEP_VALUE;
}

static inline enum step check_close(struct check *c)
{
	c->p++;
	c->depth--;
	return STEP_AFTER_VALUE;
}

static inline bool check_name(struct check *c)
{
	if (c->p == c->end || *c->p != '"')
		return fail_expected(c, "a name in quotes");
	if (!check_string(c))
		return false;
	c->p = skip_space(c->p, c->end);
	if (c->p == c->end || *c->p != ':')
		return fail_expected(c, "':'");
	c->p = skip_space(c->p + 1, c->end);
	return true;
}

static inline bool check_string(struct check *c)
{
	bool ok = true;

	c->p++;
	while (ok) {
		c->p = json_text_plain_end(c->p, c->end);
		if (c->p == c->end)
			return fail(c, "the string does not end");
		if (*c->p == '"') {
			c->p++;
			return true;
		}
		if (*c->p == '\\')
			ok = check_escape(c);
		else
			ok = check_utf8(c);
	}
	return false;
}

static inline bool check_escape(struct check *c)
{
	char kind = c->end - c->p > 1 ? c->p[1] : '\0';

	if (kind == 'u') {
		for (int i = 2; i < 6; i++) {
			if (c->end - c->p <= i ||
				!isxdigit((unsigned char)c->p[i]))
				return fail(c, "\\u needs four hex digits");
		}
		c->p += 6;
		return true;
	}
	if (escapes[(unsigned char)kind] == '\0')
		return fail(c, "there is no such escape");
	c->p += 2;
	return true;
}

/* Sequences that follow each other, as in text that is not Latin. */
static inline bool check_utf8(struct check *c)
{
	while (c->p < c->end && (unsigned char)*c->p >= 0x80) {
		int n = json_text_utf8(c->p, c->end);

		if (n < 0)
			return fail(c, "this is not UTF-8");
		c->p += n;
	}
	if (c->p < c->end && (unsigned char)*c->p < 0x20)
		return fail(c, "a control character must be escaped");
	return true;
}

static inline bool check_number(struct check *c)
{
	const char *begin = c->p;

	if (c->p < c->end && *c->p == '-')
		c->p++;
	if (c->p < c->end && *c->p == '0')
		c->p++;
	else if (!check_digits(c, c->p == begin ? "a value" : "a digit"))
		return false;
	if (c->p < c->end && *c->p == '.') {
		c->p++;
		if (!check_digits(c, "a digit"))
			return false;
	}
	if (c->p < c->end && (*c->p | 0x20) == 'e') {
		c->p++;
		if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
			c->p++;
		return check_digits(c, "a digit");
	}
	return true;
}

static inline bool check_digits(struct check *c, const char *expected)
{
	const char *begin = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return c->p > begin || fail_expected(c, expected);
}

static inline bool check_word(struct check *c, struct str word)
{
	struct str rest = { c->p, (size_t)(c->end - c->p) };

	if (!str_starts(rest, word))
		return fail_expected(c, "a value");
	c->p += word.n;
	return true;
}

static __attribute__((cold, noinline)) bool fail_expected(
	struct check *c, const char *what)
{
	return error_refuse(c->err, ERR_BAD_JSON, NULL,
		"The JSON is not valid at byte %zu: expected %s",
		(size_t)(c->p - c->start), what);
}

static __attribute__((cold, noinline)) bool fail(
	struct check *c, const char *why)
{
	return error_refuse(c->err, ERR_BAD_JSON, NULL,
		"The JSON is not valid at byte %zu: %s",
		(size_t)(c->p - c->start), why);
}

static inline const char *skip_space(const char *p, const char *end)
{
	/* Mostly there is none, and one comparison says so. */
	while (p < end && (unsigned char)*p <= ' ' &&
		(*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* The byte after the value at p. */
static inline const char *value_end(const char *p, const char *end)
{
	assert(p < end);
	if (*p == '"')
		return string_end(p + 1, end);
	if (*p == '{' || *p == '[')
		return container_end(p + 1, end);
	while (p < end && !ends_scalar[(unsigned char)*p])
		p++;
	return p;
}

/* The byte after the string whose content begins at p. */
static inline const char *string_end(const char *p, const char *end)
{
	for (;;) {
		p = json_text_quote(p, end);
		assert(p < end);
		if (*p == '"')
			return p + 1;
		p += 2;
	}
}

/* The byte after the container whose content begins at p. */
static const char *container_end(const char *p, const char *end)
{
	size_t depth = 1;

	while (depth > 0) {
		p = bracket_or_quote(p, end);
		assert(p < end);
		if (*p == '"') {
			p = string_end(p + 1, end);
			continue;
		}
		/* '{' and '[' are 2 below '}' and ']', in bit 1. */
		depth += (*p & 2) ? 1 : (size_t)-1;
		p++;
	}
	return p;
}

/* The first '"', '{', '}', '[' or ']' from p on. */
static inline const char *bracket_or_quote(const char *p, const char *end)
{
	while (p < end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}')
		p++;
	return p;
}

static inline enum json_type type_at(const char *p)
{
	switch (*p) {
	case '{': return JSON_TYPE_OBJECT;
	case '[': return JSON_TYPE_ARRAY;
	case '"': return JSON_TYPE_STRING;
	case 't': return JSON_TYPE_TRUE;
	case 'f': return JSON_TYPE_FALSE;
	case 'n': return JSON_TYPE_NULL;
	default: return JSON_TYPE_NUMBER;
	}
}

static struct str inside_quotes(struct json string)
{
	return (struct str){ string.text.p + 1, string.text.n - 2 };
}

static bool unescaped_is(struct str raw, struct str expected)
{
	/* A byte takes at most the six of "\u0041", and at least itself. */
	if (raw.n < expected.n || raw.n / 6 > expected.n)
		return false;
	while (raw.n > 0) {
		char bytes[4];
		size_t n = str_index(raw, '\\');

		if (!str_starts(expected, str_head(raw, n)))
			return false;
		expected = str_from(expected, n);
		raw = str_from(raw, n);
		if (raw.n == 0)
			break;
		n = take_escape(&raw, bytes);
		if (!str_starts(expected, (struct str){ bytes, n }))
			return false;
		expected = str_from(expected, n);
	}
	return expected.n == 0;
}

static struct str unescape(struct str raw, struct arena *arena)
{
	/* No escape becomes longer. */
	char *text = arena_alloc(arena, raw.n);
	size_t used = 0;

	while (raw.n > 0) {
		char bytes[4];
		size_t n = str_index(raw, '\\');

		memcpy(text + used, raw.p, n);
		used += n;
		raw = str_from(raw, n);
		if (raw.n == 0)
			break;
		n = take_escape(&raw, bytes);
		memcpy(text + used, bytes, n);
		used += n;
	}
	return (struct str){ text, used };
}

/* Cut one escape off raw and give the bytes it stands for. */
static size_t take_escape(struct str *raw, char out[4])
{
	char kind = raw->p[1];
	unsigned code;
	struct str rest;

	if (kind != 'u') {
		out[0] = escapes[(unsigned char)kind];
		assert(out[0] != '\0');
		*raw = str_from(*raw, 2);
		return 1;
	}
	code = take_code_unit(raw);
	if (code < 0xd800 || code > 0xdfff)
		return encode_utf8(code, out);
	rest = *raw;
	if (code < 0xdc00 && str_starts(rest, S("\\u"))) {
		unsigned low = take_code_unit(&rest);

		if (low >= 0xdc00 && low <= 0xdfff) {
			*raw = rest;
			return encode_utf8(0x10000 + ((code - 0xd800) << 10) +
						   (low - 0xdc00),
				out);
		}
	}
	return encode_utf8(0xfffd, out);
}

/* Cut "\uXXXX" off raw. */
static unsigned take_code_unit(struct str *raw)
{
	unsigned code = 0;

	assert(raw->n >= 6);
	for (int i = 2; i < 6; i++) {
		unsigned char digit = (unsigned char)raw->p[i];

		/* '0' is 0x30, 'A' is 0x41, 'a' is 0x61. */
		code = code << 4 | ((digit & 15u) + (digit >> 6) * 9u);
	}
	*raw = str_from(*raw, 6);
	return code;
}

static size_t encode_utf8(unsigned code, char out[4])
{
	static const unsigned char leads[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(leads[n] | code);
	return n;
}
