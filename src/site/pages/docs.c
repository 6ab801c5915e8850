/*
 * docs.c - /docs: every address of the API, out of its own description at
 * /openapi.json. A browser with JavaScript shows that in full; the list here
 * is for the others.
 */
#include "site/pages/pages.h"
#include "site/request.h"

static bool load(struct site_request *request, json_t *out, struct error *err);
static void add_path(json_t *groups, const char *path, json_t *item);
static void add_operation(json_t *groups, const char *path, const char *method,
	json_t *operation);
static json_t *group_of(json_t *groups, const char *tag);

const struct site_page pages_docs[] = {
	{ .path = STR("/docs"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.load = load,
		.template = "docs",
		.title = "docs.title" },
	{ .path = STR("") },
};

static bool load(struct site_request *request, json_t *out, struct error *err)
{
	const char *text = request->site->openapi;
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;
	json_t *groups = json_array();
	const char *path;
	json_t *item;

	if (!root) {
		json_decref(groups);
		return error_set(err, ERR_NOT_FOUND,
			"the document of all addresses is not installed");
	}
	json_object_foreach(json_object_get(root, "paths"), path, item)
	{
		add_path(groups, path, item);
	}
	json_object_set_new(out, "groups", groups);
	json_decref(root);
	return true;
}

static void add_path(json_t *groups, const char *path, json_t *item)
{
	const char *method;
	json_t *operation;

	json_object_foreach(item, method, operation)
	{
		add_operation(groups, path, method, operation);
	}
}

/* A member of a path that is no operation has no summary. */
static void add_operation(
	json_t *groups, const char *path, const char *method, json_t *operation)
{
	json_t *tags = json_object_get(operation, "tags");
	json_t *summary = json_object_get(operation, "summary");
	const char *tag = json_string_value(json_array_get(tags, 0));
	char upper[16];
	size_t n = strlen(method);

	if (!summary || !tag || n >= sizeof(upper))
		return;
	for (size_t i = 0; i <= n; i++)
		upper[i] = (char)toupper((unsigned char)method[i]);
	json_array_append_new(
		json_object_get(group_of(groups, tag), "operations"),
		json_pack("{s:s,s:s,s:O}", "method", upper, "path", path,
			"summary", summary));
}

/* In the order in which they first appear. */
static json_t *group_of(json_t *groups, const char *tag)
{
	json_t *group;

	for (size_t i = 0; i < json_array_size(groups); i++) {
		group = json_array_get(groups, i);
		if (strcmp(json_string_value(json_object_get(group, "name")),
			    tag) == 0)
			return group;
	}
	group = json_pack("{s:s,s:[]}", "name", tag, "operations");
	json_array_append_new(groups, group);
	return group;
}
