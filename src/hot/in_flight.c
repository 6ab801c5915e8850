/*
 * in_flight.c - a counter for each place and period of time.
 *
 * A counter says which period it counts, in the same word: whoever comes
 * first in another period begins it anew, and an end that comes too late
 * finds another period there and changes nothing.
 */
#include "hot/in_flight.h"

#include "hot/mapped_table.h"

#define PLACES 16384
#define PERIODS 4
#define PERIOD_MS 30000
/* The rest of a counter is the period's number. */
#define CALLS_BITS 24
#define CALLS_MASK ((UINT64_C(1) << CALLS_BITS) - 1)

struct in_flight_table {
	uint64_t counters[PLACES][PERIODS]; /* atomic */
};

static uint64_t *counter_of(
	struct in_flight_table *table, uint64_t place, int64_t period);
static uint64_t empty_counter(int64_t period);

bool in_flight_open(const struct settings *settings,
	struct in_flight_table **out, struct error *err)
{
	char path[PATH_MAX];
	void *table;

	snprintf(path, sizeof(path), "%.*s/in_flight",
		STR_ARG(settings->hot_dir));
	if (!mapped_table_open(path, sizeof(**out), &table, err))
		return false;
	*out = table;
	return true;
}

void in_flight_close(struct in_flight_table *table)
{
	mapped_table_close(table, sizeof(*table));
}

void in_flight_begin(
	struct in_flight_table *table, struct in_flight *it, int64_t now_ms)
{
	uint64_t *counter, seen, next;

	it->period = now_ms / PERIOD_MS;
	counter = counter_of(table, it->place, it->period);
	seen = __atomic_load_n(counter, __ATOMIC_RELAXED);
	do
		next = (seen >> CALLS_BITS == empty_counter(it->period) >>
						       CALLS_BITS
				       ? seen
				       : empty_counter(it->period)) +
		       1;
	while (!__atomic_compare_exchange_n(counter, &seen, next, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void in_flight_end(struct in_flight_table *table, const struct in_flight *it)
{
	uint64_t *counter = counter_of(table, it->place, it->period);
	uint64_t seen = __atomic_load_n(counter, __ATOMIC_RELAXED);

	do
		if (seen >> CALLS_BITS !=
				empty_counter(it->period) >> CALLS_BITS ||
			!(seen & CALLS_MASK))
			return;
	while (!__atomic_compare_exchange_n(counter, &seen, seen - 1, false,
		__ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

int64_t in_flight_count(
	const struct in_flight_table *table, uint64_t place, int64_t now_ms)
{
	int64_t calls = 0;

	for (int64_t i = 0; i < PERIODS; i++) {
		int64_t period = now_ms / PERIOD_MS - i;
		uint64_t seen = __atomic_load_n(
			counter_of((struct in_flight_table *)(uintptr_t)table,
				place, period),
			__ATOMIC_RELAXED);

		if (seen >> CALLS_BITS == empty_counter(period) >> CALLS_BITS)
			calls += (int64_t)(seen & CALLS_MASK);
	}
	return calls;
}

static uint64_t *counter_of(
	struct in_flight_table *table, uint64_t place, int64_t period)
{
	return &table->counters[place % PLACES][(uint64_t)period % PERIODS];
}

static uint64_t empty_counter(int64_t period)
{
	return (uint64_t)period << CALLS_BITS;
}
