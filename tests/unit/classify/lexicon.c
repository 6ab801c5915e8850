/*
 * lexicon.c - words and pairs of words find their classes; bad lines do not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "classify/lexicon.h"

static struct lexicon_slot slots[LEXICON_SLOTS];

static bool read(struct str text, struct error *err)
{
	*err = (struct error)ERROR_INIT;
	memset(slots, 0, sizeof(slots));
	return lexicon_read(slots, text, err);
}

static void terms_have_their_classes(void **state)
{
	struct error err;
	uint32_t pair =
		words_pair(words_hash(S("show")), words_hash(S("that")));

	(void)state;
	assert_true(read(S("# a comment\n\ncode: funci\xc3\xb3n, true\n"
			   "judgement: true\nproof: show that\n"),
		&err));
	assert_int_equal(lexicon_find(slots, words_hash(S("FUNCION"))),
		1u << LEXICON_CODE);
	assert_int_equal(lexicon_find(slots, words_hash(S("true"))),
		1u << LEXICON_CODE | 1u << LEXICON_JUDGEMENT);
	assert_int_equal(lexicon_find(slots, pair), 1u << LEXICON_PROOF);
	assert_int_equal(lexicon_find(slots, words_hash(S("show"))), 0);
}

static void bad_lines_are_named(void **state)
{
	struct error err;

	(void)state;
	assert_false(read(S("code: loop\ncooking: soup\n"), &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(err.message, "line 2"));
	assert_non_null(strstr(err.message, "cooking"));
	assert_false(read(S("code: one two three\n"), &err));
	assert_non_null(strstr(err.message, "one two three"));
	assert_false(read(S("code: loop, ,\n"), &err));
}

static void too_many_words_are_refused(void **state)
{
	struct buf text = BUF_INIT(1 << 20);
	struct error err;

	(void)state;
	buf_append(&text, S("code: "));
	for (unsigned i = 0; i < LEXICON_SLOTS; i++)
		buf_printf(&text, "%sx%c%c%c", i ? ", " : "", 'a' + i % 26,
			'a' + i / 26 % 26, 'a' + i / 676 % 26);
	assert_false(read(buf_str(&text), &err));
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_have_their_classes),
		cmocka_unit_test(bad_lines_are_named),
		cmocka_unit_test(too_many_words_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
