/*
 * schema.c - a schema in the manner of OpenAPI 3.0, as "parameters" and
 * "responseSchema" are, as JSON schema, which all other formats speak.
 *
 * What differs (https://ai.google.dev/api/caching#Schema): types are words in
 * capitals or, from clients that write enums as numbers, numbers; `nullable`
 * stands for a second type; 64-bit numbers are strings; "propertyOrdering" and
 * "example" have no counterpart, and say nothing about what is valid.
 */
#include "dialect/gemini/gemini.h"

struct context {
	struct json_writer *w;
	bool nullable; /* of the schema that is being written */
	bool has_type;
};

static void write_schema(struct json schema, struct json_writer *w);
static void write_member(
	const struct json_member *member, const struct context *c);
static void write_type(struct json type, const struct context *c);
static const char *type_word(struct json type);
static void write_number(struct json value, struct json_writer *w);
static void write_schemas(struct json list, const struct context *c);
static void write_properties(struct json properties, struct json_writer *w);
static const char *find_name(const struct json_member *member,
	const char *const *names, size_t count);

/* In the order of Google's enum, where STRING is 1. */
static const char *const types[] = { "string", "number", "integer", "boolean",
	"array", "object", "null" };

struct str gemini_read_schema(struct json schema, struct arena *arena)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	struct json_writer w;
	struct str copy;

	json_writer_init(&w, &text);
	write_schema(schema, &w);
	assert(!text.failed); /* without a limit only memory could fail it */
	copy = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

static void write_schema(struct json schema, struct json_writer *w)
{
	struct json_cursor cursor = json_members(schema);
	struct json_member member;
	const struct context c = {
		.w = w,
		.nullable =
			json_find(schema, S("nullable")).type == JSON_TYPE_TRUE,
		.has_type = json_count(schema, S("type")) > 0,
	};

	if (schema.type != JSON_TYPE_OBJECT) {
		json_write_raw(w, schema.text);
		return;
	}
	json_begin_object(w);
	while (json_next(&cursor, &member))
		write_member(&member, &c);
	json_end_object(w);
}

static void write_member(
	const struct json_member *member, const struct context *c)
{
	static const char *const gone[] = { "nullable", "propertyOrdering",
		"example" };
	static const char *const numbers[] = { "minItems", "maxItems",
		"minLength", "maxLength", "minProperties", "maxProperties" };
	const char *name = find_name(member, numbers, ARRAY_LEN(numbers));

	if (find_name(member, gone, ARRAY_LEN(gone)))
		return;
	if (name) {
		json_name(c->w, name);
		write_number(member->value, c->w);
	} else if (gemini_name_is(member, "type")) {
		write_type(member->value, c);
	} else if (gemini_name_is(member, "properties")) {
		json_name(c->w, "properties");
		write_properties(member->value, c->w);
	} else if (gemini_name_is(member, "items")) {
		json_name(c->w, "items");
		write_schema(member->value, c->w);
	} else if (gemini_name_is(member, "anyOf")) {
		write_schemas(member->value, c);
	} else {
		/* Name and value stand together in the text. */
		const char *begin = member->name.p - 1;
		struct str value = member->value.text;

		json_write_raw(
			c->w, (struct str){ begin,
				      (size_t)(value.p + value.n - begin) });
	}
}

static const char *find_name(const struct json_member *member,
	const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (gemini_name_is(member, names[i]))
			return names[i];
	return NULL;
}

static void write_type(struct json type, const struct context *c)
{
	const char *word = type_word(type);

	if (!word)
		return; /* TYPE_UNSPECIFIED */
	json_name(c->w, "type");
	if (!c->nullable) {
		json_write_str(c->w, str_of(word));
		return;
	}
	json_begin_array(c->w);
	json_write_str(c->w, str_of(word));
	json_write_str(c->w, S("null"));
	json_end_array(c->w);
}

static const char *type_word(struct json type)
{
	int64_t number = 0;
	struct str word = type.text;

	if (json_int(type, &number) && number >= 1 &&
		number <= (int64_t)ARRAY_LEN(types))
		return types[number - 1];
	if (type.type != JSON_TYPE_STRING)
		return NULL;
	word = (struct str){ word.p + 1, word.n - 2 };
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_equal_nocase(word, str_of(types[i])))
			return types[i];
	return NULL;
}

static void write_number(struct json value, struct json_writer *w)
{
	struct str digits = value.text;
	int64_t number;

	if (value.type == JSON_TYPE_STRING)
		digits = (struct str){ digits.p + 1, digits.n - 2 };
	if (value.type == JSON_TYPE_STRING && str_to_int64(digits, &number))
		json_write_int(w, number);
	else
		json_write_raw(w, value.text);
}

static void write_schemas(struct json list, const struct context *c)
{
	struct gemini_items items = gemini_items(list);
	struct json schema;

	json_name(c->w, "anyOf");
	json_begin_array(c->w);
	while (gemini_next(&items, &schema))
		write_schema(schema, c->w);
	if (c->nullable && !c->has_type) {
		json_begin_object(c->w);
		json_member_str(c->w, "type", S("null"));
		json_end_object(c->w);
	}
	json_end_array(c->w);
}

static void write_properties(struct json properties, struct json_writer *w)
{
	struct json_cursor cursor = json_members(properties);
	struct json_member member;

	if (properties.type != JSON_TYPE_OBJECT) {
		json_write_raw(w, properties.text);
		return;
	}
	json_begin_object(w);
	while (json_next(&cursor, &member)) {
		/* The name as it stands, with its quotes. */
		json_write_raw(w,
			(struct str){ member.name.p - 1, member.name.n + 2 });
		buf_append_char(w->out, ':');
		w->needs_comma = false;
		write_schema(member.value, w);
	}
	json_end_object(w);
}
