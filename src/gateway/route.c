/*
 * route.c - the third stage: which models may serve the call, in what order.
 *
 * A name means, in this order: an alias of the project, a model of the
 * catalogue (at every provider that offers it), "provider/model". What the
 * key may not use is left out; if nothing is left, the answer says whether
 * the name is unknown or forbidden. Behind what was named come the models
 * that may stand in for it.
 */
#include "gateway/stages.h"

#include "base/clock.h"

/* A model that may serve; in rising order of these numbers. */
struct candidate {
	const struct model *model;
	int64_t position;
	double draw;  /* among the targets of one position */
	double share; /* among the providers of one model */
};

struct candidates {
	struct candidate *all;
	size_t count;
	size_t room;
};

static size_t collect(struct call *call, const struct alias *alias,
	struct candidates *candidates);
static size_t add_named(struct call *call, struct str name, int64_t position,
	double draw, struct candidates *candidates);
static void add_equivalents(struct call *call, struct candidates *candidates);
static bool has_equivalent(
	const struct candidates *named, size_t count, struct str equivalence);
static void add(struct call *call, struct candidate candidate,
	struct candidates *candidates);
static void draw_by_latency(
	const struct call *call, struct candidates *candidates);
static int by_order(const void *a, const void *b);
static void make_targets(
	struct call *call, const struct candidates *candidates);
static bool key_allows(const void *context, struct str name);
static void refuse(struct call *call, bool is_known, bool is_allowed);
static void refuse_unknown(struct call *call);

enum verdict route(struct call *call)
{
	struct str name = call->head.model;
	struct candidates candidates = { 0 };
	const struct alias *alias;
	size_t found;

	if (name.n == 0) {
		error_refuse(&call->error, ERR_MISSING_FIELD, "model",
			"Name a model in 'model'. GET /v1/models lists those "
			"that this key may use.");
		return FAILED;
	}
	alias = catalog_find_alias(
		call->snapshot->catalog, call->key->project_id, name);
	call->alias = alias;
	found = collect(call, alias, &candidates);
	if (found == 0 && !call->refreshed)
		return NEEDS_DATABASE;
	if (alias && alias->strategy == ALIAS_LEAST_LATENCY)
		draw_by_latency(call, &candidates);
	add_equivalents(call, &candidates);
	if (candidates.count > 1)
		qsort(candidates.all, candidates.count,
			sizeof(candidates.all[0]), by_order);
	make_targets(call, &candidates);
	if (call->target_count > 0)
		return GO_ON;
	refuse(call, found > 0, candidates.count > 0);
	return FAILED;
}

/* How many models the name has; those that the key may use are collected. */
static size_t collect(struct call *call, const struct alias *alias,
	struct candidates *candidates)
{
	size_t found = 0;

	if (!alias)
		return add_named(call, call->head.model, 0, 0, candidates);
	for (const struct alias_target *t = alias->targets; t; t = t->next)
		found += add_named(call, t->model, t->position,
			balance_draw(t->weight), candidates);
	return found;
}

/* An alias that the key may use is enough to use its models. */
static size_t add_named(struct call *call, struct str name, int64_t position,
	double draw, struct candidates *candidates)
{
	const struct model *const *models;
	size_t count =
		catalog_find_models(call->snapshot->catalog, name, &models);
	bool by_name = gateway_key_allows_name(call->key, call->head.model) &&
		       call->key->allowed_providers.count == 0;

	for (size_t i = 0; i < count; i++) {
		const struct model *model = models[i];
		int64_t weight = model->provider->weight;

		if (by_name || gateway_key_allows(call->key,
				       model->provider->name, model->name))
			add(call,
				(struct candidate){ model, position, draw,
					balance_draw(weight) },
				candidates);
	}
	return count;
}

/* Behind all others, and only where the key names them itself. */
static void add_equivalents(struct call *call, struct candidates *candidates)
{
	const struct catalog *catalog = call->snapshot->catalog;
	size_t named = candidates->count;

	if (!has_equivalent(candidates, named, S("")))
		return;
	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];
		int64_t weight = model->provider->weight;

		if (model->equivalence.n > 0 &&
			has_equivalent(candidates, named, model->equivalence) &&
			gateway_key_allows(
				call->key, model->provider->name, model->name))
			add(call,
				(struct candidate){ model, INT64_MAX, 0,
					balance_draw(weight) },
				candidates);
	}
}

/* Is one of them of that equivalence? "": of any. */
static bool has_equivalent(
	const struct candidates *named, size_t count, struct str equivalence)
{
	for (size_t i = 0; i < count; i++) {
		struct str its = named->all[i].model->equivalence;

		if (its.n > 0 &&
			(equivalence.n == 0 || str_equal(its, equivalence)))
			return true;
	}
	return false;
}

/* Once each: an alias may name a model in two ways. */
static void add(struct call *call, struct candidate candidate,
	struct candidates *candidates)
{
	struct candidate *larger;

	for (size_t i = 0; i < candidates->count; i++)
		if (candidates->all[i].model == candidate.model)
			return;
	if (candidates->count == candidates->room) {
		candidates->room = candidates->room ? 2 * candidates->room : 4;
		larger = ARENA_ARRAY(
			call->arena, struct candidate, candidates->room);
		if (candidates->count > 0)
			memcpy(larger, candidates->all,
				candidates->count * sizeof(*larger));
		candidates->all = larger;
	}
	candidates->all[candidates->count++] = candidate;
}

static void draw_by_latency(
	const struct call *call, struct candidates *candidates)
{
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < candidates->count; i++) {
		struct candidate *candidate = &candidates->all[i];

		candidate->position = 0;
		candidate->draw = latencies_score(
			call->gateway->latencies, candidate->model->id, now_ms);
	}
}

static int by_order(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;

	if (one->position != other->position)
		return one->position < other->position ? -1 : 1;
	if (one->draw != other->draw)
		return one->draw < other->draw ? -1 : 1;
	return (one->share > other->share) - (one->share < other->share);
}

/* Each model at the hosts of its provider. */
static void make_targets(struct call *call, const struct candidates *candidates)
{
	struct str urls[1 + PROVIDER_HOSTS];
	size_t room = 0;

	for (size_t i = 0; i < candidates->count; i++)
		room += 1 + candidates->all[i].model->provider->host_count;
	call->targets = ARENA_ARRAY(call->arena, struct target, room);
	call->target_count = 0;
	for (size_t i = 0; i < candidates->count; i++) {
		const struct model *model = candidates->all[i].model;
		size_t count = 1;

		urls[0] = model->provider->base_url;
		if (model->provider->host_count > 0)
			count = pool_order(call->gateway->pool, model, urls);
		for (size_t j = 0; j < count; j++)
			call->targets[call->target_count++] =
				(struct target){ .model = model,
					.base_url = urls[j] };
	}
}

static bool key_allows(const void *context, struct str name)
{
	return gateway_key_allows_name(context, name);
}

static void refuse(struct call *call, bool is_known, bool is_allowed)
{
	struct str name = str_head(call->head.model, 200);

	if (is_allowed)
		error_refuse(&call->error, ERR_NO_TARGET, "model",
			"None of the provider's hosts has the model '%.*s' at "
			"the moment.",
			STR_ARG(name));
	else if (is_known)
		error_refuse(&call->error, ERR_MODEL_FORBIDDEN, "model",
			"This key may not use the model '%.*s'. GET /v1/models "
			"lists those that it may use.",
			STR_ARG(name));
	else
		refuse_unknown(call);
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
