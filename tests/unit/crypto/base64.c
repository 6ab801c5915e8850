/*
 * base64.c - the vectors of RFC 4648, section 10, and what is no base64.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/base64.h"

static void both_ways(void **state)
{
	static const struct {
		struct str bytes, text;
	} vectors[] = {
		{ STR(""), STR("") },
		{ STR("f"), STR("Zg==") },
		{ STR("fo"), STR("Zm8=") },
		{ STR("foo"), STR("Zm9v") },
		{ STR("foob"), STR("Zm9vYg==") },
		{ STR("fooba"), STR("Zm9vYmE=") },
		{ STR("foobar"), STR("Zm9vYmFy") },
		{ STR("\0\377\376"), STR("AP/+") },
	};
	struct buf out = BUF_INIT(100);
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct str back;

		buf_clear(&out);
		base64_append(vectors[i].bytes, &out);
		assert_true(str_equal(buf_str(&out), vectors[i].text));
		assert_true(base64_read(vectors[i].text, &arena, &back));
		assert_true(str_equal(back, vectors[i].bytes));
	}
	arena_release(&arena);
	buf_release(&out);
}

static void what_is_none_is_refused(void **state)
{
	static const struct str texts[] = { STR("Z"), STR("Zg="), STR("===="),
		STR("Z==="), STR("Z=g="), STR(" Zm9"), STR("Zm9\n"),
		STR("Zm-_"), STR("Zm9v\0AAA"), STR("Zg==Zg==") };
	struct arena arena;

	(void)state;
	arena_init(&arena, 1024);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str out = S("?");

		assert_false(base64_read(texts[i], &arena, &out));
		assert_int_equal(out.n, 0);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ways),
		cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
