/*
 * metrics_read.c - the files of all processes: added up, folded, emptied.
 *
 * The one hard thing is that a dead process's file is folded exactly once,
 * though whoever folds may die at any point: the sums that already hold it
 * carry its name, and take the old sums' place in one step. A file that has
 * that name is only to be removed.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/money.h"
#include "hot/metrics_own.h"

/* What goes along with a visit of the files. */
struct visit {
	struct folder folder;
	struct series *sums;
	struct metrics_view *view;
};

static metrics_visit read_file, retire_file, reset_file;
static void fold(struct series *into, const struct series *from, bool lives);
static void fold_entry(struct series *into, enum metric metric,
	const struct series_entry *entry);
static enum metric metric_of(const struct series_entry *entry);
static bool remove_file(
	const struct visit *visit, const char *name, struct error *err);
static bool is_folded(const struct series *retired, const char *name);
static void empty(struct series *series);
static void add_line(
	struct metrics_view *view, const struct series_entry *entry);
static bool is_unused(
	const struct series_entry *entry, const struct metrics_line *line);
static bool is_empty(const struct series_entry *entry);
static int compare_lines(const void *a, const void *b);

bool metrics_read(
	struct metrics *metrics, struct metrics_view *view, struct error *err)
{
	struct visit visit = { .view = view };
	bool ok;

	*view = (struct metrics_view){ .oldest_started_ms = INT64_MAX };
	if (!metrics_folder_open(metrics->path, &visit.folder, err))
		return false;
	view->sums = metrics_retired_load(&visit.folder);
	series_add_others(view->sums);
	ok = metrics_files_each(&visit.folder, read_file, &visit, err);
	folder_close(&visit.folder);
	if (!ok) {
		metrics_view_release(view);
		return false;
	}
	metrics_view_sort(view);
	return true;
}

bool metrics_retire(struct metrics *metrics, struct error *err)
{
	struct visit visit = { .sums = NULL };
	bool ok;

	if (!metrics_folder_open(metrics->path, &visit.folder, err))
		return false;
	ok = metrics_files_each(&visit.folder, retire_file, &visit, err);
	folder_close(&visit.folder);
	series_free(visit.sums);
	return ok;
}

bool metrics_reset(struct metrics *metrics, struct error *err)
{
	struct visit visit = { .sums = NULL };
	bool ok;

	if (!metrics_folder_open(metrics->path, &visit.folder, err))
		return false;
	visit.sums = metrics_retired_load(&visit.folder);
	empty(visit.sums);
	ok = metrics_files_each(&visit.folder, reset_file, &visit, err) &&
	     metrics_retired_save(&visit.folder, visit.sums, err);
	folder_close(&visit.folder);
	series_free(visit.sums);
	return ok;
}

void metrics_view_release(struct metrics_view *view)
{
	series_free(view->sums);
	free(view->lines);
	*view = (struct metrics_view){ .sums = NULL };
}

void metrics_view_set(struct metrics_view *view, enum metric metric,
	const struct str *labels, int64_t value)
{
	char text[METRIC_TEXT_BYTES];
	bool overflowed;

	*series_find_or_other(view->sums, metric,
		metric_text(metric, labels, text), &overflowed) = value;
}

void metrics_view_sort(struct metrics_view *view)
{
	size_t room = 0;

	for (struct series_entry *entry = series_next(view->sums, NULL); entry;
		entry = series_next(view->sums, entry))
		room++;
	free(view->lines);
	view->line_count = 0;
	view->lines = calloc(room, sizeof(*view->lines));
	if (!view->lines)
		abort();
	for (struct series_entry *entry = series_next(view->sums, NULL); entry;
		entry = series_next(view->sums, entry))
		add_line(view, entry);
	qsort(view->lines, view->line_count, sizeof(*view->lines),
		compare_lines);
}

int64_t metrics_view_sum(const struct metrics_view *view, enum metric metric,
	unsigned label, struct str value)
{
	int64_t sum = 0;

	for (size_t i = 0; i < view->line_count; i++) {
		const struct metrics_line *line = &view->lines[i];

		if (line->metric == metric &&
			(value.n == 0 || str_equal(line->labels[label], value)))
			money_add(&sum, 1, line->values[0]);
	}
	return sum;
}

static bool read_file(
	const struct metrics_file *file, void *context, struct error *err)
{
	struct visit *visit = context;
	struct metrics_view *view = visit->view;
	struct series *series;

	if (is_folded(view->sums, file->name))
		return remove_file(visit, file->name, err);
	/* One of another version, or one that died before it began. */
	if (!series_map(file->file, &series, err))
		return true;
	fold(view->sums, series, file->lives);
	if (file->lives) {
		view->processes++;
		if (series_started_ms(series) < view->oldest_started_ms)
			view->oldest_started_ms = series_started_ms(series);
	}
	series_free(series);
	return true;
}

static bool retire_file(
	const struct metrics_file *file, void *context, struct error *err)
{
	struct visit *visit = context;
	struct series *series;

	if (file->lives)
		return true;
	if (!visit->sums) {
		visit->sums = metrics_retired_load(&visit->folder);
		series_add_others(visit->sums);
	}
	if (is_folded(visit->sums, file->name))
		return remove_file(visit, file->name, err);
	if (series_map(file->file, &series, err)) {
		fold(visit->sums, series, false);
		series_free(series);
		series_set_note(visit->sums, file->name);
		if (!metrics_retired_save(&visit->folder, visit->sums, err))
			return false;
	} else {
		log_info("metrics: %s is removed: %s", file->name,
			error_detail(err));
	}
	return remove_file(visit, file->name, err);
}

/* A call that ends meanwhile counts before or after. */
static bool reset_file(
	const struct metrics_file *file, void *context, struct error *err)
{
	struct visit *visit = context;
	struct series *series;

	if (is_folded(visit->sums, file->name))
		return remove_file(visit, file->name, err);
	if (!series_map(file->file, &series, err))
		return true;
	empty(series);
	series_free(series);
	return true;
}

static void fold(struct series *into, const struct series *from, bool lives)
{
	for (struct series_entry *entry = series_next(from, NULL); entry;
		entry = series_next(from, entry)) {
		enum metric metric = metric_of(entry);

		/* A gauge goes with its process. */
		if (metric != METRICS &&
			(lives || metric_row(metric)->type != METRIC_GAUGE) &&
			!is_empty(entry))
			fold_entry(into, metric, entry);
	}
}

static void fold_entry(struct series *into, enum metric metric,
	const struct series_entry *entry)
{
	bool overflowed = false;
	int64_t *values = series_find_or_other(
		into, metric, series_text(entry), &overflowed);

	for (size_t i = 0; i < entry->value_count; i++) {
		int64_t value =
			__atomic_load_n(&entry->values[i], __ATOMIC_RELAXED);

		if (metric_row(metric)->type != METRIC_NEWEST) {
			if (__builtin_add_overflow(
				    values[i], value, &values[i]))
				values[i] = INT64_MAX;
		} else if (value > values[i]) {
			values[i] = value;
		}
	}
}

/* METRICS: this version does not know it, or in another shape. */
static enum metric metric_of(const struct series_entry *entry)
{
	struct str rest = series_text(entry);
	struct str name;
	enum metric metric = METRICS;
	size_t labels = 0;

	if (str_next_field(&rest, METRIC_SEPARATOR, &name))
		metric = metric_find(name);
	for (size_t i = name.n; i < entry->text_bytes; i++)
		labels += series_text(entry).p[i] == METRIC_SEPARATOR;
	if (metric != METRICS &&
		(metric_value_count(metric) != entry->value_count ||
			metric_label_count(metric) != labels))
		metric = METRICS;
	return metric;
}

static bool remove_file(
	const struct visit *visit, const char *name, struct error *err)
{
	if (unlinkat(visit->folder.fd, name, 0) == 0 || errno == ENOENT)
		return true;
	return error_set(err, ERR_IO, "metrics: cannot remove %s in %s: %s",
		name, visit->folder.path, strerror(errno));
}

static bool is_folded(const struct series *retired, const char *name)
{
	return strcmp(series_note(retired), name) == 0;
}

static void empty(struct series *series)
{
	for (struct series_entry *entry = series_next(series, NULL); entry;
		entry = series_next(series, entry)) {
		enum metric metric = metric_of(entry);
		enum metric_type type = METRIC_COUNTER;

		if (metric != METRICS)
			type = metric_row(metric)->type;
		if (type == METRIC_GAUGE || type == METRIC_NEWEST)
			continue;
		for (size_t i = 0; i < entry->value_count; i++)
			__atomic_store_n(
				&entry->values[i], 0, __ATOMIC_RELAXED);
	}
}

static void add_line(
	struct metrics_view *view, const struct series_entry *entry)
{
	struct metrics_line *line = &view->lines[view->line_count];
	struct str rest = series_text(entry);
	struct str name;

	*line = (struct metrics_line){ .metric = metric_of(entry) };
	if (line->metric == METRICS ||
		!str_next_field(&rest, METRIC_SEPARATOR, &name))
		return;
	for (size_t i = 0; i < metric_label_count(line->metric); i++) {
		size_t n = str_index(rest, METRIC_SEPARATOR);

		line->labels[i] = str_head(rest, n);
		rest = str_from(rest, n + 1);
	}
	line->values = entry->values;
	if (!is_unused(entry, line))
		view->line_count++;
}

/* What nobody counted in: room for others, or emptied. */
static bool is_unused(
	const struct series_entry *entry, const struct metrics_line *line)
{
	if (!is_empty(entry) || metric_label_count(line->metric) == 0)
		return false;
	return metric_row(line->metric)->type != METRIC_GAUGE ||
	       str_equal(line->labels[0], S(METRIC_OTHER));
}

static bool is_empty(const struct series_entry *entry)
{
	for (size_t i = 0; i < entry->value_count; i++) {
		if (__atomic_load_n(&entry->values[i], __ATOMIC_RELAXED) != 0)
			return false;
	}
	return true;
}

static int compare_lines(const void *a, const void *b)
{
	const struct metrics_line *one = a;
	const struct metrics_line *other = b;
	int order = (int)one->metric - (int)other->metric;

	for (size_t i = 0; order == 0 && i < METRIC_MAX_LABELS; i++)
		order = str_compare(one->labels[i], other->labels[i]);
	return order;
}
