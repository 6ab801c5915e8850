/*
 * report.c - reading the request log page by page. The next page begins
 * after the last row of the one before, by the table's own key, so that every
 * page costs the same and rows that arrive meanwhile move nothing.
 */
#include "ledger/report.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/money.h"
#include "db/stmt.h"

#define PAGE_ROWS 1000
#define PAGE_MAX_BYTES (64 << 20)

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

/* In the order of SELECT_PAGE. */
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
	{ "attempt_list", TYPE_JSON },
};

#define SELECT_PAGE                                                         \
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
	" (SELECT JSON_ARRAYAGG(JSON_OBJECT('attempt', t.attempt,"          \
	" 'model', t.model_used, 'provider', t.provider,"                   \
	" 'provider_key_id', t.provider_key_id, 'status', t.status,"        \
	" 'error', t.error, 'error_detail', t.error_detail,"                \
	" 'advice', t.advice,"                                              \
	" 'upstream_request_id', t.upstream_request_id,"                    \
	" 'offset_us', t.offset_us, 'connect_us', t.connect_us,"            \
	" 'first_byte_us', t.first_byte_us, 'total_us', t.total_us)"        \
	" ORDER BY t.attempt) FROM request_attempts t"                      \
	" WHERE t.started_ms = r.started_ms"                                \
	" AND t.request_id = r.request_id)"                                 \
	" FROM requests r"                                                  \
	" LEFT JOIN projects p ON p.id = r.project_id"                      \
	" LEFT JOIN gateway_keys k ON k.id = r.key_id"                      \
	" WHERE r.started_ms >= ? AND r.started_ms < ?"                     \
	" AND (r.started_ms > ? OR r.request_id > ?)"                       \
	" ORDER BY r.started_ms, r.request_id LIMIT 1000"

_Static_assert(PAGE_ROWS == 1000, "as in SELECT_PAGE");

struct report {
	struct db *db;
	enum report_format format;
	FILE *out;
	struct buf text; /* of one page */
	int64_t to_ms;
	/* The last row written; the next page begins after it. */
	int64_t last_ms;
	struct buf last_id;
	size_t rows;
};

static void write_head(struct report *report);
static bool write_page(struct report *report, size_t *rows, struct error *err);
static void write_row(struct report *report, struct stmt *stmt);
static void write_csv_cell(struct buf *out, const struct column *column,
	struct stmt *stmt, unsigned index);
static void append_csv_text(struct buf *out, struct str text);
static void write_json_member(struct json_writer *json,
	const struct column *column, struct stmt *stmt, unsigned index);
static bool is_unknown(
	const struct column *column, struct stmt *stmt, unsigned index);
static bool flush_text(struct report *report, struct error *err);

bool report_export(struct db *db, int64_t from_ms, int64_t to_ms,
	enum report_format format, FILE *out, struct error *err)
{
	struct report report = {
		.db = db,
		.format = format,
		.out = out,
		.text = BUF_INIT(PAGE_MAX_BYTES),
		.to_ms = to_ms,
		.last_ms = from_ms,
		.last_id = BUF_INIT(256),
	};
	size_t rows = PAGE_ROWS;
	bool exported = true;

	write_head(&report);
	while (exported && rows == PAGE_ROWS)
		exported = write_page(&report, &rows, err) &&
			   flush_text(&report, err);
	if (exported && format == REPORT_JSON) {
		buf_append(&report.text, S("\n]\n"));
		exported = flush_text(&report, err);
	}
	buf_release(&report.text);
	buf_release(&report.last_id);
	return exported;
}

static void write_head(struct report *report)
{
	if (report->format == REPORT_JSON) {
		buf_append_char(&report->text, '[');
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		if (columns[i].type == TYPE_JSON)
			continue;
		if (i > 0)
			buf_append_char(&report->text, ',');
		buf_append(&report->text, str_of(columns[i].name));
	}
	buf_append(&report->text, S("\r\n"));
}

static bool write_page(struct report *report, size_t *rows, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*rows = 0;
	if (!stmt_prepare(report->db, &stmt, SELECT_PAGE, err))
		return false;
	stmt_bind_int(stmt, report->last_ms);
	stmt_bind_int(stmt, report->to_ms);
	stmt_bind_int(stmt, report->last_ms);
	stmt_bind_str(stmt, buf_str(&report->last_id));
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		write_row(report, stmt);
		report->last_ms = stmt_int(stmt, 1);
		buf_clear(&report->last_id);
		buf_append(&report->last_id, stmt_str(stmt, 0));
		report->rows++;
		++*rows;
	}
	return false;
}

static void write_row(struct report *report, struct stmt *stmt)
{
	struct json_writer json;

	if (report->format == REPORT_CSV) {
		for (unsigned i = 0; i < ARRAY_LEN(columns); i++) {
			if (columns[i].type == TYPE_JSON)
				continue;
			if (i > 0)
				buf_append_char(&report->text, ',');
			write_csv_cell(&report->text, &columns[i], stmt, i);
		}
		buf_append(&report->text, S("\r\n"));
		return;
	}
	buf_append(&report->text, report->rows > 0 ? S(",\n") : S("\n"));
	json_writer_init(&json, &report->text);
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
	case TYPE_TEXT: append_csv_text(out, stmt_str(stmt, index)); return;
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

static void append_csv_text(struct buf *out, struct str text)
{
	bool is_formula = text.n > 0 && memchr("=+-@\t\r", text.p[0], 6);

	buf_append_char(out, '"');
	if (is_formula)
		buf_append_char(out, '\'');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_append_char(out, '"');
		/* Many readers take a NUL for the end of the file. */
		if (text.p[i] == '\0')
			buf_append(out, S("\xef\xbf\xbd"));
		else
			buf_append_char(out, text.p[i]);
	}
	buf_append_char(out, '"');
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

static bool flush_text(struct report *report, struct error *err)
{
	size_t n = report->text.n;

	if (report->text.failed)
		return error_set(err, ERR_IO, "report: a page is too large");
	if (fwrite(report->text.p, 1, n, report->out) != n ||
		fflush(report->out) != 0)
		return error_set(err, ERR_IO, "report: cannot write: %s",
			strerror(errno));
	buf_clear(&report->text);
	return true;
}
