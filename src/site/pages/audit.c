/*
 * audit.c - /audit: who changed what, and when; and the same as a file.
 *
 * What was before and what is after are shown as the members that differ,
 * those of objects within as "a.b".
 */
#include "ledger/audit.h"

#include "base/clock.h"
#include "base/csv.h"
#include "site/access.h"
#include "site/form.h"
#include "site/pages/pages.h"
#include "site/range.h"
#include "site/stream.h"

#define PAGE_ROWS 50
#define MAX_DEPTH 4
/* Of a file, at a time. */
#define FILE_ROWS 200
#define FILE_PIECE_BYTES (16 << 20)

/* A file that is being sent. */
struct file {
	struct audit_filter filter;
	struct format format;
	bool is_csv;
	bool is_first; /* nothing is written yet */
};

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool export_csv(
	struct site_request *request, json_t *out, struct error *err);
static bool export_json(
	struct site_request *request, json_t *out, struct error *err);
static bool begin_file(struct site_request *request, struct str name,
	bool is_csv, struct error *err);
static site_stream_fill fill_file;
static void write_piece(const struct file *file, const struct audit_row *rows,
	size_t count, bool more, struct buf *out);
static void json_row(struct buf *out, const struct format *format,
	const struct audit_row *row, bool is_first);
static bool read_filter(struct site_request *request, const struct range *range,
	size_t limit, struct audit_filter *out, struct error *err);
static bool read_cursor(
	struct str cursor, struct audit_filter *filter, struct error *err);
static void put_links(struct site_request *request,
	const struct audit_row *last, bool has_more, json_t *out);
static struct str query_of(struct site_request *request);
static json_t *row_json(
	const struct format *format, const struct audit_row *row);
static json_t *parse(struct str text);
static json_t *differences(json_t *before, json_t *after);
static void compare(const char *prefix, json_t *before, json_t *after,
	int depth, json_t *out);
static void add_difference(
	const char *name, json_t *before, json_t *after, json_t *out);
static struct str text_of(json_t *value, char *room, size_t size);
static void csv_row(struct buf *out, const struct audit_row *row);
static void csv_cell(struct buf *out, struct str text, char end);

static const struct site_field fields[] = {
	RANGE_FIELDS,
	{ .name = "actor", .max_bytes = 191 },
	{ .name = "action", .max_bytes = 64 },
	{ .name = "object", .max_bytes = 191 },
	{ .name = "before", .max_bytes = 48 },
	{ .name = NULL },
};

const struct site_page pages_audit[] = {
	{ .path = STR("/audit"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = fields,
		.load = show,
		.template = "audit",
		.title = "audit.title",
		.nav = "audit" },
	{ .path = STR("/audit/export/csv"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = fields,
		.load = export_csv },
	{ .path = STR("/audit/export/json"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = fields,
		.load = export_json },
	{ .path = STR("") },
};

/* One row more than is shown tells whether there is another page. */
static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	json_t *list = json_array();
	struct audit_filter filter;
	struct audit_row *rows;
	struct range range;
	size_t count;
	bool has_more;

	json_object_set_new(out, "entries", list);
	if (!range_read(request, &format, "30d", &range, err) ||
		!read_filter(request, &range, PAGE_ROWS + 1, &filter, err) ||
		!audit_list(request->db, &filter, request->arena, &rows, &count,
			err))
		return false;
	has_more = count > PAGE_ROWS;
	count = has_more ? PAGE_ROWS : count;
	range_put(request, &format, &range, out);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, row_json(&format, &rows[i]));
	site_put_bool(out, "is_filtered",
		site_has(request, "actor") || site_has(request, "action") ||
			site_has(request, "object"));
	put_links(request, count ? &rows[count - 1] : NULL, has_more, out);
	return true;
}

static bool export_csv(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)out;
	return begin_file(request, S("audit.csv"), true, err);
}

static bool export_json(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)out;
	return begin_file(request, S("audit.json"), false, err);
}

static bool begin_file(struct site_request *request, struct str name,
	bool is_csv, struct error *err)
{
	struct file *file = ARENA_NEW(request->arena, struct file);
	struct range range;

	file->format = format_of(request);
	file->is_csv = is_csv;
	file->is_first = true;
	if (!range_read(request, &file->format, "30d", &range, err) ||
		!read_filter(request, &range, FILE_ROWS, &file->filter, err))
		return false;
	site_stream(request, name, FILE_PIECE_BYTES, fill_file, file);
	return true;
}

/* The next rows, in an arena of their own. */
static bool fill_file(void *owner, struct db *db, struct buf *out, bool *more,
	struct error *err)
{
	struct file *file = owner;
	struct audit_row *rows;
	struct arena arena;
	size_t count;
	bool ok;

	arena_init(&arena, 65536);
	file->format.arena = &arena;
	ok = audit_list(db, &file->filter, &arena, &rows, &count, err);
	if (ok) {
		*more = count == file->filter.limit;
		if (count > 0) {
			file->filter.before_ms = rows[count - 1].at_ms;
			file->filter.before_id = rows[count - 1].id;
		}
		write_piece(file, rows, count, *more, out);
		file->is_first = false;
		ok = !out->failed ||
		     error_refuse(err, ERR_TOO_LARGE, "from",
			     "These changes are too large for a file.");
	}
	arena_release(&arena);
	return ok;
}

static void write_piece(const struct file *file, const struct audit_row *rows,
	size_t count, bool more, struct buf *out)
{
	if (file->is_first)
		buf_append(out,
			file->is_csv ? S("time,actor,action,object_kind,"
					 "object_id,object_name,before,after,"
					 "client_ip\r\n")
				     : S("{\"entries\":["));
	for (size_t i = 0; i < count; i++) {
		if (file->is_csv)
			csv_row(out, &rows[i]);
		else
			json_row(out, &file->format, &rows[i],
				file->is_first && i == 0);
	}
	if (!more && !file->is_csv)
		buf_append(out, S("\n]}\n"));
}

static void json_row(struct buf *out, const struct format *format,
	const struct audit_row *row, bool is_first)
{
	json_t *json = row_json(format, row);
	char *text = json_dumps(json, JSON_COMPACT);

	buf_append(out, is_first ? S("\n") : S(",\n"));
	buf_append(out, str_of(text));
	free(text);
	json_decref(json);
}

static bool read_filter(struct site_request *request, const struct range *range,
	size_t limit, struct audit_filter *out, struct error *err)
{
	*out = (struct audit_filter){
		.organisation_id = request->session.organisation_id,
		.with_installation = request->session.is_operator,
		.from_ms = range->from_ms,
		.to_ms = range->to_ms,
		.actor = site_text(request, "actor"),
		.action = site_text(request, "action"),
		.object = site_text(request, "object"),
		.limit = limit,
	};
	return read_cursor(site_text(request, "before"), out, err);
}

/* "MS-ID" */
static bool read_cursor(
	struct str cursor, struct audit_filter *filter, struct error *err)
{
	size_t dash = str_index(cursor, '-');

	return cursor.n == 0 ||
	       (str_to_int64_in(str_head(cursor, dash), 0, INT64_MAX,
			&filter->before_ms) &&
		       str_to_int64_in(str_from(cursor, dash + 1), 1, INT64_MAX,
			       &filter->before_id)) ||
	       error_refuse(err, ERR_BAD_FIELD, "before",
		       "'before' is what 'next' of another page says.");
}

static void put_links(struct site_request *request,
	const struct audit_row *last, bool has_more, json_t *out)
{
	struct str query = query_of(request);
	struct str cursor;

	site_put(out, "query", query);
	if (site_has(request, "before"))
		site_put(out, "newest",
			arena_printf(
				request->arena, "/audit?%.*s", STR_ARG(query)));
	if (!has_more)
		return;
	cursor = arena_printf(
		request->arena, "%" PRId64 "-%" PRId64, last->at_ms, last->id);
	site_put(out, "next", cursor);
	site_put(out, "older",
		arena_printf(request->arena, "/audit?%.*s%sbefore=%.*s",
			STR_ARG(query), query.n ? "&" : "", STR_ARG(cursor)));
}

/* What else was asked for, encoded anew. */
static struct str query_of(struct site_request *request)
{
	struct buf query = BUF_INIT(16384);
	struct str copy;

	for (const struct site_field *field = fields; field->name; field++) {
		if (strcmp(field->name, "before") == 0 ||
			!site_has(request, field->name))
			continue;
		if (query.n > 0)
			buf_append_char(&query, '&');
		buf_printf(&query, "%s=", field->name);
		form_encode(&query, site_text(request, field->name));
	}
	copy = arena_copy(request->arena, buf_str(&query));
	buf_release(&query);
	return copy;
}

static json_t *row_json(
	const struct format *format, const struct audit_row *row)
{
	const struct audit_entry *entry = &row->entry;
	json_t *before = parse(entry->before_json);
	json_t *after = parse(entry->after_json);
	json_t *changes = differences(before, after);
	json_t *json = json_object();

	site_put_int(json, "id", row->id);
	format_put_time(format, json, "time", row->at_ms);
	site_put(json, "actor", entry->actor);
	site_put_int(json, "actor_user_id", entry->actor_user_id);
	site_put(json, "action", entry->action);
	site_put(json, "object_kind", entry->object_kind);
	site_put_int(json, "object_id", entry->object_id);
	site_put(json, "object_name", entry->object_name);
	site_put(json, "client_ip", entry->client_ip);
	site_put_bool(json, "is_installation", entry->organisation_id == 0);
	site_put_bool(json, "has_changes", json_array_size(changes) > 0);
	json_object_set_new(json, "changes", changes);
	json_object_set_new(json, "before", before);
	json_object_set_new(json, "after", after);
	return json;
}

/* Null when there is none. */
static json_t *parse(struct str text)
{
	json_t *json =
		text.n ? json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL)
		       : NULL;

	return json ? json : json_null();
}

/* [{"name", "before", "after"}]: texts, null where it was not there. */
static json_t *differences(json_t *before, json_t *after)
{
	json_t *list = json_array();

	compare("", before, after, 0, list);
	return list;
}

static void compare(const char *prefix, json_t *before, json_t *after,
	int depth, json_t *out)
{
	const char *name;
	char path[256];
	json_t *value;

	json_object_foreach(before, name, value)
	{
		json_t *now = json_object_get(after, name);

		snprintf(path, sizeof(path), "%s%s%s", prefix,
			*prefix ? "." : "", name);
		if (depth < MAX_DEPTH && json_is_object(value) &&
			(!now || json_is_object(now)))
			compare(path, value, now, depth + 1, out);
		else if (!now || !json_equal(value, now))
			add_difference(path, value, now, out);
	}
	json_object_foreach(after, name, value)
	{
		if (json_object_get(before, name))
			continue;
		snprintf(path, sizeof(path), "%s%s%s", prefix,
			*prefix ? "." : "", name);
		if (depth < MAX_DEPTH && json_is_object(value))
			compare(path, NULL, value, depth + 1, out);
		else
			add_difference(path, NULL, value, out);
	}
}

static void add_difference(
	const char *name, json_t *before, json_t *after, json_t *out)
{
	json_t *json = json_object();
	char room[1024];

	site_put(json, "name", str_of(name));
	if (before && !json_is_null(before))
		site_put(json, "before", text_of(before, room, sizeof(room)));
	if (after && !json_is_null(after))
		site_put(json, "after", text_of(after, room, sizeof(room)));
	json_array_append_new(out, json);
}

/* A list or an object inside `room`, or "...": those are seldom. */
static struct str text_of(json_t *value, char *room, size_t size)
{
	size_t n;

	if (json_is_string(value))
		return (struct str){ json_string_value(value),
			json_string_length(value) };
	n = json_dumpb(value, room, size, JSON_COMPACT | JSON_ENCODE_ANY);
	return n <= size ? (struct str){ room, n } : S("...");
}

static void csv_row(struct buf *out, const struct audit_row *row)
{
	const struct audit_entry *entry = &row->entry;
	char time[CLOCK_TEXT_BYTES];

	clock_format(row->at_ms, time);
	csv_cell(out, str_of(time), ',');
	csv_cell(out, entry->actor, ',');
	csv_cell(out, entry->action, ',');
	csv_cell(out, entry->object_kind, ',');
	buf_printf(out, "%" PRId64 ",", entry->object_id);
	csv_cell(out, entry->object_name, ',');
	csv_cell(out, entry->before_json, ',');
	csv_cell(out, entry->after_json, ',');
	csv_cell(out, entry->client_ip, '\r');
	buf_append_char(out, '\n');
}

static void csv_cell(struct buf *out, struct str text, char end)
{
	csv_append_text(out, text);
	buf_append_char(out, end);
}
