/*
 * limit_counter.h - one counter: what it says to a limit, and how it changes.
 * No store is in it, and no clock.
 */
#ifndef HOT_LIMIT_COUNTER_H
#define HOT_LIMIT_COUNTER_H

#include "hot/limit.h"
#include "hot/limit_window.h"

struct counter {
	enum limit_kind kind;
	int64_t generation; /* another one each time that it is made */
	int64_t used;       /* not LIMIT_RATE; -1: not begun */
	int64_t granted;    /* LIMIT_AMOUNT; -1: never was any */
	int64_t ends_ms;    /* LIMIT_AMOUNT */
	/* LIMIT_AMOUNT: when it was taken from or settled last; 0: never. */
	int64_t touched_ms;
	struct window window; /* LIMIT_RATE */
};

/* What a reservation took of one limit, and may give back. */
struct held {
	enum limit_kind kind;
	enum limit_unit unit;
	struct str name;
	int64_t generation; /* of the counter that it was taken of */
	int64_t amount;
	int64_t taken_ms; /* LIMIT_RATE */
};

/* One that did not exist. */
void counter_init(struct counter *counter, enum limit_kind kind,
	int64_t window_ms, int64_t ends_ms, int64_t generation);

/* Before the three below: as it is now, for this limit. True when it has to be
 * kept even if nothing is taken: it was told of a clock that was set back. */
bool counter_meet(
	struct counter *counter, const struct limit *limit, int64_t now_ms);
enum limit_verdict counter_verdict(
	const struct counter *counter, const struct limit *limit);
/* Until a LIMIT_FULL may be none; -1: see struct limit_outcome. */
int64_t counter_wait_ms(const struct counter *counter,
	const struct limit *limit, int64_t now_ms);
void counter_state(const struct counter *counter, const struct limit *limit,
	int64_t now_ms, struct limit_state *out);

/* What is held then; false: there is nothing that a settlement changes. */
bool counter_take(struct counter *counter, const struct limit *limit,
	int64_t now_ms, struct held *out);
/* In the end it was `use` of what is held. False: the counter is as it was. */
bool counter_settle(struct counter *counter, const struct held *held,
	const struct limit_use *use, int64_t now_ms);

/* It tells nothing that one that is not there would not. */
bool counter_is_over(struct counter *counter, int64_t now_ms);

/* LIMIT_AMOUNT: limits_begin_amount() and limits_grant(). */
bool counter_begin(struct counter *counter, int64_t used, int64_t ends_ms);
void counter_grant(struct counter *counter, int64_t amount, int64_t ends_ms);

#endif
