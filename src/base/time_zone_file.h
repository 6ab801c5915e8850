/*
 * time_zone_file.h - what a zone's clocks do, from a file of the IANA
 * database (TZif, RFC 8536).
 *
 * Times are Unix seconds, offsets seconds east of UTC.
 */
#ifndef BASE_TIME_ZONE_FILE_H
#define BASE_TIME_ZONE_FILE_H

#include "base/str.h"

/* From `at` on the offset holds. */
struct zone_transition {
	int64_t at;
	int32_t offset;
};

/* "M3.5.0/2": when in a year, in local seconds. */
struct zone_date {
	enum { ZONE_JULIAN, ZONE_DAY_OF_YEAR, ZONE_WEEKDAY } kind;
	int month, week, day;
	int32_t time; /* of the day; may be negative, or beyond it */
};

/* What the footer says of the years after the last transition. */
struct zone_rule {
	bool has_summer; /* else `offset` holds for ever */
	int32_t offset;  /* standard time */
	int32_t summer_offset;
	struct zone_date begins; /* of summer time, by standard time */
	struct zone_date ends;   /* by summer time */
};

/* All zero is UTC. */
struct zone_clock {
	int32_t first_offset; /* before the first transition */
	struct zone_transition *transitions;
	size_t count;
	bool has_rule;
	struct zone_rule rule;
};

/* A time within which the offset stays the same. */
struct zone_span {
	int64_t from;  /* INT64_MIN: always was */
	int64_t until; /* not in it any more; INT64_MAX: for ever */
	int32_t offset;
};

/*
 * False when these are not the bytes of such a file, or of one that counts
 * leap seconds (then `out` has nothing to release). The transitions are
 * allocated; zone_clock_release() frees them.
 */
MUST_USE bool zone_clock_read(struct str bytes, struct zone_clock *out);
void zone_clock_release(struct zone_clock *clock);

/* The span that the time is in. */
struct zone_span zone_clock_span(
	const struct zone_clock *clock, int64_t second);

#endif
