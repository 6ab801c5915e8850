/*
 * models.c - GET /v1/models: what this key may use, aliases first.
 */
#include "gateway/stages.h"

#define MAX_LIST_BYTES (16 << 20)

static void write_list(struct call *call, struct json_writer *w);
static bool write_named(struct call *call, struct json_writer *w);
static bool sees_alias(const struct call *call, const struct alias *alias);
static bool sees_model(const struct call *call, const struct model *model);
static void write_entry(struct json_writer *w, struct str id,
	int64_t created_ms, struct str owner);

enum verdict list_models(struct call *call)
{
	struct buf body = BUF_INIT(MAX_LIST_BYTES);
	struct json_writer w;

	json_writer_init(&w, &body);
	if (call->listed_id.n == 0) {
		write_list(call, &w);
	} else if (!write_named(call, &w)) {
		if (!call->refreshed)
			return NEEDS_DATABASE;
		error_refuse(&call->error, ERR_MODEL_NOT_FOUND, "model",
			"The model '%.*s' does not exist here, or this key "
			"may not use it.",
			STR_ARG(str_head(call->listed_id, 200)));
		return FAILED;
	}
	call->status = 200;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_header_int(call->x, "Content-Length", (int64_t)body.n);
	http_body(call->x, buf_str(&body));
	buf_release(&body);
	call_end(call);
	return ANSWERED;
}

static void write_list(struct call *call, struct json_writer *w)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct str last = S("");

	json_begin_object(w);
	json_member_str(w, "object", S("list"));
	json_name(w, "data");
	json_begin_array(w);
	for (size_t i = 0; i < catalog->alias_count; i++) {
		if (sees_alias(call, catalog->aliases[i]))
			write_entry(w, catalog->aliases[i]->name, 0,
				S("llm-gateway"));
	}
	/* Sorted by name: what several providers offer is listed once. */
	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];

		if (!sees_model(call, model) || str_equal(model->name, last))
			continue;
		last = model->name;
		write_entry(w, model->name, model->created_ms,
			model->provider->name);
	}
	json_end_array(w);
	json_end_object(w);
}

static bool write_named(struct call *call, struct json_writer *w)
{
	const struct catalog *catalog = call->snapshot->catalog;
	const struct alias *alias = catalog_find_alias(
		catalog, call->key->project_id, call->listed_id);
	const struct model *const *models;
	size_t count = catalog_find_models(catalog, call->listed_id, &models);

	if (alias && sees_alias(call, alias)) {
		write_entry(w, alias->name, 0, S("llm-gateway"));
		return true;
	}
	for (size_t i = 0; i < count; i++) {
		if (sees_model(call, models[i])) {
			write_entry(w, call->listed_id, models[i]->created_ms,
				models[i]->provider->name);
			return true;
		}
	}
	return false;
}

static bool sees_alias(const struct call *call, const struct alias *alias)
{
	return (alias->project_id == 0 ||
		       alias->project_id == call->key->project_id) &&
	       gateway_key_allows_name(call->key, alias->name);
}

static bool sees_model(const struct call *call, const struct model *model)
{
	return gateway_key_allows(
		call->key, model->provider->name, model->name);
}

/* Source: OpenAI's API reference, "The model object"; seconds. */
static void write_entry(struct json_writer *w, struct str id,
	int64_t created_ms, struct str owner)
{
	json_begin_object(w);
	json_member_str(w, "id", id);
	json_member_str(w, "object", S("model"));
	json_member_int(w, "created", created_ms / 1000);
	json_member_str(w, "owned_by", owner);
	json_end_object(w);
}
