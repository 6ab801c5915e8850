/*
 * requests.c - /requests: the request log, and /requests/{id}: one call.
 */
#include "ledger/request_log.h"
#include "site/pages/pages.h"
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
static struct str cursor_of(
	const struct site_request *request, const struct request_row *row);
static bool load_one(
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
	{ .path = STR("") },
};

/* One row more than is shown tells whether there is another page that way. */
static bool load_list(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct request_filter filter;
	struct request_cursor cursor;
	struct request_row *rows;
	struct range range;
	size_t count;
	bool has_more;

	if (!range_read(request, &format, "24h", &range, err) ||
		!requests_filter_read(request, &range, &filter, err) ||
		!read_cursor(request, &cursor, err) ||
		!request_log_list(request->db, &filter, &cursor, PAGE_ROWS + 1,
			request->arena, &rows, &count, err))
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
	const char *and = query.n ? "&" : "";
	struct str cursor;

	site_put(out, "query", query);
	if (site_has(request, "before") || site_has(request, "after"))
		site_put(out, "newest",
			arena_printf(request->arena, "/requests?%.*s",
				STR_ARG(query)));
	if (has_newer && count > 0) {
		cursor = cursor_of(request, &rows[0]);
		site_put(out, "previous", cursor);
		site_put(out, "newer",
			arena_printf(request->arena,
				"/requests?%.*s%safter=%.*s", STR_ARG(query),
				and, STR_ARG(cursor)));
	}
	if (has_older && count > 0) {
		cursor = cursor_of(request, &rows[count - 1]);
		site_put(out, "next", cursor);
		site_put(out, "older",
			arena_printf(request->arena,
				"/requests?%.*s%sbefore=%.*s", STR_ARG(query),
				and, STR_ARG(cursor)));
	}
}

static struct str cursor_of(
	const struct site_request *request, const struct request_row *row)
{
	return arena_printf(request->arena, "%" PRId64 "-%.*s",
		row->record.started_unix_ms, STR_ARG(row->record.request_id));
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
	json_object_update(out, whole);
	json_decref(whole);
	return true;
}
