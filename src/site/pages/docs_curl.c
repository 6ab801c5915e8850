/*
 * docs_curl.c - a call of an operation by curl.
 */
#include "site/pages/docs_operation.h"

#define MAX_TEXT_BYTES 65536
#define MAX_DEPTH 8

static void append_address(struct buf *out, const struct docs *docs,
	const char *path, const json_t *operation);
static void append_capitals(struct buf *out, struct str name);
static void append_login(
	struct buf *out, const struct docs *docs, const json_t *operation);
static void append_body(
	struct buf *out, const struct docs *docs, const json_t *operation);
static void append_json(
	struct buf *out, const struct docs *docs, const json_t *body);
static void append_form(
	struct buf *out, const struct docs *docs, const json_t *body);
static json_t *sample(const struct docs *docs, const json_t *schema, int depth);
static void append_quoted(struct buf *out, struct str text);

struct str docs_curl(const struct docs *docs, const char *path,
	const char *method, const json_t *operation)
{
	struct buf out = BUF_INIT(MAX_TEXT_BYTES);
	struct str text;

	buf_append(&out, S("curl "));
	if (strcmp(method, "get") != 0)
		buf_printf(&out, "-X %.*s ", STR_ARG(docs_upper(docs, method)));
	append_address(&out, docs, path, operation);
	append_login(&out, docs, operation);
	append_body(&out, docs, operation);
	text = arena_copy(docs->arena, buf_str(&out));
	buf_release(&out);
	return text;
}

/* "https://host/v1/models/MODEL", with what must be in the query. */
static void append_address(struct buf *out, const struct docs *docs,
	const char *path, const json_t *operation)
{
	struct str rest = arena_printf(
		docs->arena, "%.*s%s", STR_ARG(docs->base_url), path);
	struct buf address = BUF_INIT(MAX_TEXT_BYTES);
	const json_t *parameter;
	const char *mark = "?";
	size_t i;

	while (rest.n > 0) {
		size_t open = str_find(rest, S("{"));
		size_t close = str_find(rest, S("}"));

		buf_append(&address, str_head(rest, open));
		if (open == rest.n || close == rest.n)
			break;
		append_capitals(&address,
			str_head(str_from(rest, open + 1), close - open - 1));
		rest = str_from(rest, close + 1);
	}
	json_array_foreach(
		json_object_get(operation, "parameters"), i, parameter)
	{
		struct str name = str_of(
			json_string_value(json_object_get(parameter, "name")));

		if (!json_is_true(json_object_get(parameter, "required")) ||
			strcmp(json_string_value(
				       json_object_get(parameter, "in")),
				"query") != 0)
			continue;
		buf_printf(&address, "%s%.*s=", mark, STR_ARG(name));
		append_capitals(&address, name);
		mark = "&";
	}
	append_quoted(out, buf_str(&address));
	buf_release(&address);
}

static void append_capitals(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		buf_append_char(out, (char)toupper((unsigned char)name.p[i]));
}

/* Of several ways the first; a variable of the shell stands for the secret. */
static void append_login(
	struct buf *out, const struct docs *docs, const json_t *operation)
{
	static const struct {
		const char *scheme, *variable;
	} logins[] = {
		{ "key", "GATEWAY_KEY" },
		{ "session", "TOKEN" },
		{ "operator", "METRICS_TOKEN" },
	};
	const json_t *ways = json_object_get(operation, "security");

	if (!ways)
		ways = json_object_get(docs->root, "security");
	for (size_t i = 0; i < ARRAY_LEN(logins); i++)
		if (json_object_get(json_array_get(ways, 0), logins[i].scheme))
			buf_printf(out,
				" \\\n  -H \"Authorization: Bearer $%s\"",
				logins[i].variable);
}

static void append_body(
	struct buf *out, const struct docs *docs, const json_t *operation)
{
	const char *type;
	const json_t *body = docs_body(operation, &type);

	if (!body)
		return;
	if (strcmp(type, "multipart/form-data") == 0)
		append_form(out, docs, body);
	else
		append_json(out, docs, body);
}

/* Its example, else what it must have. */
static void append_json(
	struct buf *out, const struct docs *docs, const json_t *body)
{
	const json_t *example = json_object_get(body, "example");
	json_t *made = NULL;
	char *text;

	if (!example)
		example = made = sample(
			docs, json_object_get(body, "schema"), MAX_DEPTH);
	text = json_dumps(example, JSON_ENCODE_ANY);
	buf_append(out, S(" \\\n  -H 'Content-Type: application/json' \\\n"
			  "  -d "));
	append_quoted(out, str_of(text ? text : "{}"));
	free(text);
	json_decref(made);
}

static void append_form(
	struct buf *out, const struct docs *docs, const json_t *body)
{
	const json_t *schema =
		docs_follow(docs, json_object_get(body, "schema"));
	const char *name;
	json_t *property;

	json_object_foreach(
		json_object_get(schema, "properties"), name, property)
	{
		const char *format =
			json_string_value(json_object_get(property, "format"));
		bool is_file = format && strcmp(format, "binary") == 0;

		if (!docs_requires(schema, name))
			continue;
		buf_printf(out, " \\\n  -F %s=%s", name, is_file ? "@" : "");
		append_capitals(out, str_of(name));
	}
}

/* A value as the schema has it, as short as can be. The caller's. */
static json_t *sample(const struct docs *docs, const json_t *schema, int depth)
{
	const json_t *all = docs_follow(docs, schema);
	const char *type = json_string_value(json_object_get(all, "type"));
	const json_t *known = json_array_get(json_object_get(all, "enum"), 0);
	json_t *object, *property;
	const char *name;

	if (!known)
		known = json_array_get(json_object_get(all, "examples"), 0);
	if (known)
		return json_deep_copy(known);
	if (type && strcmp(type, "boolean") == 0)
		return json_true();
	if (type && strcmp(type, "integer") == 0)
		return json_integer(
			json_integer_value(json_object_get(all, "minimum")));
	if (type && strcmp(type, "array") == 0 && depth > 0)
		return json_pack("[o]",
			sample(docs, json_object_get(all, "items"), depth - 1));
	if (!type || strcmp(type, "object") != 0 || depth == 0)
		return json_string("TEXT");
	object = json_object();
	json_object_foreach(json_object_get(all, "properties"), name, property)
	{
		if (docs_requires(all, name))
			json_object_set_new(object, name,
				sample(docs, property, depth - 1));
	}
	return object;
}

/* For a shell: 'it'\''s'. */
static void append_quoted(struct buf *out, struct str text)
{
	buf_append_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\'')
			buf_append(out, S("'\\''"));
		else
			buf_append_char(out, text.p[i]);
	}
	buf_append_char(out, '\'');
}
