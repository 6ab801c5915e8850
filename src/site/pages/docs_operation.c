/*
 * docs_operation.c - what an operation is, and what it takes.
 */
#include "site/pages/docs_operation.h"

#include "site/templates.h"

#define MAX_REFERENCES 8

static struct str link_of(
	const struct docs *docs, struct str group, const json_t *operation);
static json_t *fields_of(const struct docs *docs, const json_t *operation);
static void add_field(const struct docs *docs, json_t *fields, const char *name,
	const char *place, bool is_required, const json_t *schema,
	const json_t *description);
static struct str type_of(const struct docs *docs, const json_t *schema);
static struct str text_of(const json_t *text);
static struct str words(
	const struct docs *docs, const json_t *list, const char *between);

json_t *docs_operation_row(const struct docs *docs, const char *path,
	const char *method, const json_t *operation)
{
	json_t *row = json_object();

	site_put(row, "id", text_of(json_object_get(operation, "operationId")));
	site_put(row, "method", docs_upper(docs, method));
	site_put(row, "path", str_of(path));
	site_put(
		row, "summary", text_of(json_object_get(operation, "summary")));
	return row;
}

void docs_operation_put(json_t *out, const struct docs *docs, const char *path,
	const char *method, const json_t *operation)
{
	json_t *row = docs_operation_row(docs, path, method, operation);
	json_t *fields = fields_of(docs, operation);
	struct str group =
		text_of(json_array_get(json_object_get(operation, "tags"), 0));

	json_object_update_new(out, row);
	site_put(out, "group", group);
	site_put(out, "description",
		text_of(json_object_get(operation, "description")));
	site_put(out, "link", link_of(docs, group, operation));
	site_put_bool(out, "has_fields", json_array_size(fields) > 0);
	json_object_set_new(out, "fields", fields);
	site_put(out, "curl", docs_curl(docs, path, method, operation));
}

const json_t *docs_follow(const struct docs *docs, const json_t *schema)
{
	const struct str start = S("#/components/schemas/");
	const json_t *schemas = json_object_get(
		json_object_get(docs->root, "components"), "schemas");

	for (int i = 0; i < MAX_REFERENCES; i++) {
		const json_t *to = json_object_get(schema, "$ref");

		if (!to || !str_starts(str_of(json_string_value(to)), start))
			break;
		schema = json_object_get(
			schemas, json_string_value(to) + start.n);
	}
	return schema;
}

const json_t *docs_body(const json_t *operation, const char **type)
{
	const json_t *content = json_object_get(
		json_object_get(operation, "requestBody"), "content");
	const json_t *body;

	*type = "application/json";
	body = json_object_get(content, *type);
	if (!body) {
		*type = "multipart/form-data";
		body = json_object_get(content, *type);
	}
	return body;
}

bool docs_requires(const json_t *schema, const char *name)
{
	const json_t *required;
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, required)
	{
		if (strcmp(json_string_value(required), name) == 0)
			return true;
	}
	return false;
}

struct str docs_upper(const struct docs *docs, const char *text)
{
	struct str out = arena_copy(docs->arena, str_of(text));
	char *p = (char *)(uintptr_t)out.p;

	for (size_t i = 0; i < out.n; i++)
		p[i] = (char)toupper((unsigned char)p[i]);
	return out;
}

/* "#/Other%20services/createEmbedding" */
static struct str link_of(
	const struct docs *docs, struct str group, const json_t *operation)
{
	struct str id = text_of(json_object_get(operation, "operationId"));
	struct str link = S("#/");
	struct str word;

	while (str_next_field(&group, ' ', &word))
		link = ARENA_JOIN(docs->arena, link, word,
			group.n > 0 ? S("%20") : S("/"));
	return ARENA_JOIN(docs->arena, link, id);
}

static json_t *fields_of(const struct docs *docs, const json_t *operation)
{
	json_t *fields = json_array();
	const char *type, *name;
	const json_t *body = docs_body(operation, &type);
	const json_t *schema =
		docs_follow(docs, json_object_get(body, "schema"));
	json_t *property, *parameter;
	size_t i;

	json_array_foreach(
		json_object_get(operation, "parameters"), i, parameter)
	{
		add_field(docs, fields,
			json_string_value(json_object_get(parameter, "name")),
			json_string_value(json_object_get(parameter, "in")),
			json_is_true(json_object_get(parameter, "required")),
			json_object_get(parameter, "schema"),
			json_object_get(parameter, "description"));
	}
	json_object_foreach(
		json_object_get(schema, "properties"), name, property)
	{
		add_field(docs, fields, name, "body",
			docs_requires(schema, name), property, NULL);
	}
	return fields;
}

/* Without a description of its own it has that of its schema. */
static void add_field(const struct docs *docs, json_t *fields, const char *name,
	const char *place, bool is_required, const json_t *schema,
	const json_t *description)
{
	const json_t *followed = docs_follow(docs, schema);
	json_t *field = json_object();

	if (!description)
		description = json_object_get(followed, "description");
	site_put(field, "name", str_of(name));
	site_put(field, "place",
		template_text(docs->texts,
			arena_printf(docs->arena, "docs.in.%s", place)));
	site_put(field, "type", type_of(docs, followed));
	site_put_bool(field, "required", is_required);
	site_put(field, "description", text_of(description));
	json_array_append_new(fields, field);
}

/* "string", "integer, null", "float | base64", "array: string"; "" where
 * anything goes. */
static struct str type_of(const struct docs *docs, const json_t *schema)
{
	const json_t *type = json_object_get(schema, "type");
	const json_t *choices = json_object_get(schema, "enum");
	const json_t *item =
		docs_follow(docs, json_object_get(schema, "items"));
	const json_t *inner = json_object_get(item, "type");

	if (choices)
		return words(docs, choices, " | ");
	if (json_is_array(type))
		return words(docs, type, ", ");
	if (json_is_string(inner))
		return arena_printf(
			docs->arena, "array: %s", json_string_value(inner));
	return text_of(type);
}

static struct str text_of(const json_t *text)
{
	return json_is_string(text) ? str_of(json_string_value(text)) : S("");
}

static struct str words(
	const struct docs *docs, const json_t *list, const char *between)
{
	struct str out = S("");
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
	{
		char *text = json_dumps(word, JSON_ENCODE_ANY);

		out = arena_printf(docs->arena, "%.*s%s%s", STR_ARG(out),
			i > 0 ? between : "",
			json_is_string(word) ? json_string_value(word) : text);
		free(text);
	}
	return out;
}
