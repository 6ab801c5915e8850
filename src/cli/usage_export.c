/*
 * usage_export.c - the request log of some days, on standard output.
 */
#include "base/clock.h"
#include "cli/command.h"
#include "ledger/report.h"

#define DATE_BYTES 10 /* "2026-11-21" */
#define DAY_MS INT64_C(86400000)

static const struct option_row options[] = {
	{ "from", "DATE", "the first day or time (default: the beginning)" },
	{ "to", "DATE",
		"the last day, or the time before which (default: now)" },
	{ "format", "csv|json", "default: csv; json with --json" },
	{ NULL, NULL, NULL },
};

static bool read_period(const struct arguments *arguments, int64_t *from_ms,
	int64_t *to_ms, struct error *err);
static bool read_format(const struct arguments *arguments,
	enum report_format *format, struct error *err);

static bool run(struct session *session, struct error *err)
{
	enum report_format format;
	int64_t from_ms, to_ms;

	if (!read_period(&session->arguments, &from_ms, &to_ms, err) ||
		!read_format(&session->arguments, &format, err) ||
		!session_open_database(session, err))
		return false;
	output_none(&session->output);
	return report_export(session->db, from_ms, to_ms, format, stdout, err);
}

/* A day without a time is taken whole. */
static bool read_period(const struct arguments *arguments, int64_t *from_ms,
	int64_t *to_ms, struct error *err)
{
	*from_ms = 0;
	*to_ms = clock_unix_ms();
	if (!arguments_time(arguments, "from", from_ms, err) ||
		!arguments_time(arguments, "to", to_ms, err))
		return false;
	if (arguments_text(arguments, "to").n == DATE_BYTES)
		*to_ms += DAY_MS;
	if (*from_ms >= *to_ms)
		return error_refuse(err, ERR_BAD_REQUEST, "from",
			"--from must be before --to.");
	return true;
}

static bool read_format(const struct arguments *arguments,
	enum report_format *format, struct error *err)
{
	struct str word = arguments_text(arguments, "format");

	*format = arguments_has(arguments, "json") ? REPORT_JSON : REPORT_CSV;
	if (str_equal(word, S("json")))
		*format = REPORT_JSON;
	else if (str_equal(word, S("csv")))
		*format = REPORT_CSV;
	else if (word.n)
		return error_refuse(err, ERR_BAD_REQUEST, "format",
			"--format is csv or json.");
	return true;
}

const struct command command_usage_export = {
	.words = "usage export",
	.operands = "",
	.help = "print the request log as CSV or JSON",
	.options = options,
	.needs = NEEDS_SETTINGS,
	.run = run,
};
