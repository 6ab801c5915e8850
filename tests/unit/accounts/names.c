/*
 * names.c - names, lists of names, and what a key's lists allow.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/gateway_key.h"
#include "accounts/names.h"

static struct arena arena;

static struct name_list split(const char *text)
{
	struct name_list list;
	struct error err = ERROR_INIT;

	assert_true(
		name_list_split(str_of(text), "models", &arena, &list, &err));
	return list;
}

static void patterns_fit(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool fits;
	} rows[] = {
		{ "gpt-4o", "gpt-4o", true },
		{ "gpt-4o", "gpt-4o-mini", false },
		{ "gpt-4o", "GPT-4o", false },
		{ "gpt-*", "gpt-", true },
		{ "gpt-*", "gpt-4o", true },
		{ "gpt-*", "xgpt-4o", false },
		{ "*-mini", "gpt-4o-mini", true },
		{ "*-mini", "mini-mini-", false },
		{ "*a*b*", "xxaxxbxx", true },
		{ "*a*b*", "xxbxxaxx", false },
		{ "a*a", "a", false },
		{ "a*a", "aa", true },
		{ "**", "", true },
		{ "*", "anything/at:all", true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(name_list_allows(split(rows[i].pattern),
					 str_of(rows[i].name)),
			rows[i].fits);
}

/* Each '*' could try every rest: the time must not explode. */
static void a_hostile_pattern_ends(void **state)
{
	char name[NAME_MAX_BYTES + 1];

	(void)state;
	memset(name, 'a', NAME_MAX_BYTES);
	name[NAME_MAX_BYTES] = '\0';
	assert_false(name_list_allows(
		split("a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"), str_of(name)));
}

static void an_empty_list_allows_all(void **state)
{
	struct name_list none = { NULL, 0 };

	(void)state;
	assert_true(name_list_allows(none, S("x")));
	assert_int_equal(split("").count, 0);
}

static void lists_keep_their_names(void **state)
{
	struct name_list list = split(" a , b\"\\,c d"), again;
	struct buf json = BUF_INIT(1024);
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(list.count, 3);
	name_list_write(list, &json);
	assert_string_equal(buf_cstr(&json), "[\"a\",\"b\\\"\\\\\",\"c d\"]");
	assert_true(name_list_read(buf_str(&json), &arena, &again, &err));
	assert_int_equal(again.count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(str_equal(list.names[i], again.names[i]));
	buf_release(&json);
}

static void what_is_no_list_is_refused(void **state)
{
	static const char *const texts[] = { "{}", "\"a\"", "[1]", "[\"a\",{}]",
		"[", "null" };
	struct name_list list;
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_false(
			name_list_read(str_of(texts[i]), &arena, &list, &err));
	assert_false(name_list_split(S("a,,b"), "models", &arena, &list, &err));
	assert_string_equal(err.param, "models");
}

static void names_are_checked(void **state)
{
	static const char *const refused[] = { "", " a", "a ", "a\nb",
		"a\x1b[2J" };
	char longest[NAME_MAX_BYTES + 2];
	struct error err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		assert_false(name_check(str_of(refused[i]), "name", &err));
		assert_int_equal(err.kind, ERR_BAD_FIELD);
	}
	memset(longest, 'n', sizeof(longest));
	assert_true(name_check(
		(struct str){ longest, NAME_MAX_BYTES }, "name", &err));
	assert_false(name_check(
		(struct str){ longest, NAME_MAX_BYTES + 1 }, "name", &err));
	assert_true(name_check(S("Mi proyecto, año 2"), "name", &err));
}

static void a_key_allows_by_model_or_provider(void **state)
{
	struct gateway_key key = { .allowed_models =
					   split("gpt-4o,groq/*,fast") };

	(void)state;
	assert_true(gateway_key_allows(&key, S("openai"), S("gpt-4o")));
	assert_true(gateway_key_allows(&key, S("groq"), S("llama-3")));
	assert_false(gateway_key_allows(&key, S("openai"), S("llama-3")));
	assert_true(gateway_key_allows_name(&key, S("fast")));
	assert_false(gateway_key_allows_name(&key, S("slow")));
	key.allowed_providers = split("groq");
	assert_false(gateway_key_allows(&key, S("openai"), S("gpt-4o")));
	assert_true(gateway_key_allows(&key, S("groq"), S("gpt-4o")));
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(patterns_fit),
		cmocka_unit_test(a_hostile_pattern_ends),
		cmocka_unit_test(an_empty_list_allows_all),
		cmocka_unit_test(lists_keep_their_names),
		cmocka_unit_test(what_is_no_list_is_refused),
		cmocka_unit_test(names_are_checked),
		cmocka_unit_test(a_key_allows_by_model_or_provider),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
