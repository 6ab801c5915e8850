/*
 * key_use.c - gateway_keys.last_used_ms.
 */
#include "accounts/key_use.h"

#include "db/stmt.h"

bool key_use_note(
	struct db *db, int64_t key_id, int64_t unix_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE gateway_keys SET last_used_ms = ? WHERE id = ? "
		    "AND COALESCE(last_used_ms, 0) < ?",
		    err))
		return false;
	stmt_bind_int(stmt, unix_ms);
	stmt_bind_int(stmt, key_id);
	stmt_bind_int(stmt, unix_ms);
	return stmt_run(stmt, err);
}
