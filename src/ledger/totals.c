/*
 * totals.c - sums of sums.
 */
#include "ledger/totals.h"

#include "db/stmt.h"

#define SELECT_TOTALS(table)                              \
	"SELECT provider_id, SUM(requests), SUM(errors)," \
	" SUM(cost_picousd), SUM(saved_picousd),"         \
	" SUM(total_us), SUM(total_requests) FROM " table \
	" WHERE bucket_ms >= ? GROUP BY provider_id ORDER BY provider_id"

static const char *const selects[] = {
	[TOTALS_MINUTES] = SELECT_TOTALS("usage_minute"),
	[TOTALS_DAYS] = SELECT_TOTALS("usage_day"),
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
