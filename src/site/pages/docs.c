/*
 * docs.c - /docs: every address of the API, out of its own description at
 * /openapi.json, and /docs/{id}: one of them. Swagger UI, with which calls can
 * be tried, is loaded by whoever asks for it: it is ten times as large as all
 * else of a page.
 */
#include "accounts/one_time.h"
#include "site/link.h"
#include "site/pages/docs_operation.h"
#include "site/pages/pages.h"
#include "site/request.h"

typedef void visit_operation(void *owner, const struct docs *docs,
	const char *path, const char *method, const json_t *operation);

static bool list(struct site_request *request, json_t *out, struct error *err);
static bool show(struct site_request *request, json_t *out, struct error *err);
static bool refuse(struct error *err);
static void visit_all(
	const struct docs *docs, visit_operation *visit, void *owner);
static void add_row(void *groups, const struct docs *docs, const char *path,
	const char *method, const json_t *operation);
static json_t *group_of(
	const struct docs *docs, json_t *groups, const char *tag);
static json_t *find_named(const json_t *list, const char *name);
static void put_asked(void *owner, const struct docs *docs, const char *path,
	const char *method, const json_t *operation);

const struct site_page pages_docs[] = {
	{ .path = STR("/docs"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.load = list,
		.template = "docs",
		.title = "docs.title" },
	{ .path = STR("/docs/{id}"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.load = show,
		.template = "docs_operation",
		.title = "docs.operation" },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	const struct docs docs = { .arena = request->arena,
		.root = request->site->openapi };
	json_t *groups = json_array();

	json_object_set_new(out, "groups", groups);
	visit_all(&docs, add_row, groups);
	return docs.root || refuse(err);
}

struct asked {
	struct str id;
	json_t *out;
	bool is_found;
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	const struct one_time none = { .text = "" };
	struct asked asked = { .id = request->id, .out = out };
	const struct docs docs = {
		.arena = request->arena,
		.root = request->site->openapi,
		.texts = request->texts,
		.base_url = link_of_page(request, "", &none),
	};

	visit_all(&docs, put_asked, &asked);
	if (!docs.root)
		return refuse(err);
	return asked.is_found || error_refuse(err, ERR_NOT_FOUND, "operation",
					 "There is no such operation.");
}

static bool refuse(struct error *err)
{
	return error_set(err, ERR_NOT_FOUND,
		"the document of all addresses is not installed");
}

/* What belongs to no group is no operation. */
static void visit_all(
	const struct docs *docs, visit_operation *visit, void *owner)
{
	const char *path, *method;
	json_t *item, *operation;

	json_object_foreach(json_object_get(docs->root, "paths"), path, item)
	{
		json_object_foreach(item, method, operation)
		{
			if (json_object_get(operation, "tags"))
				visit(owner, docs, path, method, operation);
		}
	}
}

static void add_row(void *groups, const struct docs *docs, const char *path,
	const char *method, const json_t *operation)
{
	const char *tag = json_string_value(
		json_array_get(json_object_get(operation, "tags"), 0));

	json_array_append_new(
		json_object_get(group_of(docs, groups, tag), "operations"),
		docs_operation_row(docs, path, method, operation));
}

/* In the order in which they first appear. */
static json_t *group_of(
	const struct docs *docs, json_t *groups, const char *tag)
{
	json_t *group = find_named(groups, tag);
	const json_t *described;
	const char *description;

	if (group)
		return group;
	described = find_named(json_object_get(docs->root, "tags"), tag);
	group = json_pack("{s:s,s:I,s:[]}", "name", tag, "number",
		(json_int_t)json_array_size(groups) + 1, "operations");
	description =
		json_string_value(json_object_get(described, "description"));
	site_put(group, "description", str_of(description ? description : ""));
	json_array_append_new(groups, group);
	return group;
}

static json_t *find_named(const json_t *list, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (strcmp(json_string_value(json_object_get(one, "name")),
			    name) == 0)
			return one;
	}
	return NULL;
}

static void put_asked(void *owner, const struct docs *docs, const char *path,
	const char *method, const json_t *operation)
{
	struct asked *asked = owner;
	const char *id =
		json_string_value(json_object_get(operation, "operationId"));

	if (asked->is_found || !id || !str_equal(str_of(id), asked->id))
		return;
	docs_operation_put(asked->out, docs, path, method, operation);
	asked->is_found = true;
}
