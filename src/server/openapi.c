/*
 * openapi.c - the hand-written part and the pages' rows, put together.
 */
#include "server/openapi.h"

#include <jansson.h>

#include "base/data_directory.h"
#include "gateway/gateway.h"
#include "server/health.h"
#include "server/page.h"
#include "site/access.h"
#include "site/folder.h"
#include "site/pages/pages.h"

/* Of a field that does not say its own, as site/page.h has it. */
#define FIELD_BYTES 255

/* Groups of pages, as in the dashboard's menu; what is in none is the last. */
static const struct {
	struct str start; /* of the path */
	const char *tag;
} groups[] = {
	{ STR("/overview"), "Management: watch" },
	{ STR("/analytics"), "Management: watch" },
	{ STR("/requests"), "Management: watch" },
	{ STR("/usage"), "Management: watch" },
	{ STR("/playground"), "Management: watch" },
	{ STR("/keys"), "Management: connect" },
	{ STR("/models"), "Management: connect" },
	{ STR("/aliases"), "Management: connect" },
	{ STR("/routing"), "Management: connect" },
	{ STR("/budgets"), "Management: control" },
	{ STR("/quotas"), "Management: control" },
	{ STR("/alerts"), "Management: control" },
	{ STR("/cache"), "Management: control" },
	{ STR("/providers"), "Management: control" },
	{ STR(""), "Management" },
};

static json_t *load(const char *path, struct error *err);
static json_t *load_texts(const struct settings *settings);
static void add_page(
	json_t *paths, const struct site_page *page, const json_t *texts);
static json_t *describe(
	const struct site_page *page, struct str path, const json_t *texts);
static const char *tag_of(struct str path);
static json_t *operation_id(const struct site_page *page);
static json_t *summary(const struct site_page *page, const json_t *texts);
static const char *title_of(const struct site_page *page);
static const char *find_text(const json_t *texts, const char *key);
static const char *role_of(enum site_who who);
static json_t *parameters(const struct site_page *page, struct str path);
static json_t *body(const struct site_page *page);
static json_t *schema(const struct site_field *field);
static json_t *choices(const char *words);
static json_t *responses(const struct site_page *page);
static const char *const methods[] = {
	[SITE_GET] = "get",
	[SITE_POST] = "post",
	[SITE_PUT] = "put",
	[SITE_PATCH] = "patch",
	[SITE_DELETE] = "delete",
};

bool openapi_make(
	const struct settings *settings, char **out, struct error *err)
{
	char path[PATH_MAX];
	json_t *root, *texts, *paths;

	if (!data_directory_path(settings->data_dir, "openapi.json", path, err))
		return false;
	root = load(path, err);
	if (!root)
		return false;
	paths = json_object_get(root, "paths");
	json_object_set_new(json_object_get(root, "info"), "version",
		json_string(LLM_GATEWAY_VERSION));
	texts = load_texts(settings);
	for (size_t i = 0; i < site_pages_count; i++)
		for (const struct site_page *page = site_pages[i];
			page->path.n > 0; page++)
			add_page(paths, page, texts);
	*out = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(texts);
	json_decref(root);
	return *out || error_set(err, ERR_CONFIG, "%s: not UTF-8", path);
}

static json_t *load(const char *path, struct error *err)
{
	json_error_t why;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &why);

	if (root && json_is_object(json_object_get(root, "paths")) &&
		json_is_object(json_object_get(root, "info")))
		return root;
	error_set(err, ERR_CONFIG, "%s:%d: %s", path, root ? 1 : why.line,
		root ? "it has no paths or no info" : why.text);
	json_decref(root);
	return NULL;
}

/* Pages are called as their titles in English; NULL where the dashboard is
 * not installed. */
static json_t *load_texts(const struct settings *settings)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/templates/text/en.json",
		site_folder(settings));

	return n < (int)sizeof(path) ? json_load_file(path, 0, NULL) : NULL;
}

static void add_page(
	json_t *paths, const struct site_page *page, const json_t *texts)
{
	struct buf path = BUF_INIT(4096);
	const char *method = methods[page->method];
	json_t *item;

	buf_append(&path, S("/api/v1"));
	buf_append(&path, page->path);
	item = json_object_get(paths, buf_cstr(&path));
	if (!item) {
		item = json_object();
		json_object_set_new(paths, buf_cstr(&path), item);
	}
	/* What conf/openapi.json says itself stays. */
	if (!json_object_get(item, method))
		json_object_set_new(
			item, method, describe(page, buf_str(&path), texts));
	buf_release(&path);
}

static json_t *describe(
	const struct site_page *page, struct str path, const json_t *texts)
{
	json_t *operation = json_pack("{s:[s],s:o,s:o,s:s,s:o}", "tags",
		tag_of(page->path), "operationId", operation_id(page),
		"summary", summary(page, texts), "description",
		role_of(page->who), "responses", responses(page));
	json_t *all = parameters(page, path);

	if (json_array_size(all) > 0)
		json_object_set_new(operation, "parameters", all);
	else
		json_decref(all);
	if (page->who == SITE_PUBLIC)
		json_object_set_new(operation, "security", json_array());
	else
		json_object_set_new(operation, "security",
			json_pack("[{s:[]},{s:[]}]", "session", "cookie"));
	if (page->method != SITE_GET && page->fields)
		json_object_set_new(operation, "requestBody", body(page));
	return operation;
}

static const char *tag_of(struct str path)
{
	size_t i = 0;

	while (!str_starts(path, groups[i].start))
		i++;
	return groups[i].tag;
}

/* "postKeysIdRevoke" of POST /keys/{id}/revoke; "getRoot" of GET /. */
static json_t *operation_id(const struct site_page *page)
{
	struct buf out = BUF_INIT(4096);
	bool begins = true;
	json_t *id;

	buf_append(&out, str_of(methods[page->method]));
	for (size_t i = 0; i < page->path.n; i++) {
		char c = page->path.p[i];

		if (isalnum((unsigned char)c))
			buf_append_char(&out,
				begins ? (char)toupper((unsigned char)c) : c);
		begins = !isalnum((unsigned char)c);
	}
	if (page->path.n == 1)
		buf_append(&out, S("Root"));
	id = json_stringn(buf_str(&out).p, buf_str(&out).n);
	buf_release(&out);
	return id;
}

/* "Keys", or "Keys: revoke" for what has no title of its own. */
static json_t *summary(const struct site_page *page, const json_t *texts)
{
	const char *title = find_text(texts, title_of(page));
	struct str last = page->path;

	for (size_t i = last.n; i-- > 0;)
		if (last.p[i] == '/') {
			last = str_from(last, i + 1);
			break;
		}
	if (title && (page->title || last.n == 0))
		return json_string(title);
	if (title)
		return json_sprintf("%s: %.*s", title, STR_ARG(last));
	return json_sprintf("%.*s", STR_ARG(page->path));
}

/* Its own, else that of the page that it was sent from. */
static const char *title_of(const struct site_page *page)
{
	struct str path = page->path;

	if (page->title)
		return page->title;
	while (path.n > 1) {
		const struct site_page *shown =
			site_page_find(SITE_GET, path, NULL);
		size_t slash = path.n;

		if (shown && shown->title)
			return shown->title;
		while (slash > 0 && path.p[slash - 1] != '/')
			slash--;
		path = str_head(path, slash > 0 ? slash - 1 : 0);
	}
	return NULL;
}

/* "keys.title" in {"keys": {"title": ...}}; NULL: there is none. */
static const char *find_text(const json_t *texts, const char *key)
{
	struct str rest = str_of(key);
	struct str name;
	const json_t *value = texts;

	while (str_next_field(&rest, '.', &name))
		value = json_object_getn(value, name.p, name.n);
	return key ? json_string_value(value) : NULL;
}

static const char *role_of(enum site_who who)
{
	switch (who) {
	case SITE_PUBLIC: return "For everybody.";
	case SITE_SESSION: return "For whoever is logged in.";
	case SITE_VIEWER: return "Needs the role viewer, or a higher one.";
	case SITE_MEMBER: return "Needs the role member, or a higher one.";
	case SITE_ADMIN: return "Needs the role admin, or a higher one.";
	case SITE_OWNER: return "Needs the role owner.";
	case SITE_OPERATOR: return "For operators of the installation.";
	}
	abort();
}

static json_t *parameters(const struct site_page *page, struct str path)
{
	json_t *list = json_array();

	if (str_find(path, S("{id}")) < path.n)
		json_array_append_new(
			list, json_pack("{s:s,s:s,s:b,s:{s:s}}", "name", "id",
				      "in", "path", "required", 1, "schema",
				      "type", "string"));
	if (page->method != SITE_GET)
		return list;
	for (const struct site_field *field = page->fields;
		field && field->name; field++)
		json_array_append_new(list,
			json_pack("{s:s,s:s,s:b,s:o}", "name", field->name,
				"in", "query", "required", field->required,
				"schema", schema(field)));
	return list;
}

static json_t *body(const struct site_page *page)
{
	json_t *properties = json_object();
	json_t *required = json_array();
	json_t *object;

	for (const struct site_field *field = page->fields; field->name;
		field++) {
		json_object_set_new(properties, field->name, schema(field));
		if (field->required)
			json_array_append_new(
				required, json_string(field->name));
	}
	object = json_pack(
		"{s:s,s:o}", "type", "object", "properties", properties);
	if (json_array_size(required) > 0)
		json_object_set(object, "required", required);
	json_decref(required);
	/* 'O' takes one more reference to it, 'o' the one that is here. */
	return json_pack("{s:{s:{s:O},s:{s:o}}}", "content", "application/json",
		"schema", object, "application/x-www-form-urlencoded", "schema",
		object);
}

static json_t *schema(const struct site_field *field)
{
	json_int_t most =
		(json_int_t)(field->max_bytes ? field->max_bytes : FIELD_BYTES);

	switch (field->type) {
	case SITE_INT:
		return json_pack("{s:s,s:I,s:I}", "type", "integer", "minimum",
			(json_int_t)field->min, "maximum",
			(json_int_t)field->max);
	case SITE_BOOL: return json_pack("{s:s}", "type", "boolean");
	case SITE_CHOICE:
		return json_pack("{s:s,s:o}", "type", "string", "enum",
			choices(field->choices));
	case SITE_DATE:
		return json_pack(
			"{s:s,s:s}", "type", "string", "format", "date");
	case SITE_SECRET:
		return json_pack("{s:s,s:I,s:s}", "type", "string", "maxLength",
			most, "format", "password");
	case SITE_LIST:
		return json_pack("{s:s,s:{s:s}}", "type", "array", "items",
			"type", "string");
	case SITE_TEXT:
	case SITE_LINES:
		return json_pack(
			"{s:s,s:I}", "type", "string", "maxLength", most);
	}
	abort();
}

static json_t *choices(const char *words)
{
	struct str rest = str_of(words);
	struct str word;
	json_t *list = json_array();

	while (str_next_field(&rest, '|', &word))
		json_array_append_new(list, json_stringn(word.p, word.n));
	return list;
}

static json_t *responses(const struct site_page *page)
{
	json_t *out = json_pack("{s:{s:s,s:{s:{s:{s:s}}}}}", "200",
		"description",
		page->method == SITE_GET ? "What the page shows."
					 : "It is done.",
		"content", "application/json", "schema", "type", "object");

	json_object_set_new(out, "default",
		json_pack("{s:s}", "$ref", "#/components/responses/Error"));
	return out;
}

void openapi_page(struct http_exchange *x)
{
	const struct gateway *gateway = x->app;
	struct error err;

	if (gateway->openapi) {
		page_answer_json(x, 200, str_of(gateway->openapi));
		return;
	}
	error_refuse(&err, ERR_NOT_FOUND, NULL,
		"The document is not installed: the log says why.");
	page_refuse(x, &err);
}
