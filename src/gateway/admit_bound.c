/*
 * admit_bound.c - the most that a call may use, before it has used anything.
 *
 * Money is bounded from above, for a hard budget is only as hard as this: a
 * prompt has no more tokens than bytes (vocabularies fall back to single
 * bytes, and escapes only make a text longer than it is), and what no byte
 * of the request tells is allowed for as below. Most budgets have room for
 * that, and counting takes longer than all else here: only where there is
 * none, the model's vocabulary is public and the prompt is short, its texts
 * are counted; tools and schemas count as their JSON, of which a provider
 * writes less. No measured factor stands in for the vocabularies of others:
 * providers add what they like.
 * Tokens are an estimate: rates are for keeping order, and one that took
 * every byte for a token would let through a quarter of what it promises.
 *
 * What a provider adds of its own accord (results of its web search) cannot
 * be known; it is charged all the same, when the call is settled.
 */
#include "gateway/admission.h"

#include "base/money.h"
#include "gateway/prompt_tokens.h"
#include "gateway/service_tokens.h"

/* What vocabularies put around a message, and around the whole:
 * https://github.com/openai/openai-cookbook, How_to_count_tokens. They are 3
 * and 3 there; others' templates have longer words. */
#define MESSAGE_TOKENS 16
/* What is told to a model that has tools, besides the tools: up to 804 for
 * Anthropic's, https://platform.claude.com/docs/en/agents-and-tools/tool-use */
#define TOOLS_TOKENS 1024
/* What stands at the provider (an earlier response, a file by its id) and a
 * context whose size the catalogue does not know. */
#define UNKNOWN_CONTEXT_TOKENS 131072

/* What the messages hold besides text. */
struct media {
	int64_t images;
	int64_t references; /* to what is not in the body */
};

static int64_t prompt_estimate(struct call *call);
static int64_t dearest(struct call *call, int64_t media);
static int64_t cost_at(const struct call *call, const struct model *model,
	int64_t prompt, int64_t output);
static int64_t output_cost(
	const struct call *call, const struct price *price, int64_t output);
static int64_t prompt_bound(
	const struct call *call, const struct model *model, int64_t prompt);
static int64_t text_bound(struct call *call, const struct model *model);
static int64_t media_bound(const struct call *call);
static void find_media(struct json value, unsigned depth, struct media *media);
static void count_medium(struct json_member member, struct media *media);
static int64_t output_bound(const struct call *call, const struct model *model);
static int64_t choices(const struct call *call);
static bool has_output(const struct call *call);
static int64_t larger(int64_t a, int64_t b);
static int64_t sum(int64_t a, int64_t b);
static int64_t product(int64_t a, int64_t b);

void admission_bound(struct call *call)
{
	struct admission *admission = call->admission;
	const struct settings *settings = call->gateway->settings;
	int64_t output = 0;

	if (call->is_count)
		return;
	for (size_t i = 0; i < call->target_count; i++) {
		const struct model *model = call->targets[i].model;
		int64_t most = output_bound(call, model);

		/* A model may say much more than it will. */
		if (call->head.max_tokens < 0 && !call->service &&
			most > product(settings->output_tokens, choices(call)))
			most = product(settings->output_tokens, choices(call));
		output = larger(output, most);
	}
	admission->tokens = sum(prompt_estimate(call), output);
	admission->picousd = dearest(call, media_bound(call));
	/* Two answers are paid for, neither of them more than the dearest. */
	if (call->cascade) {
		admission->tokens = product(admission->tokens, 2);
		admission->picousd = product(admission->picousd, 2);
	}
}

bool admission_tighten(struct call *call, size_t at)
{
	struct admission *admission = call->admission;
	int64_t tokens = admission->tokens, picousd = admission->picousd;

	if (admission->is_counted || !prompt_tokens_is_short(call) ||
		admission->limits[at].unit == LIMIT_CALLS)
		return false;
	admission->is_counted = true;
	admission_bound(call);
	if (admission->tokens == tokens && admission->picousd == picousd)
		return false;
	for (size_t i = 0; i < admission->count; i++) {
		struct limit *limit = &admission->limits[i];

		if (limit->unit == LIMIT_TOKENS)
			limit->amount = admission->tokens;
		else if (limit->unit == LIMIT_PICOUSD)
			limit->amount = admission->picousd;
	}
	return true;
}

/* Of the model that is asked first; counting for all of them takes longer than
 * it is worth. */
static int64_t prompt_estimate(struct call *call)
{
	struct token_count count;

	if (!call->admission->is_counted || call->target_count == 0 ||
		!prompt_tokens_count(call, call->targets[0].model, &count))
		return meter_tokens_of(call->head.prompt_bytes);
	call->prompt_tokens = count.tokens;
	return count.tokens;
}

/* Of all that may serve the call: which one will is not known yet. */
static int64_t dearest(struct call *call, int64_t media)
{
	int64_t most = 0, prompt;

	for (size_t i = 0; i < call->target_count; i++) {
		const struct model *model = call->targets[i].model;

		/* The hosts of one provider follow each other. */
		if (i > 0 && model == call->targets[i - 1].model)
			continue;
		prompt = sum(text_bound(call, model), media);
		most = larger(most,
			cost_at(call, model, prompt_bound(call, model, prompt),
				output_bound(call, model)));
	}
	return most;
}

static int64_t cost_at(const struct call *call, const struct model *model,
	int64_t prompt, int64_t output)
{
	int64_t now = call->x->arrived_unix_ms;
	enum price_tier tier = price_tier_of(call->head.service_tier);
	/* Long prompts may cost more, but the bound is above the prompt; and
	 * who asks for another tier may be served by the ordinary one. */
	const struct price *prices[] = { model_price_for(model, now, prompt),
		model_price_at(model, now),
		model_price_of_tier(model, now, prompt, tier),
		model_price_of_tier(model, now, 0, tier) };
	int64_t most = 0;

	if (!prices[0])
		return admission_ceiling(call->gateway, prompt, output);
	for (size_t i = 0; i < ARRAY_LEN(prices); i++) {
		int64_t cost;

		if (!prices[i])
			continue;
		cost = prices[i]->request_picousd;
		money_add(&cost, prompt, price_dearest_input(prices[i]));
		cost = sum(cost, output_cost(call, prices[i], output));
		most = larger(most, cost);
	}
	return most;
}

/* Images have either price, by what their provider will tell. */
static int64_t output_cost(
	const struct call *call, const struct price *price, int64_t output)
{
	int64_t cost = product(output, price_dearest_output(price));

	if (call->service && price->image_output_picousd > 0)
		cost = larger(cost, product(service_images_asked(call),
					    price->image_output_picousd));
	return cost;
}

int64_t admission_ceiling(
	const struct gateway *gateway, int64_t prompt, int64_t output)
{
	int64_t cost = 0;

	money_add(&cost, larger(prompt, 0),
		gateway->settings->unpriced_input_picousd);
	money_add(&cost, larger(output, 0),
		gateway->settings->unpriced_output_picousd);
	return cost;
}

/* The context of a model is the end of every prompt. */
static int64_t prompt_bound(
	const struct call *call, const struct model *model, int64_t prompt)
{
	int64_t context = model->context_tokens;

	if (call->head.leans_on_provider && !call->service)
		prompt = sum(
			prompt, context > 0 ? context : UNKNOWN_CONTEXT_TOKENS);
	return context > 0 && prompt > context ? context : prompt;
}

static int64_t text_bound(struct call *call, const struct model *model)
{
	const struct chat_head *head = &call->head;
	int64_t bytes = head->prompt_bytes, texts = bytes, tokens;

	if (call->admission->is_counted &&
		prompt_tokens_of_texts(call, model, &texts) && texts < bytes)
		bytes = texts;
	tokens = sum(bytes, MESSAGE_TOKENS);
	tokens = sum(
		tokens, product((int64_t)head->message_count, MESSAGE_TOKENS));
	return head->has_tools ? sum(tokens, TOOLS_TOKENS) : tokens;
}

static int64_t media_bound(const struct call *call)
{
	const struct chat_head *head = &call->head;
	int64_t rest = (int64_t)call->request_bytes - head->prompt_bytes;
	struct media media = { 0 };
	int64_t tokens;

	if (call->service)
		return service_tokens_most_sent(call);
	if (!head->has_images && !head->has_audio && !head->has_files)
		return 0;
	find_media(head->messages, 0, &media);
	tokens = product(media.images, READ_IMAGE_TOKENS);
	if (head->has_audio)
		tokens = sum(tokens, larger(rest, 0) / SOUND_BYTES_PER_TOKEN);
	if (head->has_files)
		tokens = sum(tokens, larger(rest, 0));
	return sum(tokens, product(media.references, UNKNOWN_CONTEXT_TOKENS));
}

static void find_media(struct json value, unsigned depth, struct media *media)
{
	struct json_cursor cursor = json_members(value);
	struct json_member member;

	while (json_next(&cursor, &member)) {
		if (value.type == JSON_TYPE_OBJECT)
			count_medium(member, media);
		if (depth < JSON_MAX_DEPTH)
			find_media(member.value, depth + 1, media);
	}
}

/* By the names that the formats of chats have for them. One that is counted
 * twice, or a tool's argument that is called so, only raises a bound. */
static void count_medium(struct json_member member, struct media *media)
{
	static const struct str images[] = { STR("image_url"), STR("image"),
		STR("images"), STR("source"), STR("inlineData"),
		STR("inline_data"), STR("fileData"), STR("file_data") };
	static const struct str references[] = { STR("file_id"),
		STR("file_url"), STR("fileUri"), STR("file_uri"),
		STR("s3Location") };
	struct json value = member.value;

	for (size_t i = 0; i < ARRAY_LEN(images); i++)
		if (json_name_is(member, images[i]))
			media->images += value.type == JSON_TYPE_ARRAY
						 ? (int64_t)json_length(value)
						 : 1;
	for (size_t i = 0; i < ARRAY_LEN(references); i++)
		if (json_name_is(member, references[i]) &&
			value.type != JSON_TYPE_NULL)
			media->references++;
}

static int64_t output_bound(const struct call *call, const struct model *model)
{
	int64_t one = call->head.max_tokens, most = 0;

	if (!has_output(call))
		return 0;
	if (call->service)
		most = service_tokens_most_answered(call);
	if (most > 0)
		return most;
	if (one < 0)
		one = model->max_output_tokens;
	if (one <= 0)
		one = call->gateway->settings->output_tokens;
	/* What is heard is not said in fewer words. */
	if (call->service)
		one = larger(one, service_tokens_most_sent(call));
	return product(one, choices(call));
}

static int64_t choices(const struct call *call)
{
	return larger(call->head.n, 1);
}

/* Does the answer hold tokens that are charged? */
static bool has_output(const struct call *call)
{
	if (!call->service)
		return true;
	switch (call->service->service) {
	case SERVICE_EMBEDDINGS:
	case SERVICE_MODERATIONS:
	case SERVICE_RERANK: return false;
	default: return true;
	}
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t sum(int64_t a, int64_t b)
{
	int64_t total = a;

	money_add(&total, b, 1);
	return total;
}

static int64_t product(int64_t a, int64_t b)
{
	int64_t total = 0;

	money_add(&total, a, b);
	return total;
}
