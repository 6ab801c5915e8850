/*
 * route_rank.c - which of the candidates can serve the request, and how well.
 *
 * What is known to be wrong drops a model: it is too small, has no eyes, is
 * left alone by its breaker. What is not known about a model does not: where
 * nobody says that a model can do JSON schemas, all may be asked for them.
 */
#include "gateway/routing.h"

#include "base/clock.h"
#include "gateway/affinity.h"
#include "gateway/prompt_tokens.h"
#include "hot/breaker.h"

/* Breakers that have seen a failure and are looked at. */
#define BREAKERS_MAX 64

struct breakers {
	struct breaker_status all[BREAKERS_MAX];
	size_t count;
};

static struct strategy_need need_of(struct call *call);
static int64_t output_tokens(const struct call *call);
static const char *misfit(struct call *call, const struct strategy_need *need,
	const struct model *model);
static bool fits_context(struct call *call, int64_t prompt,
	const struct model *model, int64_t answer);
static const char *lacks_sense(
	const struct chat_head *head, const struct model *model);
static const char *lacks_word(
	const struct call *call, const struct model *model);
static void drop_lacking(struct strategy_candidate *all, size_t total,
	unsigned capability, const char *why);
static bool collect_breaker(const struct breaker_status *status, void *context);
static void look_at_health(struct call *call, const struct breakers *breakers,
	struct strategy_candidate *candidate);
static void pass_over_resting(
	struct call *call, struct strategy_candidate *all, size_t *count);
static void keep(struct call *call, const struct strategy_candidate *all,
	size_t total, struct str reason);

void route_rank(struct call *call, struct strategy_candidate *all, size_t total,
	size_t *count)
{
	struct strategy_need need = need_of(call);
	struct breakers breakers = { .count = 0 };
	struct error ignored;

	/* Without the store nobody is known to be ill. */
	if (!breaker_list(call->gateway->hot, clock_unix_ms(), collect_breaker,
		    &breakers, &ignored))
		breakers.count = 0;
	for (size_t i = 0; i < total; i++)
		if (!all[i].dropped)
			all[i].dropped = misfit(call, &need, all[i].model);
	if (call->head.has_json_schema)
		drop_lacking(all, total, MODEL_CAN_JSON_SCHEMA, "json_schema");
	if (call->head.has_reasoning)
		drop_lacking(all, total, MODEL_CAN_REASON, "reasoning");
	for (size_t i = 0; i < total; i++)
		if (!all[i].dropped)
			look_at_health(call, &breakers, &all[i]);
	strategy_rank(&need, &call->policy.weights, all, total);
	*count = 0;
	while (*count < total && !all[*count].dropped)
		++*count;
	pass_over_resting(call, all, count);
	keep(call, all, total, route_reason(call, all, total, *count));
	call->routing->is_ranked = true;
	call->routing->premium = route_premium(all, total);
}

void route_note(struct call *call, const struct strategy_candidate *all,
	size_t total, struct str reason)
{
	keep(call, all, total, reason);
}

static struct strategy_need need_of(struct call *call)
{
	const struct settings *settings = call->gateway->settings;
	const struct classification *class = &call->classification;

	return (struct strategy_need){
		.strength = strategy_strength(class->complexity, class->score),
		.prompt_tokens = route_prompt_tokens(call),
		.output_tokens = output_tokens(call),
		.now_unix_ms = call->x->arrived_unix_ms,
		.unpriced_input_picousd = settings->unpriced_input_picousd,
		.unpriced_output_picousd = settings->unpriced_output_picousd,
	};
}

/* Of all its choices. */
static int64_t output_tokens(const struct call *call)
{
	const struct chat_head *head = &call->head;
	int64_t one = strategy_output_tokens(call->classification.complexity);

	if (head->max_tokens > 0 && head->max_tokens < one)
		one = head->max_tokens;
	return head->n > 1 && head->n <= 1000 ? one * head->n : one;
}

static const char *misfit(struct call *call, const struct strategy_need *need,
	const struct model *model)
{
	const struct chat_head *head = &call->head;
	int64_t answer = head->max_tokens > 0 ? head->max_tokens : 1;

	if (model->kind != MODEL_CHAT)
		return "no_chat";
	if (model->deprecated_ms > 0 &&
		model->deprecated_ms <= need->now_unix_ms)
		return "deprecated";
	if (model->max_output_tokens > 0 && answer > model->max_output_tokens)
		return "output_limit";
	if (!fits_context(call, need->prompt_tokens, model, answer))
		return "context";
	if (head->has_tools && !(model->capabilities & MODEL_CAN_TOOLS))
		return "tools";
	return lacks_sense(head, model) ? lacks_sense(head, model)
					: lacks_word(call, model);
}

/* Counted where the estimate leaves it in doubt. */
static bool fits_context(struct call *call, int64_t prompt,
	const struct model *model, int64_t answer)
{
	int64_t room = model->context_tokens - answer;
	struct token_count counted;

	if (model->context_tokens <= 0)
		return true;
	if (room > prompt / 2 && room / 2 < prompt &&
		prompt_tokens_is_short(call) &&
		prompt_tokens_count(call, model, &counted))
		prompt = counted.tokens;
	return prompt <= room;
}

static const char *lacks_sense(
	const struct chat_head *head, const struct model *model)
{
	unsigned senses = model->input_modalities;

	if (head->has_images && !(senses & MODALITY_IMAGE))
		return "images";
	if (head->has_audio && !(senses & MODALITY_AUDIO))
		return "audio";
	if (head->has_files && !(senses & MODALITY_FILE))
		return "files";
	return NULL;
}

/* What its provider's format cannot say. */
static const char *lacks_word(
	const struct call *call, const struct model *model)
{
	const struct dialect *dialect =
		provider_dialect_for(model->provider, call->dialect);
	uint64_t lacking = model->provider->quirks.traits.unsupported;

	if (!dialect)
		return "no_chat";
	if (call->head.n > 1 &&
		(!dialect->words[FIELD_N] || lacking & UINT64_C(1) << FIELD_N))
		return "n";
	if (call->head.has_logprobs &&
		(!dialect->words[FIELD_LOGPROBS] ||
			lacking & UINT64_C(1) << FIELD_LOGPROBS))
		return "logprobs";
	return NULL;
}

/* Where at least one of them is known to have it. */
static void drop_lacking(struct strategy_candidate *all, size_t total,
	unsigned capability, const char *why)
{
	bool is_known = false;

	for (size_t i = 0; i < total; i++)
		is_known |= !all[i].dropped &&
			    all[i].model->capabilities & capability;
	for (size_t i = 0; is_known && i < total; i++)
		if (!all[i].dropped &&
			!(all[i].model->capabilities & capability))
			all[i].dropped = why;
}

static bool collect_breaker(const struct breaker_status *status, void *context)
{
	struct breakers *breakers = context;

	breakers->all[breakers->count++] = *status;
	return breakers->count < BREAKERS_MAX;
}

static void look_at_health(struct call *call, const struct breakers *breakers,
	struct strategy_candidate *candidate)
{
	const struct model *model = candidate->model;

	candidate->first_byte_us = (int64_t)latencies_score(
		call->gateway->latencies, model->id, clock_monotonic_ms());
	candidate->is_warm = affinity_is_warm(call, model);
	for (size_t i = 0; i < breakers->count; i++) {
		const struct breaker_status *status = &breakers->all[i];

		if (status->model_id != model->id ||
			status->provider_id != model->provider->id)
			continue;
		candidate->failures = status->failures;
		if (status->state == BREAKER_OPEN)
			candidate->dropped = "breaker_open";
	}
}

/* Those whose keys all rest come behind the first that can be asked at once;
 * where all of them rest, they are asked in their order. */
static void pass_over_resting(
	struct call *call, struct strategy_candidate *all, size_t *count)
{
	const struct provider_key *key;
	struct strategy_candidate resting;
	struct key_rest rest;
	size_t first = 0;

	while (first < *count &&
		!key_choose(call, all[first].model, &key, &rest))
		first++;
	if (first == 0 || first == *count)
		return;
	for (size_t i = 0; i < first; i++) {
		resting = all[0];
		resting.dropped = "resting";
		resting.score = 0;
		memmove(&all[0], &all[1], (*count - 1) * sizeof(*all));
		all[--*count] = resting;
	}
}

static void keep(struct call *call, const struct strategy_candidate *all,
	size_t total, struct str reason)
{
	struct routing *routing = ARENA_NEW(call->arena, struct routing);
	size_t count = call->is_dry_run || total < ROUTING_SHOWN
			       ? total
			       : ROUTING_SHOWN;

	routing->asked = call->head.model;
	routing->policy =
		call->is_auto || (call->alias &&
					 call->alias->strategy == ALIAS_AUTO)
			? routing_preset_name(call->policy.preset)
		: call->alias ? alias_strategy_name(call->alias->strategy)
			      : "ordered";
	routing->reason = reason;
	routing->total = total;
	routing->count = count;
	routing->candidates =
		ARENA_ARRAY(call->arena, struct strategy_candidate, count + 1);
	memcpy(routing->candidates, all, count * sizeof(*all));
	call->routing = routing;
}
