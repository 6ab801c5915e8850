/*
 * usage_list.c - one statement for each subject and rollup. Sums come first,
 * names are joined to them: a sum of a million rows looks up a name once.
 */
#include "ledger/usage_list.h"

#include "db/stmt.h"
#include "ledger/usage_span.h"
#include "ledger/usage_users.h"

#define NAMED_SUMS                                                           \
	" SUM(u.requests) AS requests, SUM(u.errors) AS errors,"             \
	" SUM(u.prompt_tokens) AS prompt, SUM(u.completion_tokens) AS done," \
	" SUM(u.cost_picousd) AS cost, SUM(u.cache_hits) AS hits,"           \
	" SUM(u.saved_picousd) AS saved"
#define TOTALS                                                      \
	", s.requests, s.errors, s.prompt, s.done, s.cost, s.hits," \
	" s.saved FROM (SELECT * FROM (SELECT "
#define SUMS                                                    \
	"SUM(u.requests) AS requests, SUM(u.errors) AS errors," \
	" SUM(u.prompt) AS prompt, SUM(u.done) AS done,"        \
	" SUM(u.cost) AS cost, SUM(u.hits) AS hits,"            \
	" SUM(u.saved) AS saved"
#define ORDER(row)                                                      \
	" ORDER BY CASE ? WHEN 0 THEN " row ".cost WHEN 1 THEN " row    \
	".requests WHEN 2 THEN " row ".prompt + " row ".done ELSE " row \
	".errors END DESC, " row ".requests DESC, " row ".id"
#define PAGE ") t" ORDER("t") " LIMIT ? OFFSET ?) s"

/* `columns` are the first four of a row, `names` joins what they need to `s`.
 */
#define SELECT(subject, column, columns, names)                             \
	USAGE_SPANS("SELECT " columns TOTALS "u.id AS id, " SUMS " FROM (", \
		subject, column, NAMED_SUMS,                                \
		") u GROUP BY u.id" PAGE names ORDER("s"))
static const char *const selects[][3] = {
	[USAGE_BY_PROJECT] =
		SELECT("project", "u.project_id", "s.id, p.name, s.id, p.name",
			" LEFT JOIN projects p ON p.id = s.id"),
	[USAGE_BY_KEY] =
		SELECT("key", "u.key_id", "s.id, k.name, k.project_id, p.name",
			" LEFT JOIN gateway_keys k ON k.id = s.id"
			" LEFT JOIN projects p ON p.id = k.project_id"),
	[USAGE_BY_MODEL] = SELECT("model", "u.model_id",
		"s.id, CONCAT(p.name, '/', m.name), 0, ''",
		" LEFT JOIN models m ON m.id = s.id"
		" LEFT JOIN providers p ON p.id = m.provider_id"),
	[USAGE_BY_PROVIDER] = SELECT("provider", "u.provider_id",
		"s.id, p.name, 0, ''", " LEFT JOIN providers p ON p.id = s.id"),
};

static void read_row(
	struct stmt *stmt, struct arena *arena, struct usage_row *out);

bool usage_list(struct db *db, const struct usage_scope *scope,
	enum usage_by by, enum usage_order order, size_t offset, size_t limit,
	struct arena *arena, struct usage_row **rows, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	bool more;

	*rows = ARENA_ARRAY(arena, struct usage_row, limit);
	*count = 0;
	if (by == USAGE_BY_USER)
		return usage_list_users(db, scope, order, offset, limit, arena,
			*rows, count, err);
	if (!stmt_prepare(db, &stmt, selects[by][scope->step], err))
		return false;
	usage_span_bind(stmt, scope, by == USAGE_BY_PROJECT);
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
