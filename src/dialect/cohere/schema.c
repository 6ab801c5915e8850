/*
 * schema.c - a JSON schema without the keywords that Cohere lists as
 * not supported: https://docs.cohere.com/docs/structured-outputs, "Unsupported
 * schema features".
 *
 * Those that narrow a value (ranges, lengths, formats) are left out, for the
 * shape of the answer stays; `oneOf` becomes `anyOf`. What would change the
 * shape is left for the provider to judge.
 */
#include "dialect/cohere/cohere.h"

static const struct str narrowing[] = {
	STR("minimum"),
	STR("maximum"),
	STR("exclusiveMinimum"),
	STR("exclusiveMaximum"),
	STR("minItems"),
	STR("maxItems"),
	STR("minLength"),
	STR("maxLength"),
	STR("uniqueItems"),
};

static const struct str formats[] = {
	STR("date-time"),
	STR("uuid"),
	STR("date"),
	STR("time"),
};

/* Where schemas stand within a schema. Elsewhere names are not keywords. */
static const struct {
	struct str keyword;
	enum { SCHEMA, LIST, MAP } holds;
} holders[] = {
	{ STR("properties"), MAP },
	{ STR("$defs"), MAP },
	{ STR("definitions"), MAP },
	{ STR("anyOf"), LIST },
	{ STR("allOf"), LIST },
	{ STR("items"), SCHEMA },
	{ STR("additionalProperties"), SCHEMA },
};

struct schema_writer {
	struct json_writer *w;
	struct chat_losses *losses;
	const char *path;
};

static void write_schema(struct schema_writer *s, struct json schema);
static void write_keyword(struct schema_writer *s, struct json schema,
	const struct json_member *member);
static bool is_narrowing(const struct json_member *member);
static void write_list(struct schema_writer *s, struct json list);
static void write_map(struct schema_writer *s, struct json map);
static void write_name(struct schema_writer *s, struct str name);
static void lose(struct schema_writer *s, struct str name);

void cohere_write_schema(struct str schema, struct chat_losses *losses,
	const char *path, struct json_writer *w)
{
	struct schema_writer s = { w, losses, path };

	write_schema(&s, (struct json){ JSON_TYPE_OBJECT, schema });
}

/* `true` is a schema, too. */
static void write_schema(struct schema_writer *s, struct json schema)
{
	struct json_cursor cursor = json_members(schema);
	struct json_member member;

	if (schema.type != JSON_TYPE_OBJECT) {
		json_write_raw(s->w, schema.text);
		return;
	}
	json_begin_object(s->w);
	while (json_next(&cursor, &member))
		write_keyword(s, schema, &member);
	json_end_object(s->w);
}

static void write_keyword(struct schema_writer *s, struct json schema,
	const struct json_member *member)
{
	if (is_narrowing(member)) {
		lose(s, member->name);
		return;
	}
	if (json_name_is(*member, S("oneOf"))) {
		lose(s, member->name);
		if (json_find(schema, S("anyOf")).type != JSON_TYPE_NONE)
			return;
		json_name(s->w, "anyOf");
		write_list(s, member->value);
		return;
	}
	write_name(s, member->name);
	for (size_t i = 0; i < ARRAY_LEN(holders); i++) {
		if (!json_name_is(*member, holders[i].keyword))
			continue;
		switch (holders[i].holds) {
		case SCHEMA: write_schema(s, member->value); return;
		case LIST: write_list(s, member->value); return;
		case MAP: write_map(s, member->value); return;
		}
	}
	json_write_raw(s->w, member->value.text);
}

static bool is_narrowing(const struct json_member *member)
{
	for (size_t i = 0; i < ARRAY_LEN(narrowing); i++)
		if (json_name_is(*member, narrowing[i]))
			return true;
	if (!json_name_is(*member, S("format")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (json_text_is(member->value, formats[i]))
			return false;
	return true;
}

static void write_list(struct schema_writer *s, struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (list.type != JSON_TYPE_ARRAY) {
		json_write_raw(s->w, list.text);
		return;
	}
	json_begin_array(s->w);
	while (json_next(&cursor, &item))
		write_schema(s, item.value);
	json_end_array(s->w);
}

static void write_map(struct schema_writer *s, struct json map)
{
	struct json_cursor cursor = json_members(map);
	struct json_member member;

	if (map.type != JSON_TYPE_OBJECT) {
		json_write_raw(s->w, map.text);
		return;
	}
	json_begin_object(s->w);
	while (json_next(&cursor, &member)) {
		write_name(s, member.name);
		write_schema(s, member.value);
	}
	json_end_object(s->w);
}

/* Its escapes as they stand. */
static void write_name(struct schema_writer *s, struct str name)
{
	json_write_raw(s->w, (struct str){ name.p - 1, name.n + 2 });
	buf_append_char(s->w->out, ':');
	s->w->needs_comma = false;
}

static void lose(struct schema_writer *s, struct str name)
{
	if (s->losses)
		chat_losses_add(s->losses, "%s.%.*s", s->path, STR_ARG(name));
}
