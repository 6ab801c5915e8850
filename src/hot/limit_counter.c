/*
 * limit_counter.c - see limit_counter.h. Sums stop at INT64_MAX and at 0.
 */
#include "hot/limit_counter.h"

#include "hot/limit_body.h"

static int64_t room(const struct counter *counter, int64_t max);
static int64_t granted_of(const struct counter *counter);
static int64_t add(int64_t sum, int64_t delta);
static int64_t used_of(const struct held *held, const struct limit_use *use);

void counter_init(struct counter *counter, enum limit_kind kind,
	int64_t window_ms, int64_t ends_ms, int64_t generation)
{
	counter->kind = kind;
	counter->generation = generation;
	counter->used = kind == LIMIT_AMOUNT ? -1 : 0;
	counter->granted = -1;
	counter->ends_ms = ends_ms;
	counter->touched_ms = 0;
	if (kind == LIMIT_RATE)
		window_init(&counter->window, window_ms);
}

bool counter_meet(
	struct counter *counter, const struct limit *limit, int64_t now_ms)
{
	bool was_ahead;

	if (limit->kind == LIMIT_AMOUNT && counter->used < 0 &&
		!limit->must_be_begun)
		counter->used = 0;
	if (limit->kind != LIMIT_RATE)
		return false;
	counter->window.window_ms = limit->window_ms;
	was_ahead = window_is_ahead(&counter->window, now_ms);
	window_slide(&counter->window, now_ms);
	return was_ahead;
}

enum limit_verdict counter_verdict(
	const struct counter *counter, const struct limit *limit)
{
	if (limit->kind == LIMIT_AMOUNT && counter->used < 0)
		return LIMIT_NOT_BEGUN;
	if (limit->max < 0)
		return LIMIT_TAKEN;
	if (limit->amount > room(counter, limit->max))
		return LIMIT_FULL;
	if (limit->by_grant &&
		limit->amount > room(counter, granted_of(counter)))
		return LIMIT_NOT_GRANTED;
	return LIMIT_TAKEN;
}

int64_t counter_wait_ms(const struct counter *counter,
	const struct limit *limit, int64_t now_ms)
{
	if (limit->kind == LIMIT_RATE)
		return window_wait_ms(
			&counter->window, limit->amount, limit->max, now_ms);
	if (limit->kind == LIMIT_CONCURRENT || limit->amount > limit->max)
		return -1;
	return limit->ends_ms > now_ms ? limit->ends_ms - now_ms : 0;
}

void counter_state(const struct counter *counter, const struct limit *limit,
	int64_t now_ms, struct limit_state *out)
{
	*out = (struct limit_state){ .used = counter->used, .granted = -1 };
	switch (limit->kind) {
	case LIMIT_RATE:
		out->used = counter->window.used;
		out->reset_ms = window_reset_ms(&counter->window, now_ms);
		return;
	case LIMIT_AMOUNT:
		if (limit->by_grant) {
			out->granted = granted_of(counter);
			out->touched_ms = counter->touched_ms;
		}
		if (counter->used > 0 && limit->ends_ms > now_ms)
			out->reset_ms = limit->ends_ms - now_ms;
		return;
	case LIMIT_CONCURRENT: return;
	}
}

bool counter_take(struct counter *counter, const struct limit *limit,
	int64_t now_ms, struct held *out)
{
	*out = (struct held){ .kind = limit->kind,
		.unit = limit->unit,
		.name = limit->name,
		.generation = counter->generation,
		.amount = limit->amount };
	if (limit->kind == LIMIT_RATE)
		out->taken_ms =
			window_take(&counter->window, limit->amount, now_ms);
	else
		counter->used = add(counter->used, limit->amount);
	counter->touched_ms = now_ms;
	if (limit->kind == LIMIT_AMOUNT && limit->ends_ms > counter->ends_ms)
		counter->ends_ms = limit->ends_ms;
	return limit->kind == LIMIT_CONCURRENT || limit->unit != LIMIT_CALLS;
}

bool counter_settle(struct counter *counter, const struct held *held,
	const struct limit_use *use, int64_t now_ms)
{
	int64_t used = used_of(held, use);
	bool is_same = counter->kind == held->kind &&
		       counter->generation == held->generation;

	if (held->kind == LIMIT_AMOUNT) {
		if (counter->kind != LIMIT_AMOUNT || counter->used < 0)
			return false;
		counter->used = add(
			counter->used, is_same ? used - held->amount : used);
		counter->touched_ms = now_ms;
		return true;
	}
	if (!is_same)
		return false;
	if (held->kind == LIMIT_CONCURRENT) {
		counter->used = add(counter->used, -held->amount);
		return true;
	}
	window_slide(&counter->window, now_ms);
	window_correct(
		&counter->window, held->taken_ms, used - held->amount, now_ms);
	return true;
}

bool counter_is_over(struct counter *counter, int64_t now_ms)
{
	switch (counter->kind) {
	case LIMIT_RATE:
		window_slide(&counter->window, now_ms);
		return counter->window.count == 0;
	case LIMIT_CONCURRENT: return counter->used == 0;
	case LIMIT_AMOUNT:
		return counter->ends_ms <= now_ms - LIMITS_KEEP_ENDED_MS;
	}
	abort();
}

bool counter_begin(struct counter *counter, int64_t used, int64_t ends_ms)
{
	if (counter->used >= 0)
		return false;
	counter->used = used;
	if (ends_ms > counter->ends_ms)
		counter->ends_ms = ends_ms;
	return true;
}

void counter_grant(struct counter *counter, int64_t amount, int64_t ends_ms)
{
	int64_t before = granted_of(counter);
	int64_t least = before < counter->used ? before : counter->used;
	int64_t granted = add(before, amount);

	counter->granted = amount < 0 && granted < least ? least : granted;
	if (ends_ms > counter->ends_ms)
		counter->ends_ms = ends_ms;
}

/* Below 0 when more is used than that. */
static int64_t room(const struct counter *counter, int64_t max)
{
	int64_t used = counter->kind == LIMIT_RATE ? counter->window.used
						   : counter->used;

	return max - used;
}

/* What was used before the first grant, was so without any: it is taken for
 * granted. */
static int64_t granted_of(const struct counter *counter)
{
	if (counter->granted >= 0)
		return counter->granted;
	return counter->used > 0 ? counter->used : 0;
}

static int64_t add(int64_t sum, int64_t delta)
{
	if (__builtin_add_overflow(sum, delta, &sum))
		return INT64_MAX;
	return sum > 0 ? sum : 0;
}

static int64_t used_of(const struct held *held, const struct limit_use *use)
{
	int64_t used = held->unit == LIMIT_TOKENS    ? use->tokens
		       : held->unit == LIMIT_PICOUSD ? use->picousd
						     : -1;

	return used < 0 ? held->amount : used;
}
