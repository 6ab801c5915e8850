/*
 * metrics_names.h - what is measured: one row for each metric.
 *
 * A value is a whole number; `decimals` says where its point stands when it
 * is shown: a histogram of microseconds is shown in seconds with 6, a cost in
 * pico-dollars in dollars with 12.
 */
#ifndef HOT_METRICS_NAMES_H
#define HOT_METRICS_NAMES_H

#include "base/str.h"

enum metric {
	METRIC_HTTP_REQUESTS,
	METRIC_HTTP_DURATION,
	METRIC_ACTIVE_CONNECTIONS,
	METRIC_LLM_REQUESTS,
	METRIC_LLM_DURATION,
	METRIC_LLM_FIRST_TOKEN,
	METRIC_LLM_TOKEN_GAP,
	METRIC_LLM_TOKENS,
	METRIC_LLM_COST,
	METRIC_LLM_SAVED,
	METRIC_CACHE_REQUESTS,
	METRIC_CACHE_HIT_RATIO,
	METRIC_CACHE_ANSWERS,
	METRIC_CACHE_BYTES,
	METRIC_CACHE_MAX_BYTES,
	METRIC_ERRORS,
	METRIC_REFUSALS,
	METRIC_QUEUE,
	METRIC_ATTEMPTS,
	METRIC_AFFINITY,
	METRIC_BREAKER_STATE,
	METRIC_PROVIDER_SUCCESS,
	METRIC_PROVIDER_FAILURE,
	METRIC_JOURNAL_BYTES,
	METRIC_LOG_DROPPED,
	METRIC_OVERFLOW,
	METRIC_INFO,
	METRIC_UPTIME,
	METRIC_PROCESSES,
	METRIC_LOOPS,
	METRIC_WORKER_QUEUE,
	METRIC_RESIDENT_BYTES,
	METRICS /* how many */
};

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,  /* the sum over the processes that live */
	METRIC_NEWEST, /* a gauge: the largest that any process ever had */
	METRIC_HISTOGRAM,
};

#define METRIC_MAX_LABELS 4
#define METRIC_MAX_VALUES 20

struct metric_row {
	const char *name;
	const char *help;
	enum metric_type type;
	unsigned decimals;
	const char *labels[METRIC_MAX_LABELS];
	const int64_t *bounds; /* of a histogram, rising */
	size_t bound_count;
};

const struct metric_row *metric_row(enum metric metric);
/* METRICS when there is none of that name. */
enum metric metric_find(struct str name);

size_t metric_label_count(enum metric metric);
/*
 * How many numbers a series of it has. A histogram: one for each bound, for
 * what is not above it and was not below an earlier one; one for the rest;
 * then the sum.
 */
size_t metric_value_count(enum metric metric);

#endif
