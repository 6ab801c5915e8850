/*
 * limit_owner.c - the columns that say whose a budget or a quota is.
 */
#include "accounts/limit_owner.h"

#include "accounts/key_set.h"
#include "accounts/organisation.h"
#include "base/clock.h"

#define USER_MAX_BYTES 255

static bool find_organisation(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t id, struct limit_owner *out,
	struct limit_owner_row *row, struct error *err);
static bool find_project(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t id, struct limit_owner *out,
	struct limit_owner_row *row, struct error *err);

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
	out->project_id = stmt_int(stmt, 11);
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
		    "SELECT p.organisation_id, k.name, p.name, p.id, "
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
	row->project_id = stmt_int(stmt, 3);
	row->is_inactive = stmt_int(stmt, 4) != 0;
	return true;
}

bool limit_owner_find(struct db *db, struct arena *arena,
	int64_t organisation_id, enum limit_scope scope, int64_t scope_id,
	struct limit_owner *out, struct limit_owner_row *row, struct error *err)
{
	bool found;

	if (scope == SCOPE_ORGANISATION)
		return find_organisation(
			db, arena, organisation_id, scope_id, out, row, err);
	found = scope == SCOPE_KEY ? limit_owner_find_key(
					     db, arena, scope_id, out, row, err)
				   : find_project(db, arena, organisation_id,
					     scope_id, out, row, err);
	if (!found)
		return false;
	out->scope = scope;
	return out->organisation_id == organisation_id ||
	       error_refuse(err, ERR_NOT_FOUND, "owner",
		       "There is no gateway key %" PRId64 ".", scope_id);
}

static bool find_organisation(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t id, struct limit_owner *out,
	struct limit_owner_row *row, struct error *err)
{
	if (id != organisation_id)
		return error_refuse(err, ERR_NOT_FOUND, "owner",
			"There is no organisation %" PRId64 ".", id);
	*row = (struct limit_owner_row){ 0 };
	*out = (struct limit_owner){ id, SCOPE_ORGANISATION, id, S("") };
	return organisation_name(db, id, arena, &row->name, err);
}

static bool find_project(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t id, struct limit_owner *out,
	struct limit_owner_row *row, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT name FROM projects WHERE id = ? "
		    "AND organisation_id = ? AND archived_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "owner",
			"There is no project %" PRId64 ".", id);
	*out = (struct limit_owner){ organisation_id, SCOPE_PROJECT, id,
		S("") };
	*row = (struct limit_owner_row){ .project_id = id };
	row->name = row->project = arena_copy(arena, stmt_str(stmt, 0));
	return true;
}

bool limit_owner_list_keys(struct db *db, struct arena *arena,
	int64_t organisation_id, int64_t project_id, size_t max,
	struct limit_owner_choice **out, size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = ARENA_ARRAY(arena, struct limit_owner_choice, max);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT * FROM (SELECT k.id, k.name, p.id project_id, "
		    "p.name project FROM gateway_keys k JOIN projects p "
		    "ON p.id = k.project_id WHERE p.organisation_id = ? "
		    "AND (? = 0 OR p.id = ?) AND p.archived_ms IS NULL "
		    "AND k.revoked_ms IS NULL AND (k.expires_ms IS NULL "
		    "OR k.expires_ms > ?) ORDER BY k.last_used_ms DESC, "
		    "k.id DESC LIMIT ?) last ORDER BY project, name, id",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, (int64_t)max);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct limit_owner_choice *key;

		if (!more)
			return true;
		key = &(*out)[(*count)++];
		key->owner = (struct limit_owner){ organisation_id, SCOPE_KEY,
			stmt_int(stmt, 0), S("") };
		key->row = (struct limit_owner_row){
			.name = arena_copy(arena, stmt_str(stmt, 1)),
			.project_id = stmt_int(stmt, 2),
			.project = arena_copy(arena, stmt_str(stmt, 3)),
		};
	}
	return false;
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
	int64_t organisation_id, int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, err))
		return false;
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	if (stmt_affected_rows(stmt) == 0)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no %s %" PRId64 ".", what, id);
	return key_set_changed(db, err);
}
