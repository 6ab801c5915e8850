/*
 * project.c - the tables organisations and projects.
 */
#include "accounts/project.h"

#include "accounts/key_set.h"
#include "accounts/names.h"
#include "base/clock.h"
#include "db/stmt.h"

static bool insert_organisation(struct db *db, int64_t *id, struct error *err);
static bool find_in(struct db *db, int64_t organisation_id, struct str name,
	struct project *out, struct error *err);
static bool load_settings(struct db *db, int64_t project_id,
	struct str *settings, struct error *err);
static bool set_member(struct db *db, int64_t project_id, const char *update,
	struct str json, struct error *err);

bool organisation_default(struct db *db, int64_t *id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM organisations WHERE archived_ms IS NULL "
		    "ORDER BY id LIMIT 1",
		    err) ||
		!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return insert_organisation(db, id, err);
	*id = stmt_int(stmt, 0);
	return true;
}

bool project_add(struct db *db, int64_t organisation_id, struct str name,
	struct project *out, bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!name_check(name, "name", err) ||
		!stmt_prepare(db, &stmt,
			"INSERT INTO projects (organisation_id, name, "
			"created_ms, time_zone) SELECT id, ?, ?, time_zone "
			"FROM organisations WHERE id = ? "
			"ON DUPLICATE KEY UPDATE "
			"archived_ms = NULL",
			err))
		return false;
	stmt_bind_str(stmt, name);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, organisation_id);
	if (!stmt_run(stmt, err))
		return false;
	/* 1: inserted; 0 or 2: it was there. */
	*created = stmt_affected_rows(stmt) == 1;
	return find_in(db, organisation_id, name, out, err);
}

bool project_set_time_zone(struct db *db, struct project *project,
	struct str zone, struct error *err)
{
	struct stmt *stmt;

	if (!time_zone_load(zone, &project->zone, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE projects SET time_zone = ? WHERE id = ?", err))
		return false;
	stmt_bind_str(stmt, zone);
	stmt_bind_int(stmt, project->id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

bool project_set_routing(struct db *db, const struct project *project,
	const struct routing_policy *policy, struct error *err)
{
	struct buf json = BUF_INIT(1024);
	bool ok;

	routing_policy_write(policy, &json);
	ok = set_member(db, project->id,
		"UPDATE projects SET settings = JSON_SET(settings, "
		"'$.routing', JSON_EXTRACT(?, '$')) WHERE id = ?",
		buf_str(&json), err);
	buf_release(&json);
	return ok;
}

bool project_routing(struct db *db, int64_t project_id,
	struct routing_policy *out, struct error *err)
{
	struct str settings;

	return load_settings(db, project_id, &settings, err) &&
	       routing_policy_read(settings, out, err);
}

bool project_capture(struct db *db, int64_t project_id,
	struct capture_policy *out, struct error *err)
{
	struct str settings;

	return load_settings(db, project_id, &settings, err) &&
	       capture_policy_read(settings, out, err);
}

bool project_set_capture(struct db *db, int64_t project_id,
	const struct capture_policy *policy, struct error *err)
{
	struct buf json = BUF_INIT(1024);
	bool ok;

	capture_policy_write(policy, &json);
	ok = set_member(db, project_id,
		"UPDATE projects SET settings = JSON_SET(settings, "
		"'$.bodies', JSON_EXTRACT(?, '$')) WHERE id = ?",
		buf_str(&json), err);
	buf_release(&json);
	return ok;
}

bool project_unset_routing(struct db *db, int64_t project_id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE projects SET settings = JSON_REMOVE(settings, "
		    "'$.routing') WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, project_id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

bool project_find(
	struct db *db, struct str name, struct project *out, struct error *err)
{
	int64_t organisation_id;

	return organisation_default(db, &organisation_id, err) &&
	       find_in(db, organisation_id, name, out, err);
}

bool project_default(struct db *db, struct project *out, struct error *err)
{
	int64_t organisation_id;
	bool created;

	return organisation_default(db, &organisation_id, err) &&
	       project_add(
		       db, organisation_id, S("default"), out, &created, err);
}

/* Two commands at once: the second gets the row of the first. */
static bool insert_organisation(struct db *db, int64_t *id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO organisations (name, created_ms) VALUES "
		    "('default', ?) ON DUPLICATE KEY UPDATE "
		    "id = LAST_INSERT_ID(id), archived_ms = NULL",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	return true;
}

static bool find_in(struct db *db, int64_t organisation_id, struct str name,
	struct project *out, struct error *err)
{
	struct error unknown;
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, time_zone FROM projects WHERE "
		    "organisation_id = ? AND name = ? AND archived_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_str(stmt, name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "project",
			"There is no project '%.*s'.", STR_ARG(name));
	out->id = stmt_int(stmt, 0);
	out->organisation_id = organisation_id;
	if (!time_zone_load(stmt_str(stmt, 1), &out->zone, &unknown))
		out->zone = time_zone_utc();
	return true;
}

/* Valid until the connection's next statement. */
static bool load_settings(struct db *db, int64_t project_id,
	struct str *settings, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT settings FROM projects WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, project_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "project",
			"There is no such project.");
	*settings = stmt_str(stmt, 0);
	return true;
}

static bool set_member(struct db *db, int64_t project_id, const char *update,
	struct str json, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, update, err))
		return false;
	stmt_bind_str(stmt, json);
	stmt_bind_int(stmt, project_id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}
