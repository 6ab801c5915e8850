/*
 * member.c - the two tables of members. Owners of an organisation are locked
 * before one of them goes: that is what keeps the last.
 */
#include "accounts/member.h"

#include "base/clock.h"
#include "db/stmt.h"

static bool run_list(struct db *db, const struct member_of *of,
	struct str after, int64_t most, struct stmt **stmt, struct error *err);
static enum role role_stored(struct str name);
static bool keep_an_owner(struct db *db, const struct member_of *of,
	int64_t user_id, struct error *err);
static bool check_project(
	struct db *db, const struct member_of *of, struct error *err);
static bool delete_member(struct db *db, const struct member_of *of,
	int64_t user_id, bool *was, struct error *err);
static bool leave_projects(struct db *db, int64_t organisation_id,
	int64_t user_id, struct error *err);

bool member_list(struct db *db, const struct member_of *of, struct str after,
	int64_t most, struct arena *arena, struct member **out, size_t *count,
	struct error *err)
{
	size_t room = 32;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct member, room);
	if (!run_list(db, of, after, most, &stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		(*out)[(*count)++] = (struct member){
			.user_id = stmt_int(stmt, 0),
			.email = arena_copy(arena, stmt_str(stmt, 1)),
			.name = arena_copy(arena, stmt_str(stmt, 2)),
			.role = role_stored(stmt_str(stmt, 3)),
			.since_ms = stmt_int(stmt, 4),
			.last_login_ms = stmt_int(stmt, 5),
			.is_disabled = !stmt_is_null(stmt, 6),
		};
	}
	return false;
}

bool member_organisations(struct db *db, int64_t user_id, struct arena *arena,
	struct membership **out, size_t *count, struct error *err)
{
	size_t room = 8;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct membership, room);
	if (!stmt_prepare(db, &stmt,
		    "SELECT o.id, o.name, om.role FROM organisations o "
		    "LEFT JOIN organisation_members om "
		    "ON om.organisation_id = o.id AND om.user_id = ? "
		    "WHERE o.archived_ms IS NULL AND (om.user_id IS NOT NULL "
		    "OR EXISTS (SELECT 1 FROM project_members pm "
		    "JOIN projects p ON p.id = pm.project_id "
		    "WHERE pm.user_id = ? AND p.organisation_id = o.id "
		    "AND p.archived_ms IS NULL)) ORDER BY o.id",
		    err))
		return false;
	stmt_bind_int(stmt, user_id);
	stmt_bind_int(stmt, user_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		(*out)[(*count)++] = (struct membership){
			.organisation_id = stmt_int(stmt, 0),
			.organisation = arena_copy(arena, stmt_str(stmt, 1)),
			.role = role_stored(stmt_str(stmt, 2)),
		};
	}
	return false;
}

bool member_projects(struct db *db, int64_t user_id, int64_t organisation_id,
	struct arena *arena, struct member_project **out, size_t *count,
	struct error *err)
{
	size_t room = 16;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct member_project, room);
	if (!stmt_prepare(db, &stmt,
		    "SELECT p.id, p.name FROM projects p "
		    "JOIN users u ON u.id = ? AND u.disabled_ms IS NULL "
		    "WHERE p.organisation_id = ? AND p.archived_ms IS NULL "
		    "AND (u.is_operator OR EXISTS (SELECT 1 FROM "
		    "organisation_members m WHERE m.user_id = u.id "
		    "AND m.organisation_id = p.organisation_id) "
		    "OR EXISTS (SELECT 1 FROM project_members m WHERE "
		    "m.user_id = u.id AND m.project_id = p.id)) "
		    "ORDER BY p.name",
		    err))
		return false;
	stmt_bind_int(stmt, user_id);
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		(*out)[(*count)++] = (struct member_project){
			.id = stmt_int(stmt, 0),
			.name = arena_copy(arena, stmt_str(stmt, 1)),
		};
	}
	return false;
}

bool member_set(struct db *db, const struct member_of *of, int64_t user_id,
	enum role role, struct error *err)
{
	struct stmt *stmt;

	assert(role >= ROLE_VIEWER && role <= ROLE_OWNER);
	if (!check_project(db, of, err) ||
		(role != ROLE_OWNER && !keep_an_owner(db, of, user_id, err)))
		return false;
	if (!(of->project_id
			    ? stmt_prepare(db, &stmt,
				      "INSERT INTO project_members "
				      "(project_id, user_id, role, created_ms) "
				      "VALUES (?, ?, ?, ?) ON DUPLICATE KEY "
				      "UPDATE role = VALUES(role)",
				      err)
			    : stmt_prepare(db, &stmt,
				      "INSERT INTO organisation_members "
				      "(organisation_id, user_id, role, "
				      "created_ms) VALUES (?, ?, ?, ?) "
				      "ON DUPLICATE KEY "
				      "UPDATE role = VALUES(role)",
				      err)))
		return false;
	stmt_bind_int(
		stmt, of->project_id ? of->project_id : of->organisation_id);
	stmt_bind_int(stmt, user_id);
	stmt_bind_str(stmt, role_name(role));
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}

bool member_remove(struct db *db, const struct member_of *of, int64_t user_id,
	struct error *err)
{
	bool was;

	if (!check_project(db, of, err) ||
		!keep_an_owner(db, of, user_id, err) ||
		!delete_member(db, of, user_id, &was, err))
		return false;
	if (!was)
		return error_refuse(
			err, ERR_NOT_FOUND, "user", "There is no such member.");
	return of->project_id ||
	       leave_projects(db, of->organisation_id, user_id, err);
}

bool member_role(struct db *db, const struct member_of *of, int64_t user_id,
	enum role *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!check_project(db, of, err) ||
		!(of->project_id ? stmt_prepare(db, &stmt,
					   "SELECT role FROM project_members "
					   "WHERE project_id = ? AND "
					   "user_id = ? FOR UPDATE",
					   err)
				 : stmt_prepare(db, &stmt,
					   "SELECT role FROM "
					   "organisation_members WHERE "
					   "organisation_id = ? AND "
					   "user_id = ? FOR UPDATE",
					   err)))
		return false;
	stmt_bind_int(
		stmt, of->project_id ? of->project_id : of->organisation_id);
	stmt_bind_int(stmt, user_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	*out = found ? role_stored(stmt_str(stmt, 0)) : ROLE_NONE;
	return true;
}

bool member_may_change(
	enum role actor, enum role from, enum role to, struct error *err)
{
	if (actor >= ROLE_ADMIN && actor >= from && actor >= to)
		return true;
	return error_refuse(err, ERR_FORBIDDEN, "role",
		actor < ROLE_ADMIN ? "Members are changed by admins and owners."
				   : "Owners are changed by owners alone.");
}

static bool run_list(struct db *db, const struct member_of *of,
	struct str after, int64_t most, struct stmt **stmt, struct error *err)
{
	bool ok = of->project_id
			  ? stmt_prepare(db, stmt,
				    "SELECT u.id, u.email, u.name, m.role, "
				    "m.created_ms, "
				    "COALESCE(u.last_login_ms, 0), "
				    "u.disabled_ms FROM project_members m "
				    "JOIN users u ON u.id = m.user_id "
				    "JOIN projects p ON p.id = m.project_id "
				    "AND p.organisation_id = ? "
				    "WHERE m.project_id = ? AND u.email > ? "
				    "ORDER BY u.email LIMIT ?",
				    err)
			  : stmt_prepare(db, stmt,
				    "SELECT u.id, u.email, u.name, m.role, "
				    "m.created_ms, "
				    "COALESCE(u.last_login_ms, 0), "
				    "u.disabled_ms FROM organisation_members m "
				    "JOIN users u ON u.id = m.user_id "
				    "WHERE m.organisation_id = ? "
				    "AND u.email > ? "
				    "ORDER BY u.email LIMIT ?",
				    err);

	if (!ok)
		return false;
	stmt_bind_int(*stmt, of->organisation_id);
	if (of->project_id)
		stmt_bind_int(*stmt, of->project_id);
	stmt_bind_str(*stmt, after);
	stmt_bind_int(*stmt, most);
	return stmt_run(*stmt, err);
}

/* The table has no other word; NULL is none. */
static enum role role_stored(struct str name)
{
	struct error ignored;
	enum role role = ROLE_NONE;

	return name.n > 0 && role_parse(name, &role, &ignored) ? role
							       : ROLE_NONE;
}

/* Is there an owner besides this one, or is this one none? */
static bool keep_an_owner(struct db *db, const struct member_of *of,
	int64_t user_id, struct error *err)
{
	bool is_owner = false, others = false;
	struct stmt *stmt;
	bool more;

	if (of->project_id)
		return true;
	if (!stmt_prepare(db, &stmt,
		    "SELECT user_id FROM organisation_members WHERE "
		    "organisation_id = ? AND role = 'owner' FOR UPDATE",
		    err))
		return false;
	stmt_bind_int(stmt, of->organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	do {
		if (!stmt_fetch(stmt, &more, err))
			return false;
		if (more && stmt_int(stmt, 0) == user_id)
			is_owner = true;
		else if (more)
			others = true;
	} while (more);
	return !is_owner || others ||
	       error_refuse(err, ERR_BAD_FIELD, "role",
		       "This is the last owner of the organisation: make "
		       "somebody else an owner first.");
}

static bool check_project(
	struct db *db, const struct member_of *of, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (of->project_id == 0)
		return true;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM projects WHERE id = ? AND "
		    "organisation_id = ? AND archived_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, of->project_id);
	stmt_bind_int(stmt, of->organisation_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return found || error_refuse(err, ERR_NOT_FOUND, "project",
				"There is no such project.");
}

static bool delete_member(struct db *db, const struct member_of *of,
	int64_t user_id, bool *was, struct error *err)
{
	struct stmt *stmt;

	if (!(of->project_id ? stmt_prepare(db, &stmt,
				       "DELETE FROM project_members WHERE "
				       "project_id = ? AND user_id = ?",
				       err)
			     : stmt_prepare(db, &stmt,
				       "DELETE FROM organisation_members WHERE "
				       "organisation_id = ? AND user_id = ?",
				       err)))
		return false;
	stmt_bind_int(
		stmt, of->project_id ? of->project_id : of->organisation_id);
	stmt_bind_int(stmt, user_id);
	if (!stmt_run(stmt, err))
		return false;
	*was = stmt_affected_rows(stmt) > 0;
	return true;
}

static bool leave_projects(struct db *db, int64_t organisation_id,
	int64_t user_id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "DELETE pm FROM project_members pm "
		    "JOIN projects p ON p.id = pm.project_id "
		    "WHERE p.organisation_id = ? AND pm.user_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, user_id);
	return stmt_run(stmt, err);
}
