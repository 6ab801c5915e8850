/*
 * report.c - reading the request log page by page. The next page begins
 * after the last row of the one before, by the table's own key, so that every
 * page costs the same and rows that arrive meanwhile move nothing.
 */
#include "ledger/report.h"

#include "base/clock.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/money.h"
#include "db/stmt.h"
#include "ledger/request_window.h"
#include "ledger/usage.h"

enum column_type {
	TYPE_TEXT,
	TYPE_INT,
	TYPE_BOOL,
	TYPE_TIME,
	TYPE_USD,
	TYPE_JSON /* left out of CSV */
};

struct column {
	const char *name;
	enum column_type type;
};

/* In the order of COLUMNS. */
static const struct column columns[] = {
	{ "request_id", TYPE_TEXT },
	{ "time", TYPE_TIME },
	{ "project", TYPE_TEXT },
	{ "key", TYPE_TEXT },
	{ "model_asked", TYPE_TEXT },
	{ "model_used", TYPE_TEXT },
	{ "provider", TYPE_TEXT },
	{ "status", TYPE_INT },
	{ "error", TYPE_TEXT },
	{ "prompt_tokens", TYPE_INT },
	{ "completion_tokens", TYPE_INT },
	{ "cost_usd", TYPE_USD },
	{ "latency_ms", TYPE_INT },
	{ "first_token_ms", TYPE_INT },
	{ "cache_hit", TYPE_BOOL },
	{ "streamed", TYPE_BOOL },
	{ "complete", TYPE_BOOL },
	{ "cached_tokens", TYPE_INT },
	{ "cache_write_tokens", TYPE_INT },
	{ "reasoning_tokens", TYPE_INT },
	{ "usage_source", TYPE_TEXT },
	{ "saved_usd", TYPE_USD },
	{ "error_detail", TYPE_TEXT },
	{ "finish_reason", TYPE_TEXT },
	{ "attempts", TYPE_INT },
	{ "queue_us", TYPE_INT },
	{ "gateway_us", TYPE_INT },
	{ "connect_us", TYPE_INT },
	{ "request_bytes", TYPE_INT },
	{ "response_bytes", TYPE_INT },
	{ "user", TYPE_TEXT },
	{ "dialect", TYPE_TEXT },
	{ "route", TYPE_TEXT },
	{ "alias", TYPE_TEXT },
	{ "complexity", TYPE_TEXT },
	{ "priced", TYPE_BOOL },
	{ "charged_usd", TYPE_USD },
	{ "host", TYPE_TEXT },
	{ "client_ip", TYPE_TEXT },
	{ "provider_dialect", TYPE_TEXT },
	{ "dropped", TYPE_TEXT },
	{ "billing", TYPE_TEXT },
	{ "billing_reason", TYPE_TEXT },
	{ "coalesced", TYPE_BOOL },
	{ "affinity", TYPE_TEXT },
	{ "attempt_list", TYPE_JSON },
};

/* All but the last, which differs. */
#define COLUMNS                                                             \
	"SELECT r.request_id, r.started_ms, p.name, k.name,"                \
	" r.model_asked, r.model_used, r.provider, r.status, r.error,"      \
	" r.prompt_tokens, r.completion_tokens,"                            \
	" IF(r.priced, r.cost_picousd, NULL), (r.total_us + 500) DIV 1000," \
	" (r.first_token_us + 500) DIV 1000, r.cache_hit, r.streamed,"      \
	" r.complete, r.cached_tokens, r.cache_write_tokens,"               \
	" r.reasoning_tokens, r.usage_source,"                              \
	" IF(r.cache_hit, r.saved_picousd, NULL), r.error_detail,"          \
	" r.finish_reason, r.attempts, r.queue_us, r.gateway_us,"           \
	" r.connect_us, r.request_bytes, r.response_bytes, r.user,"         \
	" r.dialect, r.route, r.alias, r.complexity, r.priced,"             \
	" r.charged_picousd, r.host, r.client_ip,"                          \
	" r.provider_dialect, r.dropped, r.billing, r.billing_reason,"      \
	" r.coalesced, r.affinity,"
/* Also of a call with one attempt: who was passed over is in the list. */
#define ATTEMPTS                                                     \
	" (SELECT JSON_ARRAYAGG("                                    \
	" JSON_OBJECT('attempt', t.attempt,"                         \
	" 'model', t.model_used, 'provider', t.provider,"            \
	" 'provider_key_id', t.provider_key_id, 'status', t.status," \
	" 'error', t.error, 'error_detail', t.error_detail,"         \
	" 'advice', t.advice, 'affinity', t.affinity,"               \
	" 'upstream_request_id', t.upstream_request_id,"             \
	" 'offset_us', t.offset_us, 'connect_us', t.connect_us,"     \
	" 'first_byte_us', t.first_byte_us, 'total_us', t.total_us)" \
	" ORDER BY t.attempt) FROM request_attempts t"               \
	" WHERE t.started_ms = r.started_ms"                         \
	" AND t.request_id = r.request_id)"

/* Each row of JSON looks up its attempts, so there are fewer at a time. */
#define CSV_ROWS 1000
#define JSON_ROWS 250
#define TAIL(rows) REQUEST_WINDOW_NEWER REQUEST_ORDER_NEWER LIMIT(rows)
#define LIMIT(rows) " LIMIT " #rows

static const char *const selects_csv[] =
	REQUEST_BY_EACH(COLUMNS " NULL", TAIL(CSV_ROWS));
static const char *const selects_json[] =
	REQUEST_BY_EACH(COLUMNS ATTEMPTS, TAIL(JSON_ROWS));

/* Calls looked through for one page, so that rare ones do not keep a
 * connection busy. */
#define WINDOW_SIZE 5000

struct report {
	struct request_filter filter;
	enum report_format format;
	struct arena arena; /* the filter's texts */
	/* The last call looked at; the next page begins after it. */
	int64_t last_ms;
	char last_id[USAGE_MAX_REQUEST_ID_BYTES + 1];
	size_t rows;
	bool began;
};

static void write_head(const struct report *report, struct buf *out);
static bool write_page(struct report *report, struct db *db, struct buf *out,
	bool *more, struct error *err);
static bool find_window(struct report *report, struct db *db,
	struct request_window *out, struct error *err);
static bool write_window(struct report *report, struct db *db,
	const struct request_window *window, struct buf *out, bool *more,
	struct error *err);
static struct request_cursor place(const struct report *report);
static void keep_place(struct report *report, int64_t ms, struct str id);
static void write_row(
	const struct report *report, struct stmt *stmt, struct buf *out);
static void write_csv_cell(struct buf *out, const struct column *column,
	struct stmt *stmt, unsigned index);
static void write_json_member(struct json_writer *json,
	const struct column *column, struct stmt *stmt, unsigned index);
static bool is_unknown(
	const struct column *column, struct stmt *stmt, unsigned index);
static bool flush_text(struct buf *text, FILE *out, struct error *err);

struct report *report_new(
	const struct request_filter *filter, enum report_format format)
{
	struct report *report = calloc(1, sizeof(*report));
	struct arena *arena;

	assert(report);
	arena = &report->arena;
	arena_init(arena, 4096);
	report->filter = *filter;
	report->filter.error = arena_copy(arena, filter->error);
	report->filter.model = arena_copy(arena, filter->model);
	report->filter.provider = arena_copy(arena, filter->provider);
	report->filter.user = arena_copy(arena, filter->user);
	report->filter.alias = arena_copy(arena, filter->alias);
	report->filter.text = arena_copy(arena, filter->text);
	report->format = format;
	report->last_ms = filter->from_ms;
	return report;
}

void report_free(struct report *report)
{
	arena_release(&report->arena);
	free(report);
}

bool report_next(struct report *report, struct db *db, struct buf *out,
	bool *more, struct error *err)
{
	if (!report->began)
		write_head(report, out);
	report->began = true;
	if (!write_page(report, db, out, more, err))
		return false;
	if (!*more && report->format == REPORT_JSON)
		buf_append(out, S("\n]\n"));
	return !out->failed ||
	       error_set(err, ERR_IO, "report: a page is too large");
}

bool report_export(struct db *db, int64_t from_ms, int64_t to_ms,
	enum report_format format, FILE *out, struct error *err)
{
	const struct request_filter filter = { .from_ms = from_ms,
		.to_ms = to_ms };
	struct report *report = report_new(&filter, format);
	struct buf text = BUF_INIT(REPORT_PAGE_MAX_BYTES);
	bool more = true;
	bool exported = true;

	while (exported && more)
		exported = report_next(report, db, &text, &more, err) &&
			   flush_text(&text, out, err);
	buf_release(&text);
	report_free(report);
	return exported;
}

static void write_head(const struct report *report, struct buf *out)
{
	if (report->format == REPORT_JSON) {
		buf_append_char(out, '[');
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if (columns[i].type == TYPE_JSON)
			continue;
		if (i > 0)
			buf_append_char(out, ',');
		buf_append(out, str_of(columns[i].name));
	}
	buf_append(out, S("\r\n"));
}

/* *more: there may be others behind this page, which may be empty. */
static bool write_page(struct report *report, struct db *db, struct buf *out,
	bool *more, struct error *err)
{
	struct arena_mark mark = arena_mark(&report->arena);
	struct request_window window;
	bool written = find_window(report, db, &window, err) &&
		       write_window(report, db, &window, out, more, err);

	if (written && !*more && !window.is_last) {
		keep_place(report, window.end.started_ms, window.end.id);
		*more = true;
	}
	arena_rewind(&report->arena, mark);
	return written;
}

static bool find_window(struct report *report, struct db *db,
	struct request_window *out, struct error *err)
{
	struct request_cursor cursor = place(report);

	if (!request_filter_is_plain(&report->filter))
		return request_window_find(db, &report->filter, &cursor,
			WINDOW_SIZE, &report->arena, out, err);
	*out = request_window_whole(true);
	return true;
}

/* *more: the page is full. */
static bool write_window(struct report *report, struct db *db,
	const struct request_window *window, struct buf *out, bool *more,
	struct error *err)
{
	enum request_index index = request_filter_index(&report->filter);
	struct request_cursor cursor = place(report);
	bool is_csv = report->format == REPORT_CSV;
	size_t rows = 0, most = is_csv ? CSV_ROWS : JSON_ROWS;
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    is_csv ? selects_csv[index] : selects_json[index], err))
		return false;
	request_filter_bind(stmt, &report->filter, &report->arena);
	request_window_bind(stmt, &cursor, window);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &found, err)) {
		*more = rows == most;
		if (!found)
			return true;
		write_row(report, stmt, out);
		keep_place(report, stmt_int(stmt, 1), stmt_str(stmt, 0));
		report->rows++;
		rows++;
	}
	return false;
}

static struct request_cursor place(const struct report *report)
{
	return (struct request_cursor){
		.started_ms = report->last_ms,
		.id = str_of(report->last_id),
		.is_newer = true,
	};
}

static void keep_place(struct report *report, int64_t ms, struct str id)
{
	report->last_ms = ms;
	snprintf(report->last_id, sizeof(report->last_id), "%.*s", STR_ARG(id));
}

static void write_row(
	const struct report *report, struct stmt *stmt, struct buf *out)
{
	struct json_writer json;

	if (report->format == REPORT_CSV) {
		for (unsigned i = 0; i < ARRAY_LEN(columns); i++) {
			if (columns[i].type == TYPE_JSON)
				continue;
			if (i > 0)
				buf_append_char(out, ',');
			write_csv_cell(out, &columns[i], stmt, i);
		}
		buf_append(out, S("\r\n"));
		return;
	}
	buf_append(out, report->rows > 0 ? S(",\n") : S("\n"));
	json_writer_init(&json, out);
	json_begin_object(&json);
	for (unsigned i = 0; i < ARRAY_LEN(columns); i++)
		write_json_member(&json, &columns[i], stmt, i);
	json_end_object(&json);
}

static void write_csv_cell(struct buf *out, const struct column *column,
	struct stmt *stmt, unsigned index)
{
	char text[CLOCK_TEXT_BYTES > MONEY_TEXT_BYTES ? CLOCK_TEXT_BYTES
						      : MONEY_TEXT_BYTES];

	if (is_unknown(column, stmt, index))
		return;
	switch (column->type) {
	case TYPE_TEXT: csv_append_text(out, stmt_str(stmt, index)); return;
	case TYPE_INT: buf_append_int(out, stmt_int(stmt, index)); return;
	case TYPE_BOOL:
		buf_append(out, stmt_int(stmt, index) ? S("true") : S("false"));
		return;
	case TYPE_TIME: clock_format(stmt_int(stmt, index), text); break;
	case TYPE_USD: money_format_usd(stmt_int(stmt, index), text); break;
	case TYPE_JSON: return;
	}
	buf_append(out, str_of(text));
}

static void write_json_member(struct json_writer *json,
	const struct column *column, struct stmt *stmt, unsigned index)
{
	char text[CLOCK_TEXT_BYTES > MONEY_TEXT_BYTES ? CLOCK_TEXT_BYTES
						      : MONEY_TEXT_BYTES];

	json_name(json, column->name);
	if (is_unknown(column, stmt, index)) {
		json_write_null(json);
		return;
	}
	switch (column->type) {
	case TYPE_TEXT: json_write_str(json, stmt_str(stmt, index)); return;
	case TYPE_INT: json_write_int(json, stmt_int(stmt, index)); return;
	case TYPE_BOOL:
		json_write_bool(json, stmt_int(stmt, index) != 0);
		return;
	case TYPE_TIME: clock_format(stmt_int(stmt, index), text); break;
	case TYPE_USD: money_format_usd(stmt_int(stmt, index), text); break;
	case TYPE_JSON: json_write_raw(json, stmt_str(stmt, index)); return;
	}
	json_write_str(json, str_of(text));
}

static bool is_unknown(
	const struct column *column, struct stmt *stmt, unsigned index)
{
	return stmt_is_null(stmt, index) ||
	       (column->type == TYPE_TEXT && stmt_str(stmt, index).n == 0);
}

static bool flush_text(struct buf *text, FILE *out, struct error *err)
{
	if (fwrite(text->p, 1, text->n, out) != text->n || fflush(out) != 0)
		return error_set(err, ERR_IO, "report: cannot write: %s",
			strerror(errno));
	buf_clear(text);
	return true;
}
