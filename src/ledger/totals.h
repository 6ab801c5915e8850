/*
 * totals.h - what calls were and cost, by provider, out of the rollups.
 */
#ifndef LEDGER_TOTALS_H
#define LEDGER_TOTALS_H

#include "base/arena.h"
#include "db/pool.h"

struct provider_total {
	int64_t provider_id; /* 0: calls that reached none */
	int64_t requests;
	int64_t errors;
	int64_t cost_picousd;
	int64_t saved_picousd;
	int64_t total_us; /* of total_requests */
	int64_t total_requests;
};

/* Which rollup: the coarser one costs less. */
enum totals_step { TOTALS_MINUTES, TOTALS_DAYS };

/*
 * The totals of the buckets that begin at from_ms or later, one for each
 * provider, in the arena. Days are those of UTC. ERR_DATABASE.
 */
MUST_USE bool totals_by_provider(struct db *db, enum totals_step step,
	int64_t from_ms, struct arena *arena, struct provider_total **totals,
	size_t *count, struct error *err);

#endif
