/*
 * time_zone.h - where a day and a month begin in a part of the world.
 *
 * Zones are those of the machine's IANA database (/usr/share/zoneinfo, the
 * package tzdata), read at first use and kept, unchanged, as long as the
 * process: a newer tzdata counts after a restart. "UTC" needs no database.
 *
 * Days follow each other without gap or overlap, whatever the clocks of a
 * zone do: a day begins when its date is first reached. So it may have 23 or
 * 25 hours, begin at 01:00 where midnight is skipped, or be missing; an hour
 * that comes twice around midnight belongs to the later date both times.
 *
 * Times are Unix milliseconds. Threads may share a zone.
 */
#ifndef BASE_TIME_ZONE_H
#define BASE_TIME_ZONE_H

#include "base/error.h"

/* As in "America/Argentina/ComodRivadavia". */
#define TIME_ZONE_NAME_MAX_BYTES 64

struct time_zone;

/* Valid as long as the process; reads a file at first. ERR_BAD_FIELD, with
 * "time_zone" at fault: there is no zone of that name here. */
MUST_USE bool time_zone_load(
	struct str name, const struct time_zone **out, struct error *err);
const struct time_zone *time_zone_utc(void);

struct str time_zone_name(const struct time_zone *zone);

/* What clocks there show at that time, as if it were UTC: for clock_format().
 */
int64_t time_zone_local_ms(const struct time_zone *zone, int64_t unix_ms);
/* When the date there begins on which clocks show local_ms. */
int64_t time_zone_date_start(const struct time_zone *zone, int64_t local_ms);

/* The first millisecond of the day, or month, that the time falls in. */
int64_t time_zone_day_start(const struct time_zone *zone, int64_t unix_ms);
int64_t time_zone_month_start(const struct time_zone *zone, int64_t unix_ms);
/* The first millisecond of the next one. */
int64_t time_zone_day_end(const struct time_zone *zone, int64_t unix_ms);
int64_t time_zone_month_end(const struct time_zone *zone, int64_t unix_ms);

#endif
