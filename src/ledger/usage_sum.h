/*
 * usage_sum.h - what an organisation's calls were in a span of time, out of
 * the rollups: in all, over time, by model.
 */
#ifndef LEDGER_USAGE_SUM_H
#define LEDGER_USAGE_SUM_H

#include "base/arena.h"
#include "db/pool.h"

/* Which rollup, and so how long one bucket is. The coarser one costs less.
 * Days are those of UTC. */
enum usage_step { USAGE_MINUTES, USAGE_HOURS, USAGE_DAYS };
int64_t usage_step_ms(enum usage_step step);

struct usage_scope {
	int64_t organisation_id;
	int64_t project_id; /* 0: all of them */
	enum usage_step step;
	int64_t from_ms; /* the first bucket's beginning, or later */
	int64_t to_ms;   /* before which the last one begins */
};

#define USAGE_HISTOGRAM 10

struct usage_sum {
	int64_t bucket_ms; /* of a sum over time */
	int64_t model_id;  /* of a sum by model; 0: no model was used */
	struct str model;  /* "provider/model"; "" when it is gone */
	int64_t requests;
	int64_t errors;
	int64_t cache_hits;
	int64_t prompt_tokens;
	int64_t completion_tokens;
	int64_t cost_picousd;
	int64_t saved_picousd;
	int64_t route_saved_picousd; /* usage.h; negative: it cost more */
	int64_t route_saved_requests;
	int64_t total_us; /* of total_requests */
	int64_t total_requests;
	int64_t first_token_us; /* of first_token_requests */
	int64_t first_token_requests;
	int64_t histogram[USAGE_HISTOGRAM]; /* calls by duration */
};

MUST_USE bool usage_sum_all(struct db *db, const struct usage_scope *scope,
	struct usage_sum *out, struct error *err);
/* By bucket, in order; buckets without a call are left out. In the arena. */
MUST_USE bool usage_sum_over_time(struct db *db,
	const struct usage_scope *scope, struct arena *arena,
	struct usage_sum **out, size_t *count, struct error *err);
/* By model, the one that cost most first. */
MUST_USE bool usage_sum_by_model(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct usage_sum **out, size_t *count,
	struct error *err);

/* The first class of the histogram. */
#define USAGE_SUM_SHORTEST_US 100000

/*
 * The duration that `percent` of the calls stayed under, as well as the
 * histogram tells: within a class they are taken as spread evenly, but for
 * the first, where it is the most that it can be. The last one has no upper
 * bound, so 60 s is the longest. -1: there were no calls.
 */
int64_t usage_sum_quantile_us(const struct usage_sum *sum, int percent);

#endif
