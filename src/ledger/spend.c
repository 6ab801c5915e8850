/*
 * spend.c - adds up a stretch of time from the largest totals that fit in it:
 * single calls up to the next minute, minutes up to the next hour, hours up to
 * the next UTC day, then days; of a user single calls up to the next UTC day,
 * then days.
 */
#include "ledger/spend.h"

#include "base/money.h"
#include "db/stmt.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Sums are DECIMAL, so they cannot overflow before stmt_int() saturates. */
#define SUMS                                        \
	"SELECT COALESCE(SUM(charged_picousd), 0)," \
	" COALESCE(SUM(prompt_tokens), 0)"          \
	" + COALESCE(SUM(completion_tokens), 0),"   \
	" COALESCE(SUM(admitted), 0) FROM "
#define CALLS(owner) \
	SUMS "requests WHERE " owner " AND started_ms >= ? AND started_ms < ?"
#define BUCKETS(table, owner) \
	SUMS table " WHERE " owner " AND bucket_ms >= ? AND bucket_ms < ?"
#define SERIES(table, scope) \
	BUCKETS(table,       \
		"scope = '" scope "' AND scope_id = ? AND subject = 'all'")
#define ENDED(owner)                                            \
	SUMS "requests WHERE " owner " AND started_ms >= ? AND" \
	     " started_ms + COALESCE(total_us, 0) DIV 1000 >= ?"
#define BY_HOST(owner)                                                 \
	"SELECT host, SUM(charged_picousd) FROM requests WHERE " owner \
	" AND started_ms >= ? GROUP BY host ORDER BY host"

/* The statements of a scope; a user has no minutes and hours. */
static const struct {
	const char *calls;
	const char *minutes;
	const char *hours;
	const char *days;
	const char *ended;
	const char *by_host;
} scopes[] = {
	[SPEND_ORGANISATION] = { CALLS("organisation_id = ?"),
		BUCKETS("usage_minute", "organisation_id = ?"),
		SERIES("usage_scope_hour", "organisation"),
		SERIES("usage_scope_day", "organisation"),
		ENDED("organisation_id = ?"), BY_HOST("organisation_id = ?") },
	[SPEND_PROJECT] = { CALLS("project_id = ?"),
		BUCKETS("usage_minute", "project_id = ?"),
		SERIES("usage_scope_hour", "project"),
		SERIES("usage_scope_day", "project"), ENDED("project_id = ?"),
		BY_HOST("project_id = ?") },
	[SPEND_KEY] = { CALLS("key_id = ?"),
		BUCKETS("usage_minute", "key_id = ?"),
		SERIES("usage_scope_hour", "key"),
		SERIES("usage_scope_day", "key"), ENDED("key_id = ?"),
		BY_HOST("key_id = ?") },
	[SPEND_USER] = { CALLS("project_id = ? AND user = ?"), NULL, NULL,
		BUCKETS("usage_user_day", "project_id = ? AND user = ?"),
		ENDED("project_id = ? AND user = ?"),
		BY_HOST("project_id = ? AND user = ?") },
};

static bool add(struct db *db, const char *sql, struct spend_of of,
	int64_t from_ms, int64_t to_ms, struct spend *total, struct error *err);
static void bind_owner(struct stmt *stmt, struct spend_of of);
static int64_t round_up(int64_t value, int64_t unit);

bool spend_since(struct db *db, struct spend_of of, int64_t from_ms,
	struct spend *out, struct error *err)
{
	int64_t minute = round_up(from_ms, MINUTE_MS);
	int64_t hour = round_up(from_ms, HOUR_MS);
	int64_t day = round_up(from_ms, DAY_MS);

	*out = (struct spend){ 0 };
	if (of.scope == SPEND_USER)
		return add(db, scopes[of.scope].calls, of, from_ms, day, out,
			       err) &&
		       add(db, scopes[of.scope].days, of, day, INT64_MAX, out,
			       err);
	return add(db, scopes[of.scope].calls, of, from_ms, minute, out, err) &&
	       add(db, scopes[of.scope].minutes, of, minute, hour, out, err) &&
	       add(db, scopes[of.scope].hours, of, hour, day, out, err) &&
	       add(db, scopes[of.scope].days, of, day, INT64_MAX, out, err);
}

bool spend_between(struct db *db, struct spend_of of, int64_t from_ms,
	int64_t ended_ms, int64_t longest_ms, struct spend *out,
	struct error *err)
{
	int64_t first_ms = ended_ms - longest_ms;
	struct spend after = { 0 };

	*out = (struct spend){ 0 };
	if (ended_ms <= from_ms)
		return true;
	if (first_ms < from_ms)
		first_ms = from_ms;
	if (!db_begin_snapshot(db, err))
		return false;
	if (!spend_since(db, of, from_ms, out, err) ||
		!add(db, scopes[of.scope].ended, of, first_ms, ended_ms, &after,
			err)) {
		db_rollback(db);
		return false;
	}
	out->charged_picousd -= after.charged_picousd;
	out->tokens -= after.tokens;
	out->calls -= after.calls;
	return db_commit(db, err);
}

bool spend_of_calls(struct db *db, const struct str *request_ids, size_t count,
	struct spend_call *out, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct stmt *stmt;

		out[i] = (struct spend_call){ 0 };
		if (!stmt_prepare(db, &stmt,
			    "SELECT charged_picousd, COALESCE(prompt_tokens, 0)"
			    " + COALESCE(completion_tokens, 0),"
			    " started_ms + COALESCE(total_us, 0) DIV 1000"
			    " FROM requests"
			    " WHERE request_id = ?",
			    err))
			return false;
		stmt_bind_str(stmt, request_ids[i]);
		if (!stmt_run(stmt, err) ||
			!stmt_fetch(stmt, &out[i].found, err))
			return false;
		if (!out[i].found)
			continue;
		out[i].charged_picousd = stmt_int(stmt, 0);
		out[i].tokens = stmt_int(stmt, 1);
		out[i].ended_unix_ms = stmt_int(stmt, 2);
	}
	return true;
}

bool spend_by_host(struct db *db, struct spend_of of, int64_t from_ms,
	struct arena *arena, struct spend_host **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	size_t room = 16;
	bool more;

	*out = ARENA_ARRAY(arena, struct spend_host, room);
	*count = 0;
	if (!stmt_prepare(db, &stmt, scopes[of.scope].by_host, err))
		return false;
	bind_owner(stmt, of);
	stmt_bind_int(stmt, from_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		(*out)[(*count)++] = (struct spend_host){
			arena_copy(arena, stmt_str(stmt, 0)), stmt_int(stmt, 1)
		};
	}
	return false;
}

static bool add(struct db *db, const char *sql, struct spend_of of,
	int64_t from_ms, int64_t to_ms, struct spend *total, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (from_ms >= to_ms)
		return true;
	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	bind_owner(stmt, of);
	stmt_bind_int(stmt, from_ms);
	stmt_bind_int(stmt, to_ms);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	assert(found); /* sums are a row, also of nothing */
	money_add(&total->charged_picousd, 1, stmt_int(stmt, 0));
	money_add(&total->tokens, 1, stmt_int(stmt, 1));
	money_add(&total->calls, 1, stmt_int(stmt, 2));
	return true;
}

static void bind_owner(struct stmt *stmt, struct spend_of of)
{
	stmt_bind_int(stmt, of.id);
	if (of.scope == SPEND_USER)
		stmt_bind_str(stmt, of.user);
}

/* Not negative: periods of this century. */
static int64_t round_up(int64_t value, int64_t unit)
{
	assert(value >= 0);
	return (value + unit - 1) / unit * unit;
}
