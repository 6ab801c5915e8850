/* clock.c - the calendar in both directions, and time that goes forward. */
#include "expect.h"

#include "base/clock.h"

static const struct {
	int64_t unix_ms;
	const char *text;
	const char *sql;
} moments[] = {
	{ 0, "1970-01-01T00:00:00.000Z", "1970-01-01 00:00:00.000" },
	{ -1, "1969-12-31T23:59:59.999Z", "1969-12-31 23:59:59.999" },
	{ -1000, "1969-12-31T23:59:59.000Z", "1969-12-31 23:59:59.000" },
	{ 951782400000, "2000-02-29T00:00:00.000Z", "2000-02-29 00:00:00.000" },
	{ 1000000000007, "2001-09-09T01:46:40.007Z",
		"2001-09-09 01:46:40.007" },
	{ 2147483648000, "2038-01-19T03:14:08.000Z",
		"2038-01-19 03:14:08.000" },
	{ 253402300799999, "9999-12-31T23:59:59.999Z",
		"9999-12-31 23:59:59.999" },
};

static void format_and_parse_agree(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		char text[CLOCK_TEXT_BYTES];
		int64_t unix_ms = 42;

		clock_format(moments[i].unix_ms, text);
		assert_string_equal(text, moments[i].text);
		assert_true(clock_parse(str_of(text), &unix_ms));
		assert_true(unix_ms == moments[i].unix_ms);
		clock_format_sql(moments[i].unix_ms, text);
		assert_string_equal(text, moments[i].sql);
		assert_true(clock_parse(str_of(text), &unix_ms));
		assert_true(unix_ms == moments[i].unix_ms);
	}
}

static void parse_takes_the_short_forms(void **state)
{
	static const struct {
		struct str text;
		int64_t unix_ms;
	} rows[] = {
		{ STR("2001-09-09"), 999993600000 },
		{ STR("2001-09-09T01:46:40"), 1000000000000 },
		{ STR("2001-09-09 01:46:40"), 1000000000000 },
		{ STR("2001-09-09T01:46:40Z"), 1000000000000 },
		{ STR("2001-09-09T01:46:40.5"), 1000000000500 },
		{ STR("2001-09-09T01:46:40.25Z"), 1000000000250 },
		{ STR("2001-09-09 01:46:40.125"), 1000000000125 },
	};
	int64_t unix_ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unix_ms = -42;
		assert_true(clock_parse(rows[i].text, &unix_ms));
		assert_true(unix_ms == rows[i].unix_ms);
	}
}

static void parse_refuses_what_no_calendar_has(void **state)
{
	static const struct str texts[] = { STR(""), STR("2001"),
		STR("2001-09"), STR("2001-9-9"), STR("2001-02-29"),
		STR("2001-13-01"), STR("2001-00-01"), STR("2001-04-31"),
		STR("2001-04-00"), STR("2001/04/01"), STR("2001-04-01T"),
		STR("2001-04-01T12"), STR("2001-04-01T12:30"),
		STR("2001-04-01T24:00:00"), STR("2001-04-01T12:60:00"),
		STR("2001-04-01T12:00:60"), STR("2001-04-01x12:00:00"),
		STR("2001-04-01T12:00:00.1234"), STR("2001-04-01T12:00:00ZZ"),
		STR("2001-04-01T12:00:00+01:00"), STR("-001-04-01"),
		STR("2001-04-01 "), STR(" 2001-04-01"), STR("20010401"),
		STR("2001-04--1"), STR("2001-04-01T-1:00:00") };
	int64_t unix_ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (clock_parse(texts[i], &unix_ms))
			fail_msg("accepted '%.*s'", STR_ARG(texts[i]));
	}
}

static void the_monotonic_clock_goes_forward(void **state)
{
	int64_t begin_ns = clock_monotonic_ns();
	int64_t begin_ms = clock_monotonic_ms();
	struct timespec pause = { .tv_nsec = 5000000 };

	(void)state;
	nanosleep(&pause, NULL);
	assert_true(clock_monotonic_ns() - begin_ns >= 5000000);
	assert_true(clock_monotonic_ms() - begin_ms >= 4);
	assert_true(begin_ms - begin_ns / 1000000 <= 1);
}

static void the_calendar_agrees_with_the_system(void **state)
{
	time_t before = time(NULL);
	int64_t now = clock_unix_ms();
	time_t after = time(NULL);

	(void)state;
	assert_true(now / 1000 >= before - 1);
	assert_true(now / 1000 <= after + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(format_and_parse_agree),
		cmocka_unit_test(parse_takes_the_short_forms),
		cmocka_unit_test(parse_refuses_what_no_calendar_has),
		cmocka_unit_test(the_monotonic_clock_goes_forward),
		cmocka_unit_test(the_calendar_agrees_with_the_system),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
