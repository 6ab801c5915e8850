/*
 * route_savings.c - what the router's choice saved, as usage.h defines it.
 *
 * It is an estimate in one thing only: another model would have written an
 * answer of another length. Prices and counted tokens are the real ones.
 */
#include "gateway/routing.h"

#include "gateway/cascade.h"

static int64_t premium_cost(struct call *call);
static struct price_tokens answer_tokens(const struct call *call);
static void take_off(int64_t *tokens, int64_t spent);
static int64_t cost_of(struct call *call, const struct model *model,
	const struct price_tokens *tokens);

const struct model *route_premium(
	const struct strategy_candidate *all, size_t total)
{
	const struct strategy_candidate *best = NULL;

	for (size_t i = 0; i < total; i++) {
		const struct strategy_candidate *one = &all[i];

		if (one->dropped || one->is_hidden || !one->is_priced)
			continue;
		if (!best || one->quality > best->quality ||
			(one->quality >= best->quality &&
				one->cost_picousd > best->cost_picousd))
			best = one;
	}
	return best ? best->model : NULL;
}

void route_savings(struct call *call, struct usage_record *usage)
{
	int64_t premium_picousd;

	/* What the cache gave is what the cache saved. */
	if (!call->routing || !call->price || call->cache_state == CACHE_HIT ||
		call->usage_source == USAGE_NONE)
		return;
	premium_picousd = premium_cost(call);
	if (premium_picousd < 0)
		return;
	usage->has_route_saved = true;
	usage->route_saved_picousd = premium_picousd - call->cost_picousd;
}

/* -1: no candidate has a price. */
static int64_t premium_cost(struct call *call)
{
	const struct routing *routing = call->routing;
	const struct price_tokens tokens = answer_tokens(call);
	int64_t dearest = -1;

	if (routing->is_ranked)
		return routing->premium
			       ? cost_of(call, routing->premium, &tokens)
			       : -1;
	for (size_t i = 0; i < routing->count; i++) {
		const struct strategy_candidate *one = &routing->candidates[i];
		int64_t cost = one->dropped || one->is_hidden
				       ? -1
				       : cost_of(call, one->model, &tokens);

		dearest = cost > dearest ? cost : dearest;
	}
	return dearest;
}

/* The premium model would not have been asked for the poor answer, too. */
static struct price_tokens answer_tokens(const struct call *call)
{
	const struct cascade *cascade = call->cascade;
	struct price_tokens tokens = meter_price_tokens(call);

	if (cascade && cascade->usage_source != USAGE_NONE) {
		take_off(&tokens.prompt, cascade->spent.prompt);
		take_off(&tokens.completion, cascade->spent.completion);
		take_off(&tokens.cached, cascade->spent.cached);
		take_off(&tokens.cache_write, cascade->spent.cache_write);
		take_off(&tokens.reasoning, cascade->spent.reasoning);
	}
	return tokens;
}

/* Not where nothing else was counted. */
static void take_off(int64_t *tokens, int64_t spent)
{
	if (spent > 0 && *tokens > spent)
		*tokens -= spent;
}

static int64_t cost_of(struct call *call, const struct model *model,
	const struct price_tokens *tokens)
{
	const struct price *price = model_price_of_tier(model,
		call->x->arrived_unix_ms, tokens->prompt, call->price->tier);

	return price ? price_cost(price, tokens) : -1;
}
