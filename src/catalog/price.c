/*
 * price.c - the sum of a call's tokens.
 */
#include "catalog/price.h"

#include "base/money.h"

static int64_t part_of(int64_t part, int64_t whole);
static int64_t price_or(int64_t picousd, int64_t otherwise);
static int64_t larger(int64_t a, int64_t b);

static const char *const tier_names[PRICE_TIERS] = {
	[PRICE_ORDINARY] = "",
	[PRICE_BATCH] = "batch",
	[PRICE_FLEX] = "flex",
	[PRICE_PRIORITY] = "priority",
};

const char *price_tier_name(enum price_tier tier)
{
	assert(tier < PRICE_TIERS);
	return tier_names[tier];
}

enum price_tier price_tier_of(struct str word)
{
	for (size_t i = PRICE_ORDINARY + 1; i < PRICE_TIERS; i++) {
		if (str_equal(word, str_of(tier_names[i])))
			return (enum price_tier)i;
	}
	return PRICE_ORDINARY;
}

struct price price_none(void)
{
	return (struct price){ .cached_picousd = PRICE_NONE,
		.cache_write_picousd = PRICE_NONE,
		.cache_write_1h_picousd = PRICE_NONE,
		.reasoning_picousd = PRICE_NONE,
		.audio_input_picousd = PRICE_NONE,
		.audio_output_picousd = PRICE_NONE,
		.image_input_picousd = PRICE_NONE,
		.image_output_picousd = PRICE_NONE };
}

bool price_equal(const struct price *a, const struct price *b)
{
	return a->tier == b->tier &&
	       a->above_prompt_tokens == b->above_prompt_tokens &&
	       a->input_picousd == b->input_picousd &&
	       a->output_picousd == b->output_picousd &&
	       a->cached_picousd == b->cached_picousd &&
	       a->cache_write_picousd == b->cache_write_picousd &&
	       a->cache_write_1h_picousd == b->cache_write_1h_picousd &&
	       a->reasoning_picousd == b->reasoning_picousd &&
	       a->audio_input_picousd == b->audio_input_picousd &&
	       a->audio_output_picousd == b->audio_output_picousd &&
	       a->image_input_picousd == b->image_input_picousd &&
	       a->image_output_picousd == b->image_output_picousd &&
	       a->request_picousd == b->request_picousd;
}

int64_t price_cost(const struct price *price, const struct price_tokens *tokens)
{
	int64_t prompt = part_of(tokens->prompt, INT64_MAX);
	int64_t cached = part_of(tokens->cached, prompt);
	int64_t written = part_of(tokens->cache_write, prompt - cached);
	int64_t hour = part_of(tokens->cache_write_1h, written);
	int64_t heard =
		part_of(tokens->audio_prompt, prompt - cached - written);
	bool by_image = tokens->images > 0 && price->image_output_picousd >= 0;
	int64_t completion =
		by_image ? 0 : part_of(tokens->completion, INT64_MAX);
	int64_t reasoning = part_of(tokens->reasoning, completion);
	int64_t said =
		part_of(tokens->audio_completion, completion - reasoning);
	int64_t write_picousd =
		price_or(price->cache_write_picousd, price->input_picousd);
	int64_t cost = 0;

	money_add(&cost, 1, price->request_picousd);
	if (by_image)
		money_add(&cost, tokens->images, price->image_output_picousd);
	money_add(
		&cost, prompt - cached - written - heard, price->input_picousd);
	money_add(&cost, heard,
		price_or(price->audio_input_picousd, price->input_picousd));
	money_add(&cost, cached,
		price_or(price->cached_picousd, price->input_picousd));
	money_add(&cost, written - hour, write_picousd);
	money_add(&cost, hour,
		price_or(price->cache_write_1h_picousd, write_picousd));
	money_add(&cost, completion - reasoning - said, price->output_picousd);
	money_add(&cost, said,
		price_or(price->audio_output_picousd, price->output_picousd));
	money_add(&cost, reasoning,
		price_or(price->reasoning_picousd, price->output_picousd));
	return cost;
}

int64_t price_dearest_input(const struct price *price)
{
	int64_t read = larger(price->cached_picousd, price->input_picousd);
	int64_t written = larger(
		price->cache_write_picousd, price->cache_write_1h_picousd);

	return larger(larger(read, written), price->audio_input_picousd);
}

int64_t price_dearest_output(const struct price *price)
{
	return larger(larger(price->output_picousd, price->reasoning_picousd),
		price->audio_output_picousd);
}

static int64_t part_of(int64_t part, int64_t whole)
{
	if (part < 0)
		return 0;
	return part < whole ? part : whole;
}

static int64_t price_or(int64_t picousd, int64_t otherwise)
{
	return picousd == PRICE_NONE ? otherwise : picousd;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}
