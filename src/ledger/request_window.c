/*
 * request_window.c - the ends of windows, in the indexes alone.
 */
#include "ledger/request_window.h"

#define END(index, condition)                                                   \
	"SELECT r.started_ms, r.request_id FROM requests r FORCE INDEX (" index \
	") WHERE r.started_ms >= ? AND r.started_ms < ?" condition
#define OLDER_END(index, condition)                                       \
	END(index, condition)                                             \
	" AND r.started_ms <= ?"                                          \
	" AND (r.started_ms < ? OR r.request_id < ?)" REQUEST_ORDER_OLDER \
	" LIMIT 1 OFFSET ?"
#define NEWER_END(index, condition)                                       \
	END(index, condition)                                             \
	" AND r.started_ms >= ?"                                          \
	" AND (r.started_ms > ? OR r.request_id > ?)" REQUEST_ORDER_NEWER \
	" LIMIT 1 OFFSET ?"
#define ENDS(index, condition)                                           \
	{                                                                \
		OLDER_END(index, condition), NEWER_END(index, condition) \
	}

/* By index, and by whether newer ones are wanted. */
static const char *const selects[][2] = {
	[REQUESTS_BY_TIME] = ENDS("PRIMARY", ""),
	[REQUESTS_BY_ORGANISATION] =
		ENDS("request_organisation", " AND r.organisation_id = ?"),
	[REQUESTS_BY_PROJECT] =
		ENDS("request_project", " AND r.project_id = ?"),
	[REQUESTS_BY_KEY] = ENDS("request_key", " AND r.key_id = ?"),
	[REQUESTS_BY_USER] = ENDS(
		"request_user", " AND r.organisation_id = ? AND r.user = ?"),
	[REQUESTS_IN_TROUBLE] = ENDS("request_trouble",
		" AND r.organisation_id = ? AND r.trouble = 1"),
};

static void bind_index(struct stmt *stmt, const struct request_filter *filter,
	enum request_index index);
static void bind_place(struct stmt *stmt, int64_t ms, struct str id);
static int64_t place_ms(const struct request_cursor *cursor);

bool request_window_find(struct db *db, const struct request_filter *filter,
	const struct request_cursor *cursor, size_t size, struct arena *arena,
	struct request_window *out, struct error *err)
{
	enum request_index index = request_filter_index(filter);
	struct stmt *stmt;
	bool found;

	*out = request_window_whole(cursor->is_newer);
	/* Of one id there are few. */
	if (index == REQUESTS_BY_ID)
		return true;
	if (!stmt_prepare(db, &stmt, selects[index][cursor->is_newer], err))
		return false;
	stmt_bind_int(stmt, filter->from_ms);
	stmt_bind_int(stmt, filter->to_ms);
	bind_index(stmt, filter, index);
	bind_place(stmt, place_ms(cursor), cursor->id);
	stmt_bind_int(stmt, (int64_t)size - 1);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return true;
	out->end.started_ms = stmt_int(stmt, 0);
	out->end.id = arena_copy(arena, stmt_str(stmt, 1));
	out->is_last = false;
	return true;
}

struct request_window request_window_whole(bool is_newer)
{
	/* Behind all ids. */
	return (struct request_window){
		.end = { .started_ms = is_newer ? INT64_MAX : INT64_MIN,
			.is_newer = is_newer },
		.is_last = true,
	};
}

void request_window_bind(struct stmt *stmt, const struct request_cursor *cursor,
	const struct request_window *window)
{
	bind_place(stmt, place_ms(cursor), cursor->id);
	bind_place(stmt, window->end.started_ms, window->end.id);
}

static void bind_index(struct stmt *stmt, const struct request_filter *filter,
	enum request_index index)
{
	switch (index) {
	case REQUESTS_BY_TIME:
	case REQUESTS_BY_ID: return;
	case REQUESTS_BY_PROJECT:
		stmt_bind_int(stmt, filter->project_id);
		return;
	case REQUESTS_BY_KEY: stmt_bind_int(stmt, filter->key_id); return;
	case REQUESTS_BY_ORGANISATION:
	case REQUESTS_IN_TROUBLE:
		stmt_bind_int(stmt, filter->organisation_id);
		return;
	case REQUESTS_BY_USER:
		stmt_bind_int(stmt, filter->organisation_id);
		stmt_bind_str(stmt, filter->user);
		return;
	}
	abort();
}

static void bind_place(struct stmt *stmt, int64_t ms, struct str id)
{
	stmt_bind_int(stmt, ms);
	stmt_bind_int(stmt, ms);
	stmt_bind_str(stmt, id);
}

static int64_t place_ms(const struct request_cursor *cursor)
{
	int64_t end_ms = cursor->is_newer ? INT64_MIN : INT64_MAX;

	return cursor->id.n > 0 ? cursor->started_ms : end_ms;
}
