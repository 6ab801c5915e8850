/*
 * metrics_own.h - what metrics.c and metrics_read.c share.
 */
#ifndef HOT_METRICS_OWN_H
#define HOT_METRICS_OWN_H

#include "hot/metrics.h"
#include "hot/metrics_files.h"
#include "hot/metrics_series.h"

/* In the text of a series, before each label's value. */
#define METRIC_SEPARATOR '\x1f'
#define METRIC_OTHER "other"
#define METRIC_TEXT_BYTES (64 + METRIC_MAX_LABELS * (METRIC_LABEL_BYTES + 1))

struct metrics {
	char path[PATH_MAX]; /* of the folder */
	int file;
	struct series *own;
	int64_t *overflow;
};

/* The text of a series; of "other" without labels. */
struct str metric_text(enum metric metric, const struct str *labels,
	char out[METRIC_TEXT_BYTES]);

/* The series of that text or, when there is no room, the metric's "other",
 * which series_add_others() must have put there. */
int64_t *series_find_or_other(struct series *series, enum metric metric,
	struct str text, bool *overflowed);
void series_add_others(struct series *series);

#endif
