/*
 * requests_filter.h - which requests are meant, as their list and its export
 * are asked.
 */
#ifndef SITE_PAGES_REQUESTS_FILTER_H
#define SITE_PAGES_REQUESTS_FILTER_H

#include "ledger/request_filter.h"
#include "site/range.h"

/* For a page's fields. */
#define REQUESTS_FIELDS                                                       \
	RANGE_FIELDS,                                                         \
		{ .name = "outcome",                                          \
			.type = SITE_CHOICE,                                  \
			.choices = "ok|failed|cached|cut" },                  \
		{ .name = "status", .type = SITE_INT, .max = 999 },           \
		{ .name = "error", .type = SITE_TEXT, .max_bytes = 64 },      \
		{ .name = "model", .type = SITE_TEXT },                       \
		{ .name = "provider", .type = SITE_TEXT, .max_bytes = 64 },   \
		{ .name = "key", .type = SITE_INT, .max = INT64_MAX },        \
		{ .name = "user", .type = SITE_TEXT },                        \
		{ .name = "alias", .type = SITE_TEXT, .max_bytes = 191 },     \
		{ .name = "cost_above", .type = SITE_TEXT, .max_bytes = 32 }, \
	{                                                                     \
		.name = "text", .type = SITE_TEXT, .max_bytes = 200           \
	}

/* Of the session's organisation and project. ERR_BAD_FIELD: cost_above is no
 * amount. */
MUST_USE bool requests_filter_read(const struct site_request *request,
	const struct range *range, struct request_filter *out,
	struct error *err);

/* {"more": true when one of the less common ones is set, "any"} */
void requests_filter_put(const struct site_request *request, json_t *out);

/* What was asked for, encoded anew, without a cursor. In the arena. */
struct str requests_filter_query(struct site_request *request);

#endif
