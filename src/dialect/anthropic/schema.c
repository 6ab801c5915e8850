/*
 * schema.c - JSON schemas within what Anthropic takes.
 *
 * A schema that the answer, or a strict tool's input, must obey may use only
 * a part of JSON Schema; a request with more is refused with status 400. What
 * is beyond that part is left out and named. See
 * https://platform.claude.com/docs/en/build-with-claude/structured-outputs.
 */
#include "dialect/anthropic/anthropic.h"

struct cleaner {
	struct anthropic_translation *t;
	const char *path; /* how the client calls the schema */
	bool is_object;   /* of the schema that is being written */
	bool has_any_of;
};

/* How a keyword is written; false: it was left out, and that is a loss. */
struct keyword {
	struct str name;
	bool (*write)(struct cleaner *c, const struct json_member *member);
};

static bool write_as_is(struct cleaner *c, const struct json_member *member);
static bool write_schema(struct cleaner *c, const struct json_member *member);
static bool write_map(struct cleaner *c, const struct json_member *member);
static bool write_list(struct cleaner *c, const struct json_member *member);
static bool write_one_of(struct cleaner *c, const struct json_member *member);
static bool write_pattern(struct cleaner *c, const struct json_member *member);
static bool write_format(struct cleaner *c, const struct json_member *member);
static bool write_min_items(
	struct cleaner *c, const struct json_member *member);
static bool close_object(struct cleaner *c, const struct json_member *member);
static bool leave_out(struct cleaner *c, const struct json_member *member);

static const struct keyword keywords[] = {
	{ STR("type"), write_as_is },
	{ STR("title"), write_as_is },
	{ STR("description"), write_as_is },
	{ STR("default"), write_as_is },
	{ STR("enum"), write_as_is },
	{ STR("const"), write_as_is },
	{ STR("required"), write_as_is },
	{ STR("$ref"), write_as_is },
	{ STR("properties"), write_map },
	{ STR("$defs"), write_map },
	{ STR("definitions"), write_map },
	{ STR("items"), write_schema },
	{ STR("anyOf"), write_list },
	{ STR("allOf"), write_list },
	{ STR("oneOf"), write_one_of },
	{ STR("pattern"), write_pattern },
	{ STR("format"), write_format },
	{ STR("minItems"), write_min_items },
	{ STR("additionalProperties"), close_object },
	/* They say nothing about the answer. */
	{ STR("$schema"), leave_out },
	{ STR("$id"), leave_out },
	{ STR("$comment"), leave_out },
};

static void clean(struct cleaner *outer, struct json schema);
static bool is_of_object(struct json schema);
static void write_member(struct cleaner *c, const struct json_member *member);
static void write_name(struct cleaner *c, struct str name);
static void lose(struct cleaner *c, struct str name);

void anthropic_write_strict_schema(
	struct anthropic_translation *t, struct str schema, const char *path)
{
	struct cleaner c = { .t = t, .path = path };
	struct error ignored = ERROR_INIT;
	struct json value = { .type = JSON_TYPE_NONE };
	bool is_json = json_check(schema, JSON_MAX_DEPTH, &value, &ignored);

	assert(is_json);
	clean(&c, value);
}

/* What the input of a tool that is not strict may be: any schema of an object,
 * but for a choice at its top ("input_schema does not support oneOf, allOf, or
 * anyOf at the top level", the API says). */
void anthropic_write_input_schema(
	struct anthropic_translation *t, struct str schema, const char *path)
{
	static const struct str choices[] = { STR("oneOf"), STR("allOf"),
		STR("anyOf") };
	struct cleaner c = { .t = t, .path = path };
	struct error ignored = ERROR_INIT;
	struct json value = { .type = JSON_TYPE_NONE };
	struct json_cursor cursor;
	struct json_member member;
	bool is_json = !schema.p ||
		       json_check(schema, JSON_MAX_DEPTH, &value, &ignored);

	assert(is_json);
	json_begin_object(t->w);
	if (json_find(value, S("type")).type == JSON_TYPE_NONE)
		json_member_str(t->w, "type", S("object"));
	cursor = json_members(value);
	while (json_next(&cursor, &member)) {
		bool is_choice = false;

		for (size_t i = 0; i < ARRAY_LEN(choices); i++)
			is_choice |= json_name_is(member, choices[i]);
		if (is_choice)
			lose(&c, member.name);
		else
			write_as_is(&c, &member);
	}
	json_end_object(t->w);
}

/* `true` and other things that are no schema stay as they are. */
static void clean(struct cleaner *outer, struct json schema)
{
	struct json_cursor cursor = json_members(schema);
	struct cleaner c = { .t = outer->t, .path = outer->path };
	struct json_member member;

	if (schema.type != JSON_TYPE_OBJECT) {
		json_write_raw(c.t->w, schema.text);
		return;
	}
	c.is_object = is_of_object(schema);
	c.has_any_of = json_find(schema, S("anyOf")).type != JSON_TYPE_NONE;
	json_begin_object(c.t->w);
	while (json_next(&cursor, &member))
		write_member(&c, &member);
	/* Demanded of every object. */
	if (c.is_object)
		json_member_bool(c.t->w, "additionalProperties", false);
	json_end_object(c.t->w);
}

static bool is_of_object(struct json schema)
{
	return json_text_is(json_find(schema, S("type")), S("object")) ||
	       json_find(schema, S("properties")).type != JSON_TYPE_NONE ||
	       json_find(schema, S("additionalProperties")).type !=
		       JSON_TYPE_NONE;
}

static void write_member(struct cleaner *c, const struct json_member *member)
{
	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		if (!json_name_is(*member, keywords[i].name))
			continue;
		if (!keywords[i].write(c, member))
			lose(c, member->name);
		return;
	}
	lose(c, member->name);
}

static void lose(struct cleaner *c, struct str name)
{
	chat_losses_add(c->t->losses, "%s.%.*s", c->path, STR_ARG(name));
}

/* As json_name() does, of a name between its quotes as it stands. */
static void write_name(struct cleaner *c, struct str name)
{
	json_write_raw(c->t->w, (struct str){ name.p - 1, name.n + 2 });
	buf_append_char(c->t->w->out, ':');
	c->t->w->needs_comma = false;
}

static bool write_as_is(struct cleaner *c, const struct json_member *member)
{
	write_name(c, member->name);
	json_write_raw(c->t->w, member->value.text);
	return true;
}

static bool write_schema(struct cleaner *c, const struct json_member *member)
{
	if (member->value.type != JSON_TYPE_OBJECT)
		return false;
	write_name(c, member->name);
	clean(c, member->value);
	return true;
}

/* Schemas under names of the client's. */
static bool write_map(struct cleaner *c, const struct json_member *member)
{
	struct json_cursor cursor = json_members(member->value);
	struct json_member named;

	if (member->value.type != JSON_TYPE_OBJECT)
		return false;
	write_name(c, member->name);
	json_begin_object(c->t->w);
	while (json_next(&cursor, &named)) {
		write_name(c, named.name);
		clean(c, named.value);
	}
	json_end_object(c->t->w);
	return true;
}

static bool write_list(struct cleaner *c, const struct json_member *member)
{
	struct json_cursor cursor = json_members(member->value);
	struct json_member item;

	if (member->value.type != JSON_TYPE_ARRAY)
		return false;
	write_name(c, member->name);
	json_begin_array(c->t->w);
	while (json_next(&cursor, &item))
		clean(c, item.value);
	json_end_array(c->t->w);
	return true;
}

/* Whatever matches one matches any; only that no two match is not said. */
static bool write_one_of(struct cleaner *c, const struct json_member *member)
{
	struct json_member any_of = *member;

	if (c->has_any_of)
		return false;
	any_of.name = str_from(S("\"anyOf\""), 1);
	any_of.name.n--;
	return write_list(c, &any_of);
}

/* Regular expressions without looking around, references and word bounds. */
static bool write_pattern(struct cleaner *c, const struct json_member *member)
{
	struct str text = member->value.text; /* escapes doubled */

	for (size_t i = 0; i + 2 < text.n; i++) {
		char next = text.p[i + 2];

		if (text.p[i] == '(' && text.p[i + 1] == '?' && next != ':')
			return false;
		if (text.p[i] == '\\' && text.p[i + 1] == '\\' &&
			(next == 'b' || next == 'B' ||
				(next >= '1' && next <= '9')))
			return false;
	}
	return write_as_is(c, member);
}

static bool write_format(struct cleaner *c, const struct json_member *member)
{
	static const struct str formats[] = { STR("date-time"), STR("time"),
		STR("date"), STR("duration"), STR("email"), STR("hostname"),
		STR("uri"), STR("ipv4"), STR("ipv6"), STR("uuid") };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (json_text_is(member->value, formats[i]))
			return write_as_is(c, member);
	return false;
}

static bool write_min_items(struct cleaner *c, const struct json_member *member)
{
	int64_t count;

	return json_int(member->value, &count) && (count == 0 || count == 1) &&
	       write_as_is(c, member);
}

/* clean() says it of every object. */
static bool close_object(struct cleaner *c, const struct json_member *member)
{
	(void)c;
	return member->value.type == JSON_TYPE_FALSE;
}

static bool leave_out(struct cleaner *c, const struct json_member *member)
{
	(void)c;
	(void)member;
	return true;
}
