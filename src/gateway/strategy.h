/*
 * strategy.h - which of several models is the best for a request.
 *
 * Each is judged by what is expected of it:
 *
 *	fit     how likely its answer is good enough, 0 to 1. It falls with
 *	        how much the request needs a strong model, and with how far
 *	        this one's quality is behind the best one's; and it falls with
 *	        failures in a row.
 *	cost    of the prompt, at the cached price where the provider's cache
 *	        is warm, and of an answer of the expected length; as a
 *	        multiple of the cheapest one's.
 *	speed   the fastest one's time as a part of its own.
 *
 *	score = fit^Q / cost^C, of the best one 1,   + S * speed
 *
 * with the weights Q, C and S of a preset or a project. A price that is Q
 * times as often halved as its fit is, is worth it: so the cheapest one that
 * is good enough wins, and how good that must be depends on what better costs.
 *
 * Pure, and the same for the same input. Scores may be doubles: no money is
 * decided by them.
 */
#ifndef GATEWAY_STRATEGY_H
#define GATEWAY_STRATEGY_H

#include "accounts/routing_policy.h"
#include "catalog/model.h"
#include "classify/classify.h"

/* What the request asks of a model. */
struct strategy_need {
	double strength; /* 0 to 1, see strategy_strength() */
	int64_t prompt_tokens;
	int64_t output_tokens; /* expected, of all its answers */
	int64_t now_unix_ms;
	/* What tokens cost that have no price. */
	int64_t unpriced_input_picousd;
	int64_t unpriced_output_picousd;
};

/* Where a quality is from. */
enum quality_source {
	QUALITY_CATALOGUE,
	QUALITY_OF_PRICE, /* unknown: dearer models tend to be better */
	QUALITY_ASSUMED,  /* neither quality nor price is known */
};

struct strategy_candidate {
	const struct model *model;
	const char *dropped;   /* why it may not serve; NULL: it may */
	bool is_hidden;        /* the key may not even learn its name */
	bool is_warm;          /* the provider has the prompt in its cache */
	int64_t first_byte_us; /* measured lately; 0: not known */
	int64_t failures;      /* in a row, lately */
	/* set by strategy_rank() */
	double quality; /* 0 to 100 */
	enum quality_source quality_source;
	int64_t cost_picousd; /* expected */
	bool is_priced;
	int64_t latency_ms; /* expected, of the whole answer */
	double fit;
	double score; /* of one that is dropped: 0 */
};

/* How much a strong model is needed: by the class alone, and within it by the
 * score, so that no class reaches into the next. */
double strategy_strength(enum complexity complexity, double score);

/* How long an answer to such a request is, when nobody says how long it may
 * be. */
int64_t strategy_output_tokens(enum complexity complexity);

/* Judge them all and put them in order: the best first, equal ones by name
 * and provider, dropped ones behind them in the order in which they came. */
void strategy_rank(const struct strategy_need *need,
	const struct routing_weights *weights, struct strategy_candidate *all,
	size_t count);

/* How good it is taken to be, 0 to 100, and where that is from; `price` is
 * its price now, NULL: it has none. */
double strategy_quality(const struct model *model, const struct price *price,
	enum quality_source *source);

/* "catalogue", "price", "assumed". */
const char *strategy_quality_source_name(enum quality_source source);

#endif
