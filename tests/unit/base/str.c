/* str.c - views: comparing, cutting, numbers. */
#include "expect.h"

static void equal_compares_bytes_and_length(void **state)
{
	(void)state;
	assert_true(str_equal(S("abc"), S("abc")));
	assert_false(str_equal(S("abc"), S("abd")));
	assert_false(str_equal(S("abc"), S("ab")));
	assert_true(str_equal(S(""), (struct str){ NULL, 0 }));
	assert_true(str_equal(S("a\0b"), S("a\0b")));
	assert_false(str_equal(S("a\0b"), S("a\0c")));
	assert_true(str_equal_nocase(S("Bearer"), S("bEARER")));
	assert_false(str_equal_nocase(S("Bearer"), S("Bearet")));
	assert_false(str_equal_nocase(S("\xc4"), S("\xe4")));
}

static void of_reads_a_c_string(void **state)
{
	(void)state;
	assert_str(str_of("abc"), "abc");
	assert_int_equal(str_of(NULL).n, 0);
}

static void starts_and_ends(void **state)
{
	(void)state;
	assert_true(str_starts(S("gw_abc"), S("gw_")));
	assert_true(str_starts(S("gw_"), S("gw_")));
	assert_false(str_starts(S("gw"), S("gw_")));
	assert_true(str_starts(S("x"), S("")));
	assert_true(str_ends(S("file.json"), S(".json")));
	assert_false(str_ends(S("json"), S(".json")));
	assert_false(str_ends(S("file.jsom"), S(".json")));
	assert_true(str_ends(S(""), S("")));
}

static void cutting_never_leaves_the_view(void **state)
{
	(void)state;
	assert_str(str_from(S("abcd"), 1), "bcd");
	assert_str(str_from(S("abcd"), 4), "");
	assert_str(str_from(S("abcd"), 99), "");
	assert_str(str_head(S("abcd"), 2), "ab");
	assert_str(str_head(S("abcd"), 99), "abcd");
	assert_str(str_trim(S(" \t\r\n a b \n")), "a b");
	assert_str(str_trim(S("   ")), "");
	assert_str(str_trim(S("")), "");
}

static void finding(void **state)
{
	(void)state;
	assert_int_equal(str_index(S("a=b=c"), '='), 1);
	assert_int_equal(str_index(S("abc"), '='), 3);
	assert_int_equal(str_index((struct str){ NULL, 0 }, '='), 0);
	assert_int_equal(str_find(S("data: [DONE]"), S("[DONE]")), 6);
	assert_int_equal(str_find(S("aaab"), S("aab")), 1);
	assert_int_equal(str_find(S("abab"), S("abc")), 4);
	assert_int_equal(str_find(S("ab"), S("abc")), 2);
	assert_int_equal(str_find(S("a\0bc"), S("bc")), 2);
}

static void fields_are_cut_in_order(void **state)
{
	struct str rest = S("a,,bc,d");
	struct str field;

	(void)state;
	assert_true(str_next_field(&rest, ',', &field));
	assert_str(field, "a");
	assert_true(str_next_field(&rest, ',', &field));
	assert_str(field, "");
	assert_true(str_next_field(&rest, ',', &field));
	assert_str(field, "bc");
	assert_true(str_next_field(&rest, ',', &field));
	assert_str(field, "d");
	assert_false(str_next_field(&rest, ',', &field));
}

static void numbers_at_their_bounds(void **state)
{
	int64_t n;

	(void)state;
	assert_true(str_to_int64(S("0"), &n));
	assert_int_equal(n, 0);
	assert_true(str_to_int64(S("-0"), &n));
	assert_int_equal(n, 0);
	assert_true(str_to_int64(S("9223372036854775807"), &n));
	assert_true(n == INT64_MAX);
	assert_true(str_to_int64(S("-9223372036854775808"), &n));
	assert_true(n == INT64_MIN);
	n = 7;
	assert_false(str_to_int64(S("9223372036854775808"), &n));
	assert_false(str_to_int64(S("-9223372036854775809"), &n));
	assert_false(str_to_int64(S("99999999999999999999999"), &n));
	assert_int_equal(n, 7);
}

static void numbers_as_texts(void **state)
{
	static const struct {
		int64_t number;
		struct str text;
	} cases[] = { { 0, STR("0") }, { -1, STR("-1") }, { 10, STR("10") },
		{ INT64_MAX, STR("9223372036854775807") },
		{ INT64_MIN, STR("-9223372036854775808") } };
	char room[STR_INT_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(str_equal(
			str_of_int(cases[i].number, room), cases[i].text));
}

static void what_is_not_a_number(void **state)
{
	static const struct str words[] = { STR(""), STR("-"), STR("+1"),
		STR(" 1"), STR("1 "), STR("1.0"), STR("1e3"), STR("0x10"),
		STR("--1"), STR("1\0") };
	int64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_false(str_to_int64(words[i], &n));
}

static void numbers_within_bounds(void **state)
{
	int64_t n;

	(void)state;
	assert_true(str_to_int64_in(S("1"), 1, 3, &n));
	assert_true(str_to_int64_in(S("3"), 1, 3, &n));
	assert_int_equal(n, 3);
	assert_false(str_to_int64_in(S("0"), 1, 3, &n));
	assert_false(str_to_int64_in(S("4"), 1, 3, &n));
	assert_false(str_to_int64_in(S("two"), 1, 3, &n));
}

static void distance_counts_edits(void **state)
{
	char long_a[200];
	char long_b[200];

	(void)state;
	assert_int_equal(str_distance(S(""), S("")), 0);
	assert_int_equal(str_distance(S(""), S("abc")), 3);
	assert_int_equal(str_distance(S("abc"), S("")), 3);
	assert_int_equal(str_distance(S("kitten"), S("sitting")), 3);
	assert_int_equal(str_distance(S("gpt-4o"), S("gpt-4")), 1);
	assert_int_equal(str_distance(S("temprature"), S("temperature")), 1);
	memset(long_a, 'a', sizeof(long_a));
	memset(long_b, 'b', sizeof(long_b));
	assert_int_equal(str_distance((struct str){ long_a, sizeof(long_a) },
				 (struct str){ long_b, sizeof(long_b) }),
		63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_compares_bytes_and_length),
		cmocka_unit_test(of_reads_a_c_string),
		cmocka_unit_test(starts_and_ends),
		cmocka_unit_test(cutting_never_leaves_the_view),
		cmocka_unit_test(finding),
		cmocka_unit_test(fields_are_cut_in_order),
		cmocka_unit_test(numbers_at_their_bounds),
		cmocka_unit_test(numbers_as_texts),
		cmocka_unit_test(what_is_not_a_number),
		cmocka_unit_test(numbers_within_bounds),
		cmocka_unit_test(distance_counts_edits),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
