/*
 * request_route.c - the table request_routes.
 */
#include "ledger/request_route.h"

#include "base/json.h"
#include "base/money.h"
#include "db/stmt.h"

#define MAX_DEPTH 8

static void add_savings(struct route_savings *out, struct str candidates);
static bool read_candidate(
	struct json candidate, double *quality, int64_t *picousd);

bool request_route_insert(
	struct db *db, const struct usage_record *record, struct error *err)
{
	struct str candidates = record->route_candidates;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO request_routes (started_ms, request_id, "
		    "project_id, reason, candidates) VALUES (?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, record->started_unix_ms);
	stmt_bind_str(stmt, record->request_id);
	stmt_bind_int(stmt, record->project_id);
	stmt_bind_str(stmt, record->route_reason);
	stmt_bind_str(stmt, candidates.n ? candidates : S("[]"));
	return stmt_run(stmt, err);
}

bool request_route_load(struct db *db, int64_t started_unix_ms,
	struct str request_id, struct arena *arena, struct str *reason,
	struct str *candidates, struct error *err)
{
	struct stmt *stmt;
	bool found;

	*reason = S("");
	*candidates = S("[]");
	if (!stmt_prepare(db, &stmt,
		    "SELECT reason, candidates FROM request_routes "
		    "WHERE started_ms = ? AND request_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, started_unix_ms);
	stmt_bind_str(stmt, request_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (found) {
		*reason = arena_copy(arena, stmt_str(stmt, 0));
		*candidates = arena_copy(arena, stmt_str(stmt, 1));
	}
	return true;
}

bool request_route_savings(struct db *db, int64_t project_id, int64_t since_ms,
	int64_t limit, struct route_savings *out, struct route_choice *choices,
	size_t shown, size_t *count, struct arena *arena, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = (struct route_savings){ .calls = 0 };
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT started_ms, request_id, reason, candidates "
		    "FROM request_routes "
		    "WHERE project_id = ? AND started_ms >= ? "
		    "ORDER BY started_ms DESC LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, since_ms);
	stmt_bind_int(stmt, limit);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		add_savings(out, stmt_str(stmt, 3));
		if (*count < shown)
			choices[(*count)++] = (struct route_choice){
				.started_unix_ms = stmt_int(stmt, 0),
				.request_id =
					arena_copy(arena, stmt_str(stmt, 1)),
				.reason = arena_copy(arena, stmt_str(stmt, 2)),
			};
	}
	return false;
}

/* The first candidate is the one that was chosen. Without a score, as where
 * an alias's order decided, there is nothing to compare. */
static void add_savings(struct route_savings *out, struct str candidates)
{
	int64_t chosen_picousd = -1, best_picousd = 0, picousd;
	double best = -1, quality;
	struct json_cursor cursor;
	struct json_member member;
	struct error ignored;
	struct json list;

	if (!json_check(candidates, MAX_DEPTH, &list, &ignored))
		return;
	cursor = json_members(list);
	while (json_next(&cursor, &member)) {
		if (!read_candidate(member.value, &quality, &picousd))
			continue;
		if (chosen_picousd < 0)
			chosen_picousd = picousd;
		if (quality > best) {
			best = quality;
			best_picousd = picousd;
		}
	}
	if (chosen_picousd < 0)
		return;
	out->calls++;
	money_add(&out->chosen_picousd, 1, chosen_picousd);
	money_add(&out->best_picousd, 1, best_picousd);
}

/* False: it could not serve, or was not judged. */
static bool read_candidate(
	struct json candidate, double *quality, int64_t *picousd)
{
	struct json cost = json_find(candidate, S("expected_cost_usd"));

	if (json_find(candidate, S("dropped")).type != JSON_TYPE_NONE ||
		cost.type != JSON_TYPE_STRING || cost.text.n < 2)
		return false;
	/* Our own words: a number in quotes. */
	return money_parse_usd(
		       str_head(str_from(cost.text, 1), cost.text.n - 2),
		       picousd) &&
	       json_double(json_find(candidate, S("quality")), quality);
}
