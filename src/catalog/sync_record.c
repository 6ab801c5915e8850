/*
 * sync_record.c - SQL of the updater's own tables.
 */
#include "catalog/sync_record.h"

#include "base/clock.h"
#include "db/stmt.h"

#define LOCK_WAIT_SECONDS 0

bool sync_lock(struct db *db, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT GET_LOCK(CONCAT(DATABASE(), '.models_sync'), ?)",
		    err))
		return false;
	stmt_bind_int(stmt, LOCK_WAIT_SECONDS);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (found && stmt_int(stmt, 0) == 1)
		return true;
	return error_refuse(err, ERR_BAD_REQUEST, NULL,
		"Another 'models sync' is at work.");
}

bool sync_unlock(struct db *db, struct error *err)
{
	struct stmt *stmt;
	bool found;

	/* However often it was taken. */
	return stmt_prepare(db, &stmt, "SELECT RELEASE_ALL_LOCKS()", err) &&
	       stmt_run(stmt, err) && stmt_fetch(stmt, &found, err);
}

bool sync_known_load(struct db *db, struct str source, struct sync_known *out,
	struct error *err)
{
	struct stmt *stmt;
	struct str etag;

	*out = (struct sync_known){ .found = false };
	if (!stmt_prepare(db, &stmt,
		    "SELECT etag, models_read, catalog_version "
		    "FROM catalog_sources WHERE source = ?",
		    err))
		return false;
	stmt_bind_str(stmt, source);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &out->found, err))
		return false;
	if (!out->found)
		return true;
	etag = stmt_str(stmt, 0);
	assert(etag.n < sizeof(out->etag));
	memcpy(out->etag, etag.p, etag.n);
	out->models = stmt_int(stmt, 1);
	out->catalog_version = stmt_int(stmt, 2);
	return true;
}

bool sync_known_models(
	struct db *db, struct str format, int64_t *models, struct error *err)
{
	struct stmt *stmt;
	bool found;

	*models = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT models_read FROM catalog_sources "
		    "WHERE format = ? ORDER BY applied_ms DESC LIMIT 1",
		    err))
		return false;
	stmt_bind_str(stmt, format);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (found)
		*models = stmt_int(stmt, 0);
	return true;
}

bool sync_known_save(struct db *db, const struct sync_source *source,
	int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "REPLACE INTO catalog_sources (source, format, etag, "
		    "sha256, models_read, applied_ms, catalog_version) "
		    "VALUES (?, ?, ?, ?, ?, ?, COALESCE((SELECT version "
		    "FROM snapshot_version WHERE topic = 'catalog'), 0))",
		    err))
		return false;
	stmt_bind_str(stmt, source->text.source);
	stmt_bind_str(stmt, source->format->name);
	stmt_bind_str(stmt, str_of(source->text.etag));
	stmt_bind_str(stmt, (struct str){ (const char *)source->text.sha256,
				    SHA256_BYTES });
	stmt_bind_int(stmt, (int64_t)source->models);
	stmt_bind_int(stmt, now_ms);
	return stmt_run(stmt, err);
}

bool sync_record_add(struct db *db, struct str source, const uint8_t *sha256,
	const char *result, struct str reason, const struct sync_plan *plan,
	int64_t started_ms, int64_t *id, struct error *err)
{
	static const size_t none[SYNC_CHANGE_KINDS] = { 0 };
	const size_t *counts = plan ? plan->counts : none;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO catalog_syncs (source, source_sha256, "
		    "started_ms, finished_ms, result, reason, models_added, "
		    "models_changed, models_deprecated, prices_changed) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_str(stmt, str_head(source, CATALOG_SOURCE_MAX_BYTES));
	if (sha256)
		stmt_bind_str(stmt,
			(struct str){ (const char *)sha256, SHA256_BYTES });
	else
		stmt_bind_null(stmt);
	stmt_bind_int(stmt, started_ms);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str(stmt, str_of(result));
	stmt_bind_str(stmt, reason);
	stmt_bind_int(stmt, (int64_t)counts[SYNC_ADDED]);
	stmt_bind_int(stmt, (int64_t)counts[SYNC_CHANGED]);
	stmt_bind_int(stmt, (int64_t)counts[SYNC_DEPRECATED]);
	stmt_bind_int(stmt, (int64_t)counts[SYNC_PRICE]);
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	return true;
}

bool sync_record_change(struct db *db, int64_t sync_id,
	const struct sync_change *change, struct error *err)
{
	const char *kind = sync_change_kind_name(change->kind);
	struct stmt *stmt;

	if (!kind)
		return true;
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO catalog_changes (sync_id, provider, model, "
		    "kind, before_json, after_json) VALUES (?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, sync_id);
	stmt_bind_str(stmt, change->provider->name);
	stmt_bind_str(stmt, change->name);
	stmt_bind_str(stmt, str_of(kind));
	stmt_bind_str_or_null(stmt, change->before_json);
	stmt_bind_str_or_null(stmt, change->after_json);
	return stmt_run(stmt, err);
}

bool sync_history_load(struct db *db, const struct sync_history_filter *filter,
	struct arena *arena, struct sync_history_row **rows, size_t *count,
	struct error *err)
{
	struct sync_history_row *row;
	struct stmt *stmt;
	bool more;

	*rows = ARENA_ARRAY(
		arena, struct sync_history_row, (size_t)filter->limit + 1);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT s.started_ms, s.source, c.provider, c.model, "
		    "c.kind, c.before_json, c.after_json, c.id "
		    "FROM catalog_changes c "
		    "JOIN catalog_syncs s ON s.id = c.sync_id "
		    "WHERE s.started_ms >= ? AND (? = '' OR c.model = ? OR "
		    "CONCAT(c.provider, '/', c.model) = ?) "
		    "AND (? = 0 OR c.id < ?) "
		    "ORDER BY c.id DESC LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, filter->since_ms);
	stmt_bind_str(stmt, filter->model);
	stmt_bind_str(stmt, filter->model);
	stmt_bind_str(stmt, filter->model);
	stmt_bind_int(stmt, filter->before_id);
	stmt_bind_int(stmt, filter->before_id);
	stmt_bind_int(stmt, filter->limit);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		row = &(*rows)[(*count)++];
		row->time_ms = stmt_int(stmt, 0);
		row->source = arena_copy(arena, stmt_str(stmt, 1));
		row->provider = arena_copy(arena, stmt_str(stmt, 2));
		row->model = arena_copy(arena, stmt_str(stmt, 3));
		row->kind = arena_copy(arena, stmt_str(stmt, 4));
		row->before_json = arena_copy(arena, stmt_str(stmt, 5));
		row->after_json = arena_copy(arena, stmt_str(stmt, 6));
		row->id = stmt_int(stmt, 7);
	}
	return false;
}

bool sync_runs_load(struct db *db, int64_t limit, struct arena *arena,
	struct sync_run **runs, size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*runs = ARENA_ARRAY(arena, struct sync_run, (size_t)limit + 1);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id, source, started_ms, result, reason, "
		    "models_added, models_changed, models_deprecated, "
		    "prices_changed FROM catalog_syncs ORDER BY id DESC "
		    "LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, limit);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		(*runs)[(*count)++] = (struct sync_run){
			.id = stmt_int(stmt, 0),
			.source = arena_copy(arena, stmt_str(stmt, 1)),
			.started_ms = stmt_int(stmt, 2),
			.result = arena_copy(arena, stmt_str(stmt, 3)),
			.reason = arena_copy(arena, stmt_str(stmt, 4)),
			.added = stmt_int(stmt, 5),
			.changed = stmt_int(stmt, 6),
			.deprecated = stmt_int(stmt, 7),
			.prices = stmt_int(stmt, 8),
		};
	}
	return false;
}
