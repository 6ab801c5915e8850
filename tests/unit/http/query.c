/*
 * Parameters of queries and forms.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/query.h"

static struct arena arena;

static void texts_are_decoded(void **state)
{
	static const struct {
		struct str encoded, decoded;
	} cases[] = {
		{ STR(""), STR("") },
		{ STR("a+b"), STR("a b") },
		{ STR("a%2Bb%2f"), STR("a+b/") },
		{ STR("%c3%B1"), STR("\xc3\xb1") },
		/* What is no escape stands for itself. */
		{ STR("100%"), STR("100%") },
		{ STR("%4"), STR("%4") },
		{ STR("%zz%"), STR("%zz%") },
		{ STR("%+1"), STR("% 1") },
	};
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_true(query_decode(cases[i].encoded, &arena, &out));
		if (!str_equal(out, cases[i].decoded))
			fail_msg(
				"%s is %.*s", cases[i].encoded.p, STR_ARG(out));
	}
	assert_false(query_decode(S("%ff"), &arena, &out));
	assert_false(query_decode(S("a%00b"), &arena, &out));
}

static void parameters_are_found(void **state)
{
	struct str query = S("a=1&b=x%20y&a=2&c&=d&e=%ff&e=good");

	(void)state;
	assert_true(str_equal(query_param(query, S("a"), &arena), S("1")));
	assert_true(str_equal(query_param(query, S("b"), &arena), S("x y")));
	assert_int_equal(query_param(query, S("c"), &arena).n, 0);
	assert_int_equal(query_param(query, S("missing"), &arena).n, 0);
	assert_true(str_equal(query_param(query, S("e"), &arena), S("good")));
}

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_decoded),
		cmocka_unit_test(parameters_are_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
