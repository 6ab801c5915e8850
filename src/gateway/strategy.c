/*
 * strategy.c - expected fit, cost and speed, and the order that follows.
 */
#include "gateway/strategy.h"

#include <math.h>

#include "base/money.h"
#include "catalog/provider.h"

/* So far behind the best, a model fails two in three of the requests that
 * need the best. Of 100. */
#define QUALITY_STEP 15.0
/* Added to each cost, so that what is free is not worth everything: a
 * thousandth of a cent a request. */
#define COST_GRAIN 1e7
/* Where nothing was measured: a second to the first byte, 50 tokens a
 * second. */
#define UNKNOWN_FIRST_BYTE_MS 1000
#define UNKNOWN_TOKENS_PER_SECOND 50
/* What one failure in a row takes from the fit. */
#define FAILURE_PART 0.25

static void judge(
	const struct strategy_need *need, struct strategy_candidate *candidate);
static double best_quality(const struct strategy_candidate *all, size_t count);
static void weigh(const struct strategy_need *need,
	const struct routing_weights *weights, struct strategy_candidate *all,
	size_t count);
static double fit_of(const struct strategy_candidate *candidate,
	double strength, double best);
static void sort(struct strategy_candidate *all, size_t count);
static int by_score(const void *a, const void *b);

double strategy_strength(enum complexity complexity, double score)
{
	static const struct {
		double from;
		double width;
	} classes[] = {
		[COMPLEXITY_SIMPLE] = { 0.02, 0.08 },
		[COMPLEXITY_MEDIUM] = { 0.30, 0.20 },
		[COMPLEXITY_COMPLEX] = { 0.80, 0.20 },
	};

	return classes[complexity].from + classes[complexity].width * score;
}

int64_t strategy_output_tokens(enum complexity complexity)
{
	static const int64_t tokens[] = {
		[COMPLEXITY_SIMPLE] = 150,
		[COMPLEXITY_MEDIUM] = 400,
		[COMPLEXITY_COMPLEX] = 900,
	};

	return tokens[complexity];
}

const char *strategy_quality_source_name(enum quality_source source)
{
	static const char *const names[] = {
		[QUALITY_CATALOGUE] = "catalogue",
		[QUALITY_OF_PRICE] = "price",
		[QUALITY_ASSUMED] = "assumed",
	};

	return names[source];
}

/* Unknown: a tenfold price of the answer stands for 18 points more, a dollar
 * per million tokens for 50. */
double strategy_quality(const struct model *model, const struct price *price,
	enum quality_source *source)
{
	double quality;

	*source = QUALITY_CATALOGUE;
	if (model->quality != QUALITY_UNKNOWN)
		return (double)model->quality;
	*source = QUALITY_ASSUMED;
	if (!price)
		return 50;
	*source = QUALITY_OF_PRICE;
	if (price->output_picousd < 10000)
		return 14;
	quality = 50 + 18 * log10((double)price->output_picousd / 1e6);
	return quality > 90 ? 90 : quality;
}

void strategy_rank(const struct strategy_need *need,
	const struct routing_weights *weights, struct strategy_candidate *all,
	size_t count)
{
	for (size_t i = 0; i < count; i++)
		judge(need, &all[i]);
	weigh(need, weights, all, count);
	sort(all, count);
}

static void judge(
	const struct strategy_need *need, struct strategy_candidate *candidate)
{
	const struct model *model = candidate->model;
	const struct price *price =
		model_price_for(model, need->now_unix_ms, need->prompt_tokens);
	const struct price_tokens tokens = {
		.prompt = need->prompt_tokens,
		.cached = candidate->is_warm ? need->prompt_tokens : 0,
		.completion = need->output_tokens,
	};
	int64_t speed = model->speed_tps > 0 ? model->speed_tps
					     : UNKNOWN_TOKENS_PER_SECOND;

	candidate->is_priced = price != NULL;
	candidate->cost_picousd = 0;
	if (price) {
		candidate->cost_picousd = price_cost(price, &tokens);
	} else {
		money_add(&candidate->cost_picousd, need->prompt_tokens,
			need->unpriced_input_picousd);
		money_add(&candidate->cost_picousd, need->output_tokens,
			need->unpriced_output_picousd);
	}
	candidate->quality =
		strategy_quality(model, price, &candidate->quality_source);
	candidate->latency_ms = candidate->first_byte_us > 0
					? candidate->first_byte_us / 1000
					: UNKNOWN_FIRST_BYTE_MS;
	candidate->latency_ms += need->output_tokens * 1000 / speed;
	candidate->fit = 0;
	candidate->score = 0;
}

static void weigh(const struct strategy_need *need,
	const struct routing_weights *weights, struct strategy_candidate *all,
	size_t count)
{
	double best = best_quality(all, count);
	double cheapest = INFINITY, fastest = INFINITY, most = 0;

	for (size_t i = 0; i < count; i++) {
		if (all[i].dropped)
			continue;
		cheapest = fmin(
			cheapest, (double)all[i].cost_picousd + COST_GRAIN);
		fastest = fmin(fastest, (double)all[i].latency_ms + 1);
	}
	for (size_t i = 0; i < count; i++) {
		double cost = (double)all[i].cost_picousd + COST_GRAIN;

		if (all[i].dropped)
			continue;
		all[i].fit = fit_of(&all[i], need->strength, best);
		all[i].score = pow(all[i].fit, weights->quality) /
			       pow(cost / cheapest, weights->cost);
		most = fmax(most, all[i].score);
	}
	for (size_t i = 0; i < count; i++) {
		double time = (double)all[i].latency_ms + 1;

		if (!all[i].dropped)
			all[i].score = all[i].score / most +
				       weights->speed * fastest / time;
	}
}

static double best_quality(const struct strategy_candidate *all, size_t count)
{
	double best = 0;

	for (size_t i = 0; i < count; i++)
		if (!all[i].dropped)
			best = fmax(best, all[i].quality);
	return best;
}

/* Never 0: the worst of all is still better than none. */
static double fit_of(const struct strategy_candidate *candidate,
	double strength, double best)
{
	double behind = 1 - exp((candidate->quality - best) / QUALITY_STEP);
	double failing = 1 + FAILURE_PART * (double)candidate->failures;

	return fmax((1 - strength * behind) / failing, 0.001);
}

/* Structs are large: pointers to them are put in order. */
static void sort(struct strategy_candidate *all, size_t count)
{
	struct strategy_candidate *copy;
	const struct strategy_candidate **order;

	if (count < 2)
		return;
	copy = malloc(count * sizeof(*copy));
	order = malloc(count * sizeof(*order));
	if (!copy || !order)
		abort();
	memcpy(copy, all, count * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		order[i] = &copy[i];
	qsort(order, count, sizeof(*order), by_score);
	for (size_t i = 0; i < count; i++)
		all[i] = *order[i];
	free(order);
	free(copy);
}

static int by_score(const void *a, const void *b)
{
	const struct strategy_candidate *one =
		*(const struct strategy_candidate *const *)a;
	const struct strategy_candidate *other =
		*(const struct strategy_candidate *const *)b;
	int names;

	if (!one->dropped != !other->dropped)
		return one->dropped ? 1 : -1;
	if (one->dropped)
		return one < other ? -1 : one > other;
	if (one->score != other->score)
		return one->score > other->score ? -1 : 1;
	names = str_compare(one->model->name, other->model->name);
	if (names != 0)
		return names;
	return one->model->provider->id < other->model->provider->id ? -1 : 1;
}
