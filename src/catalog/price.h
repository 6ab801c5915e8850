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

/* What a provider calls a service tier: cheaper and slower, or the reverse. */
enum price_tier {
	PRICE_ORDINARY,
	PRICE_BATCH,
	PRICE_FLEX,
	PRICE_PRIORITY,
	PRICE_TIERS /* how many */
};

/* "" (the ordinary one), "batch", "flex", "priority". */
const char *price_tier_name(enum price_tier tier);
/* Of what a request asked for or an answer says; every word that names none
 * of them, as "default", "auto" and "standard", is the ordinary one. */
enum price_tier price_tier_of(struct str word);

struct price {
	int64_t valid_from_ms;
	enum price_tier tier;
	int64_t above_prompt_tokens; /* of prompts longer than that; 0: all */
	int64_t input_picousd;
	int64_t output_picousd;
	int64_t cached_picousd;      /* PRICE_NONE: as input */
	int64_t cache_write_picousd; /* PRICE_NONE: as input */
	/* Of what is to stay in the cache for an hour; PRICE_NONE: as
	 * cache_write. */
	int64_t cache_write_1h_picousd;
	int64_t reasoning_picousd;    /* PRICE_NONE: as output */
	int64_t audio_input_picousd;  /* PRICE_NONE: as input */
	int64_t audio_output_picousd; /* PRICE_NONE: as output */
	int64_t image_input_picousd;  /* for an image; PRICE_NONE: unknown */
	/* For an image that is made, where no tokens of it are told;
	 * PRICE_NONE: by our estimate in tokens. */
	int64_t image_output_picousd;
	int64_t request_picousd;   /* once for each call; 0: nothing */
	const struct price *older; /* of the same model */
};

/* Free, with nothing that has a price of its own. */
struct price price_none(void);
/* The same amounts for the same tier and size, whatever their dates. */
bool price_equal(const struct price *a, const struct price *b);

/* Counts as a provider tells them; negative where it did not. */
struct price_tokens {
	int64_t prompt; /* cached and cache_write included */
	int64_t cached;
	int64_t cache_write;    /* cache_write_1h included */
	int64_t cache_write_1h; /* to stay for an hour */
	int64_t audio_prompt;   /* of the prompt beside cached, cache_write */
	int64_t completion;     /* reasoning, audio_completion included */
	int64_t reasoning;
	int64_t audio_completion;
	/* Made, while the completion is no more than an estimate for them. */
	int64_t images;
};

/*
 * Exact; INT64_MAX when it does not fit. A part larger than its whole is cut
 * to it, so that no count can make a cost negative.
 */
int64_t price_cost(
	const struct price *price, const struct price_tokens *tokens);

/* The most that a token of a prompt or of an answer can cost. */
int64_t price_dearest_input(const struct price *price);
int64_t price_dearest_output(const struct price *price);

#endif
