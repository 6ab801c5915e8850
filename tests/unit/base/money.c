/* money.c - exact to the last digit, and never wrapping round. */
#include "expect.h"

#include "base/money.h"

static void dollars_are_read_exactly(void **state)
{
	static const struct {
		struct str text;
		int64_t picousd;
	} rows[] = {
		{ STR("0"), 0 },
		{ STR("12"), 12 * PICOUSD_PER_USD },
		{ STR("0.15"), 150000000000 },
		{ STR(".5"), 500000000000 },
		{ STR("0.000000000001"), 1 },
		{ STR("00.10"), 100000000000 },
		{ STR("9223372.036854775807"), INT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t picousd = -1;

		assert_true(money_parse_usd(rows[i].text, &picousd));
		assert_true(picousd == rows[i].picousd);
	}
}

static void what_is_not_an_amount(void **state)
{
	static const struct str texts[] = { STR(""), STR("."), STR("1."),
		STR("-1"), STR("+1"), STR("1e3"), STR("1,5"), STR("$1"),
		STR(" 1"), STR("1 "), STR("1.2.3"), STR("0.0000000000001"),
		STR("9223372.036854775808"), STR("99999999999999999999") };
	int64_t picousd = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (money_parse_usd(texts[i], &picousd))
			fail_msg("accepted '%.*s'", STR_ARG(texts[i]));
	}
	assert_int_equal(picousd, 7);
}

static void price_lists_speak_per_million(void **state)
{
	int64_t unit = -1;

	(void)state;
	assert_true(money_parse_usd_per_million(S("0.15"), &unit));
	assert_int_equal(unit, 150000);
	assert_true(money_parse_usd_per_million(S("75"), &unit));
	assert_int_equal(unit, 75000000);
	assert_true(money_parse_usd_per_million(S("0.000001"), &unit));
	assert_int_equal(unit, 1);
	assert_false(money_parse_usd_per_million(S("0.0000001"), &unit));
	assert_false(money_parse_usd_per_million(S("free"), &unit));
}

static void format_is_exact_and_short(void **state)
{
	static const struct {
		int64_t picousd;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 1, "0.000000000001" },
		{ 12340000, "0.00001234" },
		{ PICOUSD_PER_USD, "1" },
		{ 10 * PICOUSD_PER_USD, "10" },
		{ 100500000000000, "100.5" },
		{ -150000000000, "-0.15" },
		{ INT64_MAX, "9223372.036854775807" },
		{ INT64_MIN, "-9223372.036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[MONEY_TEXT_BYTES];
		int64_t again;

		money_format_usd(rows[i].picousd, text);
		assert_string_equal(text, rows[i].text);
		if (rows[i].picousd < 0)
			continue;
		assert_true(money_parse_usd(str_of(text), &again));
		assert_true(again == rows[i].picousd);
	}
}

static void sums_are_exact(void **state)
{
	int64_t total = 0;

	(void)state;
	money_add(&total, 1000, 150000);
	money_add(&total, 500, 600000);
	money_add(&total, 0, INT64_MAX);
	assert_int_equal(total, 450000000);
}

/* Notations of the public catalogues; a double would give 149999 here. */
static void numbers_are_read_as_written(void **state)
{
	static const struct {
		struct str text;
		int exponent;
		int64_t picousd;
	} rows[] = {
		{ STR("1.5e-07"), 12, 150000 },
		{ STR("1.5E-7"), 12, 150000 },
		{ STR("0.00000015"), 12, 150000 },
		{ STR("15e-8"), 12, 150000 },
		{ STR("6.25e-08"), 12, 62500 },
		{ STR("2.5"), 6, 2500000 },
		{ STR("10"), 6, 10000000 },
		{ STR("1e+1"), 6, 10000000 },
		{ STR("12"), 9, 12000000000 },
		{ STR("0"), 12, 0 },
		{ STR("0.0e-300"), 12, 0 },
		{ STR("0e9999"), 12, 0 },
		{ STR("9223372.036854775807"), 12, INT64_MAX },
		/* rounded to the nearest, and never to nothing */
		{ STR("0.00000008333333333333334"), 12, 83333 },
		{ STR("0.0000000000015"), 12, 2 },
		{ STR("0.0000000000014"), 12, 1 },
		{ STR("9.9e-12"), 12, 10 },
		{ STR("1e-13"), 12, 1 },
		{ STR("1e-300"), 12, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t picousd = -1;

		if (!money_parse_number(
			    rows[i].text, rows[i].exponent, &picousd) ||
			picousd != rows[i].picousd)
			fail_msg("'%.*s' gave %" PRId64, STR_ARG(rows[i].text),
				picousd);
	}
}

static void what_is_not_a_number(void **state)
{
	static const struct str texts[] = { STR(""), STR("-1"), STR("-0.5"),
		STR("+1"), STR(".5"), STR("1."), STR("e5"), STR("1e"),
		STR("1e-"), STR("1e5.5"), STR("1e99999"), STR("NaN"),
		STR("Infinity"), STR("1,5"), STR("0x10"), STR(" 1"),
		STR("9223372.036854775808"), STR("1e8"), STR("1e300"),
		STR("9223372.0368547758079") };
	int64_t picousd = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (money_parse_number(texts[i], 12, &picousd))
			fail_msg("accepted '%.*s'", STR_ARG(texts[i]));
	}
	assert_int_equal(picousd, 7);
}

static void sums_saturate(void **state)
{
	int64_t total = INT64_MAX - 5;

	(void)state;
	money_add(&total, 1, 5);
	assert_true(total == INT64_MAX);
	money_add(&total, 1, 1);
	assert_true(total == INT64_MAX);
	total = 0;
	money_add(&total, INT64_MAX, 2);
	assert_true(total == INT64_MAX);
	money_add(&total, INT64_C(1) << 40, INT64_C(1) << 40);
	assert_true(total == INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dollars_are_read_exactly),
		cmocka_unit_test(what_is_not_an_amount),
		cmocka_unit_test(price_lists_speak_per_million),
		cmocka_unit_test(format_is_exact_and_short),
		cmocka_unit_test(numbers_are_read_as_written),
		cmocka_unit_test(what_is_not_a_number),
		cmocka_unit_test(sums_are_exact),
		cmocka_unit_test(sums_saturate),
	};

	return cmocka_run_group_tests_name("base/money", tests, NULL, NULL);
}
