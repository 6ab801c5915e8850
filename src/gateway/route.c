/*
 * route.c - the third stage: which models may serve the call, in what order.
 *
 * A name means, in this order: an alias of the project, a model of the
 * catalogue (at every provider that offers it), "provider/model". What the
 * key may not use is left out; if nothing is left, the answer says whether
 * the name is unknown or forbidden.
 */
#include "gateway/stages.h"

static size_t count_targets(const struct call *call, const struct alias *alias);
static void add_targets(struct call *call, struct str name);
static bool key_allows(const void *context, struct str name);
static void refuse_unknown(struct call *call);

enum verdict route(struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct str name = call->head.model;
	const struct alias *alias =
		catalog_find_alias(catalog, call->key->project_id, name);
	size_t found = count_targets(call, alias);

	call->alias = alias;
	if (name.n == 0) {
		error_refuse(&call->error, ERR_MISSING_FIELD, "model",
			"Name a model in 'model'. GET /v1/models lists those "
			"that this key may use.");
		return FAILED;
	}
	if (found == 0 && !call->refreshed)
		return NEEDS_DATABASE;
	call->targets = ARENA_ARRAY(call->arena, const struct model *, found);
	call->target_count = 0;
	if (!alias)
		add_targets(call, name);
	for (const struct alias_target *t = alias ? alias->targets : NULL; t;
		t = t->next)
		add_targets(call, t->model);
	if (call->target_count > 0)
		return GO_ON;
	if (found > 0)
		error_refuse(&call->error, ERR_MODEL_FORBIDDEN, "model",
			"This key may not use the model '%.*s'. GET /v1/models "
			"lists those that it may use.",
			STR_ARG(str_head(name, 200)));
	else
		refuse_unknown(call);
	return FAILED;
}

static size_t count_targets(const struct call *call, const struct alias *alias)
{
	const struct catalog *catalog = call->snapshot->catalog;
	const struct model *const *models;
	size_t count = 0;

	if (!alias)
		return catalog_find_models(catalog, call->head.model, &models);
	for (const struct alias_target *t = alias->targets; t; t = t->next)
		count += catalog_find_models(catalog, t->model, &models);
	return count;
}

/* An alias that the key may use is enough to use its models. */
static void add_targets(struct call *call, struct str name)
{
	const struct model *const *models;
	size_t count =
		catalog_find_models(call->snapshot->catalog, name, &models);
	bool by_name = gateway_key_allows_name(call->key, call->head.model) &&
		       call->key->allowed_providers.count == 0;

	for (size_t i = 0; i < count; i++) {
		const struct model *model = models[i];

		if (by_name || gateway_key_allows(call->key,
				       model->provider->name, model->name))
			call->targets[call->target_count++] = model;
	}
}

static bool key_allows(const void *context, struct str name)
{
	return gateway_key_allows_name(context, name);
}

static void refuse_unknown(struct call *call)
{
	struct str name = str_head(call->head.model, 200);
	struct str near[CATALOG_NEAR_NAMES];
	size_t count = catalog_near_names(call->snapshot->catalog,
		call->key->project_id, name, key_allows, call->key, near);
	struct buf text = BUF_INIT(512);

	for (size_t i = 0; i < count; i++)
		buf_printf(&text, "%s'%.*s'", i ? ", " : " Did you mean ",
			STR_ARG(near[i]));
	if (count > 0)
		buf_append_char(&text, '?');
	error_refuse(&call->error, ERR_MODEL_NOT_FOUND, "model",
		"The model '%.*s' does not exist here.%s", STR_ARG(name),
		text.n ? buf_cstr(&text) : "");
	buf_release(&text);
}
