/*
 * metrics.h - the pages on what the processes of this machine have counted.
 */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "gateway/gateway.h"

/* GET /api/metrics/prometheus */
void metrics_prometheus_page(struct http_exchange *x);
/* GET /api/metrics/custom: the same as JSON, with quantiles */
void metrics_custom_page(struct http_exchange *x);
/* POST /api/metrics/reset */
void metrics_reset_page(struct http_exchange *x);

/*
 * What was counted, and what can only be told now: breakers, journal, ratios.
 * Blocks. ERR_IO. Release it with metrics_view_release().
 */
MUST_USE bool metrics_gather(
	struct gateway *gateway, struct metrics_view *view, struct error *err);

#endif
