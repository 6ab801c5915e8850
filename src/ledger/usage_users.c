/*
 * usage_users.c - first who is on the page, then what they used.
 *
 * An organisation may have thousands of users, each with a row for every day
 * and week. What orders them is added up for all, as floating point, which
 * takes half of the time; the sums that are shown are exact, and made for
 * those on the page alone. Both go by a number for project and name:
 * sql/026_usage_user_hash.sql.
 */
#include "ledger/usage_users.h"

#include "db/stmt.h"
#include "ledger/usage_span.h"

#define OF_USERS(table, which, sums)                                              \
	"SELECT u.user_hash AS id," sums " FROM " table " u WHERE " which         \
	"u.organisation_id = ? AND (? = 0 OR u.project_id = ?)" USAGE_SPAN_RANGES \
	" GROUP BY u.user_hash"
#define OF_BOTH(which, sums)                                           \
	" FROM (" OF_USERS("usage_user_day", which,                    \
		sums) " UNION ALL " OF_USERS("usage_user_week", which, \
		sums) ") u"

/* Those of a page, by one of the sums; who that is, is in both tables. */
#define MEASURES(measure)               \
	" SUM(" measure ") AS measure," \
	" SUM(CAST(u.requests AS DOUBLE)) AS requests"
#define PAGE_HEAD                                        \
	"SELECT t.id, w.user, w.project_id, p.name"      \
	" FROM (SELECT u.id, SUM(u.measure) AS measure," \
	" SUM(u.requests) AS requests"
#define PAGE_TAIL                                                 \
	" GROUP BY u.id ORDER BY measure DESC, requests DESC, id" \
	" LIMIT ? OFFSET ?) t"                                    \
	" JOIN usage_user_week w ON w.user_hash = t.id"           \
	" AND w.bucket_ms = (SELECT MAX(n.bucket_ms)"             \
	" FROM usage_user_week n WHERE n.user_hash = t.id)"       \
	" LEFT JOIN projects p ON p.id = w.project_id"            \
	" ORDER BY t.measure DESC, t.requests DESC, t.id"
#define PAGE_BY(measure) PAGE_HEAD OF_BOTH("", MEASURES(measure)) PAGE_TAIL

static const char *const pages[] = {
	[USAGE_DEAREST] = PAGE_BY("CAST(u.cost_picousd AS DOUBLE)"),
	[USAGE_MOST_REQUESTS] = PAGE_BY("CAST(u.requests AS DOUBLE)"),
	[USAGE_MOST_TOKENS] = PAGE_BY(
		"CAST(u.prompt_tokens AS DOUBLE) + u.completion_tokens"),
	[USAGE_MOST_ERRORS] = PAGE_BY("CAST(u.errors AS DOUBLE)"),
};

#define SUMS                                                                 \
	" SUM(u.requests) AS requests, SUM(u.errors) AS errors,"             \
	" SUM(u.prompt_tokens) AS prompt, SUM(u.completion_tokens) AS done," \
	" SUM(u.cost_picousd) AS cost"

static const char exact[] =
	"SELECT u.id, SUM(u.requests), SUM(u.errors), SUM(u.prompt),"
	" SUM(u.done), SUM(u.cost)" OF_BOTH(
		"u.user_hash IN " STMT_IN " AND ", SUMS) " GROUP BY u.id";

static bool load_exact(struct db *db, const struct usage_scope *scope,
	struct usage_row *rows, const int64_t *ids, size_t count,
	struct error *err);
static void read_sums(struct stmt *stmt, struct usage_row *rows,
	const int64_t *ids, size_t count);

bool usage_list_users(struct db *db, const struct usage_scope *scope,
	enum usage_order order, size_t offset, size_t limit,
	struct arena *arena, struct usage_row *rows, size_t *count,
	struct error *err)
{
	int64_t *ids = ARENA_ARRAY(arena, int64_t, limit);
	struct stmt *stmt;
	bool more;

	assert(scope->step == USAGE_DAYS);
	*count = 0;
	if (!stmt_prepare(db, &stmt, pages[order], err))
		return false;
	usage_span_bind_users(stmt, scope, NULL, 0);
	stmt_bind_int(stmt, (int64_t)limit);
	stmt_bind_int(stmt, (int64_t)offset);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &more, err))
		return false;
	while (more && *count < limit) {
		rows[*count] = (struct usage_row){
			.name = arena_copy(arena, stmt_str(stmt, 1)),
			.project_id = stmt_int(stmt, 2),
			.project = arena_copy(arena, stmt_str(stmt, 3)),
		};
		ids[(*count)++] = stmt_int(stmt, 0);
		if (!stmt_fetch(stmt, &more, err))
			return false;
	}
	for (size_t i = 0; i < *count; i += STMT_IN_MAX) {
		size_t some = *count - i;

		if (!load_exact(db, scope, rows + i, ids + i,
			    some < STMT_IN_MAX ? some : STMT_IN_MAX, err))
			return false;
	}
	return true;
}

static bool load_exact(struct db *db, const struct usage_scope *scope,
	struct usage_row *rows, const int64_t *ids, size_t count,
	struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt, exact, err))
		return false;
	usage_span_bind_users(stmt, scope, ids, count);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		read_sums(stmt, rows, ids, count);
	}
	return false;
}

static void read_sums(struct stmt *stmt, struct usage_row *rows,
	const int64_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (ids[i] != stmt_int(stmt, 0))
			continue;
		rows[i].requests = stmt_int(stmt, 1);
		rows[i].errors = stmt_int(stmt, 2);
		rows[i].prompt_tokens = stmt_int(stmt, 3);
		rows[i].completion_tokens = stmt_int(stmt, 4);
		rows[i].cost_picousd = stmt_int(stmt, 5);
	}
}
