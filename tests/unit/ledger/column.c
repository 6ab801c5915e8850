/*
 * column.c - values are cut to what a column takes, between characters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/column.h"

static void texts_are_cut_between_characters(void **state)
{
	static const struct {
		struct str text;
		size_t max_characters;
		struct str expected;
	} cases[] = {
		{ STR(""), 0, STR("") },
		{ STR("abc"), 0, STR("") },
		{ STR("abc"), 2, STR("ab") },
		{ STR("abc"), 3, STR("abc") },
		{ STR("abc"), 4, STR("abc") },
		{ STR("\xc3\xa9\xc3\xa9"), 1, STR("\xc3\xa9") },
		{ STR("\xc3\xa9\xc3\xa9"), 2, STR("\xc3\xa9\xc3\xa9") },
		{ STR("\xf0\x9f\x98\x80x"), 1, STR("\xf0\x9f\x98\x80") },
		{ STR("\xf0\x9f\x98\x80x"), 2, STR("\xf0\x9f\x98\x80x") },
		{ STR("a\0bc"), 3, STR("a\0b") },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(str_equal(
			column_text(cases[i].text, cases[i].max_characters),
			cases[i].expected));
}

static void numbers_are_clamped(void **state)
{
	(void)state;
	assert_int_equal(column_int(-1, 0, 9), 0);
	assert_int_equal(column_int(0, 0, 9), 0);
	assert_int_equal(column_int(5, 0, 9), 5);
	assert_int_equal(column_int(INT64_MAX, 0, 9), 9);
	assert_int_equal(column_int(INT64_MIN, INT64_MIN, 9), INT64_MIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_cut_between_characters),
		cmocka_unit_test(numbers_are_clamped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
