/*
 * route.c - the stage that says which models may serve the call, in what
 * order.
 *
 * A name means, in this order: an alias of the project, a model of the
 * catalogue (at every provider that offers it), "provider/model", the router
 * (routing.h). What the key may not use is left out; if nothing is left, the
 * answer says whether the name is unknown or forbidden. Behind what was named
 * come the models that may stand in for it.
 */
#include "gateway/cascade.h"

#include "base/clock.h"
#include "gateway/affinity.h"

/* Those whom a share of an alias is for get it before the others. */
#define BEFORE_OTHERS (INT64_C(1) << 40)

/* A model that may serve; in rising order of these numbers. */
struct candidate {
	const struct model *model;
	const char *dropped; /* the condition that does not hold; or NULL */
	int64_t position;
	double weight; /* among all of one position */
	double draw;   /* among the targets of one position */
	double share;  /* among the providers of one model */
};

struct candidates {
	struct candidate *all;
	size_t count;
	size_t room;
	struct str unknown; /* a name that no model has; or "" */
};

static size_t collect(struct call *call, struct candidates *candidates);
static size_t collect_alias(struct call *call, struct candidates *candidates);
static size_t collect_list(struct call *call, struct candidates *candidates);
static size_t add_named(struct call *call, struct str name,
	const struct candidate *like, struct candidates *candidates);
static enum verdict route_by_router(
	struct call *call, const struct candidates *candidates);
static size_t fill_offered(
	const struct call *call, struct strategy_candidate *all);
static enum verdict route_by_order(
	struct call *call, struct candidates *candidates, size_t found);
static bool has_choice(const struct call *call);
static void note(struct call *call, const struct candidates *candidates);
static void add_equivalents(struct call *call, struct candidates *candidates);
static bool has_equivalent(
	const struct candidates *named, size_t count, struct str equivalence);
static void add(struct call *call, struct candidate candidate,
	struct candidates *candidates);
static void draw_by_latency(
	const struct call *call, struct candidates *candidates);
static void order(struct call *call, struct candidates *candidates);
static void draw_by_prefix(
	struct call *call, struct candidate *all, size_t count);
static int by_order(const void *a, const void *b);
static void make_room(
	struct call *call, const struct model *const *models, size_t count);
static void add_targets(
	struct call *call, const struct model *model, int64_t position);

enum verdict route(struct call *call)
{
	struct candidates candidates = { .unknown = S("") };
	bool by_router;
	size_t found;

	/* It may have run before, with an older snapshot. */
	call->routing = NULL;
	call->cascade = NULL;
	/* A chat's name was understood by classify(). */
	if (call->service && !route_resolve(call))
		return FAILED;
	by_router = call->is_auto ||
		    (call->alias && call->alias->strategy == ALIAS_AUTO);
	if (call->is_auto && call->among.count == 0)
		return route_by_router(call, NULL);
	found = collect(call, &candidates);
	if ((found == 0 || candidates.unknown.n > 0) && !call->refreshed)
		return NEEDS_DATABASE;
	if (candidates.unknown.n > 0) {
		route_refuse_unknown(call, candidates.unknown);
		return FAILED;
	}
	if (by_router && found > 0)
		return route_by_router(call, &candidates);
	return route_by_order(call, &candidates, found);
}

/* How many models the name has; those that the key may use are collected. */
static size_t collect(struct call *call, struct candidates *candidates)
{
	if (call->alias)
		return collect_alias(call, candidates);
	if (call->among.count > 0)
		return collect_list(call, candidates);
	return add_named(call, call->head.model,
		&(struct candidate){ .weight = 1 }, candidates);
}

static size_t collect_alias(struct call *call, struct candidates *candidates)
{
	struct alias_facts facts = route_facts(call);
	size_t found = 0;

	for (const struct alias_target *t = call->alias->targets; t;
		t = t->next) {
		struct candidate like = {
			.position = t->position,
			.weight = (double)t->weight,
			.draw = balance_draw((double)t->weight),
		};

		if (t->is_off)
			like.dropped = "condition";
		else if (t->condition)
			like.dropped = alias_condition_fails(t->condition,
				&facts,
				arena_printf(call->arena, "%" PRId64 "/%.*s",
					call->alias->id, STR_ARG(t->model)));
		if (t->condition && t->condition->percent != ALIAS_EVERYBODY)
			like.position -= BEFORE_OTHERS;
		found += add_named(call, t->model, &like, candidates);
	}
	return found;
}

static size_t collect_list(struct call *call, struct candidates *candidates)
{
	size_t found = 0;

	for (size_t i = 0; i < call->among.count; i++) {
		struct candidate like = { .position = (int64_t)i, .weight = 1 };
		struct str name = call->among.names[i];
		size_t count = add_named(call, name, &like, candidates);

		if (count == 0)
			candidates->unknown = name;
		found += count;
	}
	return found;
}

/* An alias that the key may use is enough to use its models. */
static size_t add_named(struct call *call, struct str name,
	const struct candidate *like, struct candidates *candidates)
{
	const struct model *const *models;
	size_t count =
		catalog_find_models(call->snapshot->catalog, name, &models);
	bool by_name = gateway_key_allows_name(call->key, call->head.model) &&
		       call->key->allowed_providers.count == 0;
	double weights = 0;

	for (size_t i = 0; i < count; i++)
		weights += (double)models[i]->provider->weight;
	for (size_t i = 0; i < count; i++) {
		struct candidate candidate = *like;
		double weight = (double)models[i]->provider->weight;

		candidate.model = models[i];
		candidate.weight *= weights > 0 ? weight / weights : 1;
		candidate.share = balance_draw(weight);
		if (by_name ||
			gateway_key_allows(call->key, models[i]->provider->name,
				models[i]->name))
			add(call, candidate, candidates);
	}
	return count;
}

/* Among the candidates; NULL: among all that there is. A catalogue may be
 * large, and a stream lives long: what is kept of it, route_rank() keeps. */
static enum verdict route_by_router(
	struct call *call, const struct candidates *candidates)
{
	const struct catalog *catalog = call->snapshot->catalog;
	size_t total = candidates ? candidates->count : catalog->offered_count;
	struct strategy_candidate *all = calloc(total + 1, sizeof(*all));
	const struct model *models[ROUTING_TARGETS];
	size_t count;

	if (!all)
		abort();
	if (!candidates)
		total = fill_offered(call, all);
	for (size_t i = 0; candidates && i < total; i++) {
		all[i].model = candidates->all[i].model;
		all[i].dropped = candidates->all[i].dropped;
	}
	route_rank(call, all, total, &count);
	if (count == 0)
		route_refuse_all(call, all, total);
	if (count > ROUTING_TARGETS)
		count = ROUTING_TARGETS;
	for (size_t i = 0; i < count; i++)
		models[i] = all[i].model;
	free(all);
	make_room(call, models, count);
	for (size_t i = 0; i < count; i++)
		add_targets(call, models[i], (int64_t)i);
	if (count > 0 && call->target_count == 0)
		route_refuse(call, true, true);
	return call->target_count > 0 || call->is_dry_run ? GO_ON : FAILED;
}

static size_t fill_offered(
	const struct call *call, struct strategy_candidate *all)
{
	const struct catalog *catalog = call->snapshot->catalog;
	size_t count = 0;

	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];

		if (model->kind != MODEL_CHAT)
			continue;
		all[count].model = model;
		all[count].is_hidden = !gateway_key_allows(
			call->key, model->provider->name, model->name);
		if (all[count].is_hidden)
			all[count].dropped = "permission";
		count++;
	}
	return count;
}

static enum verdict route_by_order(
	struct call *call, struct candidates *candidates, size_t found)
{
	const struct model **models;
	size_t count = 0;

	if (call->alias && call->alias->strategy == ALIAS_LEAST_LATENCY)
		draw_by_latency(call, candidates);
	add_equivalents(call, candidates);
	if (candidates->count > 1)
		order(call, candidates);
	if (has_choice(call))
		note(call, candidates);
	if (call->alias && call->alias->strategy == ALIAS_CASCADE &&
		!call->is_count)
		cascade_begin(call);
	models = ARENA_ARRAY(
		call->arena, const struct model *, candidates->count + 1);
	while (count < candidates->count && !candidates->all[count].dropped) {
		models[count] = candidates->all[count].model;
		count++;
	}
	make_room(call, models, count);
	for (size_t i = 0; i < count; i++)
		add_targets(call, models[i], candidates->all[i].position);
	if (call->target_count > 0)
		return GO_ON;
	route_refuse(call, found > 0, candidates->count > 0);
	return FAILED;
}

/* Is there more to tell than the name that was asked for? */
static bool has_choice(const struct call *call)
{
	if (!call->alias)
		return call->among.count > 0;
	if (call->alias->strategy == ALIAS_CASCADE)
		return true;
	for (const struct alias_target *t = call->alias->targets; t;
		t = t->next)
		if (t->condition)
			return true;
	return false;
}

static void note(struct call *call, const struct candidates *candidates)
{
	size_t count = candidates->count;
	struct strategy_candidate *all =
		ARENA_ARRAY(call->arena, struct strategy_candidate, count + 1);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		all[i].model = candidates->all[i].model;
		all[i].dropped = candidates->all[i].dropped;
		kept += !all[i].dropped;
	}
	route_note(call, all, count,
		arena_printf(call->arena,
			"the first of %zu whose conditions "
			"hold, of %zu",
			kept, count));
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
				(struct candidate){ .model = model,
					.position = INT64_MAX,
					.share = balance_draw(weight) },
				candidates);
	}
}

/* Is one of them of that equivalence? "": of any. */
static bool has_equivalent(
	const struct candidates *named, size_t count, struct str equivalence)
{
	for (size_t i = 0; i < count; i++) {
		struct str its = named->all[i].model->equivalence;

		if (!named->all[i].dropped && its.n > 0 &&
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

	for (size_t i = 0; i < candidates->count; i++) {
		struct candidate *other = &candidates->all[i];

		if (other->model != candidate.model)
			continue;
		if (other->dropped && !candidate.dropped)
			*other = candidate;
		return;
	}
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

/* Those of one position, also by where the prompt is cached. */
static void order(struct call *call, struct candidates *candidates)
{
	struct candidate *all = candidates->all;
	size_t count = candidates->count;

	qsort(all, count, sizeof(all[0]), by_order);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count &&
				    all[to].position == all[from].position &&
				    !all[to].dropped == !all[from].dropped;)
			to++;
		if (to - from > 1 && all[from].position != INT64_MAX)
			draw_by_prefix(call, &all[from], to - from);
	}
	qsort(all, count, sizeof(all[0]), by_order);
}

/* What is known to be cached comes even before the quickest. */
static void draw_by_prefix(
	struct call *call, struct candidate *all, size_t count)
{
	bool by_latency =
		call->alias && call->alias->strategy == ALIAS_LEAST_LATENCY;
	struct affinity_choice *choices =
		ARENA_ARRAY(call->arena, struct affinity_choice, count);

	if (call->head.prompt_bytes < AFFINITY_MIN_BYTES)
		return;
	for (size_t i = 0; i < count; i++)
		choices[i] = (struct affinity_choice){ .model = all[i].model,
			.weight = all[i].weight };
	affinity_draw(call, AFFINITY_MODEL, choices, count);
	for (size_t i = 0; i < count; i++) {
		if (!by_latency)
			all[i].draw = choices[i].draw;
		else if (choices[i].is_warm)
			all[i].draw = -1 / (1 + all[i].draw);
	}
}

static int by_order(const void *a, const void *b)
{
	const struct candidate *one = a, *other = b;

	if (!one->dropped != !other->dropped)
		return one->dropped ? 1 : -1;
	if (one->position != other->position)
		return one->position < other->position ? -1 : 1;
	if (one->draw != other->draw)
		return one->draw < other->draw ? -1 : 1;
	return (one->share > other->share) - (one->share < other->share);
}

/* For each model at the hosts of its provider. */
static void make_room(
	struct call *call, const struct model *const *models, size_t count)
{
	size_t room = 0;

	for (size_t i = 0; i < count; i++)
		room += 1 + models[i]->provider->host_count;
	call->targets = ARENA_ARRAY(call->arena, struct target, room + 1);
	call->target_count = 0;
}

static void add_targets(
	struct call *call, const struct model *model, int64_t position)
{
	struct str urls[1 + PROVIDER_HOSTS];
	size_t count = 1;

	urls[0] = model->provider->base_url;
	if (model->provider->host_count > 0)
		count = pool_order(call, model, urls);
	for (size_t i = 0; i < count; i++)
		call->targets[call->target_count++] = (struct target){
			.model = model,
			.base_url = urls[i],
			.position = position,
		};
}
