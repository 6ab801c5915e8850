/*
 * declare.c - JSON schemas into TypeScript.
 */
#include "tokens/declare.h"

/* Deeper schemas are any. */
#define MAX_DEPTH 32

struct declaration {
	struct arena *arena;
	struct buf *out;
	bool *is_usual; /* of a form that is known */
};

static void declare_tool(
	const struct declaration *d, const struct token_tool *tool);
static bool is_described(struct json schema, unsigned depth);
static void on_lines(const struct declaration *d, struct json schema,
	size_t indent, unsigned depth);
static void on_one_line(
	const struct declaration *d, struct json schema, unsigned depth);
static void property(const struct declaration *d, struct json schema,
	struct json_member member);
static bool is_required(struct json schema, struct json_member member);
static void type(const struct declaration *d, struct json schema, bool one_line,
	size_t indent, unsigned depth);
static void type_named(const struct declaration *d, struct json schema,
	struct json name, bool one_line, size_t indent, unsigned depth);
static void either(const struct declaration *d, struct json schemas,
	bool one_line, size_t indent, unsigned depth);
static void words(const struct declaration *d, struct json values);
static void default_value(const struct declaration *d, struct json value);
static void comment(
	const struct declaration *d, struct json text, size_t indent);
static void comment_text(
	const struct declaration *d, struct str text, size_t indent);
static void spaces(const struct declaration *d, size_t count);

bool declare_tools(
	const struct token_chat *chat, struct arena *arena, struct buf *out)
{
	bool is_usual = true;
	const struct declaration d = { arena, out, &is_usual };

	buf_append(out, S("namespace functions {\n\n"));
	for (size_t i = 0; i < chat->tool_count; i++)
		if (chat->tools[i].other.type == JSON_TYPE_NONE)
			declare_tool(&d, &chat->tools[i]);
	buf_append(out, S("} // namespace functions"));
	return is_usual;
}

static void declare_tool(
	const struct declaration *d, const struct token_tool *tool)
{
	struct json properties = json_find(tool->parameters, S("properties"));

	comment_text(d, tool->description, 0);
	buf_append(d->out, S("type "));
	buf_append(d->out, tool->name);
	if (json_is_empty(properties)) {
		buf_append(d->out, S(" = () => any;\n\n"));
		return;
	}
	buf_append(d->out, S(" = (_: "));
	if (is_described(tool->parameters, 0))
		on_lines(d, tool->parameters, 0, 0);
	else
		on_one_line(d, tool->parameters, 0);
	buf_append(d->out, S(") => any;\n\n"));
}

/* Is there anything in it that only fits a line of its own? */
static bool is_described(struct json schema, unsigned depth)
{
	static const struct str notes[] = { STR("description"), STR("title"),
		STR("default") };
	struct json_cursor cursor =
		json_members(json_find(schema, S("properties")));
	struct json_member member;

	if (depth >= MAX_DEPTH)
		return false;
	if (depth == 0 && json_find(schema, notes[0]).type == JSON_TYPE_STRING)
		return true;
	while (json_next(&cursor, &member)) {
		for (size_t i = 0; i < ARRAY_LEN(notes); i++)
			if (json_find(member.value, notes[i]).type !=
				JSON_TYPE_NONE)
				return true;
		if (is_described(member.value, depth + 1) ||
			is_described(
				json_find(member.value, S("items")), depth + 1))
			return true;
	}
	return false;
}

static void on_lines(const struct declaration *d, struct json schema,
	size_t indent, unsigned depth)
{
	struct json_cursor cursor =
		json_members(json_find(schema, S("properties")));
	struct json_member member;

	if (depth == 0)
		comment(d, json_find(schema, S("description")), 0);
	buf_append(d->out, S("{\n"));
	while (json_next(&cursor, &member)) {
		struct json value = json_find(member.value, S("default"));

		comment(d, json_find(member.value, S("title")), indent);
		comment(d, json_find(member.value, S("description")), indent);
		spaces(d, indent);
		property(d, schema, member);
		type(d, member.value, false, indent, depth + 1);
		buf_append_char(d->out, ',');
		default_value(d, value);
		buf_append_char(d->out, '\n');
	}
	spaces(d, indent > 2 ? indent - 2 : 0);
	buf_append_char(d->out, '}');
}

static void on_one_line(
	const struct declaration *d, struct json schema, unsigned depth)
{
	struct json_cursor cursor =
		json_members(json_find(schema, S("properties")));
	struct json_member member;
	bool is_first = true;

	buf_append_char(d->out, '{');
	while (json_next(&cursor, &member)) {
		if (!is_first)
			buf_append(d->out, S(", "));
		is_first = false;
		property(d, schema, member);
		type(d, member.value, true, 0, depth + 1);
	}
	buf_append_char(d->out, '}');
}

static void property(const struct declaration *d, struct json schema,
	struct json_member member)
{
	buf_append(d->out, member.name);
	buf_append(d->out, is_required(schema, member) ? S(": ") : S("?: "));
}

static bool is_required(struct json schema, struct json_member member)
{
	struct json_cursor cursor =
		json_members(json_find(schema, S("required")));
	struct json_member name;

	while (json_next(&cursor, &name))
		if (name.value.type == JSON_TYPE_STRING &&
			name.value.text.n == member.name.n + 2 &&
			memcmp(name.value.text.p + 1, member.name.p,
				member.name.n) == 0)
			return true;
	return false;
}

static void type(const struct declaration *d, struct json schema, bool one_line,
	size_t indent, unsigned depth)
{
	struct json name = json_find(schema, S("type"));
	struct json values = json_find(schema, S("enum"));
	struct json any = json_find(schema, S("anyOf"));
	struct json_cursor cursor = json_members(name);
	struct json_member member;

	*d->is_usual &= depth < MAX_DEPTH && any.type == JSON_TYPE_NONE &&
			name.type == JSON_TYPE_STRING;
	if (depth >= MAX_DEPTH) {
		buf_append(d->out, S("any"));
	} else if (values.type == JSON_TYPE_ARRAY) {
		words(d, values);
	} else if (any.type == JSON_TYPE_ARRAY) {
		either(d, any, one_line, indent, depth);
	} else if (name.type == JSON_TYPE_ARRAY) {
		for (bool more = false; json_next(&cursor, &member);
			more = true) {
			buf_append(d->out, more ? S(" | ") : S(""));
			type_named(d, schema, member.value, one_line, indent,
				depth);
		}
	} else {
		type_named(d, schema, name, one_line, indent, depth);
	}
}

static void type_named(const struct declaration *d, struct json schema,
	struct json name, bool one_line, size_t indent, unsigned depth)
{
	static const struct {
		struct str name;
		struct str word;
	} plain[] = { { STR("string"), STR("string") },
		{ STR("boolean"), STR("boolean") },
		{ STR("null"), STR("null") }, { STR("number"), STR("number") },
		{ STR("integer"), STR("number") } };
	struct json items = json_find(schema, S("items"));

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (json_text_is(name, plain[i].name)) {
			buf_append(d->out, plain[i].word);
			return;
		}
	*d->is_usual &= json_text_is(name, S("array"));
	if (json_text_is(name, S("array"))) {
		type(d, items, one_line, indent, depth + 1);
		buf_append(d->out, S("[]"));
	} else if (!json_text_is(name, S("object"))) {
		buf_append(d->out, S("any"));
	} else if (json_is_empty(json_find(schema, S("properties")))) {
		buf_append(d->out, S("object"));
	} else if (one_line) {
		on_one_line(d, schema, depth);
	} else {
		on_lines(d, schema, indent + 2, depth);
	}
}

static void either(const struct declaration *d, struct json schemas,
	bool one_line, size_t indent, unsigned depth)
{
	struct json_cursor cursor = json_members(schemas);
	struct json_member member;

	for (bool more = false; json_next(&cursor, &member); more = true) {
		buf_append(d->out, more ? S(" | ") : S(""));
		type(d, member.value, one_line, indent, depth + 1);
	}
}

static void words(const struct declaration *d, struct json values)
{
	struct json_cursor cursor = json_members(values);
	struct json_member member;

	for (bool more = false; json_next(&cursor, &member); more = true) {
		buf_append(d->out, more ? S(" | ") : S(""));
		buf_append(d->out, member.value.text);
	}
}

static void default_value(const struct declaration *d, struct json value)
{
	struct str text;

	if (value.type == JSON_TYPE_NONE)
		return;
	*d->is_usual = false;
	buf_append(d->out, S(" // default: "));
	buf_append(
		d->out, json_text(value, d->arena, &text) ? text : value.text);
}

static void comment(
	const struct declaration *d, struct json text, size_t indent)
{
	struct str string;

	if (json_text(text, d->arena, &string))
		comment_text(d, string, indent);
}

/* Each of its lines, without the white space around it. */
static void comment_text(
	const struct declaration *d, struct str text, size_t indent)
{
	struct str rest = str_trim(text), line;

	while (str_next_field(&rest, '\n', &line)) {
		line = str_trim(line);
		spaces(d, indent);
		buf_append(d->out, line.n ? S("// ") : S("//"));
		buf_append(d->out, line);
		buf_append_char(d->out, '\n');
	}
}

static void spaces(const struct declaration *d, size_t count)
{
	while (count-- > 0)
		buf_append_char(d->out, ' ');
}

void declare_json(struct json value, bool no_titles, struct buf *out)
{
	struct json_cursor cursor = json_members(value);
	bool is_object = value.type == JSON_TYPE_OBJECT, more = false;
	struct json_member member;

	if (!is_object && value.type != JSON_TYPE_ARRAY) {
		buf_append(out, value.text);
		return;
	}
	buf_append_char(out, is_object ? '{' : '[');
	while (json_next(&cursor, &member)) {
		if (no_titles && is_object &&
			json_name_is(member, S("title")) &&
			member.value.type == JSON_TYPE_STRING)
			continue;
		if (more)
			buf_append_char(out, ',');
		more = true;
		if (is_object)
			buf_printf(out, "\"%.*s\":", STR_ARG(member.name));
		declare_json(member.value, no_titles, out);
	}
	buf_append_char(out, is_object ? '}' : ']');
}
