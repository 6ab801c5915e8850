/*
 * measure.h - what a process tells about itself now and then; jobs of the
 * janitor.
 */
#ifndef SERVER_MEASURE_H
#define SERVER_MEASURE_H

#include "gateway/gateway.h"

/* Memory, dropped log lines, the journal's depth. ERR_IO. */
MUST_USE bool measure_process(struct gateway *gateway, struct error *err);

/* Once a minute, by one process of the machine: the main sums as a line of
 * metrics.log. ERR_IO. */
MUST_USE bool measure_minute(struct gateway *gateway, struct error *err);

#endif
