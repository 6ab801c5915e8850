/*
 * cache.c - the stage that looks for an answer that was given before.
 *
 * It comes after who may ask, how much and for what: an answer is only ever
 * given to a key that could have got it from the provider.
 */
#include "gateway/cache.h"

#include "base/clock.h"
#include "base/log.h"

static enum verdict ask_fleet(struct call *call);
static bool find(struct call *call);
static bool find_in_fleet(struct call *call);
static bool may_give(struct call *call);
static bool is_fresh(const struct call_cache *cache, int64_t now_unix_ms);
static const struct model *find_model(
	const struct call *call, const struct cache_answer *answer);
static bool may_use(const struct call *call, const struct model *model);

enum verdict cache_lookup(struct call *call)
{
	if (!call->cache && !cache_allows(call))
		return GO_ON;
	if (find(call) && may_give(call))
		return cache_replay(call);
	if (call->gateway->cache_fleet && call->cache->may_read &&
		!call->cache->has_asked_fleet)
		return ask_fleet(call);
	return cache_join(call);
}

/* Redis is far away: a worker may wait for it. */
static enum verdict ask_fleet(struct call *call)
{
	struct http_exchange *x = call->x;

	if (!x->on_worker && x->server->to_worker(x, call_run_stages, call))
		return WAITING;
	call->cache->has_asked_fleet = true;
	if (x->on_worker && find_in_fleet(call) && may_give(call))
		return cache_replay(call);
	return cache_join(call);
}

static bool find(struct call *call)
{
	struct call_cache *cache = call->cache;

	buf_release(&cache->memory);
	return cache->may_read &&
	       cache_find(call->gateway->cache, cache->key, clock_unix_ms(),
		       &cache->memory, &cache->answer);
}

/* What another host has kept is kept here, too. */
static bool find_in_fleet(struct call *call)
{
	struct gateway *gateway = call->gateway;
	struct call_cache *cache = call->cache;
	struct cache_item item = { .is_miss = false };
	struct error err;
	bool found;

	buf_release(&cache->memory);
	if (!cache_fleet_find(gateway->cache_fleet, call->key->project_id,
		    cache->key, clock_unix_ms(), &cache->memory, &cache->answer,
		    &found, &err)) {
		log_debug("%s", error_detail(&err));
		return false;
	}
	if (!found || !cache_is_hybrid(gateway->settings))
		return found;
	memcpy(item.key, cache->key, sizeof(item.key));
	item.answer = cache->answer;
	if (!cache_put(gateway->cache, &item, 1, &err))
		log_warn("%s", error_detail(&err));
	return true;
}

/* One that this key may have, and that is fresh enough for this client. */
static bool may_give(struct call *call)
{
	struct call_cache *cache = call->cache;
	int64_t now = clock_unix_ms();
	const struct model *model = find_model(call, &cache->answer);

	if (!model || !is_fresh(cache, now))
		return false;
	call->target = model;
	call->cache_state = CACHE_HIT;
	call->cache_age_ms = now - cache->answer.stored_unix_ms;
	return true;
}

static bool is_fresh(const struct call_cache *cache, int64_t now_unix_ms)
{
	return cache->max_age_ms < 0 ||
	       now_unix_ms - cache->answer.stored_unix_ms <= cache->max_age_ms;
}

/* The model that made it; NULL: it is gone, or this key may not use it. */
static const struct model *find_model(
	const struct call *call, const struct cache_answer *answer)
{
	const struct model *const *models;
	size_t count = catalog_find_models(
		call->snapshot->catalog, answer->model, &models);

	for (size_t i = 0; i < count; i++)
		if (str_equal(models[i]->provider->name, answer->provider) &&
			dialect_find(answer->dialect) &&
			may_use(call, models[i]))
			return models[i];
	return NULL;
}

/* As the route has it: an alias that the key may use is enough. */
static bool may_use(const struct call *call, const struct model *model)
{
	return (gateway_key_allows_name(call->key, call->head.model) &&
		       call->key->allowed_providers.count == 0) ||
	       gateway_key_allows(
		       call->key, model->provider->name, model->name);
}

void cache_headers(struct call *call)
{
	static const struct str words[] = {
		[CACHE_OFF] = STR("off"),
		[CACHE_BYPASS] = STR("bypass"),
		[CACHE_MISS] = STR("miss"),
		[CACHE_HIT] = STR("hit"),
	};

	http_header(call->x, "X-Gateway-Cache", words[call->cache_state]);
	if (call->cache_state != CACHE_HIT)
		return;
	http_header_int(call->x, "Age", call->cache_age_ms / 1000);
	if (call->cache->has_waited)
		http_header(call->x, "X-Gateway-Coalesced", S("true"));
}

bool cache_meter(struct call *call)
{
	static const struct price free_of_charge = { .cached_picousd =
							     PRICE_NONE };
	const struct cache_answer *answer;

	if (call->cache_state != CACHE_HIT)
		return false;
	answer = &call->cache->answer;
	call->tokens = (struct token_counts){
		.prompt = answer->tokens[CACHE_TOKENS_PROMPT],
		.completion = answer->tokens[CACHE_TOKENS_COMPLETION],
		.cached = answer->tokens[CACHE_TOKENS_CACHED],
		.cache_write = answer->tokens[CACHE_TOKENS_CACHE_WRITE],
		.reasoning = answer->tokens[CACHE_TOKENS_REASONING],
	};
	call->usage_source = (enum usage_source)answer->tokens_source;
	call->price = answer->is_priced ? &free_of_charge : NULL;
	call->cost_picousd = 0;
	return true;
}

void cache_record(const struct call *call, struct usage_record *usage)
{
	if (call->cache_state != CACHE_HIT)
		return;
	usage->cache_hit = true;
	usage->coalesced = call->cache->has_waited;
	usage->saved_picousd = call->cache->answer.cost_picousd;
}
