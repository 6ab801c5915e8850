/* error.c - one table, two readers: the client and the log. */
#include "expect.h"

#include "base/error.h"

static void every_kind_has_a_row(void **state)
{
	(void)state;
	for (int i = ERR_NONE + 1; i < ERR_KINDS; i++) {
		struct error err = { .kind = (enum error_kind)i };

		assert_non_null(error_name(err.kind));
		assert_in_range(error_http_status(&err), 400, 599);
		assert_true(strlen(error_message(&err)) > 10);
		for (int j = ERR_NONE; j < i; j++)
			assert_string_not_equal(error_name(err.kind),
				error_name((enum error_kind)j));
	}
}

static void known_rows(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_int_equal(err.kind, ERR_NONE);
	err.kind = ERR_MODEL_NOT_FOUND;
	assert_string_equal(error_name(err.kind), "model_not_found");
	assert_int_equal(error_http_status(&err), 404);
	err.kind = ERR_TOO_LARGE;
	assert_int_equal(error_http_status(&err), 413);
	err.kind = ERR_UPSTREAM_TIMEOUT;
	assert_int_equal(error_http_status(&err), 504);
	err.http_status = 529;
	assert_int_equal(error_http_status(&err), 529);
}

static void set_speaks_to_the_log_alone(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	snprintf(err.param, sizeof(err.param), "left over");
	assert_false(error_set(&err, ERR_DATABASE, "errno %d", 111));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_string_equal(err.param, "");
	assert_string_equal(error_detail(&err), "errno 111");
	assert_string_equal(
		error_message(&err), "The gateway cannot reach its database.");
}

static void refuse_speaks_to_the_client(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	assert_false(error_set(&err, ERR_DATABASE, "left over"));
	assert_false(error_refuse(&err, ERR_BAD_FIELD, "temperature",
		"temperature must be %d to %d", 0, 2));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_string_equal(err.param, "temperature");
	assert_string_equal(error_message(&err), "temperature must be 0 to 2");
	assert_string_equal(error_detail(&err), "temperature must be 0 to 2");
	assert_false(error_refuse(&err, ERR_BAD_REQUEST, NULL, "no"));
	assert_string_equal(err.param, "");
}

static void long_texts_are_cut(void **state)
{
	struct error err = ERROR_INIT;
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(error_refuse(&err, ERR_BAD_FIELD, text, "%s", text));
	assert_int_equal(strlen(err.param), sizeof(err.param) - 1);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_false(error_set(&err, ERR_INTERNAL, "%s", text));
	assert_int_equal(strlen(err.detail), sizeof(err.detail) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_row),
		cmocka_unit_test(known_rows),
		cmocka_unit_test(set_speaks_to_the_log_alone),
		cmocka_unit_test(refuse_speaks_to_the_client),
		cmocka_unit_test(long_texts_are_cut),
	};

	return cmocka_run_group_tests_name("base/error", tests, NULL, NULL);
}
