/*
 * in_flight.h - how many calls are under way at each of several places, on
 * all processes of the machine.
 *
 * A table of counters in a file on tmpfs that every process maps: counting is
 * an atomic instruction or two and waits for nobody. A place is any number;
 * two of them may have a counter in common, once in many thousand times. What
 * a process that was killed had under way counts for two minutes, and a call
 * that takes longer than that counts no more. So it is a hint for sharing
 * out, not a limit: those are in hot/limit.h.
 */
#ifndef HOT_IN_FLIGHT_H
#define HOT_IN_FLIGHT_H

#include "base/error.h"
#include "base/settings.h"

struct in_flight_table;

/* server.hot_dir/in_flight, made when missing; after hot_open(), which makes
 * the folder. ERR_IO. */
MUST_USE bool in_flight_open(const struct settings *settings,
	struct in_flight_table **out, struct error *err);
/* Safe with NULL. */
void in_flight_close(struct in_flight_table *table);

/* One call. */
struct in_flight {
	uint64_t place;
	int64_t period; /* in which it began; in_flight_begin() sets it */
};

/* A call begins, and ends; now_ms is Unix time. */
void in_flight_begin(
	struct in_flight_table *table, struct in_flight *it, int64_t now_ms);
void in_flight_end(struct in_flight_table *table, const struct in_flight *it);

/* How many are under way at a place. */
int64_t in_flight_count(
	const struct in_flight_table *table, uint64_t place, int64_t now_ms);

#endif
