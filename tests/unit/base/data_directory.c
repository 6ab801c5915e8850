/*
 * data_directory.c - the setting comes first; else the folder has a name.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/data_directory.h"

static void the_setting_comes_first(void **state)
{
	char path[PATH_MAX];
	struct error err = ERROR_INIT;

	(void)state;
	data_directory(S("/srv/data"), path);
	assert_string_equal(path, "/srv/data");
	assert_true(data_directory_path(
		S("/srv/data"), "classifier/weights", path, &err));
	assert_string_equal(path, "/srv/data/classifier/weights");
}

static void without_one_there_is_a_folder(void **state)
{
	char path[PATH_MAX];

	(void)state;
	data_directory(S(""), path);
	assert_true(path[0] != '\0' && path[strlen(path) - 1] != '/');
}

static void names_that_are_too_long_are_refused(void **state)
{
	static char folder[PATH_MAX - 5];
	char path[PATH_MAX];
	struct error err = ERROR_INIT;

	(void)state;
	memset(folder, 'x', sizeof(folder));
	assert_false(data_directory_path((struct str){ folder, sizeof(folder) },
		"classifier/weights", path, &err));
	assert_int_equal(err.kind, ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_setting_comes_first),
		cmocka_unit_test(without_one_there_is_a_folder),
		cmocka_unit_test(names_that_are_too_long_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
