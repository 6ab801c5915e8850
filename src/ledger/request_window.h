/*
 * request_window.h - how far one look into the request log goes.
 *
 * What a filter asks for may be rare, and the next one of it millions of calls
 * away. So the log is looked through a window at a time: so many entries of
 * the index that leads to the calls, read in the index alone, and then the
 * calls between its ends. Whoever looks says how far it went, and goes on
 * there.
 */
#ifndef LEDGER_REQUEST_WINDOW_H
#define LEDGER_REQUEST_WINDOW_H

#include "db/pool.h"
#include "ledger/request_filter.h"

/* A place in the log: a call's own, whether it is still there or not. */
struct request_cursor {
	int64_t started_ms;
	struct str id; /* "": at the end of the log */
	bool is_newer; /* the calls after it are wanted, not those before */
};

struct request_window {
	/* Its last call, which belongs to it; is_newer as where it began. */
	struct request_cursor end;
	bool is_last; /* it reaches to the end of the filter's time */
};

/* The window of `size` index entries next to the cursor. The id lives in the
 * arena. ERR_DATABASE. */
MUST_USE bool request_window_find(struct db *db,
	const struct request_filter *filter,
	const struct request_cursor *cursor, size_t size, struct arena *arena,
	struct request_window *out, struct error *err);

/* The whole time of the filter at once. */
struct request_window request_window_whole(bool is_newer);

/* What is behind a cursor and within a window, in a statement whose WHERE is
 * the filter's, and its order. */
#define REQUEST_WINDOW_OLDER                          \
	" AND r.started_ms <= ?"                      \
	" AND (r.started_ms < ? OR r.request_id < ?)" \
	" AND r.started_ms >= ?"                      \
	" AND (r.started_ms > ? OR r.request_id >= ?)"
#define REQUEST_WINDOW_NEWER                          \
	" AND r.started_ms >= ?"                      \
	" AND (r.started_ms > ? OR r.request_id > ?)" \
	" AND r.started_ms <= ?"                      \
	" AND (r.started_ms < ? OR r.request_id <= ?)"
#define REQUEST_ORDER_OLDER " ORDER BY r.started_ms DESC, r.request_id DESC"
#define REQUEST_ORDER_NEWER " ORDER BY r.started_ms, r.request_id"
void request_window_bind(struct stmt *stmt, const struct request_cursor *cursor,
	const struct request_window *window);

/*
 * Statements for each index: `head`, the tables, the filter and the rest. Rows
 * that an index does not have are left out by its own condition, which the
 * filter implies.
 */
#define REQUEST_BY(index, condition, head, tail)                                 \
	head " FROM requests r FORCE INDEX (" index ")"                          \
	     " LEFT JOIN projects p ON p.id = r.project_id"                      \
	     " LEFT JOIN gateway_keys k ON k.id = r.key_id" REQUEST_FILTER_WHERE \
		     condition tail
#define REQUEST_BY_EACH(head, tail)                                            \
	{                                                                      \
		[REQUESTS_BY_TIME] = REQUEST_BY("PRIMARY", "", head, tail),    \
		[REQUESTS_BY_ORGANISATION] =                                   \
			REQUEST_BY("request_organisation", "", head, tail),    \
		[REQUESTS_BY_PROJECT] =                                        \
			REQUEST_BY("request_project", "", head, tail),         \
		[REQUESTS_BY_KEY] = REQUEST_BY("request_key", "", head, tail), \
		[REQUESTS_BY_USER] =                                           \
			REQUEST_BY("request_user", "", head, tail),            \
		[REQUESTS_IN_TROUBLE] = REQUEST_BY(                            \
			"request_trouble", " AND r.trouble = 1", head, tail),  \
		[REQUESTS_BY_ID] =                                             \
			REQUEST_BY("request_by_id", "", head, tail),           \
	}

#endif
