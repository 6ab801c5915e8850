/*
 * audit.c - rows of the table audit.
 */
#include "ledger/audit.h"

#include "base/clock.h"
#include "base/json.h"
#include "db/stmt.h"
#include "ledger/column.h"

static bool check_json(struct str text, struct error *err);

bool audit_write(
	struct db *db, const struct audit_entry *entry, struct error *err)
{
	struct stmt *stmt;

	assert(entry->actor.n > 0 && entry->action.n > 0 &&
		entry->object_kind.n > 0);
	if (!check_json(entry->before_json, err) ||
		!check_json(entry->after_json, err))
		return false;
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO audit (at_ms, organisation_id, actor_user_id,"
		    " actor, action, object_kind, object_id, object_name,"
		    " before_json, after_json, client_ip)"
		    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, entry->organisation_id);
	stmt_bind_int(stmt, entry->actor_user_id);
	stmt_bind_str(stmt, column_text(entry->actor, 191));
	stmt_bind_str(stmt, column_text(entry->action, 64));
	stmt_bind_str(stmt, column_text(entry->object_kind, 32));
	stmt_bind_int(stmt, entry->object_id);
	stmt_bind_str(stmt, column_text(entry->object_name, 191));
	stmt_bind_str_or_null(stmt, entry->before_json);
	stmt_bind_str_or_null(stmt, entry->after_json);
	stmt_bind_str(stmt, column_text(entry->client_ip, 45));
	return stmt_run(stmt, err);
}

static bool check_json(struct str text, struct error *err)
{
	struct json value;

	return text.n == 0 || json_check(text, JSON_MAX_DEPTH, &value, err);
}
