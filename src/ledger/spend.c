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

/* Whose, and what. Sums are DECIMAL, so they cannot overflow before stmt_int()
 * saturates. */
#define SUMS(column)                               \
	"SELECT " column ", SUM(charged_picousd)," \
	" COALESCE(SUM(prompt_tokens), 0)"         \
	" + COALESCE(SUM(completion_tokens), 0), SUM(admitted) FROM "
#define IDS(column) column " IN " STMT_IN
#define USER(column) column " = ? AND user = ?"

#define CALLS(column, owner)                                              \
	SUMS(column)                                                      \
	"requests WHERE " owner " AND started_ms >= ? AND started_ms < ?" \
	" GROUP BY " column
#define BUCKETS(table, column, owner) \
	SUMS(column)                  \
	table " WHERE " owner         \
	      " AND bucket_ms >= ? AND bucket_ms < ? GROUP BY " column
#define SERIES(table, scope)       \
	BUCKETS(table, "scope_id", \
		"scope = '" scope  \
		"' AND subject = 'all' AND " IDS("scope_id"))
#define ENDED(column, owner)                                \
	SUMS(column)                                        \
	"requests WHERE " owner " AND started_ms >= ? AND"  \
	" started_ms + COALESCE(total_us, 0) DIV 1000 >= ?" \
	" GROUP BY " column
#define BY_HOST(owner)                                                 \
	"SELECT host, SUM(charged_picousd) FROM requests WHERE " owner \
	" AND started_ms >= ? GROUP BY host ORDER BY host"
#define STATEMENTS(name, column)                                           \
	{                                                                  \
		CALLS(column, IDS(column)),                                \
			BUCKETS("usage_minute", column, IDS(column)),      \
			SERIES("usage_scope_hour", name),                  \
			SERIES("usage_scope_day", name),                   \
			ENDED(column, IDS(column)), BY_HOST(column " = ?") \
	}

/* The statements of a scope; a user has no minutes and hours. */
static const struct statements {
	const char *calls;
	const char *minutes;
	const char *hours;
	const char *days;
	const char *ended;
	const char *by_host;
} scopes[] = {
	[SPEND_ORGANISATION] = STATEMENTS("organisation", "organisation_id"),
	[SPEND_PROJECT] = STATEMENTS("project", "project_id"),
	[SPEND_KEY] = STATEMENTS("key", "key_id"),
	[SPEND_USER] = { CALLS("project_id", USER("project_id")), NULL, NULL,
		BUCKETS("usage_user_day", "project_id", USER("project_id")),
		ENDED("project_id", USER("project_id")),
		BY_HOST(USER("project_id")) },
};

/* Some of one scope since one time; of users one. */
struct group {
	struct spend_asked *asked[STMT_IN_MAX];
	size_t count;
};

static bool belongs(const struct group *group, const struct spend_asked *asked);
static bool load(struct db *db, struct group *group, struct error *err);
static bool add(struct db *db, const char *sql, struct group *group,
	int64_t from_ms, int64_t to_ms, struct error *err);
static void add_row(struct spend *total, struct stmt *stmt);
static void bind_owners(struct stmt *stmt, const struct group *group);
static int64_t round_up(int64_t value, int64_t unit);

bool spend_since(struct db *db, struct spend_of of, int64_t from_ms,
	struct spend *out, struct error *err)
{
	struct spend_asked asked = { .of = of, .from_ms = from_ms };

	if (!spend_since_each(db, &asked, 1, err))
		return false;
	*out = asked.spend;
	return true;
}

/* The first that is not answered takes with it those like it. */
bool spend_since_each(struct db *db, struct spend_asked *asked, size_t count,
	struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		asked[i].spend = (struct spend){ 0 };
		asked[i].is_answered = false;
	}
	for (size_t i = 0; i < count; i++) {
		struct group group = { .count = 0 };

		for (size_t j = i; j < count && group.count < STMT_IN_MAX; j++)
			if (!asked[j].is_answered && belongs(&group, &asked[j]))
				group.asked[group.count++] = &asked[j];
		if (group.count > 0 && !load(db, &group, err))
			return false;
	}
	return true;
}

static bool belongs(const struct group *group, const struct spend_asked *asked)
{
	const struct spend_asked *first = group->asked[0];

	return group->count == 0 ||
	       (asked->of.scope != SPEND_USER &&
		       asked->of.scope == first->of.scope &&
		       asked->from_ms == first->from_ms);
}

static bool load(struct db *db, struct group *group, struct error *err)
{
	const struct statements *of = &scopes[group->asked[0]->of.scope];
	int64_t from_ms = group->asked[0]->from_ms;
	int64_t minute = round_up(from_ms, MINUTE_MS);
	int64_t hour = round_up(from_ms, HOUR_MS);
	int64_t day = round_up(from_ms, DAY_MS);

	for (size_t i = 0; i < group->count; i++)
		group->asked[i]->is_answered = true;
	if (!of->minutes)
		return add(db, of->calls, group, from_ms, day, err) &&
		       add(db, of->days, group, day, INT64_MAX, err);
	return add(db, of->calls, group, from_ms, minute, err) &&
	       add(db, of->minutes, group, minute, hour, err) &&
	       add(db, of->hours, group, hour, day, err) &&
	       add(db, of->days, group, day, INT64_MAX, err);
}

bool spend_between(struct db *db, struct spend_of of, int64_t from_ms,
	int64_t ended_ms, int64_t longest_ms, struct spend *out,
	struct error *err)
{
	int64_t first_ms = ended_ms - longest_ms;
	struct spend_asked after = { .of = of };
	struct group group = { { &after }, 1 };

	*out = (struct spend){ 0 };
	if (ended_ms <= from_ms)
		return true;
	if (first_ms < from_ms)
		first_ms = from_ms;
	if (!db_begin_snapshot(db, err))
		return false;
	if (!spend_since(db, of, from_ms, out, err) ||
		!add(db, scopes[of.scope].ended, &group, first_ms, ended_ms,
			err)) {
		db_rollback(db);
		return false;
	}
	out->charged_picousd -= after.spend.charged_picousd;
	out->tokens -= after.spend.tokens;
	out->calls -= after.spend.calls;
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
	stmt_bind_int(stmt, of.id);
	if (of.scope == SPEND_USER)
		stmt_bind_str(stmt, of.user);
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

static bool add(struct db *db, const char *sql, struct group *group,
	int64_t from_ms, int64_t to_ms, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (from_ms >= to_ms)
		return true;
	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	bind_owners(stmt, group);
	stmt_bind_int(stmt, from_ms);
	stmt_bind_int(stmt, to_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		for (size_t i = 0; i < group->count; i++)
			if (group->asked[i]->of.id == stmt_int(stmt, 0))
				add_row(&group->asked[i]->spend, stmt);
	}
	return false;
}

static void add_row(struct spend *total, struct stmt *stmt)
{
	money_add(&total->charged_picousd, 1, stmt_int(stmt, 1));
	money_add(&total->tokens, 1, stmt_int(stmt, 2));
	money_add(&total->calls, 1, stmt_int(stmt, 3));
}

static void bind_owners(struct stmt *stmt, const struct group *group)
{
	const struct spend_of *first = &group->asked[0]->of;
	int64_t ids[STMT_IN_MAX];

	if (first->scope == SPEND_USER) {
		stmt_bind_int(stmt, first->id);
		stmt_bind_str(stmt, first->user);
		return;
	}
	for (size_t i = 0; i < group->count; i++)
		ids[i] = group->asked[i]->of.id;
	stmt_bind_in(stmt, ids, group->count);
}

/* Not negative: periods of this century. */
static int64_t round_up(int64_t value, int64_t unit)
{
	assert(value >= 0);
	return (value + unit - 1) / unit * unit;
}
