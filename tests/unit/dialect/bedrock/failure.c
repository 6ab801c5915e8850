/*
 * bedrock/failure.c - errors in AWS's shape, as an answer and as the last
 * message of a stream; AWS's own, read.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

#include "dialect/bedrock/bedrock.h"
#include "dialect/frames_aws.h"

static const struct {
	struct error err;
	const char *body;
	const char *exception; /* in a stream */
} cases[] = {
	{ { .kind = ERR_BAD_FIELD, .message = "'messages' must be an array." },
		"{\"message\":\"'messages' must be an array.\",\"__type\":"
		"\"ValidationException\"}",
		"validationException" },
	{ { .kind = ERR_KEY_UNKNOWN, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"AccessDeniedException\"}",
		"validationException" },
	{ { .kind = ERR_FORBIDDEN, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"AccessDeniedException\"}",
		"validationException" },
	{ { .kind = ERR_MODEL_NOT_FOUND, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"ResourceNotFoundException\"}",
		"validationException" },
	{ { .kind = ERR_UPSTREAM_STATUS, .http_status = 429, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"ThrottlingException\"}",
		"throttlingException" },
	{ { .kind = ERR_UPSTREAM_STATUS, .http_status = 424, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"ModelErrorException\"}",
		"modelStreamErrorException" },
	{ { .kind = ERR_UPSTREAM_STATUS, .http_status = 418, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"ValidationException\"}",
		"validationException" },
	{ { .kind = ERR_UPSTREAM_CONNECT, .message = "a" },
		"{\"message\":\"a\",\"__type\":\"InternalServerException\"}",
		"internalServerException" },
	{ { .kind = ERR_UPSTREAM_STATUS, .http_status = 503, .message = "a" },
		"{\"message\":\"a\",\"__type\":"
		"\"ServiceUnavailableException\"}",
		"serviceUnavailableException" },
};

static void errors_have_the_shape_of_aws(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);

		bedrock.write_failure(&cases[i].err, S("req-1"), &out);
		assert_same_json(
			buf_str(&out), str_of(cases[i].body), cases[i].body);
		buf_release(&out);
	}
}

static void streams_end_with_an_exception(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = BUF_INIT(4096);
		struct error err = ERROR_INIT;
		struct frames frames;
		struct frame frame;

		bedrock.write_stream_failure(
			&cases[i].err, S("req-1"), NULL, &out);
		frames_init(&frames, FRAMING_AWS, 4096);
		frames_feed(&frames, buf_str(&out));
		assert_int_equal(
			frames_next(&frames, &frame, &err), FRAMES_EVENT);
		assert_text(frame.event, cases[i].exception);
		assert_text(frames_aws_header(frame.raw, S(":message-type")),
			"exception");
		assert_non_null(memmem(frame.data.p, frame.data.n,
			cases[i].err.message, strlen(cases[i].err.message)));
		assert_int_equal(
			frames_next(&frames, &frame, &err), FRAMES_MORE);
		frames_release(&frames);
		buf_release(&out);
	}
}

static void names_and_statuses_belong_together(void **state)
{
	static const int statuses[] = { 400, 403, 404, 408, 424, 429, 500,
		503 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
		assert_int_equal(
			bedrock_status_of(bedrock_exception_of(statuses[i])),
			statuses[i]);
	assert_text(bedrock_exception_of(401), "AccessDeniedException");
	assert_text(bedrock_exception_of(422), "ValidationException");
	assert_text(bedrock_exception_of(529), "InternalServerException");
	assert_int_equal(bedrock_status_of(S("throttlingException")), 429);
	assert_int_equal(bedrock_status_of(S("")), 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_the_shape_of_aws),
		cmocka_unit_test(streams_end_with_an_exception),
		cmocka_unit_test(names_and_statuses_belong_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
