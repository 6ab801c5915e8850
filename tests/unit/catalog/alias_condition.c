/* Tests of the conditions of an alias's targets. */
#include "catalog/alias_condition.h"

#include <setjmp.h>

#include <cmocka.h>

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct alias_condition parsed(const char *words)
{
	struct alias_condition condition;
	struct error err = ERROR_INIT;

	alias_condition_init(&condition);
	if (!alias_condition_add(&condition, str_of(words), &arena, &err))
		fail_msg("%s: %s", words, error_message(&err));
	return condition;
}

static void words_are_kept_as_json(void **state)
{
	static const char *const cases[][2] = {
		{ "complexity=simple,medium",
			"{\"complexity\":[\"simple\",\"medium\"]}" },
		{ "min_tokens=5;max_tokens=5",
			"{\"min_tokens\":5,\"max_tokens\":5}" },
		{ "tags= beta , internal ;percent=10",
			"{\"tags\":[\"beta\",\"internal\"],\"percent\":10}" },
		{ "percent=0", "{\"percent\":0}" },
		{ "", "{}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alias_condition condition = parsed(cases[i][0]), again;
		struct buf json = BUF_INIT(4096), twice = BUF_INIT(4096);
		struct error err;

		alias_condition_write(&condition, &json);
		assert_string_equal(buf_cstr(&json), cases[i][1]);
		assert_true(alias_condition_read(
			buf_str(&json), &arena, &again, &err));
		alias_condition_write(&again, &twice);
		assert_string_equal(buf_cstr(&twice), cases[i][1]);
		assert_int_equal(alias_condition_is_empty(&again),
			strcmp(cases[i][1], "{}") == 0);
		buf_release(&json);
		buf_release(&twice);
	}
}

static void what_cannot_work_is_refused(void **state)
{
	static const char *const cases[] = { "complexity=hard",
		"complexity=", "complexity", "colour=red", "percent=101",
		"percent=-1", "percent=ten", "min_tokens=0", "max_tokens=x",
		"min_tokens=6;max_tokens=5", "tags=", "tags=a,,b" };
	static const char *const stored[] = { "[]", "{\"colour\":1}",
		"{\"percent\":\"x\"}", "{\"complexity\":[\"hard\"]}", "{",
		"{\"min_tokens\":null}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alias_condition condition;
		struct error err = ERROR_INIT;

		alias_condition_init(&condition);
		if (alias_condition_add(
			    &condition, str_of(cases[i]), &arena, &err))
			fail_msg("%s", cases[i]);
		assert_int_equal(err.kind, ERR_BAD_FIELD);
	}
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		struct alias_condition condition;
		struct error err;

		if (alias_condition_read(
			    str_of(stored[i]), &arena, &condition, &err))
			fail_msg("%s", stored[i]);
	}
}

static void each_member_must_hold(void **state)
{
	static const struct str tags[] = { STR("beta"), STR("internal") };
	static const struct {
		const char *words;
		const char *fails;
	} cases[] = {
		{ "", NULL },
		{ "complexity=medium", NULL },
		{ "complexity=simple,complex", "complexity" },
		{ "min_tokens=100", NULL },
		{ "min_tokens=101", "min_tokens" },
		{ "max_tokens=100", NULL },
		{ "max_tokens=99", "max_tokens" },
		{ "tags=other,internal", NULL },
		{ "tags=other", "tags" },
		{ "complexity=medium;tags=other", "tags" },
		{ "percent=100", NULL },
		{ "percent=0", "percent" },
	};
	const struct alias_facts facts = {
		.complexity = COMPLEXITY_MEDIUM,
		.prompt_tokens = 100,
		.tags = tags,
		.tag_count = ARRAY_LEN(tags),
		.who = S("somebody"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alias_condition condition = parsed(cases[i].words);
		const char *fails =
			alias_condition_fails(&condition, &facts, S("1/a"));

		if (cases[i].fails)
			assert_string_equal(fails, cases[i].fails);
		else
			assert_null(fails);
	}
}

/* A user is on one side, and the sides are as large as they should be. */
static void a_share_is_one_of_users(void **state)
{
	struct alias_condition condition = parsed("percent=10");
	size_t drawn = 0, both = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct alias_facts facts = { .who = arena_printf(
						     &arena, "user-%d", i) };
		bool in = !alias_condition_fails(&condition, &facts, S("1/a"));

		assert_int_equal(in,
			!alias_condition_fails(&condition, &facts, S("1/a")));
		drawn += in;
		both += in &&
			!alias_condition_fails(&condition, &facts, S("1/b"));
	}
	/* Six standard deviations each. */
	assert_in_range(drawn, 820, 1180);
	assert_in_range(both, 40, 160);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_kept_as_json),
		cmocka_unit_test(what_cannot_work_is_refused),
		cmocka_unit_test(each_member_must_hold),
		cmocka_unit_test(a_share_is_one_of_users),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
