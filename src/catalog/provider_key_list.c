/*
 * provider_key_list.c - the table provider_keys, as people look at it and
 * tidy it up. What is sealed is not read here.
 */
#include "base/clock.h"
#include "catalog/catalog.h"
#include "catalog/provider.h"
#include "db/stmt.h"

static bool lock(
	struct db *db, int64_t provider_id, int64_t id, struct error *err);

bool provider_key_list(struct db *db, int64_t provider_id, struct arena *arena,
	struct provider_key_row **out, size_t *count, struct error *err)
{
	size_t room = 8;
	struct stmt *stmt;
	bool more;

	*out = ARENA_ARRAY(arena, struct provider_key_row, room);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id, name, hint, weight, enabled, disabled_reason, "
		    "created_ms, validated_ms FROM provider_keys "
		    "WHERE provider_id = ? ORDER BY id",
		    err))
		return false;
	stmt_bind_int(stmt, provider_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		(*out)[(*count)++] = (struct provider_key_row){
			.id = stmt_int(stmt, 0),
			.name = arena_copy(arena, stmt_str(stmt, 1)),
			.hint = arena_copy(arena, stmt_str(stmt, 2)),
			.weight = stmt_int(stmt, 3),
			.enabled = stmt_int(stmt, 4) != 0,
			.disabled_reason = arena_copy(arena, stmt_str(stmt, 5)),
			.created_ms = stmt_int(stmt, 6),
			.validated_ms = stmt_int(stmt, 7),
		};
	}
	return false;
}

bool provider_key_change(struct db *db, int64_t provider_id, int64_t id,
	int64_t weight, bool enabled, struct error *err)
{
	struct stmt *stmt;

	if (!lock(db, provider_id, id, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE provider_keys SET weight = ?, enabled = ?, "
			"disabled_reason = '' WHERE id = ?",
			err))
		return false;
	stmt_bind_int(stmt, weight);
	stmt_bind_int(stmt, enabled);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

bool provider_key_remove(
	struct db *db, int64_t provider_id, int64_t id, struct error *err)
{
	struct stmt *stmt;

	if (!lock(db, provider_id, id, err) ||
		!stmt_prepare(db, &stmt,
			"DELETE FROM provider_keys WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

bool provider_key_note_valid(
	struct db *db, int64_t provider_id, struct str name, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE provider_keys SET validated_ms = ? "
		    "WHERE provider_id = ? AND name = ?",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, provider_id);
	stmt_bind_str(stmt, name);
	return stmt_run(stmt, err);
}

/* Locked until the transaction ends. ERR_NOT_FOUND. */
static bool lock(
	struct db *db, int64_t provider_id, int64_t id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM provider_keys "
		    "WHERE provider_id = ? AND id = ? FOR UPDATE",
		    err))
		return false;
	stmt_bind_int(stmt, provider_id);
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return found || error_refuse(err, ERR_NOT_FOUND, "id",
				"The provider has no key %" PRId64 ".", id);
}
