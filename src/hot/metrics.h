/*
 * metrics.h - what all processes of this machine have counted.
 *
 * Each process counts in a file of its own on tmpfs that it maps: adding is
 * an atomic instruction, a call of the system never. Who reads adds up the
 * files of all processes. What a process that died had counted, kill -9
 * included, stays counted: its file is folded into one of all the dead,
 * exactly once. All is lost at a reboot, as counters may be.
 *
 * Names and labels are in metrics_names.h. Labels are given in the order of
 * their names there, as many as the metric has; NULL for none. A value is cut
 * to METRIC_LABEL_BYTES, and must be one of a bounded set: who asks must not
 * be able to invent one. When there is no room for another series, "other" is
 * counted, and METRIC_OVERFLOW too.
 */
#ifndef HOT_METRICS_H
#define HOT_METRICS_H

#include "base/error.h"
#include "base/settings.h"
#include "hot/metrics_names.h"

#define METRIC_LABEL_BYTES 191

struct metrics;

/* Labels of one series, in a row. */
#define METRIC_LABELS(...) ((const struct str[]){ __VA_ARGS__ })

/*
 * After hot_open(), whose folder it uses. One process opens it once and uses
 * it from any thread, but not after a fork(). ERR_IO.
 */
MUST_USE bool metrics_open(const struct settings *settings,
	struct metrics **out, struct error *err);
/* Safe with NULL. What was counted stays. */
void metrics_close(struct metrics *metrics);

/* --- counting: from any thread, waits for nobody */

/* Of a counter or a gauge; a gauge may go down. */
void metrics_add(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t amount);
/* What this process has now, of a gauge without labels. */
void metrics_set(struct metrics *metrics, enum metric metric, int64_t value);
/* Of a METRIC_NEWEST: the value, unless there is a larger one. */
void metrics_raise(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t value);
/* Of a histogram. */
void metrics_observe(struct metrics *metrics, enum metric metric,
	const struct str *labels, int64_t value);

/* The numbers of one series, for who counts in it often: never NULL, valid
 * until metrics_close(). */
int64_t *metrics_find(
	struct metrics *metrics, enum metric metric, const struct str *labels);
void metrics_observe_in(int64_t *values, enum metric metric, int64_t value);

/* --- reading and care: these wait for locks and files, never on a loop */

/* Fold the files of dead processes. For the janitor. ERR_IO. */
MUST_USE bool metrics_retire(struct metrics *metrics, struct error *err);

/* All counters and histograms of the machine begin at 0 again. ERR_IO. */
MUST_USE bool metrics_reset(struct metrics *metrics, struct error *err);

struct metrics_line {
	enum metric metric;
	struct str labels[METRIC_MAX_LABELS];
	const int64_t *values;
};

/* The sums, sorted by metric and labels. The caller's own. */
struct metrics_view {
	struct metrics_line *lines;
	size_t line_count;
	size_t processes; /* that live */
	int64_t oldest_started_ms;
	struct series *sums;
};

/* ERR_IO. Release it with metrics_view_release(). */
MUST_USE bool metrics_read(
	struct metrics *metrics, struct metrics_view *view, struct error *err);
void metrics_view_release(struct metrics_view *view);
/* Add what is known only when it is asked for; then sort again. */
void metrics_view_set(struct metrics_view *view, enum metric metric,
	const struct str *labels, int64_t value);
void metrics_view_sort(struct metrics_view *view);
/* The sum of all series of a counter or gauge whose label `label` (an index)
 * has that value; of all, for an empty value. */
int64_t metrics_view_sum(const struct metrics_view *view, enum metric metric,
	unsigned label, struct str value);

#endif
