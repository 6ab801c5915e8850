/*
 * clock.c - reading the clocks, and the calendar by timegm().
 */
#include "base/clock.h"

static int64_t read_clock_ns(clockid_t id);
static struct tm calendar(int64_t unix_ms, int *millis);
static bool read_digits(struct str *rest, size_t n, int *out);
static bool read_time_of_day(struct str *rest, struct tm *tm, int *millis);

int64_t clock_monotonic_ns(void)
{
	return read_clock_ns(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_ns() / 1000000;
}

int64_t clock_unix_ms(void)
{
	return read_clock_ns(CLOCK_REALTIME) / 1000000;
}

void clock_format(int64_t unix_ms, char out[CLOCK_TEXT_BYTES])
{
	int millis;
	struct tm tm = calendar(unix_ms, &millis);
	size_t n = strftime(out, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);

	snprintf(out + n, CLOCK_TEXT_BYTES - n, ".%03dZ", millis);
}

void clock_format_sql(int64_t unix_ms, char out[CLOCK_TEXT_BYTES])
{
	int millis;
	struct tm tm = calendar(unix_ms, &millis);
	size_t n = strftime(out, CLOCK_TEXT_BYTES, "%Y-%m-%d %H:%M:%S", &tm);

	snprintf(out + n, CLOCK_TEXT_BYTES - n, ".%03d", millis);
}

bool clock_parse(struct str text, int64_t *unix_ms)
{
	struct tm tm = { 0 };
	struct tm given;
	int millis = 0;
	time_t seconds;

	if (!read_digits(&text, 4, &tm.tm_year) || text.n == 0 ||
		text.p[0] != '-')
		return false;
	text = str_from(text, 1);
	if (!read_digits(&text, 2, &tm.tm_mon) || text.n == 0 ||
		text.p[0] != '-')
		return false;
	text = str_from(text, 1);
	if (!read_digits(&text, 2, &tm.tm_mday))
		return false;
	if (text.n > 0 && !read_time_of_day(&text, &tm, &millis))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	given = tm;
	seconds = timegm(&tm);
	/* timegm() turns 31 February into 3 March: then it differs. */
	if (text.n > 0 || tm.tm_mday != given.tm_mday ||
		tm.tm_mon != given.tm_mon || tm.tm_hour != given.tm_hour ||
		tm.tm_min != given.tm_min || tm.tm_sec != given.tm_sec)
		return false;
	*unix_ms = (int64_t)seconds * 1000 + millis;
	return true;
}

static int64_t read_clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct tm calendar(int64_t unix_ms, int *millis)
{
	time_t seconds = unix_ms / 1000;
	struct tm tm;

	*millis = (int)(unix_ms % 1000);
	if (*millis < 0) {
		*millis += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	return tm;
}

static bool read_digits(struct str *rest, size_t n, int *out)
{
	int64_t value;

	if (rest->n < n || !isdigit((unsigned char)rest->p[0]) ||
		!str_to_int64(str_head(*rest, n), &value))
		return false;
	*out = (int)value;
	*rest = str_from(*rest, n);
	return true;
}

static bool read_time_of_day(struct str *rest, struct tm *tm, int *millis)
{
	static const int weights[] = { 100, 10, 1 };

	if (rest->p[0] != 'T' && rest->p[0] != ' ')
		return false;
	*rest = str_from(*rest, 1);
	if (!read_digits(rest, 2, &tm->tm_hour) || rest->n == 0 ||
		rest->p[0] != ':')
		return false;
	*rest = str_from(*rest, 1);
	if (!read_digits(rest, 2, &tm->tm_min) || rest->n == 0 ||
		rest->p[0] != ':')
		return false;
	*rest = str_from(*rest, 1);
	if (!read_digits(rest, 2, &tm->tm_sec))
		return false;
	if (rest->n > 0 && rest->p[0] == '.') {
		int digit;
		size_t digits = 0;

		*rest = str_from(*rest, 1);
		while (digits < ARRAY_LEN(weights) &&
			read_digits(rest, 1, &digit))
			*millis += digit * weights[digits++];
		if (digits == 0)
			return false;
	}
	if (rest->n == 1 && rest->p[0] == 'Z')
		*rest = str_from(*rest, 1);
	return rest->n == 0;
}
