/*
 * project_list.c - the table projects, as people look at it and tidy it up.
 */
#include "accounts/key_set.h"
#include "accounts/names.h"
#include "accounts/project.h"
#include "base/clock.h"
#include "db/stmt.h"

static bool search(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct project_row **out, size_t *count,
	struct error *err);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct project_row *row);

bool project_list(struct db *db, int64_t organisation_id, struct arena *arena,
	struct project_row **out, size_t *count, struct error *err)
{
	return search(db, organisation_id, 0, arena, out, count, err);
}

bool project_find_id(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct project_row *out, struct error *err)
{
	struct project_row *rows;
	size_t count = 0;

	if (id != 0 &&
		!search(db, organisation_id, id, arena, &rows, &count, err))
		return false;
	if (count == 0)
		return error_refuse(err, ERR_NOT_FOUND, "project",
			"There is no project %" PRId64 ".", id);
	*out = rows[0];
	return true;
}

bool project_rename(struct db *db, const struct project *project,
	struct str name, struct error *err)
{
	struct stmt *stmt;

	if (!name_check(name, "name", err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE projects SET name = ? WHERE id = ?", err))
		return false;
	stmt_bind_str(stmt, name);
	stmt_bind_int(stmt, project->id);
	if (stmt_run(stmt, err))
		return key_set_changed(db, err);
	return err->kind == ERR_DUPLICATE &&
	       error_refuse(err, ERR_DUPLICATE, "name",
		       "There is a project of this name already.");
}

bool project_set_archived(struct db *db, const struct project *project,
	bool is_archived, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE projects SET archived_ms = ? WHERE id = ?", err))
		return false;
	stmt_bind_int_or_null(stmt, is_archived ? clock_unix_ms() : 0);
	stmt_bind_int(stmt, project->id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

static bool search(struct db *db, int64_t organisation_id, int64_t id,
	struct arena *arena, struct project_row **out, size_t *count,
	struct error *err)
{
	struct project_row *rows = NULL;
	struct stmt *stmt;
	size_t room = 0;
	bool more;

	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT p.id, p.organisation_id, p.name, p.time_zone, "
		    "p.created_ms, p.archived_ms, (SELECT COUNT(*) FROM "
		    "gateway_keys k WHERE k.project_id = p.id AND "
		    "k.revoked_ms IS NULL AND (k.expires_ms IS NULL OR "
		    "k.expires_ms > ?)) FROM projects p "
		    "WHERE p.organisation_id = ? AND (? = 0 OR p.id = ?) "
		    "ORDER BY p.archived_ms IS NOT NULL, p.name",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (*count == room) {
			room = room ? 2 * room : 16;
			rows = ARENA_ARRAY(arena, struct project_row, room);
			if (*count > 0)
				memcpy(rows, *out, *count * sizeof(*rows));
			*out = rows;
		}
		read_row(stmt, arena, &rows[(*count)++]);
	}
	return false;
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct project_row *row)
{
	struct error unknown;

	row->project.id = stmt_int(stmt, 0);
	row->project.organisation_id = stmt_int(stmt, 1);
	row->name = arena_copy(arena, stmt_str(stmt, 2));
	row->time_zone = arena_copy(arena, stmt_str(stmt, 3));
	row->created_ms = stmt_int(stmt, 4);
	row->archived_ms = stmt_int(stmt, 5);
	row->keys = stmt_int(stmt, 6);
	if (!time_zone_load(row->time_zone, &row->project.zone, &unknown))
		row->project.zone = time_zone_utc();
}
