/*
 * requests_export.c - /requests/export/csv and /requests/export/json: the
 * requests that a filter finds, all of them, as a file.
 */
#include "ledger/report.h"
#include "site/pages/pages.h"
#include "site/pages/requests_filter.h"
#include "site/stream.h"

static bool export_csv(
	struct site_request *request, json_t *out, struct error *err);
static bool export_json(
	struct site_request *request, json_t *out, struct error *err);
static bool export_as(struct site_request *request, enum report_format format,
	const char *ending, struct error *err);
static void free_report(void *report);
static bool fill(void *owner, struct db *db, struct buf *out, bool *more,
	struct error *err);

static const struct site_field fields[] = {
	REQUESTS_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_requests_export[] = {
	{ .path = STR("/requests/export/csv"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = export_csv },
	{ .path = STR("/requests/export/json"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = export_json },
	{ .path = STR("") },
};

static bool export_csv(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)out;
	return export_as(request, REPORT_CSV, "csv", err);
}

static bool export_json(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)out;
	return export_as(request, REPORT_JSON, "json", err);
}

static bool export_as(struct site_request *request, enum report_format format,
	const char *ending, struct error *err)
{
	struct format texts = format_of(request);
	struct request_filter filter;
	struct report *report;
	struct range range;

	if (!range_read(request, &texts, "24h", &range, err) ||
		!requests_filter_read(request, &range, &filter, err))
		return false;
	report = report_new(&filter, format);
	arena_defer(request->arena, free_report, report);
	site_stream(request,
		arena_printf(
			request->arena, "requests-%s.%s", range.name, ending),
		REPORT_PAGE_MAX_BYTES, fill, report);
	return true;
}

static void free_report(void *report)
{
	report_free(report);
}

static bool fill(void *owner, struct db *db, struct buf *out, bool *more,
	struct error *err)
{
	return report_next(owner, db, out, more, err);
}
