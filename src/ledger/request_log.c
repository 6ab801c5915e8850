/*
 * request_log.c - pages out of the table requests. One table says each column
 * once, so that both queries read the same.
 */
#include "ledger/request_log.h"

#include "base/clock.h"
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
	" r.response_bytes, r.host, r.price_from_ms, r.price_tier,"        \
	" r.price_above_tokens, r.route_saved_picousd IS NOT NULL,"        \
	" r.route_saved_picousd, p.name, k.name"

static const char *const older[] = REQUEST_BY_EACH(
	COLUMNS, REQUEST_WINDOW_OLDER REQUEST_ORDER_OLDER " LIMIT ?");
static const char *const newer[] = REQUEST_BY_EACH(
	COLUMNS, REQUEST_WINDOW_NEWER REQUEST_ORDER_NEWER " LIMIT ?");

/* Index entries of one window: a few milliseconds, also on a slow disk. */
#define WINDOW_SIZE 1500

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
	{ MEMBER(price_from_ms), NUMBER },
	{ MEMBER(price_tier), TEXT },
	{ MEMBER(price_above_tokens), NUMBER },
	{ MEMBER(has_route_saved), FLAG },
	{ MEMBER(route_saved_picousd), NUMBER },
};

static bool find_window(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor, struct arena *arena,
	struct request_window *out, struct error *err);
static bool look(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor,
	const struct request_window *window, size_t limit, struct arena *arena,
	struct request_row *rows, size_t *count, struct error *err);
static void reverse(struct request_row *rows, size_t count);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct request_row *out);

bool request_log_list(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor, size_t limit, struct arena *arena,
	struct request_row **rows, size_t *count, struct request_reach *reach,
	struct error *err)
{
	int64_t until_ms = clock_monotonic_ms() + REQUEST_LOOK_MS;
	struct request_window window;

	*rows = ARENA_ARRAY(arena, struct request_row, limit);
	*count = 0;
	*reach = (struct request_reach){ .at = *cursor };
	do {
		if (!find_window(db, filter, &reach->at, arena, &window, err) ||
			!look(db, filter, &reach->at, &window, limit, arena,
				*rows, count, err))
			return false;
		reach->at = window.end;
		reach->is_whole = window.is_last || *count == limit;
	} while (!reach->is_whole && clock_monotonic_ms() < until_ms);
	if (cursor->is_newer)
		reverse(*rows, *count);
	return true;
}

bool request_log_find(struct db *db, int64_t organisation_id,
	int64_t project_id, struct str request_id, struct arena *arena,
	struct request_row *out, struct error *err)
{
	struct usage_record *record = &out->record;
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    COLUMNS " FROM requests r"
			    " LEFT JOIN projects p ON p.id = r.project_id"
			    " LEFT JOIN gateway_keys k ON k.id = r.key_id"
			    " WHERE r.request_id = ? AND r.organisation_id = ?"
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

/* Where the index leads to nothing else, all of it is one window. */
static bool find_window(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor, struct arena *arena,
	struct request_window *out, struct error *err)
{
	if (!request_filter_is_plain(filter))
		return request_window_find(
			db, filter, cursor, WINDOW_SIZE, arena, out, err);
	*out = request_window_whole(cursor->is_newer);
	return true;
}

/* Adds to the rows what the window has. */
static bool look(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor,
	const struct request_window *window, size_t limit, struct arena *arena,
	struct request_row *rows, size_t *count, struct error *err)
{
	enum request_index index = request_filter_index(filter);
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    cursor->is_newer ? newer[index] : older[index], err))
		return false;
	request_filter_bind(stmt, filter, arena);
	request_window_bind(stmt, cursor, window);
	stmt_bind_int(stmt, (int64_t)(limit - *count));
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		read_row(stmt, arena, &rows[(*count)++]);
	}
	return false;
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
