/*
 * request_contents_rewrap.c - the data keys of what is kept, under the newest
 * master key. The bodies themselves are neither opened nor changed.
 */
#include "base/arena.h"
#include "db/stmt.h"
#include "ledger/request_contents.h"

#define ROWS_AT_ONCE 20

struct sealed_row {
	int64_t started_ms;
	struct str request_id;
	struct str request, response;
};

static bool find_rows(struct db *db, const struct vault *vault,
	const struct sealed_row *after, struct arena *arena,
	struct sealed_row *rows, size_t *count, struct error *err);
static bool rewrap_rows(struct db *db, const struct vault *vault,
	const struct sealed_row *rows, size_t count, struct arena *arena,
	struct contents_rewrapped *out, struct error *err);
static bool rewrap_side(const struct vault *vault, const char *direction,
	struct str request_id, struct str sealed, struct arena *arena,
	struct str *out);
static bool update(struct db *db, const struct vault *vault,
	const struct sealed_row *row, struct error *err);

bool request_contents_rewrap(struct db *db, const struct vault *vault,
	struct contents_rewrapped *out, struct error *err)
{
	struct sealed_row rows[ROWS_AT_ONCE], last = { .started_ms = -1 };
	struct arena arena, kept;
	size_t count = ROWS_AT_ONCE;
	bool ok = true;

	*out = (struct contents_rewrapped){ 0 };
	arena_init(&arena, 65536);
	arena_init(&kept, 1024);
	while (ok && count == ROWS_AT_ONCE) {
		arena_reset(&arena);
		ok = find_rows(db, vault, &last, &arena, rows, &count, err) &&
		     rewrap_rows(db, vault, rows, count, &arena, out, err);
		if (ok && count > 0) {
			arena_reset(&kept);
			last.started_ms = rows[count - 1].started_ms;
			last.request_id =
				arena_copy(&kept, rows[count - 1].request_id);
		}
	}
	arena_release(&arena);
	arena_release(&kept);
	return ok;
}

static bool find_rows(struct db *db, const struct vault *vault,
	const struct sealed_row *after, struct arena *arena,
	struct sealed_row *rows, size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT started_ms, request_id, request_body,"
		    " response_body FROM request_contents"
		    " WHERE started_ms >= ? AND (started_ms > ? OR"
		    " request_id > ?) AND key_version <> ?"
		    " ORDER BY started_ms, request_id LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, after->started_ms);
	stmt_bind_int(stmt, after->started_ms);
	stmt_bind_str(stmt, after->request_id);
	stmt_bind_int(stmt, vault_newest_version(vault));
	stmt_bind_int(stmt, ROWS_AT_ONCE);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		rows[(*count)++] = (struct sealed_row){
			.started_ms = stmt_int(stmt, 0),
			.request_id = arena_copy(arena, stmt_str(stmt, 1)),
			.request = arena_copy(arena, stmt_str(stmt, 2)),
			.response = arena_copy(arena, stmt_str(stmt, 3)),
		};
	}
	return false;
}

static bool rewrap_rows(struct db *db, const struct vault *vault,
	const struct sealed_row *rows, size_t count, struct arena *arena,
	struct contents_rewrapped *out, struct error *err)
{
	size_t done = 0;

	if (count == 0)
		return true;
	if (!db_begin(db, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct sealed_row row = rows[i];

		if (!rewrap_side(vault, "request", row.request_id, row.request,
			    arena, &row.request) ||
			!rewrap_side(vault, "response", row.request_id,
				row.response, arena, &row.response)) {
			out->unreadable++;
			continue;
		}
		if (!update(db, vault, &row, err)) {
			db_rollback(db);
			return false;
		}
		done++;
	}
	if (!db_commit(db, err))
		return false;
	out->rows += done;
	return true;
}

/* False: nobody can open it. */
static bool rewrap_side(const struct vault *vault, const char *direction,
	struct str request_id, struct str sealed, struct arena *arena,
	struct str *out)
{
	struct buf rewrapped = BUF_INIT(sealed.n + VAULT_OVERHEAD_BYTES);
	struct error ignored;
	bool ok = vault_rewrap(vault,
		contents_context(
			arena, direction, arena_cstr(arena, request_id)),
		sealed, &rewrapped, &ignored);

	if (ok)
		*out = arena_copy(arena, buf_str(&rewrapped));
	buf_release(&rewrapped);
	return ok;
}

static bool update(struct db *db, const struct vault *vault,
	const struct sealed_row *row, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE request_contents SET request_body = ?,"
		    " response_body = ?, key_version = ?"
		    " WHERE started_ms = ? AND request_id = ?",
		    err))
		return false;
	stmt_bind_str(stmt, row->request);
	stmt_bind_str(stmt, row->response);
	stmt_bind_int(stmt, vault_newest_version(vault));
	stmt_bind_int(stmt, row->started_ms);
	stmt_bind_str(stmt, row->request_id);
	return stmt_run(stmt, err);
}
