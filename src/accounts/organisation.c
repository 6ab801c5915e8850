/*
 * organisation.c - rows of organisations.
 */
#include "accounts/organisation.h"

#include "accounts/key_set.h"
#include "accounts/member.h"
#include "accounts/names.h"
#include "accounts/user.h"
#include "base/clock.h"
#include "db/stmt.h"

static bool insert(
	struct db *db, struct str name, int64_t *id, struct error *err);

bool organisation_create(struct db *db, struct str name, int64_t owner_id,
	struct project *first, struct error *err)
{
	struct member_of of = { 0 };
	bool created;

	return name_check(name, "organisation", err) &&
	       insert(db, name, &of.organisation_id, err) &&
	       project_add(db, of.organisation_id, S("default"), first,
		       &created, err) &&
	       member_set(db, &of, owner_id, ROLE_OWNER, err);
}

bool organisation_find(struct db *db, int64_t id, struct arena *arena,
	struct organisation *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT name, time_zone, locale FROM organisations "
		    "WHERE id = ? AND archived_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "organisation",
			"There is no such organisation.");
	*out = (struct organisation){
		.id = id,
		.name = arena_copy(arena, stmt_str(stmt, 0)),
		.time_zone = arena_copy(arena, stmt_str(stmt, 1)),
		.locale = arena_copy(arena, stmt_str(stmt, 2)),
	};
	return true;
}

bool organisation_change(struct db *db, const struct organisation *organisation,
	struct error *err)
{
	const struct time_zone *zone;
	struct stmt *stmt;

	if (!name_check(organisation->name, "name", err) ||
		!time_zone_load(organisation->time_zone, &zone, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE organisations SET name = ?, time_zone = ?, "
			"locale = ? WHERE id = ?",
			err))
		return false;
	stmt_bind_str(stmt, organisation->name);
	stmt_bind_str(stmt, organisation->time_zone);
	stmt_bind_str(stmt, organisation->locale);
	stmt_bind_int(stmt, organisation->id);
	if (stmt_run(stmt, err))
		return key_set_changed(db, err);
	return err->kind == ERR_DUPLICATE &&
	       error_refuse(err, ERR_DUPLICATE, "name",
		       "There is an organisation of this name already.");
}

bool organisation_greet(
	struct db *db, int64_t id, int64_t user_id, struct error *err)
{
	struct organisation organisation;
	struct arena arena;
	struct user user;
	bool ok;

	arena_init(&arena, 4096);
	ok = organisation_find(db, id, &arena, &organisation, err) &&
	     user_find(db, user_id, &arena, &user, err) &&
	     user_set_profile(db, user_id,
		     &(struct user_profile){
			     .name = user.name,
			     .locale = organisation.locale,
			     .time_zone = organisation.time_zone,
			     .theme = user.theme,
		     },
		     err);
	arena_release(&arena);
	return ok;
}

bool organisation_name(struct db *db, int64_t id, struct arena *arena,
	struct str *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT name FROM organisations WHERE id = ? "
		    "AND archived_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "organisation",
			"There is no such organisation.");
	*out = arena_copy(arena, stmt_str(stmt, 0));
	return true;
}

static bool insert(
	struct db *db, struct str name, int64_t *id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO organisations (name, created_ms) "
		    "VALUES (?, ?)",
		    err))
		return false;
	stmt_bind_str(stmt, name);
	stmt_bind_int(stmt, clock_unix_ms());
	if (stmt_run(stmt, err)) {
		*id = stmt_insert_id(stmt);
		return true;
	}
	return err->kind == ERR_DUPLICATE &&
	       error_refuse(err, ERR_DUPLICATE, "organisation",
		       "There is an organisation of this name already.");
}
