/*
 * gemini/failure.c - what Google's clients read when something fails.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/gemini/gemini.h"

static void errors_have_googles_shape(void **state)
{
	static const struct {
		enum error_kind kind;
		int http_status;
		const char *status;
	} cases[] = {
		{ ERR_BAD_FIELD, 0, "INVALID_ARGUMENT" },
		{ ERR_TOO_LARGE, 0, "INVALID_ARGUMENT" },
		{ ERR_KEY_UNKNOWN, 0, "UNAUTHENTICATED" },
		{ ERR_MODEL_FORBIDDEN, 0, "PERMISSION_DENIED" },
		{ ERR_MODEL_NOT_FOUND, 0, "NOT_FOUND" },
		{ ERR_UPSTREAM_STATUS, 429, "RESOURCE_EXHAUSTED" },
		{ ERR_INTERNAL, 0, "INTERNAL" },
		{ ERR_UPSTREAM_RESET, 0, "UNAVAILABLE" },
		{ ERR_UPSTREAM_TIMEOUT, 0, "DEADLINE_EXCEEDED" },
		{ ERR_OVERLOADED, 0, "UNAVAILABLE" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct error err = { .kind = cases[i].kind,
			.http_status = cases[i].http_status,
			.message = "It \"failed\"." };
		struct buf out = BUF_INIT(4096);
		struct failure failure;
		json_t *root, *error;

		gemini.write_failure(&err, S("q"), &out);
		root = parse(buf_str(&out));
		error = json_object_get(root, "error");
		assert_text(recorded_text(error, "status"), cases[i].status);
		assert_text(recorded_text(error, "message"), err.message);
		assert_int_equal(
			json_integer_value(json_object_get(error, "code")),
			error_http_status(&err));
		failure_read(error_http_status(&err), S(""), buf_str(&out),
			&failure);
		assert_string_equal(failure.type, cases[i].status);
		assert_string_equal(failure.code, error_name(err.kind));
		json_decref(root);
		buf_release(&out);
	}
}

static void the_field_and_the_wait_are_named(void **state)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT(4096);
	struct failure failure;

	(void)state;
	error_refuse(&err, ERR_BAD_FIELD, "contents[0].role", "No.");
	err.http_status = 429;
	err.retry_after_seconds = 12;
	gemini.write_failure(&err, S(""), &out);
	assert_text(buf_str(&out),
		"{\"error\":{\"code\":429,\"message\":\"No.\",\"status\":"
		"\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":"
		"\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
		"\"invalid_field\",\"domain\":\"llm-gateway\"},{\"@type\":"
		"\"type.googleapis.com/google.rpc.BadRequest\","
		"\"fieldViolations\":[{\"field\":\"contents[0].role\","
		"\"description\":\"No.\"}]},{\"@type\":"
		"\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":"
		"\"12s\"}]}}");
	failure_read(429, S(""), buf_str(&out), &failure);
	assert_int_equal(failure.retry_after_ms, 12000);
	/* The header comes first. */
	failure_read(429, S("3"), buf_str(&out), &failure);
	assert_int_equal(failure.retry_after_ms, 3000);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_googles_shape),
		cmocka_unit_test(the_field_and_the_wait_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
