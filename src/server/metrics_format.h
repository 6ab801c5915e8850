/*
 * metrics_format.h - the metrics as others read them.
 */
#ifndef SERVER_METRICS_FORMAT_H
#define SERVER_METRICS_FORMAT_H

#include "base/buf.h"
#include "hot/metrics.h"

/* Prometheus' text exposition format 0.0.4:
 * https://prometheus.io/docs/instrumenting/exposition_formats/ */
void metrics_format_prometheus(
	const struct metrics_view *view, struct buf *out);

/*
 * {"metrics":[{"name","help","type","series":[{"labels":{},"value"}]}]}; a
 * histogram's series has count, sum, and p50, p95, p99 in seconds, estimated
 * by interpolation within a bucket (null without any; what is above the last
 * bound is that bound).
 */
void metrics_format_json(const struct metrics_view *view, struct buf *out);

/*
 * The value below which that share of a histogram lies (permille), in its own
 * unit; -1 when it is empty.
 */
int64_t metrics_quantile(
	enum metric metric, const int64_t *values, int64_t permille);

#endif
