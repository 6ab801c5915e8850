/*
 * price.c - the sum of a call's tokens.
 */
#include "catalog/price.h"

#include "base/money.h"

static int64_t part_of(int64_t part, int64_t whole);
static int64_t price_or(int64_t picousd, int64_t otherwise);

int64_t price_cost(const struct price *price, const struct price_tokens *tokens)
{
	int64_t prompt = part_of(tokens->prompt, INT64_MAX);
	int64_t cached = part_of(tokens->cached, prompt);
	int64_t written = part_of(tokens->cache_write, prompt - cached);
	int64_t completion = part_of(tokens->completion, INT64_MAX);
	int64_t reasoning = part_of(tokens->reasoning, completion);
	int64_t cost = 0;

	money_add(&cost, 1, price->request_picousd);
	money_add(&cost, prompt - cached - written, price->input_picousd);
	money_add(&cost, cached,
		price_or(price->cached_picousd, price->input_picousd));
	money_add(&cost, written,
		price_or(price->cache_write_picousd, price->input_picousd));
	money_add(&cost, completion - reasoning, price->output_picousd);
	money_add(&cost, reasoning,
		price_or(price->reasoning_picousd, price->output_picousd));
	return cost;
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
