/*
 * model.c - /models/{id}: one model, its prices and their history, and who
 * uses it. The catalogue is the whole installation's, so that operators alone
 * change it.
 */
#include "base/money.h"
#include "catalog/sync_record.h"
#include "site/change.h"
#include "site/form.h"
#include "site/pages/alias_json.h"
#include "site/pages/model_form.h"
#include "site/pages/model_json.h"
#include "site/pages/sync_json.h"
#include "site/pages/pages.h"

#define CHANGES 20

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool find(const struct site_request *request,
	const struct catalog *catalog, const struct model **out,
	struct error *err);
static bool put_aliases(struct site_request *request,
	const struct catalog *catalog, const struct model *model, json_t *out,
	struct error *err);
static bool names_model(const struct catalog *catalog,
	const struct alias *alias, const struct model *model);
static bool put_changes(struct site_request *request, const struct model *model,
	json_t *out, struct error *err);
static bool enable(
	struct site_request *request, json_t *out, struct error *err);
static bool disable(
	struct site_request *request, json_t *out, struct error *err);
static bool set_enabled(struct site_request *request, bool is_enabled,
	json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static json_t *audit_json(
	const struct format *format, const struct model *model);
static struct str path_of(struct site_request *request, int64_t id);

static const struct site_field change_fields[] = {
	MODEL_FORM_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_model[] = {
	{ .path = STR("/models/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = show,
		.template = "model",
		.title = "model.title",
		.nav = "models" },
	{ .path = STR("/models/{id}"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/models/{id}"),
		.method = SITE_PATCH,
		.who = SITE_OPERATOR,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/models/{id}/enable"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.load = enable },
	{ .path = STR("/models/{id}/disable"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.load = disable },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	const struct catalog *catalog;
	const struct model *model;
	json_t *charts, *all;

	if (!model_json_catalog(request, &catalog, err) ||
		!find(request, catalog, &model, err))
		return false;
	all = model_json(&format, model);
	json_object_update_new(out, all);
	json_object_set_new(out, "prices", model_json_prices(&format, model));
	json_object_set_new(
		out, "price_history", model_json_price_history(&format, model));
	site_put_bool(out, "has_history", model->prices != NULL);
	charts = model_json_charts(&format, model);
	json_object_set_new(out, "charts", charts ? charts : json_null());
	site_put_bool(out, "may_change_this", request->session.is_operator);
	return put_aliases(request, catalog, model, out, err) &&
	       put_changes(request, model, out, err);
}

static bool find(const struct site_request *request,
	const struct catalog *catalog, const struct model **out,
	struct error *err)
{
	int64_t id;

	*out = NULL;
	if (str_to_int64_in(request->id, 1, INT64_MAX, &id))
		for (size_t i = 0; i < catalog->model_count; i++)
			if (catalog->models[i]->id == id)
				*out = catalog->models[i];
	return *out || error_refuse(err, ERR_NOT_FOUND, "model",
			       "There is no such model.");
}

static bool put_aliases(struct site_request *request,
	const struct catalog *catalog, const struct model *model, json_t *out,
	struct error *err)
{
	json_t *list = json_array();
	struct alias_sight sight;

	json_object_set_new(out, "aliases", list);
	if (!alias_sight_load(request, &sight, err))
		return false;
	for (size_t i = 0; i < catalog->alias_count; i++) {
		const struct alias *alias = catalog->aliases[i];

		if (alias_sees(&sight, alias) &&
			names_model(catalog, alias, model))
			json_array_append_new(
				list, alias_json(request, &sight, alias));
	}
	return true;
}

static bool names_model(const struct catalog *catalog,
	const struct alias *alias, const struct model *model)
{
	for (const struct alias_target *t = alias->targets; t; t = t->next) {
		const struct model *const *found;
		size_t count = catalog_find_models(catalog, t->model, &found);

		for (size_t i = 0; i < count; i++)
			if (found[i] == model)
				return true;
	}
	return false;
}

static bool put_changes(struct site_request *request, const struct model *model,
	json_t *out, struct error *err)
{
	const struct sync_history_filter filter = {
		.model = arena_printf(request->arena, "%.*s/%.*s",
			STR_ARG(model->provider->name), STR_ARG(model->name)),
		.limit = CHANGES,
	};
	struct sync_history_row *rows;
	size_t count;

	if (!sync_history_load(
		    request->db, &filter, request->arena, &rows, &count, err))
		return false;
	json_object_set_new(
		out, "changes", sync_json_changes(request, rows, count));
	site_put_bool(out, "has_changes", count > 0);
	return true;
}

static bool enable(struct site_request *request, json_t *out, struct error *err)
{
	return set_enabled(request, true, out, err);
}

static bool disable(
	struct site_request *request, json_t *out, struct error *err)
{
	return set_enabled(request, false, out, err);
}

static bool set_enabled(struct site_request *request, bool is_enabled,
	json_t *out, struct error *err)
{
	const struct catalog *catalog;
	const struct model *model;

	if (!model_json_catalog(request, &catalog, err) ||
		!find(request, catalog, &model, err) ||
		!db_begin(request->db, err) ||
		!model_set_enabled(request->db, model->id, is_enabled, err) ||
		!site_change_note(request,
			&(struct site_change){
				.action = is_enabled ? "model.enable"
						     : "model.disable",
				.object_id = model->id,
				.object_name = model->name,
				.before = json_pack(
					"{s:b}", "enabled", model->enabled),
				.after = json_pack(
					"{s:b}", "enabled", is_enabled),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", model->id);
	site_put_bool(out, "enabled", is_enabled);
	site_redirect(request, path_of(request, model->id), "flash.saved");
	return true;
}

/* Saving enables a model; one that was not stays so. */
static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct model_change wanted = model_change_none();
	struct format format = format_of(request);
	const struct catalog *catalog;
	const struct model *model;
	bool created;
	int64_t id;

	if (!model_json_catalog(request, &catalog, err) ||
		!find(request, catalog, &model, err) ||
		!model_form_read(request, &wanted, err))
		return false;
	wanted.provider_id = model->provider->id;
	wanted.name = model->name;
	if (!db_begin(request->db, err) ||
		!model_save(request->db, &wanted, &id, &created, err) ||
		(!model->enabled &&
			!model_set_enabled(request->db, id, false, err)) ||
		!site_change_note(request,
			&(struct site_change){
				.action = "model.change",
				.object_id = id,
				.object_name = model->name,
				.before = audit_json(&format, model),
				.after = form_json(request),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_redirect(request, path_of(request, id), "flash.saved");
	return true;
}

static json_t *audit_json(
	const struct format *format, const struct model *model)
{
	static const char *const members[] = { "context_tokens",
		"max_output_tokens", "quality", "speed_tps", "kind",
		"capabilities", "input_price", "output_price", "cached_price",
		"cache_write_price", "reasoning_price", "image_price",
		"source" };
	json_t *all = model_json(format, model);
	json_t *out = json_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_object_set(
			out, members[i], json_object_get(all, members[i]));
	json_decref(all);
	return out;
}

static struct str path_of(struct site_request *request, int64_t id)
{
	return arena_printf(request->arena, "/models/%" PRId64, id);
}
