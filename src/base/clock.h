/*
 * clock.h - two clocks: one that only goes forward, for durations, and the
 * calendar's, for what people read. All text is UTC.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

/* Since an arbitrary start; never goes back. */
int64_t clock_monotonic_ns(void);
int64_t clock_monotonic_ms(void);

/* Since 1970-01-01T00:00:00Z. */
int64_t clock_unix_ms(void);

#define CLOCK_TEXT_BYTES 25

/* "2026-11-21T08:30:00.123Z" */
void clock_format(int64_t unix_ms, char out[CLOCK_TEXT_BYTES]);
/* "2026-11-21 08:30:00.123", as MariaDB reads a DATETIME(3) */
void clock_format_sql(int64_t unix_ms, char out[CLOCK_TEXT_BYTES]);

/*
 * Read "2026-11-21", "2026-11-21T08:30:00", with ' ' for 'T', a fraction of
 * up to three digits and a final 'Z' all optional. False on anything else,
 * also on a date that no calendar has.
 */
MUST_USE bool clock_parse(struct str text, int64_t *unix_ms);

#endif
