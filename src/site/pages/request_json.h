/*
 * request_json.h - a row of the request log, as pages show it.
 */
#ifndef SITE_PAGES_REQUEST_JSON_H
#define SITE_PAGES_REQUEST_JSON_H

#include "ledger/request_log.h"
#include "site/format.h"

/* What a list needs. */
json_t *request_json(
	const struct format *format, const struct request_row *row);
json_t *request_json_list(const struct format *format,
	const struct request_row *rows, size_t count);

/* All of it: attempts, timeline, route. */
json_t *request_json_whole(
	const struct format *format, const struct request_row *row);

/* Why it went where it went, as request_json_whole() has it: what was asked
 * for, the reason, the candidates, what the choice saved. */
json_t *request_json_route(
	const struct format *format, const struct request_row *row);

#endif
