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
static size_t count_hosts(const struct catalog *catalog, struct str name);
static bool add_targets(struct call *call, struct str name);
static void add_hosts(struct call *call, const struct model *model);
static bool key_allows(const void *context, struct str name);
static void refuse_unknown(struct call *call);

enum verdict route(struct call *call)
{
	const struct catalog *catalog = call->snapshot->catalog;
	struct str name = call->head.model;
	const struct alias *alias =
		catalog_find_alias(catalog, call->key->project_id, name);
	size_t found = count_targets(call, alias);
	bool allowed = false;

	call->alias = alias;
	if (name.n == 0) {
		error_refuse(&call->error, ERR_MISSING_FIELD, "model",
			"Name a model in 'model'. GET /v1/models lists those "
			"that this key may use.");
		return FAILED;
	}
	if (found == 0 && !call->refreshed)
		return NEEDS_DATABASE;
	call->targets = ARENA_ARRAY(call->arena, struct target, found);
	call->target_count = 0;
	if (!alias)
		allowed = add_targets(call, name);
	for (const struct alias_target *t = alias ? alias->targets : NULL; t;
		t = t->next)
		allowed |= add_targets(call, t->model);
	if (call->target_count > 0)
		return GO_ON;
	if (allowed)
		error_refuse(&call->error, ERR_NO_TARGET, "model",
			"None of the provider's hosts has the model '%.*s' at "
			"the moment.",
			STR_ARG(str_head(name, 200)));
	else if (found > 0)
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
	size_t count = 0;

	if (!alias)
		return count_hosts(catalog, call->head.model);
	for (const struct alias_target *t = alias->targets; t; t = t->next)
		count += count_hosts(catalog, t->model);
	return count;
}

/* Of all providers that offer the model. */
static size_t count_hosts(const struct catalog *catalog, struct str name)
{
	const struct model *const *models;
	size_t found = catalog_find_models(catalog, name, &models);
	size_t count = found;

	for (size_t i = 0; i < found; i++)
		count += models[i]->provider->host_count;
	return count;
}

/* An alias that the key may use is enough to use its models. False: the key
 * may use none of them. */
static bool add_targets(struct call *call, struct str name)
{
	const struct model *const *models;
	size_t count =
		catalog_find_models(call->snapshot->catalog, name, &models);
	bool by_name = gateway_key_allows_name(call->key, call->head.model) &&
		       call->key->allowed_providers.count == 0;

	bool allowed = false;

	for (size_t i = 0; i < count; i++) {
		const struct model *model = models[i];

		if (!by_name && !gateway_key_allows(call->key,
					model->provider->name, model->name))
			continue;
		add_hosts(call, model);
		allowed = true;
	}
	return allowed;
}

static void add_hosts(struct call *call, const struct model *model)
{
	struct str urls[1 + PROVIDER_HOSTS] = { model->provider->base_url };
	size_t count = 1;

	if (model->provider->host_count > 0)
		count = pool_order(call->gateway->pool, model, urls);
	for (size_t i = 0; i < count; i++)
		call->targets[call->target_count++] =
			(struct target){ model, urls[i] };
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
