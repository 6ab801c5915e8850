/*
 * time_zone.c - the zones that were asked for, and their calendar.
 */
#include "base/time_zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/time_zone_file.h"

#define FOLDER "/usr/share/zoneinfo/"
/* The largest one has 4 KB. */
#define MAX_FILE_BYTES 65536
#define DAY INT64_C(86400)
/* No clock is further from UTC, nor set back or forward by more. */
#define FAR (INT64_C(26) * 3600)

struct time_zone {
	char name[TIME_ZONE_NAME_MAX_BYTES + 1];
	struct zone_clock clock;
	struct time_zone *next;
};

static const struct time_zone utc = { .name = "UTC" };

/* Every zone that was ever asked for; none is changed or freed. */
static struct {
	pthread_mutex_t lock;
	struct time_zone *first;
} known = { PTHREAD_MUTEX_INITIALIZER, NULL };

static bool is_name(struct str name);
static const struct time_zone *find(struct str name);
static bool read_zone(
	struct str name, const struct time_zone **out, struct error *err);
static ssize_t read_file(const char *path, char *bytes, size_t size);
static bool refuse(struct str name, struct error *err);
static int64_t date_of(const struct time_zone *zone, int64_t second);
static int64_t date_start_ms(const struct time_zone *zone, int64_t date);
static int64_t month_first(int64_t date, int months_later);
static int64_t floor_div(int64_t a, int64_t b);

bool time_zone_load(
	struct str name, const struct time_zone **out, struct error *err)
{
	bool ok = true;

	if (str_equal(name, S("UTC"))) {
		*out = &utc;
		return true;
	}
	if (!is_name(name))
		return refuse(name, err);
	pthread_mutex_lock(&known.lock);
	*out = find(name);
	if (!*out)
		ok = read_zone(name, out, err);
	pthread_mutex_unlock(&known.lock);
	return ok;
}

const struct time_zone *time_zone_utc(void)
{
	return &utc;
}

struct str time_zone_name(const struct time_zone *zone)
{
	return str_of(zone->name);
}

int64_t time_zone_local_ms(const struct time_zone *zone, int64_t unix_ms)
{
	struct zone_span span =
		zone_clock_span(&zone->clock, floor_div(unix_ms, 1000));

	return unix_ms + (int64_t)span.offset * 1000;
}

int64_t time_zone_date_start(const struct time_zone *zone, int64_t local_ms)
{
	return date_start_ms(zone, floor_div(local_ms, DAY * 1000));
}

int64_t time_zone_day_start(const struct time_zone *zone, int64_t unix_ms)
{
	return date_start_ms(zone, date_of(zone, floor_div(unix_ms, 1000)));
}

int64_t time_zone_month_start(const struct time_zone *zone, int64_t unix_ms)
{
	int64_t date = date_of(zone, floor_div(unix_ms, 1000));

	return date_start_ms(zone, month_first(date, 0));
}

int64_t time_zone_day_end(const struct time_zone *zone, int64_t unix_ms)
{
	return date_start_ms(zone, date_of(zone, floor_div(unix_ms, 1000)) + 1);
}

int64_t time_zone_month_end(const struct time_zone *zone, int64_t unix_ms)
{
	int64_t date = date_of(zone, floor_div(unix_ms, 1000));

	return date_start_ms(zone, month_first(date, 1));
}

/* Letters, digits, '_', '+', '-' between slashes: no way out of the folder. */
static bool is_name(struct str name)
{
	if (name.n == 0 || name.n > TIME_ZONE_NAME_MAX_BYTES ||
		name.p[0] == '/' || name.p[name.n - 1] == '/')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!isalnum((unsigned char)name.p[i]) &&
			!memchr("/_+-", name.p[i], 4))
			return false;
	}
	return true;
}

static const struct time_zone *find(struct str name)
{
	for (const struct time_zone *zone = known.first; zone;
		zone = zone->next) {
		if (str_equal(name, str_of(zone->name)))
			return zone;
	}
	return NULL;
}

static bool read_zone(
	struct str name, const struct time_zone **out, struct error *err)
{
	char path[sizeof(FOLDER) + TIME_ZONE_NAME_MAX_BYTES];
	char bytes[MAX_FILE_BYTES];
	struct zone_clock clock;
	struct time_zone *zone;
	ssize_t n;

	snprintf(path, sizeof(path), FOLDER "%.*s", STR_ARG(name));
	n = read_file(path, bytes, sizeof(bytes));
	if (n < 0 || !zone_clock_read((struct str){ bytes, (size_t)n }, &clock))
		return refuse(name, err);
	zone = calloc(1, sizeof(*zone));
	assert(zone);
	snprintf(zone->name, sizeof(zone->name), "%.*s", STR_ARG(name));
	zone->clock = clock;
	zone->next = known.first;
	known.first = zone;
	*out = zone;
	return true;
}

/* -1: not there, or too large. */
static ssize_t read_file(const char *path, char *bytes, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 1;

	if (file < 0)
		return -1;
	while (got > 0 && n < size) {
		got = read(file, bytes + n, size - n);
		if (got > 0)
			n += (size_t)got;
	}
	close(file);
	return got == 0 ? (ssize_t)n : -1;
}

static bool refuse(struct str name, struct error *err)
{
	return error_refuse(err, ERR_BAD_FIELD, "time_zone",
		"There is no time zone '%.*s' here. Zones are named as in "
		"'Europe/Madrid'; they come with the package tzdata.",
		STR_ARG(str_head(name, TIME_ZONE_NAME_MAX_BYTES)));
}

/*
 * The latest date (days since 1970-01-01) that was reached up to now. A clock
 * that is set back over midnight does not bring yesterday back.
 */
static int64_t date_of(const struct time_zone *zone, int64_t second)
{
	struct zone_span span = zone_clock_span(&zone->clock, second);
	int64_t date = floor_div(second + span.offset, DAY);

	while (span.from > second - 2 * FAR) {
		int64_t last = span.from - 1, before;

		span = zone_clock_span(&zone->clock, last);
		before = floor_div(last + span.offset, DAY);
		if (before > date)
			date = before;
	}
	return date;
}

/* When the date, or a later one, was reached first. */
static int64_t date_start_ms(const struct time_zone *zone, int64_t date)
{
	int64_t local = date * DAY;
	struct zone_span span = zone_clock_span(&zone->clock, local - FAR);

	while (span.until != INT64_MAX && local - span.offset >= span.until)
		span = zone_clock_span(&zone->clock, span.until);
	if (local - span.offset < span.from)
		return span.from * 1000;
	return (local - span.offset) * 1000;
}

/* The first day of the date's month, or of one after it. */
static int64_t month_first(int64_t date, int months_later)
{
	time_t second = date * DAY;
	struct tm tm;

	gmtime_r(&second, &tm);
	tm.tm_mday = 1;
	tm.tm_mon += months_later;
	return floor_div(timegm(&tm), DAY);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}
