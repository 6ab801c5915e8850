/*
 * range.h - the span of time that a page shows: the last hour, day, week,
 * month or quarter, the day or month that runs, or from one date to another.
 */
#ifndef SITE_RANGE_H
#define SITE_RANGE_H

#include "ledger/usage_sum.h"
#include "site/format.h"

/* For a page's fields. */
#define RANGE_FIELDS                                                 \
	{ .name = "range",                                           \
		.type = SITE_CHOICE,                                 \
		.choices = "1h|24h|today|7d|30d|month|90d|custom" }, \
		{ .name = "from", .type = SITE_DATE },               \
	{                                                            \
		.name = "to", .type = SITE_DATE                      \
	}

struct range {
	const char *name;
	int64_t from_ms;
	int64_t to_ms; /* before which it ends */
	enum usage_step step;
	int64_t bar_ms; /* of a chart; a multiple of the step's */
};

/*
 * As the request asks; without dates, what `usual` names. Dates are those of
 * the user's time zone. ERR_BAD_FIELD: it ends before it begins.
 */
MUST_USE bool range_read(const struct site_request *request,
	const struct format *format, const char *usual, struct range *out,
	struct error *err);

/* {"name", "from", "to", "options": [{"name", "label", "is_current"}]}, and
 * the page's other fields: "keep", the beginning of a query, and "fields". */
void range_put(const struct site_request *request, const struct format *format,
	const struct range *range, json_t *out);

#endif
