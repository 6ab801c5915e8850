/*
 * time_zone_file.c - reads TZif and the POSIX rule at its end.
 *
 * A file has a first part for readers of 32-bit times, which is passed over
 * where a second one follows (version 2 and later), and after that the rule.
 */
#include "base/time_zone_file.h"

#define HEADER_BYTES 44
#define DAY 86400
#define HOUR 3600
/* RFC 8536: at most 26 hours from UTC; a rule's time at most 167 hours. */
#define MAX_OFFSET (26 * HOUR)
#define MAX_RULE_HOURS 167
#define MAX_TRANSITIONS 100000

/* The numbers of a part's header. */
struct part {
	int version;
	size_t utc_flags, standard_flags, leaps, times, types, characters;
	size_t time_bytes; /* 4 or 8 */
};

static bool read_header(struct str *rest, struct part *out);
static size_t part_size(const struct part *part);
static bool read_part(
	struct str bytes, const struct part *part, struct zone_clock *out);
static bool is_offset(int64_t offset);
static int64_t read_number(const char *p, size_t bytes);
static bool read_rule(struct str text, struct zone_rule *out);
static bool read_name(struct str *rest);
static bool read_time(struct str *rest, int max_hours, int32_t *seconds);
static bool read_date(struct str *rest, struct zone_date *out);
static bool read_int(struct str *rest, int min, int max, int *out);
static bool take(struct str *rest, char c);
static struct zone_span span_of_rule(
	const struct zone_rule *rule, int64_t second);
static int64_t date_in_year(const struct zone_date *date, int64_t year);
static int64_t days_before_year(int64_t year);
static int64_t year_of(int64_t second);
static bool is_leap(int64_t year);

bool zone_clock_read(struct str bytes, struct zone_clock *out)
{
	struct str rest = bytes;
	struct part part;

	*out = (struct zone_clock){ 0 };
	if (!read_header(&rest, &part) || rest.n < part_size(&part))
		return false;
	if (part.version < 2)
		return read_part(rest, &part, out);
	rest = str_from(rest, part_size(&part));
	if (!read_header(&rest, &part))
		return false;
	part.time_bytes = 8;
	if (rest.n < part_size(&part) || !read_part(rest, &part, out))
		return false;
	rest = str_from(rest, part_size(&part));
	if (take(&rest, '\n') && str_index(rest, '\n') < rest.n) {
		rest = str_head(rest, str_index(rest, '\n'));
		/* An empty rule: nothing is known of what comes after. */
		out->has_rule = rest.n > 0;
		if (rest.n == 0 || read_rule(rest, &out->rule))
			return true;
	}
	zone_clock_release(out);
	return false;
}

void zone_clock_release(struct zone_clock *clock)
{
	free(clock->transitions);
	*clock = (struct zone_clock){ 0 };
}

struct zone_span zone_clock_span(const struct zone_clock *clock, int64_t second)
{
	const struct zone_transition *list = clock->transitions;
	struct zone_span span = { INT64_MIN, INT64_MAX, clock->first_offset };
	size_t low = 0, high = clock->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list[middle].at <= second)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == clock->count && clock->has_rule) {
		span = span_of_rule(&clock->rule, second);
		if (low > 0 && span.from < list[low - 1].at)
			span.from = list[low - 1].at;
		return span;
	}
	if (low > 0) {
		span.from = list[low - 1].at;
		span.offset = list[low - 1].offset;
	}
	if (low < clock->count)
		span.until = list[low].at;
	return span;
}

static bool read_header(struct str *rest, struct part *out)
{
	size_t counts[6];

	if (rest->n < HEADER_BYTES || !str_starts(*rest, S("TZif")))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		int64_t count = read_number(rest->p + 20 + 4 * i, 4);

		if (count < 0 || count > MAX_TRANSITIONS)
			return false;
		counts[i] = (size_t)count;
	}
	*out = (struct part){ rest->p[4] == '\0' ? 1 : rest->p[4] - '0',
		counts[0], counts[1], counts[2], counts[3], counts[4],
		counts[5], 4 };
	*rest = str_from(*rest, HEADER_BYTES);
	return out->version >= 1 && out->types > 0 && out->types <= 256;
}

static size_t part_size(const struct part *part)
{
	return part->times * (part->time_bytes + 1) + part->types * 6 +
	       part->characters + part->leaps * (part->time_bytes + 4) +
	       part->standard_flags + part->utc_flags;
}

/* Times, then the type of each, then the types: offset, summer, name. */
static bool read_part(
	struct str bytes, const struct part *part, struct zone_clock *out)
{
	const char *indexes = bytes.p + part->times * part->time_bytes;
	const char *types = indexes + part->times;

	if (part->leaps > 0 || !is_offset(read_number(types, 4)))
		return false;
	out->first_offset = (int32_t)read_number(types, 4);
	out->transitions = calloc(part->times + 1, sizeof(*out->transitions));
	assert(out->transitions);
	out->count = part->times;
	for (size_t i = 0; i < part->times; i++) {
		struct zone_transition *one = &out->transitions[i];
		size_t type = (unsigned char)indexes[i];
		bool known = type < part->types;

		one->at = read_number(
			bytes.p + i * part->time_bytes, part->time_bytes);
		one->offset =
			known ? (int32_t)read_number(types + 6 * type, 4) : 0;
		if (!known || !is_offset(one->offset) ||
			(i > 0 && one->at <= one[-1].at)) {
			zone_clock_release(out);
			return false;
		}
	}
	return true;
}

static bool is_offset(int64_t offset)
{
	return offset >= -MAX_OFFSET && offset <= MAX_OFFSET;
}

/* Big-endian, two's complement. */
static int64_t read_number(const char *p, size_t bytes)
{
	uint64_t value = (signed char)p[0] < 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes; i++)
		value = value << 8 | (unsigned char)p[i];
	return (int64_t)value;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": offsets count west of UTC. */
static bool read_rule(struct str text, struct zone_rule *out)
{
	if (!read_name(&text) || !read_time(&text, 24, &out->offset))
		return false;
	out->offset = -out->offset;
	if (text.n == 0)
		return true;
	out->has_summer = true;
	out->summer_offset = out->offset + HOUR;
	if (!read_name(&text) || text.n == 0)
		return false;
	if (text.p[0] != ',') {
		if (!read_time(&text, 24, &out->summer_offset))
			return false;
		out->summer_offset = -out->summer_offset;
	}
	return take(&text, ',') && read_date(&text, &out->begins) &&
	       take(&text, ',') && read_date(&text, &out->ends) && text.n == 0;
}

static bool read_name(struct str *rest)
{
	size_t n = 0;

	if (take(rest, '<')) {
		n = str_index(*rest, '>');
		*rest = str_from(*rest, n + 1);
		return n >= 3;
	}
	while (n < rest->n && isalpha((unsigned char)rest->p[n]))
		n++;
	*rest = str_from(*rest, n);
	return n >= 3;
}

/* "-3", "+5:30", "2:00:00" */
static bool read_time(struct str *rest, int max_hours, int32_t *seconds)
{
	int sign = take(rest, '-') ? -1 : 1;
	int part[3] = { 0 };

	if (sign > 0)
		(void)take(rest, '+');
	if (!read_int(rest, 0, max_hours, &part[0]))
		return false;
	for (int i = 1; i < 3 && take(rest, ':'); i++) {
		if (!read_int(rest, 0, 59, &part[i]))
			return false;
	}
	*seconds = sign * (part[0] * HOUR + part[1] * 60 + part[2]);
	return true;
}

static bool read_date(struct str *rest, struct zone_date *out)
{
	*out = (struct zone_date){ .kind = ZONE_DAY_OF_YEAR, .time = 2 * HOUR };
	if (take(rest, 'M')) {
		out->kind = ZONE_WEEKDAY;
		if (!read_int(rest, 1, 12, &out->month) || !take(rest, '.') ||
			!read_int(rest, 1, 5, &out->week) || !take(rest, '.') ||
			!read_int(rest, 0, 6, &out->day))
			return false;
	} else if (take(rest, 'J')) {
		out->kind = ZONE_JULIAN;
		if (!read_int(rest, 1, 365, &out->day))
			return false;
	} else if (!read_int(rest, 0, 365, &out->day)) {
		return false;
	}
	return !take(rest, '/') || read_time(rest, MAX_RULE_HOURS, &out->time);
}

static bool read_int(struct str *rest, int min, int max, int *out)
{
	size_t n = 0;
	int64_t value;

	while (n < rest->n && n < 4 && isdigit((unsigned char)rest->p[n]))
		n++;
	if (!str_to_int64_in(str_head(*rest, n), min, max, &value))
		return false;
	*out = (int)value;
	*rest = str_from(*rest, n);
	return true;
}

static bool take(struct str *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c)
		return false;
	*rest = str_from(*rest, 1);
	return true;
}

/* The changes of the years around: the last one at or before the time, and
 * the first one after it. */
static struct zone_span span_of_rule(
	const struct zone_rule *rule, int64_t second)
{
	struct zone_span span = { INT64_MIN, INT64_MAX, rule->offset };
	int64_t year = year_of(second);

	if (!rule->has_summer)
		return span;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		const struct zone_transition changes[] = {
			{ date_in_year(&rule->begins, y) - rule->offset,
				rule->summer_offset },
			{ date_in_year(&rule->ends, y) - rule->summer_offset,
				rule->offset },
		};

		for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
			int64_t at = changes[i].at;

			if (at <= second && at >= span.from) {
				span.from = at;
				span.offset = changes[i].offset;
			} else if (at > second && at < span.until) {
				span.until = at;
			}
		}
	}
	return span;
}

/* Local seconds since 1970-01-01T00:00 of that place. */
static int64_t date_in_year(const struct zone_date *date, int64_t year)
{
	static const int before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243,
		273, 304, 334, 365 };
	int64_t first = days_before_year(year);
	int64_t month_first, days, weekday;
	int month = date->month;

	if (date->kind == ZONE_DAY_OF_YEAR)
		return (first + date->day) * DAY + date->time;
	if (date->kind == ZONE_JULIAN) /* 29 February has no number */
		return (first + date->day - 1 +
			       (is_leap(year) && date->day >= 60)) *
			       DAY +
		       date->time;
	month_first = first + before[month - 1] + (is_leap(year) && month > 2);
	days = before[month] - before[month - 1] +
	       (is_leap(year) && month == 2);
	/* 1970-01-01 was a Thursday. */
	weekday = ((month_first + 4) % 7 + 7) % 7;
	for (int64_t day = (date->day - weekday + 7) % 7, week = 1;; week++) {
		if (week == date->week || day + 7 >= days)
			return (month_first + day) * DAY + date->time;
		day += 7;
	}
}

/* Days from 1970-01-01 to the first of that year. */
static int64_t days_before_year(int64_t year)
{
	int64_t y = year - 1 + 400 * 10000; /* never negative */

	return 365 * (year - 1970) + (y / 4 - y / 100 + y / 400) -
	       (INT64_C(97) * 10000 + 1969 / 4 - 1969 / 100 + 1969 / 400);
}

static int64_t year_of(int64_t second)
{
	int64_t day = second / DAY - (second % DAY < 0);
	int64_t year = 1970 + day / 366;

	while (days_before_year(year + 1) <= day)
		year++;
	while (days_before_year(year) > day)
		year--;
	return year;
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
