/*
 * meter.c - the closing step that counts: tokens and what they cost.
 *
 * The provider's count is the truth. When it never came (a cut stream, a
 * client that left), what went through is counted here, and the record says
 * so.
 */
#include "gateway/admission.h"
#include "gateway/cascade.h"
#include "gateway/output_tokens.h"
#include "gateway/service_tokens.h"

/* Of text in UTF-8, over languages and vocabularies. */
#define BYTES_PER_TOKEN 4

static void count_ourselves(struct call *call);
static void say_billing(struct call *call, bool ended);
static enum price_tier service_tier(const struct call *call);
static void add_cost(struct call *call);

void meter(struct call *call)
{
	const struct chat_usage *usage = &call->facts.usage;
	bool answered =
		call->upstream_status >= 200 && call->upstream_status < 300;
	bool left = call->error.kind == ERR_CLIENT_GONE && call->called_ns;
	/* Google leaves a count of none out. */
	bool ended =
		(call->complete || call->facts.done) && !call->facts.failed;

	call->charged_picousd = 0;
	if (cache_meter(call))
		return;
	call->usage_source = USAGE_NONE;
	call->tokens = (struct token_counts){ -1, -1, -1, -1, -1 };
	call->price = NULL;
	call->cost_picousd = 0;
	call->images_made = 0;
	if (call->is_count) {
		; /* counting is free */
	} else if (call->facts.has_usage && (usage->completion >= 0 || ended)) {
		call->usage_source = USAGE_PROVIDER;
		call->tokens = (struct token_counts){
			.prompt = usage->prompt,
			.completion = usage->completion,
			.cached = usage->cached,
			.cache_write = usage->cache_write,
			.reasoning = usage->reasoning,
		};
	} else if (answered || left) {
		count_ourselves(call);
	}
	say_billing(call, ended);
	if (call->target)
		add_cost(call);
	cascade_meter(call);
}

/* Exactly, where the vocabulary is public and the prompt was counted. */
static void count_ourselves(struct call *call)
{
	call->usage_source = USAGE_ESTIMATED;
	/* Anthropic's streams tell the prompt at once, the rest at the end. */
	call->tokens.prompt = call->facts.usage.prompt;
	call->tokens.cached = call->facts.usage.cached;
	call->tokens.cache_write = call->facts.usage.cache_write;
	if (call->tokens.prompt < 0)
		call->tokens.prompt =
			call->prompt_tokens > 0
				? call->prompt_tokens
				: meter_tokens_of(call->head.prompt_bytes);
	call->tokens.completion = output_tokens(call);
	if (call->service)
		service_tokens_count(call);
}

static void say_billing(struct call *call, bool ended)
{
	bool left = call->error.kind == ERR_CLIENT_GONE;

	call->billing_reason = left    ? "client_gone"
			       : ended ? "no_usage"
				       : "cut";
	switch (call->usage_source) {
	case USAGE_NONE:
		call->billing = BILLING_NONE;
		call->billing_reason = "";
		return;
	case USAGE_PROVIDER:
		call->billing = ended ? BILLING_BILLED : BILLING_PARTIAL;
		if (ended)
			call->billing_reason = "";
		return;
	case USAGE_ESTIMATED: call->billing = BILLING_ESTIMATED; return;
	}
}

int64_t meter_tokens_of(int64_t bytes)
{
	return (bytes + BYTES_PER_TOKEN - 1) / BYTES_PER_TOKEN;
}

/* What the provider says it was, else what was asked for. */
static enum price_tier service_tier(const struct call *call)
{
	const char *said = call->facts.service_tier;

	return price_tier_of(said[0] ? str_of(said) : call->head.service_tier);
}

struct price_tokens meter_price_tokens(const struct call *call)
{
	return (struct price_tokens){
		.prompt = call->tokens.prompt,
		.cached = call->tokens.cached,
		.cache_write = call->tokens.cache_write,
		.cache_write_1h = call->facts.usage.cache_write_1h,
		.audio_prompt = call->facts.usage.audio_prompt,
		.completion = call->tokens.completion,
		.reasoning = call->tokens.reasoning,
		.audio_completion = call->facts.usage.audio_completion,
		.images = call->images_made,
	};
}

static void add_cost(struct call *call)
{
	const struct price_tokens tokens = meter_price_tokens(call);

	call->price =
		model_price_of_tier(call->target, call->x->arrived_unix_ms,
			call->tokens.prompt, service_tier(call));
	if (call->usage_source == USAGE_NONE)
		return;
	if (call->price)
		call->cost_picousd = price_cost(call->price, &tokens);
	call->charged_picousd =
		call->price ? call->cost_picousd
			    : admission_ceiling(call->gateway, tokens.prompt,
				      tokens.completion);
}
