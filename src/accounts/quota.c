/*
 * quota.c - the table quotas, but for what limit_rows.c reads.
 */
#include "accounts/quota.h"

#include "accounts/key_set.h"
#include "base/clock.h"
#include "db/stmt.h"

#define SELECT                                               \
	"SELECT " LIMIT_OWNER_COLUMNS ", l.limit_requests, " \
	"l.limit_tokens FROM quotas" LIMIT_OWNER_JOINS

static bool check(const struct quota *quota, struct error *err);
static bool read_row(struct stmt *stmt, struct arena *arena,
	struct quota_row *row, struct error *err);

bool quota_set(struct db *db, const struct quota *quota, int64_t *id,
	bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!check(quota, err) ||
		!stmt_prepare(db, &stmt,
			"INSERT INTO quotas (organisation_id, scope_kind, "
			"scope_id, user_name, period, limit_requests, "
			"limit_tokens, created_ms) "
			"VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
			"ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), "
			"limit_requests = IF(VALUES(limit_requests) > 0, "
			"VALUES(limit_requests), limit_requests), "
			"limit_tokens = IF(VALUES(limit_tokens) > 0, "
			"VALUES(limit_tokens), limit_tokens)",
			err))
		return false;
	limit_owner_bind(stmt, &quota->owner, quota->period);
	stmt_bind_int(stmt, quota->limit_requests);
	stmt_bind_int(stmt, quota->limit_tokens);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	*created = stmt_affected_rows(stmt) == 1;
	return key_set_changed(db, err);
}

bool quota_change(struct db *db, const struct quota *quota, struct error *err)
{
	struct stmt *stmt;

	if (!check(quota, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE quotas SET limit_requests = ?, "
			"limit_tokens = ? WHERE id = ? AND "
			"organisation_id = ?",
			err))
		return false;
	stmt_bind_int(stmt, quota->limit_requests);
	stmt_bind_int(stmt, quota->limit_tokens);
	stmt_bind_int(stmt, quota->id);
	stmt_bind_int(stmt, quota->owner.organisation_id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

bool quota_find(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct quota_row *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    SELECT " WHERE l.id = ? AND "
			   "(? = 0 OR l.organisation_id = ?)",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no quota %" PRId64 ".", id);
	return read_row(stmt, arena, out, err);
}

bool quota_remove(
	struct db *db, int64_t organisation_id, int64_t id, struct error *err)
{
	return limit_owner_remove(db,
		"DELETE FROM quotas WHERE id = ? AND "
		"(? = 0 OR organisation_id = ?)",
		"quota", organisation_id, id, err);
}

bool quota_list(struct db *db, int64_t organisation_id, struct arena *arena,
	struct quota_row **out, size_t *count, struct error *err)
{
	struct stmt *stmt;
	size_t room = 16;
	bool more;

	*out = ARENA_ARRAY(arena, struct quota_row, room);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    SELECT " WHERE ? = 0 OR l.organisation_id = ? "
			   "ORDER BY l.id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		if (!read_row(stmt, arena, &(*out)[(*count)++], err))
			return false;
	}
	return false;
}

static bool check(const struct quota *quota, struct error *err)
{
	assert(quota->limit_requests >= 0 && quota->limit_tokens >= 0);
	if (quota->limit_requests == 0 && quota->limit_tokens == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"A quota limits requests or tokens.");
	if (quota->period == PERIOD_AT_ONCE && quota->limit_tokens > 0)
		return error_refuse(err, ERR_BAD_FIELD, "tokens",
			"At once run requests, not tokens: limit those in a "
			"period.");
	return limit_owner_check(&quota->owner, err);
}

static bool read_row(struct stmt *stmt, struct arena *arena,
	struct quota_row *row, struct error *err)
{
	struct quota *quota = &row->quota;

	quota->id = stmt_int(stmt, 0);
	quota->created_ms = stmt_int(stmt, 6);
	quota->limit_requests = stmt_int(stmt, LIMIT_OWNER_NEXT);
	quota->limit_tokens = stmt_int(stmt, LIMIT_OWNER_NEXT + 1);
	limit_owner_read_row(stmt, arena, &row->owner, &quota->zone);
	return limit_owner_read(
		stmt, arena, &quota->owner, &quota->period, err);
}
