/* format.c - numbers, money, durations and times as people read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "site/format.h"

struct fixture {
	struct arena arena;
	struct format english, spanish;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err;

	arena_init(&f->arena, 4096);
	f->english = (struct format){
		.arena = &f->arena,
		.texts = json_loads(
			"{\"dates\":{\"months\":{\"01\":\"Jan\",\"07\":"
			"\"Jul\"}}}",
			0, NULL),
		.zone = time_zone_utc(),
		.point = '.',
		.thousands = ',',
		.sign_first = true,
	};
	f->spanish = f->english;
	f->spanish.point = ',';
	f->spanish.thousands = '.';
	f->spanish.sign_first = false;
	assert_true(time_zone_load(S("Europe/Madrid"), &f->spanish.zone, &err));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	json_decref((json_t *)(uintptr_t)f->english.texts);
	arena_release(&f->arena);
	free(f);
	return 0;
}

static void assert_text(struct str actual, const char *expected)
{
	assert_int_equal(actual.n, strlen(expected));
	assert_memory_equal(actual.p, expected, actual.n);
}

static void counts_are_grouped(void **state)
{
	struct fixture *f = *state;

	assert_text(format_count(&f->english, 0), "0");
	assert_text(format_count(&f->english, 999), "999");
	assert_text(format_count(&f->english, 1000), "1,000");
	assert_text(format_count(&f->english, -1234567), "-1,234,567");
	assert_text(format_count(&f->english, INT64_MAX),
		"9,223,372,036,854,775,807");
	assert_text(format_count(&f->spanish, 1000), "1000");
	assert_text(format_count(&f->spanish, 12345), "12.345");
}

static void short_counts_have_three_digits(void **state)
{
	struct fixture *f = *state;

	assert_text(format_short(&f->english, 999), "999");
	assert_text(format_short(&f->english, 1000), "1.00k");
	assert_text(format_short(&f->english, 12345), "12.3k");
	assert_text(format_short(&f->english, 123456), "123k");
	assert_text(format_short(&f->english, 7890000), "7.89M");
	assert_text(format_short(&f->spanish, 1500000000), "1,50G");
	assert_text(format_short(&f->english, INT64_MAX), "9,223,372T");
}

static void money_shows_cents_or_what_tells_something(void **state)
{
	struct fixture *f = *state;
	const int64_t dollar = INT64_C(1000000000000);

	assert_text(format_usd(&f->english, 0), "$0.00");
	assert_text(format_usd(&f->english, dollar), "$1.00");
	assert_text(format_usd(&f->english, 1234567 * (dollar / 1000)),
		"$1,234.57");
	assert_text(format_usd(&f->english, dollar / 100), "$0.01");
	assert_text(
		format_usd(&f->english, dollar / 100 * 99 / 100), "$0.0099");
	assert_text(format_usd(&f->english, 12345678), "$0.000012");
	assert_text(format_usd(&f->english, 1), "$0.000000000001");
	assert_text(format_usd(&f->english, -dollar / 2), "-$0.50");
	assert_text(format_usd(&f->english, INT64_MAX), "$9,223,372.04");
	assert_text(format_usd(&f->english, INT64_MIN), "-$9,223,372.04");
	assert_text(format_usd(&f->spanish, 12500 * dollar + dollar / 2),
		"12.500,50\xc2\xa0US$");
}

static void durations_have_a_fitting_unit(void **state)
{
	struct fixture *f = *state;

	assert_text(format_duration(&f->english, -1), "");
	assert_text(format_duration(&f->english, 850), "850\xc2\xa0\xc2\xb5s");
	assert_text(format_duration(&f->english, 1250), "1.3\xc2\xa0ms");
	assert_text(format_duration(&f->english, 45600), "45\xc2\xa0ms");
	assert_text(format_duration(&f->english, 1234567), "1.23\xc2\xa0s");
	assert_text(format_duration(&f->spanish, 12345678), "12,3\xc2\xa0s");
	assert_text(format_duration(&f->english, INT64_C(125000000)),
		"2\xc2\xa0min 5\xc2\xa0s");
}

static void shares_are_percent(void **state)
{
	struct fixture *f = *state;

	assert_text(format_share(&f->english, 1, 0), "");
	assert_text(format_share(&f->english, 0, 7), "0%");
	assert_text(format_share(&f->english, 1, 8), "12.5%");
	assert_text(format_share(&f->english, 7, 7), "100%");
	assert_text(format_share(&f->spanish, 1, 3), "33,3\xc2\xa0%");
}

static void times_are_those_of_the_user(void **state)
{
	struct fixture *f = *state;
	const int64_t winter = INT64_C(1768600800000); /* 2026-01-16 22:00 */
	const int64_t summer = INT64_C(1783029600000); /* 2026-07-02 22:00 */

	assert_text(format_time(&f->english, winter, FORMAT_SECONDS),
		"Jan 16, 22:00:00");
	assert_text(format_time(&f->spanish, winter, FORMAT_MINUTES),
		"16 Jan, 23:00");
	assert_text(format_time(&f->english, summer, FORMAT_DAY), "Jul 2");
	assert_text(format_time(&f->spanish, summer, FORMAT_DAY), "3 Jul");
}

static void objects_have_both_faces(void **state)
{
	struct fixture *f = *state;
	json_t *out = json_object();
	char *text;

	format_put_usd(&f->english, out, "a", 12345678);
	format_put_count(&f->english, out, "b", 1234);
	format_put_duration(&f->english, out, "c", -1);
	format_put_time(&f->english, out, "d", INT64_C(1768600800001));
	format_put_share(&f->english, out, "e", 1, 8);
	text = json_dumps(out, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text,
		"{\"a\":{\"text\":\"$0.000012\",\"usd\":\"0.000012345678\"},"
		"\"b\":{\"short\":\"1.23k\",\"text\":\"1,234\",\"value\":1234},"
		"\"c\":null,\"d\":{\"iso\":\"2026-01-16T22:00:00.001Z\","
		"\"text\":\"Jan 16, 22:00:00\"},"
		"\"e\":{\"percent\":12.5,\"text\":\"12.5%\"}}");
	free(text);
	json_decref(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(short_counts_have_three_digits),
		cmocka_unit_test(money_shows_cents_or_what_tells_something),
		cmocka_unit_test(durations_have_a_fitting_unit),
		cmocka_unit_test(shares_are_percent),
		cmocka_unit_test(times_are_those_of_the_user),
		cmocka_unit_test(objects_have_both_faces),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
