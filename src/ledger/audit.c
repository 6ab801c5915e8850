/*
 * audit.c - rows of the table audit.
 */
#include "ledger/audit.h"

#include "base/clock.h"
#include "base/json.h"
#include "db/stmt.h"
#include "ledger/column.h"

static bool check_json(struct str text, struct error *err);
static void bind_filter(struct stmt *stmt, const struct audit_filter *filter);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct audit_row *out);

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

/* A filter's text is looked for as it is: it has no wildcards. */
bool audit_list(struct db *db, const struct audit_filter *filter,
	struct arena *arena, struct audit_row **out, size_t *count,
	struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = ARENA_ARRAY(arena, struct audit_row, filter->limit + 1);
	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id, at_ms, organisation_id, actor_user_id, actor,"
		    " action, object_kind, object_id, object_name,"
		    " before_json, after_json, client_ip FROM audit"
		    " WHERE organisation_id IN (?, ?)"
		    " AND at_ms >= ? AND at_ms < ? AND at_ms <= ?"
		    " AND (at_ms < ? OR id < ?)"
		    " AND (? = '' OR INSTR(LOWER(actor), LOWER(?)) > 0)"
		    " AND (? = '' OR LEFT(action, CHAR_LENGTH(?)) = ?)"
		    " AND (? = '' OR object_id = ?"
		    " OR INSTR(LOWER(object_name), LOWER(?)) > 0)"
		    " ORDER BY at_ms DESC, id DESC LIMIT ?",
		    err))
		return false;
	bind_filter(stmt, filter);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		read_row(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

static void bind_filter(struct stmt *stmt, const struct audit_filter *filter)
{
	int64_t before_ms = filter->before_id ? filter->before_ms : INT64_MAX;
	int64_t id;

	if (!str_to_int64_in(filter->object, 1, INT64_MAX, &id))
		id = -1;
	stmt_bind_int(stmt, filter->organisation_id);
	stmt_bind_int(
		stmt, filter->with_installation ? 0 : filter->organisation_id);
	stmt_bind_int(stmt, filter->from_ms);
	stmt_bind_int(stmt, filter->to_ms);
	stmt_bind_int(stmt, before_ms);
	stmt_bind_int(stmt, before_ms);
	stmt_bind_int(stmt, filter->before_id);
	stmt_bind_str(stmt, filter->actor);
	stmt_bind_str(stmt, filter->actor);
	stmt_bind_str(stmt, filter->action);
	stmt_bind_str(stmt, filter->action);
	stmt_bind_str(stmt, filter->action);
	stmt_bind_str(stmt, filter->object);
	stmt_bind_int(stmt, id);
	stmt_bind_str(stmt, filter->object);
	stmt_bind_int(stmt, (int64_t)filter->limit);
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct audit_row *out)
{
	out->id = stmt_int(stmt, 0);
	out->at_ms = stmt_int(stmt, 1);
	out->entry = (struct audit_entry){
		.organisation_id = stmt_int(stmt, 2),
		.actor_user_id = stmt_int(stmt, 3),
		.actor = arena_copy(arena, stmt_str(stmt, 4)),
		.action = arena_copy(arena, stmt_str(stmt, 5)),
		.object_kind = arena_copy(arena, stmt_str(stmt, 6)),
		.object_id = stmt_int(stmt, 7),
		.object_name = arena_copy(arena, stmt_str(stmt, 8)),
		.before_json = arena_copy(arena, stmt_str(stmt, 9)),
		.after_json = arena_copy(arena, stmt_str(stmt, 10)),
		.client_ip = arena_copy(arena, stmt_str(stmt, 11)),
	};
}
