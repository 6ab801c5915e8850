/*
 * format.h - numbers, money, durations and times as people read them: in
 * their language and time zone.
 *
 * Each of the functions below puts an object: what programs need, exact, and
 * `text` for people:
 *
 *	cost     {"usd": "0.00001234", "text": "$0.00001234"}
 *	requests {"value": 12345, "text": "12,345", "short": "12.3k"}
 *	latency  {"us": 1234567, "text": "1.23 s"}    null when it is negative
 *	time     {"iso": "2026-11-21T08:30:00.123Z", "text": "Nov 21, 09:30:00"}
 *	share    {"percent": 12.5, "text": "12.5%"}
 */
#ifndef SITE_FORMAT_H
#define SITE_FORMAT_H

#include "base/time_zone.h"
#include "site/page.h"

struct format {
	struct arena *arena;
	const json_t *texts;
	const struct time_zone *zone;
	char point, thousands; /* "1,234.5" */
	bool sign_first;       /* "$1" and "5%", else "1 US$" and "5 %" */
};

/* Of the request's user. */
struct format format_of(const struct site_request *request);

struct str format_count(const struct format *format, int64_t value);
struct str format_short(const struct format *format, int64_t value);
struct str format_usd(const struct format *format, int64_t picousd);
struct str format_duration(const struct format *format, int64_t us);
/* Of `whole`, to a tenth; "" when that is 0. */
struct str format_share(
	const struct format *format, int64_t part, int64_t whole);
/* "Nov 21, 09:30:00", "Nov 21, 09:30", "Nov 21", "09:30" */
enum format_time {
	FORMAT_SECONDS,
	FORMAT_MINUTES,
	FORMAT_DAY,
	FORMAT_CLOCK,
};
struct str format_time(
	const struct format *format, int64_t unix_ms, enum format_time detail);

void format_put_count(const struct format *format, json_t *object,
	const char *name, int64_t value);
void format_put_usd(const struct format *format, json_t *object,
	const char *name, int64_t picousd);
void format_put_duration(const struct format *format, json_t *object,
	const char *name, int64_t us);
void format_put_time(const struct format *format, json_t *object,
	const char *name, int64_t unix_ms);
void format_put_share(const struct format *format, json_t *object,
	const char *name, int64_t part, int64_t whole);

#endif
