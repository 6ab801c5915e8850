/* Tests of what the router is to prefer, as words and as settings. */
#include "accounts/routing_policy.h"

#include <setjmp.h>

#include <cmocka.h>

static void what_was_said_comes_back(void **state)
{
	struct routing_policy policy, again;
	struct buf json = BUF_INIT(4096);
	struct error err;

	(void)state;
	assert_true(routing_policy_parse(
		S("quality,cost=0.25, speed=0"), &policy, &err));
	buf_append(&json, S("{\"other\":1,\"routing\":"));
	routing_policy_write(&policy, &json);
	buf_append_char(&json, '}');
	assert_true(routing_policy_read(buf_str(&json), &again, &err));
	buf_release(&json);
	assert_true(again.is_set);
	assert_int_equal(again.preset, ROUTING_QUALITY);
	assert_true(again.weights.quality ==
		    routing_policy_of(ROUTING_QUALITY).weights.quality);
	assert_true(again.weights.cost == 0.25);
	assert_true(again.weights.speed == 0);
}

static void nothing_said_is_not_set(void **state)
{
	static const char *const cases[] = { "", "{}", "{\"routing\":null}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct routing_policy policy = { .is_set = true };
		struct error err;

		assert_true(
			routing_policy_read(str_of(cases[i]), &policy, &err));
		assert_false(policy.is_set);
	}
}

static void what_cannot_work_is_refused(void **state)
{
	static const char *const words[] = { "", "best", "cheap,quality",
		"cheap,quality=x", "cheap,colour=1", "cheap,cost=-1",
		"cheap,cost=101", "cost=1" };
	static const char *const stored[] = {
		"{\"routing\":{\"preset\":\"best\"}}",
		"{\"routing\":{\"cost\":\"1\"}}",
		"{\"routing\":{\"cost\":1e9}}", "{\"routing\":{\"colour\":1}}",
		"{"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct routing_policy policy;
		struct error err;

		if (routing_policy_parse(str_of(words[i]), &policy, &err))
			fail_msg("%s", words[i]);
		assert_int_equal(err.kind, ERR_BAD_FIELD);
	}
	for (size_t i = 0; i < ARRAY_LEN(stored); i++) {
		struct routing_policy policy;
		struct error err;

		assert_false(
			routing_policy_read(str_of(stored[i]), &policy, &err));
		assert_false(policy.is_set);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_said_comes_back),
		cmocka_unit_test(nothing_said_is_not_set),
		cmocka_unit_test(what_cannot_work_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
