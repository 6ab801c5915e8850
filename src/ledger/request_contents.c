/*
 * request_contents.c - the table request_contents. What is sealed is one line
 * of JSON, {"headers":{...},"body":"whole"}, and behind it the body's bytes.
 */
#include "ledger/request_contents.h"

#include "base/json.h"
#include "db/stmt.h"

static const char *const body_names[] = {
	[CONTENTS_NONE] = "none",
	[CONTENTS_WHOLE] = "whole",
	[CONTENTS_CUT] = "cut",
	[CONTENTS_GATHERED] = "gathered",
	[CONTENTS_WITHHELD] = "withheld",
};

static bool open_side(const struct vault *vault, const char *direction,
	struct str request_id, struct str sealed, struct arena *arena,
	struct contents_side *out, struct error *err);
static bool read_side(
	struct str plain, struct contents_side *out, struct error *err);

const char *contents_body_name(enum contents_body kept)
{
	return body_names[kept];
}

void contents_write(struct str headers, enum contents_body kept,
	struct str body, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_raw(&w, "headers", headers);
	json_member_str(&w, "body", str_of(body_names[kept]));
	json_end_object(&w);
	buf_append_char(out, '\n');
	if (kept != CONTENTS_NONE && kept != CONTENTS_WITHHELD)
		buf_append(out, body);
}

struct str contents_context(
	struct arena *arena, const char *direction, const char *request_id)
{
	return arena_printf(arena, "%s:%s", direction, request_id);
}

bool request_contents_insert(
	struct db *db, const struct usage_record *record, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO request_contents (started_ms, request_id, "
		    "project_id, request_body, response_body, redacted, cut, "
		    "key_version) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, record->started_unix_ms);
	stmt_bind_str(stmt, record->request_id);
	stmt_bind_int(stmt, record->project_id);
	stmt_bind_str(stmt, record->sealed_request);
	stmt_bind_str(stmt, record->sealed_response);
	stmt_bind_int(stmt, record->contents_redacted);
	stmt_bind_int(stmt, record->contents_cut);
	stmt_bind_int(stmt, vault_version(record->sealed_request));
	return stmt_run(stmt, err);
}

bool request_contents_exist(struct db *db, int64_t started_unix_ms,
	struct str request_id, bool *exist, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT 1 FROM request_contents "
		    "WHERE started_ms = ? AND request_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, started_unix_ms);
	stmt_bind_str(stmt, request_id);
	return stmt_run(stmt, err) && stmt_fetch(stmt, exist, err);
}

bool request_contents_load(struct db *db, const struct vault *vault,
	int64_t started_unix_ms, struct str request_id, struct arena *arena,
	struct request_contents *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT request_body, response_body, redacted "
		    "FROM request_contents "
		    "WHERE started_ms = ? AND request_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, started_unix_ms);
	stmt_bind_str(stmt, request_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, NULL,
			"Nothing was kept of this call.");
	out->is_redacted = stmt_int(stmt, 2) != 0;
	return open_side(vault, "request", request_id, stmt_str(stmt, 0), arena,
		       &out->request, err) &&
	       open_side(vault, "response", request_id, stmt_str(stmt, 1),
		       arena, &out->response, err);
}

static bool open_side(const struct vault *vault, const char *direction,
	struct str request_id, struct str sealed, struct arena *arena,
	struct contents_side *out, struct error *err)
{
	struct buf plain = BUF_INIT(sealed.n);
	bool ok = vault_open(vault,
			  contents_context(arena, direction,
				  arena_cstr(arena, request_id)),
			  sealed, &plain, err) &&
		  read_side(arena_copy(arena, buf_str(&plain)), out, err);

	vault_wipe(&plain);
	return ok;
}

static bool read_side(
	struct str plain, struct contents_side *out, struct error *err)
{
	size_t line = str_index(plain, '\n');
	struct json root, body;

	if (!json_check(str_head(plain, line), JSON_MAX_DEPTH, &root, err))
		return false;
	body = json_find(root, S("body"));
	*out = (struct contents_side){
		.headers = json_find(root, S("headers")).text,
		.body = str_from(plain, line + 1),
	};
	for (unsigned i = 0; i < ARRAY_LEN(body_names); i++)
		if (body.type == JSON_TYPE_STRING &&
			json_text_is(body, str_of(body_names[i])))
			out->kept = i;
	return true;
}
