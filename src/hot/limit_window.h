/*
 * limit_window.h - the arithmetic of a sliding window: what was taken when,
 * and how much of that counts now.
 *
 * What is taken at t counts from t until before t + window_ms. An entry is
 * what was taken in one millisecond; only when there would be too many are
 * those of one slot, a 120th of the window, put together, at the time of the
 * last. So nothing is ever forgotten early, within no window_ms is more taken
 * than was let in, and what is forgotten late is so by less than 1 % of the
 * window. Up to 120 calls in a window are exact.
 *
 * Times are Unix milliseconds from callers whose clocks differ a little and
 * may be set back. Behind the newest entry, time stands still for a window
 * (or 10 s, if that is more). Further back the clock was set: then all
 * entries are moved with it and keep their ages, so that none counts for
 * longer than it should.
 */
#ifndef HOT_LIMIT_WINDOW_H
#define HOT_LIMIT_WINDOW_H

#include "base/base.h"

#define WINDOW_SLOTS 120
#define WINDOW_ENTRIES 128

struct window_entry {
	int64_t time_ms;
	int64_t amount; /* more than 0 */
};

struct window {
	int64_t window_ms;
	int64_t used; /* the sum of all entries */
	size_t count;
	struct window_entry entries[WINDOW_ENTRIES]; /* oldest first */
};

/* Empty. */
void window_init(struct window *window, int64_t window_ms);

/* Forget what does not count any more. Before any of the others, which need
 * the same now_ms. */
void window_slide(struct window *window, int64_t now_ms);
/* The newest entry is so far ahead that the clock must have been set back. */
bool window_is_ahead(const struct window *window, int64_t now_ms);

/* Count it. Gives the time that it is kept under. */
int64_t window_take(struct window *window, int64_t amount, int64_t now_ms);
/* Change what was taken at taken_ms, as window_take() gave it; nothing when
 * that does not count any more. */
void window_correct(
	struct window *window, int64_t taken_ms, int64_t delta, int64_t now_ms);

/* Until `amount` fits below `max`; -1: it never does. */
int64_t window_wait_ms(const struct window *window, int64_t amount, int64_t max,
	int64_t now_ms);
/* Until nothing counts any more. */
int64_t window_reset_ms(const struct window *window, int64_t now_ms);

#endif
