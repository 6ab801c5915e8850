/*
 * splice.c - edits leave every other byte as it was, and copy none.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

static const struct {
	struct splice_edit edits[SPLICE_EDITS];
	size_t count;
	const char *expected;
	unsigned pieces;
} cases[] = {
	{ { { 0, 0, STR("") } }, 0, "0123456789", 1 },
	{ { { 0, 0, STR("") } }, 1, "0123456789", 1 },
	{ { { 3, 2, STR("ab") } }, 1, "012ab56789", 3 },
	{ { { 0, 1, STR("a") } }, 1, "a123456789", 2 },
	{ { { 9, 1, STR("z") } }, 1, "012345678z", 2 },
	{ { { 10, 0, STR("z") } }, 1, "0123456789z", 2 },
	{ { { 0, 10, STR("") } }, 1, "", 0 },
	{ { { 1, 0, STR("a") }, { 1, 0, STR("b") }, { 1, 1, STR("c") } }, 3,
		"0abc23456789", 5 },
	{ { { 1, 1, STR("a") }, { 4, 1, STR("b") }, { 7, 1, STR("c") } }, 3,
		"0a23b56c89", 7 },
};

static void only_the_edits_change(void **state)
{
	static const struct str text = STR("0123456789");
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(64);
		struct splice splice;

		splice_make(&splice, text, cases[i].edits, cases[i].count);
		assert_text(splice_join(&splice, &arena), cases[i].expected);
		splice_append(&splice, &out);
		assert_text(buf_str(&out), cases[i].expected);
		assert_int_equal(splice.bytes, strlen(cases[i].expected));
		if (splice.count > 0 && splice.pieces[0].n > 0 &&
			cases[i].edits[0].at > 0)
			assert_ptr_equal(splice.pieces[0].p, text.p);
		buf_release(&out);
	}
	arena_release(&arena);
}

static void the_pieces_are_as_few_as_can_be(void **state)
{
	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(cases); i++) {
		struct splice splice;

		splice_make(&splice, S("0123456789"), cases[i].edits,
			cases[i].count);
		assert_int_equal(splice.count, cases[i].pieces);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_the_edits_change),
		cmocka_unit_test(the_pieces_are_as_few_as_can_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
