/*
 * requests.c - /requests: the request log, /requests/{id}: one call, and for
 * programs /requests/{id}/route: why it went where it went.
 */
#include "catalog/price_rows.h"
#include "ledger/request_log.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"
#include "site/pages/request_contents_json.h"
#include "site/pages/request_json.h"
#include "site/pages/requests_filter.h"

#define PAGE_ROWS 50

static bool load_list(
	struct site_request *request, json_t *out, struct error *err);
static bool read_cursor(const struct site_request *request,
	struct request_cursor *out, struct error *err);
static void put_links(struct site_request *request,
	const struct request_row *rows, size_t count, bool has_newer,
	bool has_older, json_t *out);
static void put_reach(struct site_request *request, const struct format *format,
	const struct request_reach *reach, json_t *out);
static void put_link(struct site_request *request, const char *name,
	const char *parameter, struct str cursor, json_t *out);
static struct str cursor_of(
	const struct site_request *request, int64_t started_ms, struct str id);
static bool load_one(
	struct site_request *request, json_t *out, struct error *err);
static bool put_price(struct site_request *request, const struct format *format,
	const struct usage_record *record, json_t *out, struct error *err);
static bool load_route(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field fields[] = {
	REQUESTS_FIELDS,
	{ .name = "before", .type = SITE_TEXT, .max_bytes = 80 },
	{ .name = "after", .type = SITE_TEXT, .max_bytes = 80 },
	{ .name = NULL },
};

const struct site_page pages_requests[] = {
	{ .path = STR("/requests"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load_list,
		.template = "requests",
		.title = "requests.title",
		.nav = "requests" },
	{ .path = STR("/requests/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = load_one,
		.template = "request",
		.title = "request.title",
		.nav = "requests" },
	{ .path = STR("/requests/{id}/route"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = load_route },
	{ .path = STR("") },
};

/* One row more than is shown tells whether there is another page that way. */
static bool load_list(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct request_filter filter;
	struct request_cursor cursor;
	struct request_reach reach;
	struct request_row *rows;
	struct range range;
	size_t count;
	bool has_more;

	if (!range_read(request, &format, "24h", &range, err) ||
		!requests_filter_read(request, &range, &filter, err) ||
		!read_cursor(request, &cursor, err) ||
		!request_log_list(request->db, &filter, &cursor, PAGE_ROWS + 1,
			request->arena, &rows, &count, &reach, err))
		return false;
	has_more = count > PAGE_ROWS;
	count = has_more ? PAGE_ROWS : count;
	/* The one too many is the furthest from the cursor. */
	if (has_more && cursor.is_newer)
		rows++;
	range_put(request, &format, &range, out);
	json_object_set_new(
		out, "requests", request_json_list(&format, rows, count));
	requests_filter_put(request, out);
	put_links(request, rows, count,
		cursor.is_newer ? has_more : cursor.id.n > 0,
		cursor.is_newer ? true : has_more, out);
	put_reach(request, &format, &reach, out);
	return true;
}

/* "1732177800123-req_abc": when that one began, and its id. */
static bool read_cursor(const struct site_request *request,
	struct request_cursor *out, struct error *err)
{
	const char *name = site_has(request, "after") ? "after" : "before";
	struct str text = site_text(request, name);
	size_t dash = str_index(text, '-');

	*out = (struct request_cursor){
		.id = str_from(text, dash + 1),
		.is_newer = site_has(request, "after"),
	};
	return !site_has(request, name) ||
	       (str_to_int64_in(
			str_head(text, dash), 0, INT64_MAX, &out->started_ms) &&
		       out->id.n > 0) ||
	       error_refuse(err, ERR_BAD_FIELD, name,
		       "'%s' is what another page says in `next` or "
		       "`previous`.",
		       name);
}

/* `next` and `previous`: cursors, for programs; the others: addresses. */
static void put_links(struct site_request *request,
	const struct request_row *rows, size_t count, bool has_newer,
	bool has_older, json_t *out)
{
	struct str query = requests_filter_query(request);

	site_put(out, "query", query);
	if (site_has(request, "before") || site_has(request, "after"))
		site_put(out, "newest",
			arena_printf(request->arena, "/requests?%.*s",
				STR_ARG(query)));
	if (has_newer && count > 0) {
		const struct usage_record *first = &rows[0].record;
		struct str cursor = cursor_of(
			request, first->started_unix_ms, first->request_id);

		site_put(out, "previous", cursor);
		put_link(request, "newer", "after", cursor, out);
	}
	if (has_older && count > 0) {
		const struct usage_record *last = &rows[count - 1].record;
		struct str cursor = cursor_of(
			request, last->started_unix_ms, last->request_id);

		site_put(out, "next", cursor);
		put_link(request, "older", "before", cursor, out);
	}
}

/* Where the look ended before the page was full, and where it goes on. */
static void put_reach(struct site_request *request, const struct format *format,
	const struct request_reach *reach, json_t *out)
{
	bool is_newer = reach->at.is_newer;
	struct str cursor;

	site_put_bool(out, "is_whole", reach->is_whole);
	if (reach->is_whole)
		return;
	cursor = cursor_of(request, reach->at.started_ms, reach->at.id);
	format_put_time(format, out, "searched_to", reach->at.started_ms);
	site_put(out, is_newer ? "previous" : "next", cursor);
	put_link(
		request, "further", is_newer ? "after" : "before", cursor, out);
	json_object_del(out, is_newer ? "newer" : "older");
}

static void put_link(struct site_request *request, const char *name,
	const char *parameter, struct str cursor, json_t *out)
{
	struct str query = requests_filter_query(request);

	site_put(out, name,
		arena_printf(request->arena, "/requests?%.*s%s%s=%.*s",
			STR_ARG(query), query.n ? "&" : "", parameter,
			STR_ARG(cursor)));
}

static struct str cursor_of(
	const struct site_request *request, int64_t started_ms, struct str id)
{
	return arena_printf(
		request->arena, "%" PRId64 "-%.*s", started_ms, STR_ARG(id));
}

static bool load_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct request_row row;
	json_t *whole;

	if (!request_log_find(request->db, request->session.organisation_id,
		    request->session.project_id, request->id, request->arena,
		    &row, err))
		return false;
	whole = request_json_whole(&format, &row);
	json_object_update_new(out, whole);
	return put_price(request, &format, &row.record, out, err) &&
	       request_contents_put(request, &row, out, err);
}

/* The price that the call was charged by; none where none was known, and
 * where its model is gone. */
static bool put_price(struct site_request *request, const struct format *format,
	const struct usage_record *record, json_t *out, struct error *err)
{
	struct price rows[PRICE_ROWS];
	const struct price *price;
	size_t count;

	json_object_set_new(out, "price", json_null());
	if (record->price_from_ms < 0)
		return true;
	if (!price_rows_read(request->db, record->model_id,
		    record->price_from_ms, rows, &count, err))
		return false;
	price = price_rows_find(rows, count, price_tier_of(record->price_tier),
		record->price_above_tokens);
	if (price && price->valid_from_ms == record->price_from_ms)
		json_object_set_new(
			out, "price", model_json_price(format, price));
	return true;
}

static bool load_route(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct request_row row;
	json_t *route;

	if (!request_log_find(request->db, request->session.organisation_id,
		    request->session.project_id, request->id, request->arena,
		    &row, err))
		return false;
	route = request_json_route(&format, &row);
	json_object_update_new(out, route);
	return true;
}
