/*
 * dialect.c - the table of wire formats is whole and can be searched.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

static void the_table_is_whole(void **state)
{
	(void)state;
	dialect_check_table();
}

static void names_are_found(void **state)
{
	const struct dialect *found = dialect_find(S("openai_chat"));

	(void)state;
	assert_non_null(found);
	assert_string_equal(found->name, "openai_chat");
	assert_null(dialect_find(S("")));
	assert_null(dialect_find(S("openai_chat2")));
	assert_null(dialect_find(S("OPENAI_CHAT")));
	assert_null(dialect_find(S("openai_cha")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_whole),
		cmocka_unit_test(names_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
