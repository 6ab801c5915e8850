/*
 * request_log.c - pages out of the table requests. One table says each column
 * once, so that both queries read the same.
 */
#include "ledger/request_log.h"

#include "db/stmt.h"
#include "ledger/request_route.h"

struct column {
	size_t offset;
	enum { TEXT, NUMBER, FLAG } type;
};

#define MEMBER(name) offsetof(struct usage_record, name)

#define COLUMNS                                                            \
	"SELECT r.request_id, r.organisation_id, r.project_id, r.key_id,"  \
	" r.user, r.client_ip, r.started_ms, r.route, r.dialect,"          \
	" r.model_asked, r.alias, r.complexity, r.streamed, r.model_used," \
	" r.model_id, r.provider, r.provider_id, r.provider_dialect,"      \
	" r.dropped, r.attempts, r.status, r.error, r.error_detail,"       \
	" r.finish_reason, r.complete, r.cache_hit, r.coalesced,"          \
	" r.prompt_tokens, r.completion_tokens, r.cached_tokens,"          \
	" r.cache_write_tokens, r.reasoning_tokens, r.priced,"             \
	" r.cost_picousd, r.saved_picousd, r.queue_us, r.gateway_us,"      \
	" r.connect_us, r.first_token_us, r.total_us, r.request_bytes,"    \
	" r.response_bytes, r.host, p.name, k.name FROM requests r"        \
	" LEFT JOIN projects p ON p.id = r.project_id"                     \
	" LEFT JOIN gateway_keys k ON k.id = r.key_id"

static const struct column columns[] = {
	{ MEMBER(request_id), TEXT },
	{ MEMBER(organisation_id), NUMBER },
	{ MEMBER(project_id), NUMBER },
	{ MEMBER(key_id), NUMBER },
	{ MEMBER(user), TEXT },
	{ MEMBER(client_ip), TEXT },
	{ MEMBER(started_unix_ms), NUMBER },
	{ MEMBER(route), TEXT },
	{ MEMBER(dialect), TEXT },
	{ MEMBER(model_asked), TEXT },
	{ MEMBER(alias), TEXT },
	{ MEMBER(complexity), TEXT },
	{ MEMBER(streamed), FLAG },
	{ MEMBER(model_used), TEXT },
	{ MEMBER(model_id), NUMBER },
	{ MEMBER(provider), TEXT },
	{ MEMBER(provider_id), NUMBER },
	{ MEMBER(provider_dialect), TEXT },
	{ MEMBER(dropped), TEXT },
	{ MEMBER(attempts), NUMBER },
	{ MEMBER(status), NUMBER },
	{ MEMBER(error), TEXT },
	{ MEMBER(error_detail), TEXT },
	{ MEMBER(finish_reason), TEXT },
	{ MEMBER(complete), FLAG },
	{ MEMBER(cache_hit), FLAG },
	{ MEMBER(coalesced), FLAG },
	{ MEMBER(tokens.prompt), NUMBER },
	{ MEMBER(tokens.completion), NUMBER },
	{ MEMBER(tokens.cached), NUMBER },
	{ MEMBER(tokens.cache_write), NUMBER },
	{ MEMBER(tokens.reasoning), NUMBER },
	{ MEMBER(priced), FLAG },
	{ MEMBER(cost_picousd), NUMBER },
	{ MEMBER(saved_picousd), NUMBER },
	{ MEMBER(queue_us), NUMBER },
	{ MEMBER(gateway_us), NUMBER },
	{ MEMBER(connect_us), NUMBER },
	{ MEMBER(first_token_us), NUMBER },
	{ MEMBER(total_us), NUMBER },
	{ MEMBER(request_bytes), NUMBER },
	{ MEMBER(response_bytes), NUMBER },
	{ MEMBER(host), TEXT },
};

static bool prepare_list(
	struct db *db, struct stmt **out, bool is_newer, struct error *err);
static void bind_cursor(struct stmt *stmt, const struct request_cursor *cursor);
static void reverse(struct request_row *rows, size_t count);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct request_row *out);

/* The bounds of outcome are those of status, cache_hit and complete. */
bool request_log_list(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor, size_t limit, struct arena *arena,
	struct request_row **rows, size_t *count, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*rows = ARENA_ARRAY(arena, struct request_row, limit);
	*count = 0;
	if (!prepare_list(db, &stmt, cursor->is_newer, err))
		return false;
	request_filter_bind(stmt, filter, arena);
	bind_cursor(stmt, cursor);
	stmt_bind_int(stmt, (int64_t)limit);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (more) {
			read_row(stmt, arena, &(*rows)[(*count)++]);
			continue;
		}
		if (cursor->is_newer)
			reverse(*rows, *count);
		return true;
	}
	return false;
}

bool request_log_find(struct db *db, int64_t organisation_id,
	int64_t project_id, struct str request_id, struct arena *arena,
	struct request_row *out, struct error *err)
{
	struct usage_record *record = &out->record;
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    COLUMNS " WHERE r.request_id = ? AND r.organisation_id = ?"
			    " AND (? = 0 OR r.project_id = ?) LIMIT 1",
		    err))
		return false;
	stmt_bind_str(stmt, request_id);
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, project_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, NULL,
			"There is no request '%.*s' here.",
			STR_ARG(str_head(request_id, 60)));
	read_row(stmt, arena, out);
	return attempt_load(db, record->started_unix_ms, record->request_id,
		       arena, &record->attempt_list, err) &&
	       request_route_load(db, record->started_unix_ms,
		       record->request_id, arena, &record->route_reason,
		       &record->route_candidates, err);
}

static bool prepare_list(
	struct db *db, struct stmt **out, bool is_newer, struct error *err)
{
	if (is_newer)
		return stmt_prepare(db, out,
			COLUMNS REQUEST_FILTER_WHERE
			" AND r.started_ms >= ?"
			" AND (r.started_ms > ? OR r.request_id > ?)"
			" ORDER BY r.started_ms, r.request_id LIMIT ?",
			err);
	return stmt_prepare(db, out,
		COLUMNS REQUEST_FILTER_WHERE
		" AND r.started_ms <= ?"
		" AND (r.started_ms < ? OR r.request_id < ?)"
		" ORDER BY r.started_ms DESC, r.request_id DESC LIMIT ?",
		err);
}

static void bind_cursor(struct stmt *stmt, const struct request_cursor *cursor)
{
	int64_t end_ms = cursor->is_newer ? 0 : INT64_MAX;
	int64_t at_ms = cursor->id.n > 0 ? cursor->started_ms : end_ms;

	stmt_bind_int(stmt, at_ms);
	stmt_bind_int(stmt, at_ms);
	stmt_bind_str(stmt, cursor->id);
}

static void reverse(struct request_row *rows, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		struct request_row row = rows[i];

		rows[i] = rows[count - 1 - i];
		rows[count - 1 - i] = row;
	}
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct request_row *out)
{
	unsigned count = (unsigned)ARRAY_LEN(columns);

	usage_record_init(&out->record);
	for (unsigned i = 0; i < count; i++) {
		char *at = (char *)&out->record + columns[i].offset;

		if (columns[i].type == TEXT)
			*(struct str *)(void *)at =
				arena_copy(arena, stmt_str(stmt, i));
		else if (columns[i].type == FLAG)
			*(bool *)(void *)at = stmt_int(stmt, i) != 0;
		else if (!stmt_is_null(stmt, i))
			*(int64_t *)(void *)at = stmt_int(stmt, i);
	}
	out->project = arena_copy(arena, stmt_str(stmt, count));
	out->key = arena_copy(arena, stmt_str(stmt, count + 1));
}
