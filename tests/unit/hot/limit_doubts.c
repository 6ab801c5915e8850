/*
 * limit_doubts.c - ids are kept in order, whatever their bytes, and no more
 * than there is room for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "hot/limit_doubts.h"

static bool is(const struct doubt *doubt, struct str id)
{
	return str_equal((struct str){ doubt->bytes, doubt->n }, id);
}

static void keeps_and_removes(void **state)
{
	struct doubt list[DOUBTS_MAX];
	struct doubts doubts;

	(void)state;
	doubts_init(&doubts);
	assert_int_equal(doubts_copy(&doubts, list), 0);
	doubts_add(&doubts, S("a"));
	doubts_add(&doubts, S("a\0b"));
	doubts_add(&doubts, S("c"));
	doubts_add(&doubts, S("a"));
	doubts_remove(&doubts, S("a"));
	doubts_remove(&doubts, S("none"));
	doubts_expire(&doubts);
	assert_int_equal(doubts_copy(&doubts, list), 2);
	assert_true(is(&list[0], S("a\0b")));
	assert_true(is(&list[1], S("c")));
	doubts_release(&doubts);
}

static void gives_up_the_oldest(void **state)
{
	struct doubt list[DOUBTS_MAX];
	struct doubts doubts;

	(void)state;
	doubts_init(&doubts);
	for (int i = 0; i <= DOUBTS_MAX; i++) {
		char id[16];

		snprintf(id, sizeof(id), "%d", i);
		doubts_add(&doubts, str_of(id));
	}
	assert_int_equal(doubts_copy(&doubts, list), DOUBTS_MAX);
	assert_true(is(&list[0], S("1")));
	assert_true(is(&list[DOUBTS_MAX - 1], S("256")));
	doubts_release(&doubts);
}

static void forgets_what_is_old(void **state)
{
	struct doubt list[DOUBTS_MAX];
	struct doubts doubts;

	(void)state;
	doubts_init(&doubts);
	doubts_add(&doubts, S("old"));
	doubts_add(&doubts, S("new"));
	doubts.list[0].since_ms -= DOUBT_MS + 1;
	doubts_expire(&doubts);
	assert_int_equal(doubts_copy(&doubts, list), 1);
	assert_true(is(&list[0], S("new")));
	doubts_release(&doubts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_and_removes),
		cmocka_unit_test(gives_up_the_oldest),
		cmocka_unit_test(forgets_what_is_old),
	};

	return cmocka_run_group_tests_name(
		"hot/limit_doubts", tests, NULL, NULL);
}
