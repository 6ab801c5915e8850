/*
 * words.c - folding, roots that two languages share, counts.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "classify/words.h"

static struct words words;

static void read(struct str text)
{
	words_init(&words);
	words_read(&words, text);
}

static uint32_t root_of(struct str word)
{
	read(word);
	assert_int_equal(words.count, 1);
	return words.root[0];
}

static void capitals_and_accents_are_folded(void **state)
{
	(void)state;
	assert_int_equal(
		words_hash(S("ECUACI\xc3\x93N")), words_hash(S("ecuacion")));
	assert_int_equal(words_hash(S("a\xc3\xb1o")), words_hash(S("ano")));
	assert_int_not_equal(words_hash(S("ano")), words_hash(S("anos")));
}

static void numbers_are_as_long_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(words_hash(S("12")), words_hash(S("99")));
	assert_int_not_equal(words_hash(S("12")), words_hash(S("123")));
	assert_int_equal(words_hash(S("12345")), words_hash(S("9876543")));
	read(S("x2 7"));
	assert_int_equal(words.count, 3);
	assert_int_equal(words.number_count, 2);
}

static void roots_are_shared_by_both_languages(void **state)
{
	static const char *const pairs[][2] = {
		{ "physics", "f\xc3\xadsica" },
		{ "theorem", "teorema" },
		{ "calculate", "calcula" },
		{ "mathematics", "matem\xc3\xa1ticas" },
		{ "probability", "probabilidad" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		assert_int_equal(root_of(str_of(pairs[i][0])),
			root_of(str_of(pairs[i][1])));
	assert_int_not_equal(root_of(S("theory")), root_of(S("history")));
}

static void characters_are_counted(void **state)
{
	(void)state;
	read(S("Is f(x) = $x^2$ ok?\n{a}"));
	assert_int_equal(words.characters[CHARACTER_QUESTION], 1);
	assert_int_equal(words.characters[CHARACTER_BRACKET], 2);
	assert_int_equal(words.characters[CHARACTER_BLOCK], 2);
	assert_int_equal(words.characters[CHARACTER_FORMULA], 2);
	assert_int_equal(words.characters[CHARACTER_OPERATOR], 2);
	assert_int_equal(words.characters[CHARACTER_LINE], 1);
	assert_int_equal(words.capital_count, 1);
	read(S("a \xe2\x88\x91 b \xe2\x89\xa4 c"));
	assert_int_equal(words.symbol_count, 2);
	assert_int_equal(words.count, 3);
}

static void any_bytes_will_do(void **state)
{
	static const char *const broken[] = { "\xff\xfe", "\xc3", "a\xe2",
		"\xe2\x88", "\xf0\x9f\x98", "\x80\x80" };
	static char much[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(broken); i++)
		read(str_of(broken[i]));
	memset(much, 'a', sizeof(much));
	for (size_t i = 1; i < sizeof(much); i += 2)
		much[i] = ' ';
	read((struct str){ much, sizeof(much) });
	assert_int_equal(words.count, WORDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capitals_and_accents_are_folded),
		cmocka_unit_test(numbers_are_as_long_as_they_are),
		cmocka_unit_test(roots_are_shared_by_both_languages),
		cmocka_unit_test(characters_are_counted),
		cmocka_unit_test(any_bytes_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
