/*
 * cost.c - sums of the rollups, for whoever pays.
 */
#include "ledger/cost.h"

#include "db/stmt.h"

#define WHERE                                               \
	" WHERE u.organisation_id = ? AND u.bucket_ms >= ?" \
	" AND u.bucket_ms < ? AND (? = 0 OR u.project_id = ?)"
#define SUMS                                               \
	" SUM(u.requests), SUM(u.errors),"                 \
	" SUM(u.prompt_tokens), SUM(u.completion_tokens)," \
	" SUM(u.cost_picousd)"
#define SELECT_BY_PROVIDER(table)                                    \
	"SELECT p.name," SUMS ", SUM(u.saved_picousd) FROM " table   \
	" u LEFT JOIN providers p ON p.id = u.provider_id" WHERE     \
	" GROUP BY u.provider_id ORDER BY SUM(u.cost_picousd) DESC," \
	" SUM(u.requests) DESC"
#define SELECT_BY_USER                                               \
	"SELECT u.user," SUMS ", 0 FROM usage_user_day u" WHERE      \
	" GROUP BY u.user ORDER BY SUM(u.cost_picousd) DESC, u.user" \
	" LIMIT 1000"

_Static_assert(COST_MAX_USERS == 1000, "as in SELECT_BY_USER");

static bool run(struct db *db, const char *sql, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err);
static struct cost *add(
	struct arena *arena, struct cost **list, size_t *count, size_t *room);

bool cost_by_provider(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	static const char *const selects[] = {
		[USAGE_MINUTES] = SELECT_BY_PROVIDER("usage_minute"),
		[USAGE_HOURS] = SELECT_BY_PROVIDER("usage_hour"),
		[USAGE_DAYS] = SELECT_BY_PROVIDER("usage_day"),
	};

	return run(db, selects[scope->step], scope, arena, out, count, err);
}

bool cost_by_user(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	assert(scope->step == USAGE_DAYS);
	return run(db, SELECT_BY_USER, scope, arena, out, count, err);
}

static bool run(struct db *db, const char *sql, const struct usage_scope *scope,
	struct arena *arena, struct cost **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	size_t room = 0;
	bool more;

	*out = NULL;
	*count = 0;
	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	stmt_bind_int(stmt, scope->organisation_id);
	stmt_bind_int(stmt, scope->from_ms);
	stmt_bind_int(stmt, scope->to_ms);
	stmt_bind_int(stmt, scope->project_id);
	stmt_bind_int(stmt, scope->project_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*add(arena, out, count, &room) = (struct cost){
			.name = arena_copy(arena, stmt_str(stmt, 0)),
			.requests = stmt_int(stmt, 1),
			.errors = stmt_int(stmt, 2),
			.prompt_tokens = stmt_int(stmt, 3),
			.completion_tokens = stmt_int(stmt, 4),
			.cost_picousd = stmt_int(stmt, 5),
			.saved_picousd = stmt_int(stmt, 6),
		};
	}
	return false;
}

static struct cost *add(
	struct arena *arena, struct cost **list, size_t *count, size_t *room)
{
	struct cost *old = *list;

	if (*count == *room) {
		*room = *room ? *room * 2 : 32;
		*list = ARENA_ARRAY(arena, struct cost, *room);
		if (old)
			memcpy(*list, old, *count * sizeof(*old));
	}
	return &(*list)[(*count)++];
}
