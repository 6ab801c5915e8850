/*
 * time_zone.c - days and months of time zones: against vectors that an
 * independent program made, and by what a calendar must be.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "base/time_zone.h"
#include "base/time_zone_file.h"

#define VECTORS "tests/data/time_zone/vectors.txt"
#define HOUR_MS INT64_C(3600000)

static const struct time_zone *load(const char *name)
{
	struct error err = ERROR_INIT;
	const struct time_zone *zone;

	if (!time_zone_load(str_of(name), &zone, &err))
		fail_msg("%s", error_message(&err));
	return zone;
}

static int64_t at(const char *text)
{
	int64_t unix_ms;

	assert_true(clock_parse(str_of(text), &unix_ms));
	return unix_ms;
}

static void vectors_of_another_program(void **state)
{
	FILE *file = fopen(VECTORS, "re");
	char line[256], name[TIME_ZONE_NAME_MAX_BYTES + 1];
	int64_t ms, day, day_end, month, month_end;
	int count = 0;

	(void)state;
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		const struct time_zone *zone;

		if (line[0] == '#')
			continue;
		assert_int_equal(
			sscanf(line,
				"%64s %" SCNd64 " %" SCNd64 " %" SCNd64
				" %" SCNd64 " %" SCNd64,
				name, &ms, &day, &day_end, &month, &month_end),
			6);
		zone = load(name);
		if (time_zone_day_start(zone, ms) != day ||
			time_zone_day_end(zone, ms) != day_end ||
			time_zone_month_start(zone, ms) != month ||
			time_zone_month_end(zone, ms) != month_end)
			fail_msg("%sgives %" PRId64 " %" PRId64 " %" PRId64
				 " %" PRId64,
				line, time_zone_day_start(zone, ms),
				time_zone_day_end(zone, ms),
				time_zone_month_start(zone, ms),
				time_zone_month_end(zone, ms));
		count++;
	}
	fclose(file);
	assert_true(count > 1000);
}

/* What is known of these days without any program. */
static void days_that_are_not_24_hours(void **state)
{
	static const struct {
		const char *zone, *now, *start, *end;
	} days[] = {
		{ "Europe/Madrid", "2026-03-29T12:00:00", "2026-03-28T23:00:00",
			"2026-03-29T22:00:00" },
		{ "Europe/Madrid", "2026-10-25T12:00:00", "2026-10-24T22:00:00",
			"2026-10-25T23:00:00" },
		/* Midnight is skipped: the day begins at 01:00. */
		{ "America/Santiago", "2025-09-07T12:00:00",
			"2025-09-07T04:00:00", "2025-09-08T03:00:00" },
		{ "Africa/Cairo", "2024-04-26T12:00:00", "2024-04-25T22:00:00",
			"2024-04-26T21:00:00" },
		/* The 30th of December 2011 was left out. */
		{ "Pacific/Apia", "2011-12-30T09:59:59", "2011-12-29T10:00:00",
			"2011-12-30T10:00:00" },
		{ "Pacific/Apia", "2011-12-30T10:00:00", "2011-12-30T10:00:00",
			"2011-12-31T10:00:00" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(days); i++) {
		const struct time_zone *zone = load(days[i].zone);

		assert_int_equal(time_zone_day_start(zone, at(days[i].now)),
			at(days[i].start));
		assert_int_equal(time_zone_day_end(zone, at(days[i].now)),
			at(days[i].end));
	}
}

/* Every period ends where the next begins, and holds its own beginning. */
static void periods_leave_no_gap(void **state)
{
	static const char *const zones[] = { "UTC", "America/St_Johns",
		"Pacific/Apia", "Asia/Gaza", "America/Santiago",
		"Africa/Casablanca", "Australia/Lord_Howe", "Asia/Kathmandu" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		const struct time_zone *zone = load(zones[i]);
		int64_t day = time_zone_day_start(zone, at("1988-01-01"));
		int64_t month = time_zone_month_start(zone, day);

		while (day < at("2062-01-01")) {
			int64_t end = time_zone_day_end(zone, day);

			assert_true(end > day && end - day < 50 * HOUR_MS);
			assert_int_equal(time_zone_day_start(zone, day), day);
			assert_int_equal(
				time_zone_day_start(zone, end - 1), day);
			if (end > time_zone_month_end(zone, month)) {
				assert_int_equal(
					time_zone_month_end(zone, month), day);
				month = day;
			}
			assert_int_equal(
				time_zone_month_start(zone, day), month);
			day = end;
		}
	}
}

static void times_before_1970(void **state)
{
	const struct time_zone *zone = load("America/New_York");

	(void)state;
	assert_int_equal(time_zone_day_start(zone, -1), -19 * HOUR_MS);
	assert_int_equal(time_zone_day_end(zone, -1), 5 * HOUR_MS);
	assert_int_equal(
		time_zone_month_start(time_zone_utc(), -1), -31 * 24 * HOUR_MS);
	/* The sun's own time, before there were zones. */
	assert_int_equal(time_zone_day_start(zone, at("1883-11-01T12:00:00")),
		at("1883-11-01T04:56:02"));
}

static void a_name_that_is_no_zone(void **state)
{
	static const char *const names[] = {
		"", "Europe/Nowhere", "/etc/passwd", "../zoneinfo/UTC",
		"Europe/../UTC", "Europe", "Europe/", "tzdata.zi",
		"zone1970.tab", "Europe/Madrid ", "leapseconds",
		"right/Europe/Madrid/x", "Europe/Mad\nrid",
		"Europe/MadridMadridMadridMadridMadridMadridMadridMadridMadridM"
	};
	const struct time_zone *zone;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct error err = ERROR_INIT;

		assert_false(time_zone_load(str_of(names[i]), &zone, &err));
		assert_int_equal(err.kind, ERR_BAD_FIELD);
		assert_string_equal(err.param, "time_zone");
	}
}

static void a_zone_is_kept(void **state)
{
	(void)state;
	assert_ptr_equal(load("Asia/Tokyo"), load("Asia/Tokyo"));
	assert_ptr_equal(load("UTC"), time_zone_utc());
	assert_true(
		str_equal(time_zone_name(load("Asia/Tokyo")), S("Asia/Tokyo")));
}

static void *load_all(void *unused)
{
	static const char *const names[] = { "Europe/Rome", "Europe/Paris",
		"Europe/Berlin", "Europe/Vienna", "Europe/Oslo" };
	int64_t sum = 0;

	for (int i = 0; i < 200; i++)
		sum += time_zone_day_start(
			load(names[i % 5]), at("2026-07-01") + i);
	assert_true(sum > 0);
	return unused;
}

static void threads_share_them(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, load_all, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
}

/* Version 1, and whatever a broken disk makes of a file. */
static void files_are_checked(void **state)
{
	char bytes[8192], version_1[256] = "TZif";
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Madrid", "re");
	struct zone_clock clock;
	size_t n;

	(void)state;
	assert_non_null(file);
	n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (size_t cut = 0; cut < n; cut++)
		assert_false(
			zone_clock_read((struct str){ bytes, cut }, &clock));
	for (size_t i = 0; i < n; i++) {
		char was = bytes[i];

		bytes[i] = (char)~was;
		if (zone_clock_read((struct str){ bytes, n }, &clock)) {
			(void)zone_clock_span(&clock, 1800000000);
			zone_clock_release(&clock);
		}
		bytes[i] = was;
	}
	/* One change, at 2^24 seconds, from type 0 to type 1: +1 hour. */
	version_1[20 + 15] = 1;
	version_1[20 + 19] = 2;
	version_1[20 + 23] = 4;
	version_1[44] = 1;
	version_1[48] = 1;
	version_1[49 + 6 + 2] = 3600 >> 8;
	version_1[49 + 6 + 3] = 3600 & 255;
	assert_true(zone_clock_read(
		(struct str){ version_1, 49 + 12 + 4 }, &clock));
	assert_int_equal(zone_clock_span(&clock, 16777215).offset, 0);
	assert_int_equal(zone_clock_span(&clock, 16777216).offset, 3600);
	assert_int_equal(zone_clock_span(&clock, 16777216).until, INT64_MAX);
	zone_clock_release(&clock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_another_program),
		cmocka_unit_test(days_that_are_not_24_hours),
		cmocka_unit_test(periods_leave_no_gap),
		cmocka_unit_test(times_before_1970),
		cmocka_unit_test(a_name_that_is_no_zone),
		cmocka_unit_test(a_zone_is_kept),
		cmocka_unit_test(threads_share_them),
		cmocka_unit_test(files_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
