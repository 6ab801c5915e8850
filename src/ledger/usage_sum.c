/*
 * usage_sum.c - adding up rows of the rollups.
 */
#include "ledger/usage_sum.h"

#include "db/stmt.h"
#include "ledger/usage_span.h"

#define MINUTE_MS 60000

/* What follows the two columns that say of what this is the sum, and how the
 * rollups' own columns come by these names. */
#define SUMS                                                                         \
	" SUM(u.requests), SUM(u.errors), SUM(u.cache_hits),"                        \
	" SUM(u.prompt_tokens), SUM(u.completion_tokens),"                           \
	" SUM(u.cost_picousd), SUM(u.saved_picousd),"                                \
	" SUM(u.route_saved_picousd), SUM(u.route_saved_requests), SUM(u.total_us)," \
	" SUM(u.total_requests), SUM(u.first_token_us),"                             \
	" SUM(u.first_token_requests), SUM(u.under_100ms),"                          \
	" SUM(u.under_250ms), SUM(u.under_500ms), SUM(u.under_1s),"                  \
	" SUM(u.under_2500ms), SUM(u.under_5s), SUM(u.under_10s),"                   \
	" SUM(u.under_30s), SUM(u.under_60s), SUM(u.over_60s)"
#define NAMED_SUMS                                                     \
	" SUM(u.requests) AS requests, SUM(u.errors) AS errors,"       \
	" SUM(u.cache_hits) AS cache_hits,"                            \
	" SUM(u.prompt_tokens) AS prompt_tokens,"                      \
	" SUM(u.completion_tokens) AS completion_tokens,"              \
	" SUM(u.cost_picousd) AS cost_picousd,"                        \
	" SUM(u.saved_picousd) AS saved_picousd,"                      \
	" SUM(u.route_saved_picousd) AS route_saved_picousd,"          \
	" SUM(u.route_saved_requests) AS route_saved_requests,"        \
	" SUM(u.total_us) AS total_us,"                                \
	" SUM(u.total_requests) AS total_requests,"                    \
	" SUM(u.first_token_us) AS first_token_us,"                    \
	" SUM(u.first_token_requests) AS first_token_requests,"        \
	" SUM(u.under_100ms) AS under_100ms,"                          \
	" SUM(u.under_250ms) AS under_250ms,"                          \
	" SUM(u.under_500ms) AS under_500ms,"                          \
	" SUM(u.under_1s) AS under_1s,"                                \
	" SUM(u.under_2500ms) AS under_2500ms,"                        \
	" SUM(u.under_5s) AS under_5s, SUM(u.under_10s) AS under_10s," \
	" SUM(u.under_30s) AS under_30s,"                              \
	" SUM(u.under_60s) AS under_60s, SUM(u.over_60s) AS over_60s"
#define COLUMNS                                                   \
	" u.requests, u.errors, u.cache_hits, u.prompt_tokens,"   \
	" u.completion_tokens, u.cost_picousd, u.saved_picousd,"  \
	" u.route_saved_picousd, u.route_saved_requests,"         \
	" u.total_us, u.total_requests, u.first_token_us,"        \
	" u.first_token_requests, u.under_100ms, u.under_250ms,"  \
	" u.under_500ms, u.under_1s, u.under_2500ms, u.under_5s," \
	" u.under_10s, u.under_30s, u.under_60s, u.over_60s"
/* Of a series there is one row a bucket. */
#define SELECT_OVER_TIME(table)                                       \
	"SELECT u.bucket_ms, ''," COLUMNS " FROM " table " u"         \
	" WHERE u.scope = ? AND u.scope_id = ? AND u.subject = 'all'" \
	" AND u.bucket_ms >= ? AND u.bucket_ms < ?"                   \
	" AND u.organisation_id = ? ORDER BY u.bucket_ms"
#define SELECT_MINUTES                                                 \
	"SELECT u.bucket_ms, ''," SUMS " FROM usage_minute u"          \
	" WHERE u.organisation_id = ? AND (? = 0 OR u.project_id = ?)" \
	" AND u.bucket_ms >= ? AND u.bucket_ms < ?"                    \
	" GROUP BY u.bucket_ms ORDER BY u.bucket_ms"

static bool run_span(struct db *db, const char *sql,
	const struct usage_scope *scope, struct stmt **out, struct error *err);
static bool run_over_time(struct db *db, const struct usage_scope *scope,
	struct stmt **out, struct error *err);
static bool read_all(struct stmt *stmt, struct arena *arena,
	struct usage_sum **out, size_t *count, struct error *err);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct usage_sum *out);

int64_t usage_step_ms(enum usage_step step)
{
	switch (step) {
	case USAGE_MINUTES: return MINUTE_MS;
	case USAGE_HOURS: return 60 * MINUTE_MS;
	case USAGE_DAYS: return 24 * 60 * MINUTE_MS;
	}
	abort();
}

bool usage_sum_all(struct db *db, const struct usage_scope *scope,
	struct usage_sum *out, struct error *err)
{
	static const char *const selects[] = USAGE_SPANS(
		"SELECT 0, ''," SUMS " FROM (", "all", "0", NAMED_SUMS, ") u");
	struct stmt *stmt;
	bool found;

	*out = (struct usage_sum){ 0 };
	if (!run_span(db, selects[scope->step], scope, &stmt, err) ||
		!stmt_fetch(stmt, &found, err))
		return false;
	if (found)
		read_row(stmt, NULL, out);
	return true;
}

bool usage_sum_over_time(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct usage_sum **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;

	if (!run_over_time(db, scope, &stmt, err) ||
		!read_all(stmt, arena, out, count, err))
		return false;
	for (size_t i = 0; i < *count; i++)
		(*out)[i].bucket_ms = (*out)[i].model_id;
	return true;
}

bool usage_sum_by_model(struct db *db, const struct usage_scope *scope,
	struct arena *arena, struct usage_sum **out, size_t *count,
	struct error *err)
{
	static const char *const selects[] = USAGE_SPANS(
		"SELECT u.id, CONCAT(p.name, '/', m.name)," SUMS " FROM (",
		"model", "u.model_id", NAMED_SUMS,
		") u LEFT JOIN models m ON m.id = u.id"
		" LEFT JOIN providers p ON p.id = m.provider_id"
		" GROUP BY u.id ORDER BY SUM(u.cost_picousd) DESC,"
		" SUM(u.requests) DESC");
	struct stmt *stmt;

	return run_span(db, selects[scope->step], scope, &stmt, err) &&
	       read_all(stmt, arena, out, count, err);
}

int64_t usage_sum_quantile_us(const struct usage_sum *sum, int percent)
{
	static const int64_t bounds_us[USAGE_HISTOGRAM] = {
		USAGE_SUM_SHORTEST_US, 250000, 500000, 1000000, 2500000,
		5000000, 10000000, 30000000, 60000000, 60000000
	};
	int64_t total = 0, wanted, before = 0;

	for (size_t i = 0; i < USAGE_HISTOGRAM; i++)
		total += sum->histogram[i];
	if (total == 0)
		return -1;
	wanted = (total * percent + 99) / 100;
	for (size_t i = 0; i < USAGE_HISTOGRAM; i++) {
		int64_t low = i ? bounds_us[i - 1] : 0;
		int64_t here = sum->histogram[i];

		if (before + here >= wanted && i == 0)
			return USAGE_SUM_SHORTEST_US;
		if (before + here >= wanted)
			return low + (int64_t)((double)(bounds_us[i] - low) *
					       (double)(wanted - before) /
					       (double)here);
		before += here;
	}
	return bounds_us[USAGE_HISTOGRAM - 1];
}

static bool run_span(struct db *db, const char *sql,
	const struct usage_scope *scope, struct stmt **out, struct error *err)
{
	if (!stmt_prepare(db, out, sql, err))
		return false;
	usage_span_bind(*out, scope, false);
	return stmt_run(*out, err);
}

static bool run_over_time(struct db *db, const struct usage_scope *scope,
	struct stmt **out, struct error *err)
{
	static const char *const selects[] = {
		[USAGE_MINUTES] = SELECT_MINUTES,
		[USAGE_HOURS] = SELECT_OVER_TIME("usage_scope_hour"),
		[USAGE_DAYS] = SELECT_OVER_TIME("usage_scope_day"),
	};
	bool is_project = scope->project_id > 0;

	if (!stmt_prepare(db, out, selects[scope->step], err))
		return false;
	if (scope->step == USAGE_MINUTES) {
		stmt_bind_int(*out, scope->organisation_id);
		stmt_bind_int(*out, scope->project_id);
		stmt_bind_int(*out, scope->project_id);
	} else {
		stmt_bind_str(
			*out, is_project ? S("project") : S("organisation"));
		stmt_bind_int(*out, is_project ? scope->project_id
					       : scope->organisation_id);
	}
	stmt_bind_int(*out, scope->from_ms);
	stmt_bind_int(*out, scope->to_ms);
	if (scope->step != USAGE_MINUTES)
		stmt_bind_int(*out, scope->organisation_id);
	return stmt_run(*out, err);
}

static bool read_all(struct stmt *stmt, struct arena *arena,
	struct usage_sum **out, size_t *count, struct error *err)
{
	size_t room = 0;
	bool more;

	*out = NULL;
	*count = 0;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (*count == room) {
			struct usage_sum *old = *out;

			room = room ? 2 * room : 32;
			*out = ARENA_ARRAY(arena, struct usage_sum, room);
			if (old)
				memcpy(*out, old, *count * sizeof(*old));
		}
		read_row(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

/* In the order of struct usage_sum, from `requests` on. */
static void read_row(
	struct stmt *stmt, struct arena *arena, struct usage_sum *out)
{
	int64_t *const sums[] = { &out->requests, &out->errors,
		&out->cache_hits, &out->prompt_tokens, &out->completion_tokens,
		&out->cost_picousd, &out->saved_picousd,
		&out->route_saved_picousd, &out->route_saved_requests,
		&out->total_us, &out->total_requests, &out->first_token_us,
		&out->first_token_requests };

	out->model_id = stmt_int(stmt, 0);
	if (arena)
		out->model = arena_copy(arena, stmt_str(stmt, 1));
	for (unsigned i = 0; i < ARRAY_LEN(sums); i++)
		*sums[i] = stmt_int(stmt, 2 + i);
	for (unsigned i = 0; i < USAGE_HISTOGRAM; i++)
		out->histogram[i] =
			stmt_int(stmt, 2 + (unsigned)ARRAY_LEN(sums) + i);
}
