/*
 * totals.c - sums of sums.
 */
#include "ledger/totals.h"

#include "db/stmt.h"

#define SUMS                                          \
	" SUM(u.requests), SUM(u.errors),"            \
	" SUM(u.cost_picousd), SUM(u.saved_picousd)," \
	" SUM(u.total_us), SUM(u.total_requests)"

/* Days are found by organisation; 0 are calls of nobody's. */
static const char *const selects[] = {
	[TOTALS_MINUTES] = "SELECT u.provider_id," SUMS " FROM usage_minute u"
			   " WHERE u.bucket_ms >= ?"
			   " GROUP BY u.provider_id ORDER BY u.provider_id",
	[TOTALS_DAYS] = "SELECT u.subject_id," SUMS " FROM"
			" (SELECT id FROM organisations UNION ALL SELECT 0) o"
			" STRAIGHT_JOIN usage_scope_day u"
			" ON u.scope = 'organisation' AND u.scope_id = o.id"
			" AND u.subject = 'provider' AND u.bucket_ms >= ?"
			" GROUP BY u.subject_id ORDER BY u.subject_id",
};

static void append(struct arena *arena, struct provider_total **totals,
	size_t *count, size_t *room, struct stmt *stmt);

bool totals_by_provider(struct db *db, enum totals_step step, int64_t from_ms,
	struct arena *arena, struct provider_total **totals, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	size_t room = 0;
	bool more;

	*totals = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt, selects[step], err))
		return false;
	stmt_bind_int(stmt, from_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		append(arena, totals, count, &room, stmt);
	}
	return false;
}

static void append(struct arena *arena, struct provider_total **totals,
	size_t *count, size_t *room, struct stmt *stmt)
{
	struct provider_total *old = *totals;

	if (*count == *room) {
		*room = *room ? *room * 2 : 16;
		*totals = ARENA_ARRAY(arena, struct provider_total, *room);
		if (old)
			memcpy(*totals, old, *count * sizeof(*old));
	}
	(*totals)[(*count)++] = (struct provider_total){
		.provider_id = stmt_int(stmt, 0),
		.requests = stmt_int(stmt, 1),
		.errors = stmt_int(stmt, 2),
		.cost_picousd = stmt_int(stmt, 3),
		.saved_picousd = stmt_int(stmt, 4),
		.total_us = stmt_int(stmt, 5),
		.total_requests = stmt_int(stmt, 6),
	};
}
