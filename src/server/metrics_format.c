/*
 * metrics_format.c - the text format, and JSON.
 */
#include "server/metrics_format.h"

#include "base/json.h"

#define FIXED_TEXT_BYTES 32

static void write_head(const struct metric_row *row, struct buf *out);
static void write_line(const struct metrics_line *line, struct buf *out);
static void write_histogram(const struct metrics_line *line, struct buf *out);
static void write_name(const struct metrics_line *line, const char *suffix,
	struct str bound, struct buf *out);
static void write_escaped(struct str value, struct buf *out);
static void write_series(
	const struct metrics_line *line, struct json_writer *w);
static void write_quantiles(
	const struct metrics_line *line, struct json_writer *w);
static struct str fixed(
	int64_t value, unsigned decimals, char out[FIXED_TEXT_BYTES]);
static int64_t count_of(enum metric metric, const int64_t *values);
static const char *type_name(enum metric_type type);

void metrics_format_prometheus(const struct metrics_view *view, struct buf *out)
{
	enum metric last = METRICS;

	for (size_t i = 0; i < view->line_count; i++) {
		const struct metrics_line *line = &view->lines[i];
		const struct metric_row *row = metric_row(line->metric);

		if (line->metric != last)
			write_head(row, out);
		last = line->metric;
		if (row->type == METRIC_HISTOGRAM)
			write_histogram(line, out);
		else
			write_line(line, out);
	}
}

void metrics_format_json(const struct metrics_view *view, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_name(&w, "metrics");
	json_begin_array(&w);
	for (size_t i = 0; i < view->line_count;) {
		enum metric metric = view->lines[i].metric;
		const struct metric_row *row = metric_row(metric);

		json_begin_object(&w);
		json_member_str(&w, "name", str_of(row->name));
		json_member_str(&w, "help", str_of(row->help));
		json_member_str(&w, "type", str_of(type_name(row->type)));
		json_name(&w, "series");
		json_begin_array(&w);
		for (; i < view->line_count && view->lines[i].metric == metric;
			i++)
			write_series(&view->lines[i], &w);
		json_end_array(&w);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_end_object(&w);
	buf_append_char(out, '\n');
}

int64_t metrics_quantile(
	enum metric metric, const int64_t *values, int64_t permille)
{
	const struct metric_row *row = metric_row(metric);
	int64_t total = count_of(metric, values);
	/* Which one in the order of size, rounded up. */
	int64_t rank = total / 1000 * permille +
		       (total % 1000 * permille + 999) / 1000;
	int64_t low = 0;

	if (total == 0)
		return -1;
	for (size_t i = 0; i < row->bound_count; i++) {
		if (rank <= values[i])
			return low +
			       (int64_t)((double)(row->bounds[i] - low) *
					 (double)rank / (double)values[i]);
		rank -= values[i];
		low = row->bounds[i];
	}
	return low;
}

static void write_head(const struct metric_row *row, struct buf *out)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->help,
		row->name, type_name(row->type));
}

static void write_line(const struct metrics_line *line, struct buf *out)
{
	char text[FIXED_TEXT_BYTES];

	write_name(line, "", S(""), out);
	buf_append(out, fixed(line->values[0],
				metric_row(line->metric)->decimals, text));
	buf_append_char(out, '\n');
}

/* Cumulative, with the rest under "+Inf". */
static void write_histogram(const struct metrics_line *line, struct buf *out)
{
	const struct metric_row *row = metric_row(line->metric);
	char text[FIXED_TEXT_BYTES];
	int64_t count = 0;

	for (size_t i = 0; i <= row->bound_count; i++) {
		struct str bound = S("+Inf");

		if (i < row->bound_count)
			bound = fixed(row->bounds[i], row->decimals, text);
		count += line->values[i];
		write_name(line, "_bucket", bound, out);
		buf_append_int(out, count);
		buf_append_char(out, '\n');
	}
	write_name(line, "_sum", S(""), out);
	buf_append(out,
		fixed(line->values[row->bound_count + 1], row->decimals, text));
	buf_append_char(out, '\n');
	write_name(line, "_count", S(""), out);
	buf_append_int(out, count);
	buf_append_char(out, '\n');
}

/* The name with its labels, and a space. */
static void write_name(const struct metrics_line *line, const char *suffix,
	struct str bound, struct buf *out)
{
	const struct metric_row *row = metric_row(line->metric);
	size_t count = metric_label_count(line->metric);
	char before = '{';

	buf_printf(out, "%s%s", row->name, suffix);
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%c%s=\"", before, row->labels[i]);
		write_escaped(line->labels[i], out);
		buf_append_char(out, '"');
		before = ',';
	}
	if (bound.n > 0) {
		buf_printf(out, "%cle=\"%.*s\"", before, STR_ARG(bound));
		before = ',';
	}
	buf_append(out, before == ',' ? S("} ") : S(" "));
}

static void write_escaped(struct str value, struct buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\\' || value.p[i] == '"')
			buf_append_char(out, '\\');
		if (value.p[i] == '\n')
			buf_append(out, S("\\n"));
		else
			buf_append_char(out, value.p[i]);
	}
}

static void write_series(const struct metrics_line *line, struct json_writer *w)
{
	const struct metric_row *row = metric_row(line->metric);
	char text[FIXED_TEXT_BYTES];

	json_begin_object(w);
	json_name(w, "labels");
	json_begin_object(w);
	for (size_t i = 0; i < metric_label_count(line->metric); i++)
		json_member_str(w, row->labels[i], line->labels[i]);
	json_end_object(w);
	if (row->type == METRIC_HISTOGRAM)
		write_quantiles(line, w);
	else
		json_member_raw(w, "value",
			fixed(line->values[0], row->decimals, text));
	json_end_object(w);
}

static void write_quantiles(
	const struct metrics_line *line, struct json_writer *w)
{
	static const struct {
		const char *name;
		int64_t permille;
	} quantiles[] = { { "p50", 500 }, { "p95", 950 }, { "p99", 990 } };
	const struct metric_row *row = metric_row(line->metric);
	char text[FIXED_TEXT_BYTES];

	json_member_int(w, "count", count_of(line->metric, line->values));
	json_member_raw(w, "sum",
		fixed(line->values[row->bound_count + 1], row->decimals, text));
	for (size_t i = 0; i < ARRAY_LEN(quantiles); i++) {
		int64_t value = metrics_quantile(
			line->metric, line->values, quantiles[i].permille);

		if (value < 0)
			json_member_null(w, quantiles[i].name);
		else
			json_member_raw(w, quantiles[i].name,
				fixed(value, row->decimals, text));
	}
}

/* Exact, without zeros at its end. */
static struct str fixed(
	int64_t value, unsigned decimals, char out[FIXED_TEXT_BYTES])
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	uint64_t unit = 1;
	int n;

	for (unsigned i = 0; i < decimals; i++)
		unit *= 10;
	n = snprintf(out, FIXED_TEXT_BYTES, "%s%" PRIu64, value < 0 ? "-" : "",
		rest / unit);
	if (rest % unit != 0) {
		n += snprintf(out + n, FIXED_TEXT_BYTES - (size_t)n,
			".%0*" PRIu64, (int)decimals, rest % unit);
		while (out[n - 1] == '0')
			n--;
	}
	return (struct str){ out, (size_t)n };
}

static int64_t count_of(enum metric metric, const int64_t *values)
{
	int64_t count = 0;

	for (size_t i = 0; i <= metric_row(metric)->bound_count; i++)
		count += values[i];
	return count;
}

static const char *type_name(enum metric_type type)
{
	switch (type) {
	case METRIC_COUNTER: return "counter";
	case METRIC_GAUGE:
	case METRIC_NEWEST: return "gauge";
	case METRIC_HISTOGRAM: return "histogram";
	}
	abort();
}
