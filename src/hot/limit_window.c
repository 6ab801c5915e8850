/*
 * limit_window.c - see limit_window.h.
 *
 * What was taken at t is in the first entry that is not older than t, if that
 * is of the same slot: entries are put together at the time of the newest of
 * them, and stay in order. If it is not, nothing is left of what was taken.
 */
#include "hot/limit_window.h"

/* Callers of one machine differ by no more than they wait for a lock. */
#define LEAST_PATIENCE_MS 10000

static void forget_oldest(struct window *window, size_t count);
static void move_back(struct window *window, int64_t by_ms);
static void add(struct window *window, size_t at, int64_t amount);
static void put_together(struct window *window);
static void put(struct window *window, int64_t amount, int64_t time_ms);
static int64_t slot(const struct window *window, int64_t time_ms);
static size_t find(const struct window *window, int64_t taken_ms);
static int64_t newest_ms(const struct window *window);

void window_init(struct window *window, int64_t window_ms)
{
	assert(window_ms > 0);
	window->window_ms = window_ms;
	window->used = 0;
	window->count = 0;
}

void window_slide(struct window *window, int64_t now_ms)
{
	size_t over = 0;

	if (window_is_ahead(window, now_ms))
		move_back(window, newest_ms(window) - now_ms);
	while (over < window->count &&
		window->entries[over].time_ms <= now_ms - window->window_ms)
		over++;
	forget_oldest(window, over);
}

bool window_is_ahead(const struct window *window, int64_t now_ms)
{
	int64_t patience_ms = window->window_ms > LEAST_PATIENCE_MS
				      ? window->window_ms
				      : LEAST_PATIENCE_MS;

	return window->count > 0 && newest_ms(window) - now_ms > patience_ms;
}

int64_t window_take(struct window *window, int64_t amount, int64_t now_ms)
{
	int64_t newest = window->count > 0 ? newest_ms(window) : INT64_MIN;
	int64_t time_ms = newest > now_ms ? newest : now_ms;

	if (amount > 0)
		put(window, amount, time_ms);
	return time_ms;
}

void window_correct(
	struct window *window, int64_t taken_ms, int64_t delta, int64_t now_ms)
{
	size_t at;

	if (delta == 0 || taken_ms <= now_ms - window->window_ms)
		return;
	at = find(window, taken_ms);
	if (at < window->count && slot(window, window->entries[at].time_ms) ==
					  slot(window, taken_ms))
		add(window, at, delta);
	else if (delta > 0)
		put(window, delta, taken_ms < now_ms ? taken_ms : now_ms);
}

int64_t window_wait_ms(const struct window *window, int64_t amount, int64_t max,
	int64_t now_ms)
{
	int64_t left = window->used;

	if (amount > max)
		return -1;
	if (left <= max - amount)
		return 0;
	for (size_t i = 0; i < window->count; i++) {
		left -= window->entries[i].amount;
		if (left <= max - amount)
			return window->entries[i].time_ms + window->window_ms -
			       now_ms;
	}
	return -1;
}

int64_t window_reset_ms(const struct window *window, int64_t now_ms)
{
	if (window->count == 0)
		return 0;
	return newest_ms(window) + window->window_ms - now_ms;
}

static void forget_oldest(struct window *window, size_t count)
{
	if (count == 0)
		return;
	assert(count <= window->count && window->count <= WINDOW_ENTRIES);
	for (size_t i = 0; i < count; i++)
		window->used -= window->entries[i].amount;
	window->count -= count;
	memmove(window->entries, window->entries + count,
		window->count * sizeof(window->entries[0]));
}

static void move_back(struct window *window, int64_t by_ms)
{
	for (size_t i = 0; i < window->count; i++)
		window->entries[i].time_ms -= by_ms;
}

/* More or less, as far as it goes; an entry of nothing is none. */
static void add(struct window *window, size_t at, int64_t amount)
{
	struct window_entry *entry = &window->entries[at];

	if (amount > INT64_MAX - window->used)
		amount = INT64_MAX - window->used;
	if (amount < -entry->amount)
		amount = -entry->amount;
	entry->amount += amount;
	window->used += amount;
	if (entry->amount > 0)
		return;
	window->count--;
	memmove(entry, entry + 1,
		(window->count - at) * sizeof(window->entries[0]));
}

/*
 * All entries began within one window, which touches no more than
 * WINDOW_SLOTS + 1 slots: there is room afterwards.
 */
static void put_together(struct window *window)
{
	size_t kept = 0;

	for (size_t i = 1; i < window->count; i++) {
		struct window_entry *next = &window->entries[i];
		struct window_entry *last = &window->entries[kept];

		if (slot(window, next->time_ms) ==
			slot(window, last->time_ms)) {
			last->time_ms = next->time_ms;
			last->amount += next->amount;
		} else {
			window->entries[++kept] = *next;
		}
	}
	window->count = kept + 1;
}

/* Into the entry of that time, which may be a new one. */
static void put(struct window *window, int64_t amount, int64_t time_ms)
{
	size_t at = find(window, time_ms);

	if (at == window->count || window->entries[at].time_ms != time_ms) {
		if (window->count == WINDOW_ENTRIES) {
			put_together(window);
			at = find(window, time_ms);
		}
		assert(window->count < WINDOW_ENTRIES);
		memmove(window->entries + at + 1, window->entries + at,
			(window->count - at) * sizeof(window->entries[0]));
		window->entries[at] = (struct window_entry){ time_ms, 0 };
		window->count++;
	}
	add(window, at, amount);
}

static int64_t slot(const struct window *window, int64_t time_ms)
{
	return time_ms /
	       ((window->window_ms + WINDOW_SLOTS - 1) / WINDOW_SLOTS);
}

/* From the newest: a call that ends is seldom the oldest. */
static size_t find(const struct window *window, int64_t taken_ms)
{
	size_t at = window->count;

	while (at > 0 && window->entries[at - 1].time_ms >= taken_ms)
		at--;
	return at;
}

static int64_t newest_ms(const struct window *window)
{
	return window->entries[window->count - 1].time_ms;
}
