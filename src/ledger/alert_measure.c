/*
 * alert_measure.c - sums over usage_minute and attempts_minute.
 */
#include "ledger/alert_measure.h"

#include "db/stmt.h"

#define MINUTE_MS INT64_C(60000)

/* Upper ends, in milliseconds; what is over the last one has none. */
static const int64_t bounds_ms[] = { 100, 250, 500, 1000, 2500, 5000, 10000,
	30000, 60000 };

_Static_assert(ARRAY_LEN(bounds_ms) + 1 == MEASURE_BUCKETS,
	"one column for each bound, and one for the rest");

static int64_t first_bucket_ms(int64_t now_ms, int64_t window_ms);
static void read_provider(struct stmt *stmt, struct arena *arena,
	struct alert_provider_calls *out);

#define SUM_CALLS                                                            \
	"SELECT SUM(requests), SUM(errors), SUM(under_100ms),"               \
	" SUM(under_250ms), SUM(under_500ms), SUM(under_1s),"                \
	" SUM(under_2500ms), SUM(under_5s), SUM(under_10s), SUM(under_30s)," \
	" SUM(under_60s), SUM(over_60s) FROM usage_minute"

bool alert_measure_calls(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct alert_calls *out, struct error *err)
{
	struct stmt *stmt;
	bool more;

	/* Each by its own index. */
	if (!(rule->project_id ? stmt_prepare(db, &stmt,
					 SUM_CALLS " WHERE project_id = ?"
						   " AND bucket_ms >= ?",
					 err)
			       : stmt_prepare(db, &stmt,
					 SUM_CALLS " WHERE organisation_id = ?"
						   " AND bucket_ms >= ?",
					 err)))
		return false;
	stmt_bind_int(stmt,
		rule->project_id ? rule->project_id : rule->organisation_id);
	stmt_bind_int(stmt, first_bucket_ms(now_ms, rule->window_ms));
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &more, err))
		return false;
	out->total = stmt_int(stmt, 0);
	out->failed = stmt_int(stmt, 1);
	for (unsigned i = 0; i < MEASURE_BUCKETS; i++)
		out->histogram[i] = stmt_int(stmt, 2 + i);
	return true;
}

#define PER_PROVIDER(scope)                                                 \
	"SELECT p.id, p.name, COUNT(*) OVER (), SUM(a.attempts),"           \
	" SUM(a.failed), SUM(IF(a.bucket_ms >= ?, a.attempts, 0)),"         \
	" SUM(IF(a.bucket_ms >= ?, a.failed, 0)) FROM providers p"          \
	" LEFT JOIN attempts_minute a ON a.provider_id = p.id AND a." scope \
	" = ? AND a.bucket_ms >= ? WHERE p.enabled = 1"                     \
	" GROUP BY p.id, p.name ORDER BY p.id"

bool alert_measure_providers(struct db *db, const struct alert_rule *rule,
	int64_t now_ms, struct arena *arena, struct alert_provider_calls **out,
	size_t *count, struct error *err)
{
	int64_t recent_ms = first_bucket_ms(now_ms, MINUTE_MS);
	struct stmt *stmt;
	bool more;

	*out = NULL;
	*count = 0;
	if (!(rule->project_id ? stmt_prepare(db, &stmt,
					 PER_PROVIDER("project_id"), err)
			       : stmt_prepare(db, &stmt,
					 PER_PROVIDER("organisation_id"), err)))
		return false;
	stmt_bind_int(stmt, recent_ms);
	stmt_bind_int(stmt, recent_ms);
	stmt_bind_int(stmt,
		rule->project_id ? rule->project_id : rule->organisation_id);
	stmt_bind_int(stmt, first_bucket_ms(now_ms, rule->window_ms));
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (!*out)
			*out = ARENA_ARRAY(arena, struct alert_provider_calls,
				(size_t)stmt_int(stmt, 2));
		read_provider(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

/* The start of the minute that the window begins in. */
static int64_t first_bucket_ms(int64_t now_ms, int64_t window_ms)
{
	int64_t begin_ms = now_ms - window_ms;

	return begin_ms - begin_ms % MINUTE_MS;
}

static void read_provider(struct stmt *stmt, struct arena *arena,
	struct alert_provider_calls *out)
{
	out->provider_id = stmt_int(stmt, 0);
	out->name = arena_copy(arena, stmt_str(stmt, 1));
	out->calls.total = stmt_int(stmt, 3);
	out->calls.failed = stmt_int(stmt, 4);
	out->recent_total = stmt_int(stmt, 5);
	out->recent_failed = stmt_int(stmt, 6);
}

int64_t alert_percentile_ms(const struct alert_calls *calls, int64_t percent)
{
	int64_t total = 0;
	int64_t before = 0;
	int64_t rank;

	for (size_t i = 0; i < MEASURE_BUCKETS; i++)
		total += calls->histogram[i];
	if (total == 0)
		return 0;
	/* The smallest whole number of calls that is so many percent. */
	rank = total / 100 * percent + (total % 100 * percent + 99) / 100;
	for (size_t i = 0; i < ARRAY_LEN(bounds_ms); i++) {
		int64_t low = i > 0 ? bounds_ms[i - 1] : 0;
		int64_t inside = calls->histogram[i];

		if (rank <= before + inside && inside > 0)
			return low + (int64_t)((__int128)(bounds_ms[i] - low) *
					       (rank - before) / inside);
		before += inside;
	}
	return bounds_ms[ARRAY_LEN(bounds_ms) - 1];
}
