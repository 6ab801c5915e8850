/*
 * model_new.c - /models/new: a model that no catalogue knows, as a server of
 * one's own has it.
 */
#include "site/change.h"
#include "site/form.h"
#include "site/pages/model_form.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool create(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field query[] = {
	{ .name = "provider", .max_bytes = PROVIDER_NAME_MAX_BYTES },
	{ .name = "kind", .max_bytes = 16 },
	{ .name = NULL },
};

static const struct site_field fields[] = {
	{ .name = "provider",
		.required = true,
		.max_bytes = PROVIDER_NAME_MAX_BYTES },
	{ .name = "name", .required = true, .max_bytes = 191 },
	{ .name = "upstream_name", .max_bytes = 191 },
	MODEL_FORM_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_model_new[] = {
	{ .path = STR("/models/new"),
		.method = SITE_GET,
		.who = SITE_OPERATOR,
		.fields = query,
		.load = show,
		.template = "model_new",
		.title = "model.new",
		.nav = "models" },
	{ .path = STR("/models/new"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = fields,
		.load = create },
	{ .path = STR("/models"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = fields,
		.load = create },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	static const struct str kinds[] = { STR("chat"), STR("completion"),
		STR("embedding"), STR("moderation"), STR("rerank"),
		STR("image"), STR("audio") };
	const struct catalog *catalog;
	struct str *names;

	if (!model_json_catalog(request, &catalog, err))
		return false;
	names = ARENA_ARRAY(
		request->arena, struct str, catalog->provider_count + 1);
	for (size_t i = 0; i < catalog->provider_count; i++)
		names[i] = catalog->providers[i]->name;
	json_object_set_new(out, "providers",
		model_json_options(request, NULL, names,
			catalog->provider_count,
			site_text(request, "provider")));
	site_put_bool(out, "has_providers", catalog->provider_count > 0);
	json_object_set_new(out, "kinds",
		model_json_options(request, "model_kinds", kinds,
			ARRAY_LEN(kinds), site_text(request, "kind")));
	return true;
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	struct model_change wanted = model_change_none();
	bool created;
	int64_t id;

	wanted.name = site_text(request, "name");
	wanted.upstream_name = site_text(request, "upstream_name");
	if (!model_form_read(request, &wanted, err) ||
		!db_begin(request->db, err) ||
		!provider_find_id(request->db, site_text(request, "provider"),
			&wanted.provider_id, err) ||
		!model_save(request->db, &wanted, &id, &created, err))
		return false;
	if (!created)
		return error_refuse(err, ERR_DUPLICATE, "name",
			"This provider has a model of that name already.");
	if (!site_change_note(request,
		    &(struct site_change){
			    .action = "model.add",
			    .object_id = id,
			    .object_name = wanted.name,
			    .after = form_json(request),
		    },
		    err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_put(out, "name", wanted.name);
	site_redirect(request,
		arena_printf(request->arena, "/models/%" PRId64, id),
		"flash.model_added");
	return true;
}
