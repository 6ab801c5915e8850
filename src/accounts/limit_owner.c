/*
 * limit_owner.c - the columns that say whose a budget or a quota is.
 */
#include "accounts/limit_owner.h"

#include "accounts/key_set.h"
#include "base/clock.h"

#define USER_MAX_BYTES 255

bool limit_owner_read(struct stmt *stmt, struct arena *arena,
	struct limit_owner *out, enum limit_period *period, struct error *err)
{
	out->organisation_id = stmt_int(stmt, 1);
	out->scope_id = stmt_int(stmt, 3);
	out->user = arena_copy(arena, stmt_str(stmt, 4));
	return limit_scope_read(stmt_str(stmt, 2), &out->scope, err) &&
	       limit_period_read(stmt_str(stmt, 5), period, err);
}

void limit_owner_read_row(struct stmt *stmt, struct arena *arena,
	struct limit_owner_row *out, const struct time_zone **zone)
{
	struct error unknown;

	out->name = arena_copy(arena, stmt_str(stmt, 7));
	out->project = arena_copy(arena, stmt_str(stmt, 8));
	out->is_inactive = stmt_int(stmt, 10) != 0;
	/* As in limit_rows.c, which logs it. */
	if (stmt_is_null(stmt, 9) ||
		!time_zone_load(stmt_str(stmt, 9), zone, &unknown))
		*zone = time_zone_utc();
}

bool limit_owner_find_key(struct db *db, struct arena *arena, int64_t key_id,
	struct limit_owner *out, struct limit_owner_row *row, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT p.organisation_id, k.name, p.name, "
		    "k.revoked_ms IS NOT NULL OR p.archived_ms IS NOT NULL OR "
		    "COALESCE(k.expires_ms <= ?, 0) FROM gateway_keys k "
		    "JOIN projects p ON p.id = k.project_id WHERE k.id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, key_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "key",
			"There is no gateway key %" PRId64 ".", key_id);
	*out = (struct limit_owner){ stmt_int(stmt, 0), SCOPE_KEY, key_id,
		S("") };
	row->name = arena_copy(arena, stmt_str(stmt, 1));
	row->project = arena_copy(arena, stmt_str(stmt, 2));
	row->is_inactive = stmt_int(stmt, 3) != 0;
	return true;
}

bool limit_owner_has_keys(
	struct db *db, int64_t project_id, bool *out, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT 1 FROM gateway_keys WHERE project_id = ? AND "
		    "revoked_ms IS NULL AND (expires_ms IS NULL OR "
		    "expires_ms > ?) LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err) && stmt_fetch(stmt, out, err);
}

bool limit_owner_check(const struct limit_owner *owner, struct error *err)
{
	assert(owner->scope == SCOPE_USER || owner->user.n == 0);
	if (owner->user.n > USER_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "user",
			"A user's name has at most %d bytes.", USER_MAX_BYTES);
	return true;
}

void limit_owner_bind(struct stmt *stmt, const struct limit_owner *owner,
	enum limit_period period)
{
	stmt_bind_int(stmt, owner->organisation_id);
	stmt_bind_str(stmt, limit_scope_name(owner->scope));
	stmt_bind_int(stmt, owner->scope_id);
	stmt_bind_str(stmt, owner->user);
	stmt_bind_str(stmt, limit_period_name(period));
}

bool limit_owner_remove(struct db *db, const char *sql, const char *what,
	int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 0)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no %s %" PRId64 ".", what, id);
	return key_set_changed(db, err);
}
