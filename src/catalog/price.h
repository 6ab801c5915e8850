/*
 * price.h - what a token costs, from when on, and what a call cost.
 *
 * Prices are whole pico-dollars per token. A price is never changed: a new
 * one becomes valid at its date, so that a cost can be worked out again.
 */
#ifndef CATALOG_PRICE_H
#define CATALOG_PRICE_H

#include "base/str.h"

/* Not charged apart: a part of something else that has a price. */
#define PRICE_NONE (-1)

struct price {
	int64_t valid_from_ms;
	int64_t above_prompt_tokens; /* of prompts longer than that; 0: all */
	int64_t input_picousd;
	int64_t output_picousd;
	int64_t cached_picousd;      /* PRICE_NONE: as input */
	int64_t cache_write_picousd; /* PRICE_NONE: as input */
	int64_t reasoning_picousd;   /* PRICE_NONE: as output */
	int64_t request_picousd;     /* once for each call; 0: nothing */
	const struct price *older;   /* of the same model */
};

/* Counts as a provider tells them; negative where it did not. */
struct price_tokens {
	int64_t prompt; /* cached and cache_write included */
	int64_t cached;
	int64_t cache_write;
	int64_t completion; /* reasoning included */
	int64_t reasoning;
};

/*
 * Exact; INT64_MAX when it does not fit. A part larger than its whole is cut
 * to it, so that no count can make a cost negative.
 */
int64_t price_cost(
	const struct price *price, const struct price_tokens *tokens);

#endif
