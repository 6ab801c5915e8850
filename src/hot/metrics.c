/*
 * metrics.c - counting in the own file. Reading is in metrics_read.c.
 */
#include "hot/metrics.h"

#include <unistd.h>

#include "base/json_text.h"
#include "hot/metrics_own.h"

static bool open_own(struct metrics *metrics, struct error *err);
static size_t clean(struct str value, char *out);

bool metrics_open(const struct settings *settings, struct metrics **out,
	struct error *err)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));

	if (!metrics)
		abort();
	metrics->file = -1;
	if ((size_t)snprintf(metrics->path, sizeof(metrics->path),
		    "%.*s/metrics",
		    STR_ARG(settings->hot_dir)) >= sizeof(metrics->path) ||
		!open_own(metrics, err)) {
		metrics_close(metrics);
		return false;
	}
	*out = metrics;
	return true;
}

void metrics_close(struct metrics *metrics)
{
	if (!metrics)
		return;
	series_free(metrics->own);
	if (metrics->file >= 0)
		close(metrics->file);
	free(metrics);
}

void metrics_add(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t amount)
{
	int64_t *values = metrics_find(metrics, metric, labels);

	assert(metric_row(metric)->type <= METRIC_GAUGE);
	__atomic_fetch_add(values, amount, __ATOMIC_RELAXED);
}

void metrics_set(struct metrics *metrics, enum metric metric, int64_t value)
{
	assert(metric_row(metric)->type == METRIC_GAUGE);
	__atomic_store_n(
		metrics_find(metrics, metric, NULL), value, __ATOMIC_RELAXED);
}

void metrics_raise(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t value)
{
	int64_t *newest = metrics_find(metrics, metric, labels);
	int64_t old = __atomic_load_n(newest, __ATOMIC_RELAXED);

	assert(metric_row(metric)->type == METRIC_NEWEST);
	while (old < value && !__atomic_compare_exchange_n(newest, &old, value,
				      true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		continue;
}

void metrics_observe(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t value)
{
	metrics_observe_in(
		metrics_find(metrics, metric, labels), metric, value);
}

void metrics_observe_in(int64_t *values, enum metric metric, int64_t value)
{
	const struct metric_row *row = metric_row(metric);
	size_t bucket = 0;

	assert(row->type == METRIC_HISTOGRAM);
	while (bucket < row->bound_count && value > row->bounds[bucket])
		bucket++;
	__atomic_fetch_add(&values[bucket], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(
		&values[row->bound_count + 1], value, __ATOMIC_RELAXED);
}

int64_t *metrics_find(
	struct metrics *metrics, enum metric metric, const struct str *labels)
{
	char text[METRIC_TEXT_BYTES];
	bool overflowed = false;
	int64_t *values = series_find_or_other(metrics->own, metric,
		metric_text(metric, labels, text), &overflowed);

	if (overflowed)
		__atomic_fetch_add(metrics->overflow, 1, __ATOMIC_RELAXED);
	return values;
}

struct str metric_text(enum metric metric, const struct str *labels,
	char out[METRIC_TEXT_BYTES])
{
	const char *name = metric_row(metric)->name;
	size_t count = metric_label_count(metric);
	size_t n = strlen(name);

	memcpy(out, name, n);
	for (size_t i = 0; i < count; i++) {
		out[n++] = METRIC_SEPARATOR;
		n += clean(labels ? labels[i] : S(METRIC_OTHER), out + n);
	}
	return (struct str){ out, n };
}

int64_t *series_find_or_other(struct series *series, enum metric metric,
	struct str text, bool *overflowed)
{
	size_t count = metric_value_count(metric);
	int64_t *values = series_find(series, text, count);
	char other[METRIC_TEXT_BYTES];

	if (values)
		return values;
	*overflowed = true;
	values = series_find_reserved(
		series, metric_text(metric, NULL, other), count);
	assert(values);
	return values;
}

void series_add_others(struct series *series)
{
	char other[METRIC_TEXT_BYTES];

	for (size_t i = 0; i < METRICS; i++) {
		enum metric metric = (enum metric)i;

		if (!series_find_reserved(series,
			    metric_text(metric, NULL, other),
			    metric_value_count(metric)))
			abort();
	}
}

/* Where "other" is counted exists from the beginning. */
static bool open_own(struct metrics *metrics, struct error *err)
{
	struct folder folder;
	bool ok;

	if (!metrics_folder_open(metrics->path, &folder, err))
		return false;
	ok = metrics_file_create(&folder, &metrics->file, err) &&
	     series_create(metrics->file, &metrics->own, err);
	folder_close(&folder);
	if (!ok)
		return false;
	series_add_others(metrics->own);
	metrics->overflow = metrics_find(metrics, METRIC_OVERFLOW, NULL);
	return true;
}

/* As UTF-8 without control characters, cut between two characters. */
static size_t clean(struct str value, char *out)
{
	const char *end = value.p + value.n;
	size_t n = 0;

	for (const char *p = value.p; p < end;) {
		int width =
			(unsigned char)*p < 0x80 ? 1 : json_text_utf8(p, end);
		size_t bytes = width > 0 ? (size_t)width : 1;

		if (n + bytes > METRIC_LABEL_BYTES)
			break;
		memcpy(out + n, p, bytes);
		if (width < 0 || (unsigned char)*p < 0x20 || *p == 0x7f)
			out[n] = '?';
		n += bytes;
		p += width > 0 ? width : -width;
	}
	return n;
}
