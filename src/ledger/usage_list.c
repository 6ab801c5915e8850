/*
 * usage_list.c - one statement for each subject and rollup. Sums come first,
 * names are joined to them: a sum of a million rows looks up a name once.
 */
#include "ledger/usage_list.h"

#include "db/stmt.h"

#define SUMS                                                                 \
	" SUM(u.requests) AS requests, SUM(u.errors) AS errors,"             \
	" SUM(u.prompt_tokens) AS prompt, SUM(u.completion_tokens) AS done," \
	" SUM(u.cost_picousd) AS cost"
#define WHERE                                               \
	" WHERE u.organisation_id = ? AND u.bucket_ms >= ?" \
	" AND u.bucket_ms < ? AND (? = 0 OR u.project_id = ?)"
#define TOTALS                                                      \
	", s.requests, s.errors, s.prompt, s.done, s.cost, s.hits," \
	" s.saved FROM (SELECT * FROM (SELECT "
#define ORDER(row)                                                      \
	" ORDER BY CASE ? WHEN 0 THEN " row ".cost WHEN 1 THEN " row    \
	".requests WHEN 2 THEN " row ".prompt + " row ".done ELSE " row \
	".errors END DESC, " row ".requests DESC, " row ".id"
#define PAGE ") t" ORDER("t") " LIMIT ? OFFSET ?) s"

/* `id` is the column that the rows are of; `names` joins what they are called
 * to `s`. */
#define SELECT(table, columns, id, names)                   \
	"SELECT " columns TOTALS id " AS id," SUMS          \
	", SUM(u.cache_hits) AS hits, SUM(u.saved_picousd)" \
	" AS saved FROM " table " u" WHERE                  \
	" GROUP BY " id PAGE names ORDER("s")
#define OF_EACH_STEP(...)                                              \
	{                                                              \
		[USAGE_MINUTES] = SELECT("usage_minute", __VA_ARGS__), \
		[USAGE_HOURS] = SELECT("usage_hour", __VA_ARGS__),     \
		[USAGE_DAYS] = SELECT("usage_day", __VA_ARGS__),       \
	}
#define BY_USER                                                              \
	"SELECT 0, s.id, s.project_id, p.name" TOTALS                        \
	"u.project_id, u.user AS id," SUMS ", 0 AS hits, 0 AS saved"         \
	" FROM usage_user_day u" WHERE " GROUP BY u.project_id, u.user" PAGE \
	" LEFT JOIN projects p ON p.id = s.project_id" ORDER("s")

static const char *const selects[][3] = {
	[USAGE_BY_PROJECT] = OF_EACH_STEP("s.id, p.name, s.id, p.name",
		"u.project_id", " LEFT JOIN projects p ON p.id = s.id"),
	[USAGE_BY_KEY] =
		OF_EACH_STEP("s.id, k.name, k.project_id, p.name", "u.key_id",
			" LEFT JOIN gateway_keys k ON k.id = s.id"
			" LEFT JOIN projects p ON p.id = k.project_id"),
	[USAGE_BY_USER] = { [USAGE_DAYS] = BY_USER },
	[USAGE_BY_MODEL] = OF_EACH_STEP(
		"s.id, CONCAT(p.name, '/', m.name), 0, ''", "u.model_id",
		" LEFT JOIN models m ON m.id = s.id"
		" LEFT JOIN providers p ON p.id = m.provider_id"),
	[USAGE_BY_PROVIDER] = OF_EACH_STEP("s.id, p.name, 0, ''",
		"u.provider_id", " LEFT JOIN providers p ON p.id = s.id"),
};

static void read_row(
	struct stmt *stmt, struct arena *arena, struct usage_row *out);

bool usage_list(struct db *db, const struct usage_scope *scope,
	enum usage_by by, enum usage_order order, size_t offset, size_t limit,
	struct arena *arena, struct usage_row **rows, size_t *count,
	struct error *err)
{
	const char *sql = selects[by][scope->step];
	struct stmt *stmt;
	bool more;

	assert(sql);
	*rows = ARENA_ARRAY(arena, struct usage_row, limit);
	*count = 0;
	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	stmt_bind_int(stmt, scope->organisation_id);
	stmt_bind_int(stmt, scope->from_ms);
	stmt_bind_int(stmt, scope->to_ms);
	stmt_bind_int(stmt, scope->project_id);
	stmt_bind_int(stmt, scope->project_id);
	stmt_bind_int(stmt, order);
	stmt_bind_int(stmt, (int64_t)limit);
	stmt_bind_int(stmt, (int64_t)offset);
	stmt_bind_int(stmt, order);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		read_row(stmt, arena, &(*rows)[(*count)++]);
	}
	return false;
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct usage_row *out)
{
	*out = (struct usage_row){
		.id = stmt_int(stmt, 0),
		.name = arena_copy(arena, stmt_str(stmt, 1)),
		.project_id = stmt_int(stmt, 2),
		.project = arena_copy(arena, stmt_str(stmt, 3)),
		.requests = stmt_int(stmt, 4),
		.errors = stmt_int(stmt, 5),
		.prompt_tokens = stmt_int(stmt, 6),
		.completion_tokens = stmt_int(stmt, 7),
		.cost_picousd = stmt_int(stmt, 8),
		.cache_hits = stmt_int(stmt, 9),
		.saved_picousd = stmt_int(stmt, 10),
	};
}
