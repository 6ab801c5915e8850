/*
 * openai_chat/failure.c - what clients read when something fails, and an
 * error in an answer that looks good. Refusals are read in failure.c.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../recordings.h"

static const struct dialect *openai;

static int set_up(void **state)
{
	(void)state;
	openai = dialect_find(S("openai_chat"));
	return openai ? 0 : -1;
}

static const struct {
	enum error_kind kind;
	int http_status;
	const char *type;
	const char *code;
} written[] = {
	{ ERR_BAD_FIELD, 0, "invalid_request_error", "invalid_field" },
	{ ERR_TOO_LARGE, 0, "invalid_request_error", "request_too_large" },
	{ ERR_MODEL_NOT_FOUND, 0, "invalid_request_error", "model_not_found" },
	{ ERR_KEY_UNKNOWN, 0, "authentication_error", "invalid_api_key" },
	{ ERR_MODEL_FORBIDDEN, 0, "permission_error", "model_not_allowed" },
	{ ERR_UPSTREAM_STATUS, 429, "rate_limit_error", "upstream_error" },
	{ ERR_UPSTREAM_STATUS, 0, "api_error", "upstream_error" },
	{ ERR_UPSTREAM_TIMEOUT, 0, "api_error", "upstream_timeout" },
	{ ERR_OVERLOADED, 0, "server_error", "overloaded" },
	{ ERR_INTERNAL, 0, "server_error", "internal" },
};

static void errors_have_openais_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(written); i++) {
		struct error err = { .kind = written[i].kind,
			.http_status = written[i].http_status,
			.message = "It \"failed\".\nThere." };
		struct buf out = BUF_INIT(4096);
		json_t *root, *error;

		openai->write_failure(&err, S("req-1"), &out);
		root = parse(buf_str(&out));
		error = json_object_get(root, "error");
		assert_text(recorded_text(error, "type"), written[i].type);
		assert_text(recorded_text(error, "code"), written[i].code);
		assert_text(recorded_text(error, "message"),
			"It \"failed\".\nThere.");
		assert_text(recorded_text(error, "request_id"), "req-1");
		assert_int_equal(json_typeof(json_object_get(error, "param")),
			JSON_NULL);
		json_decref(root);
		buf_release(&out);
	}
}

static void the_field_at_fault_is_named(void **state)
{
	struct error err = ERROR_INIT;
	struct buf out = BUF_INIT(4096);

	(void)state;
	error_refuse(&err, ERR_BAD_FIELD, "messages[2].role", "No.");
	openai->write_failure(&err, S(""), &out);
	assert_text(buf_str(&out),
		"{\"error\":{\"message\":\"No.\",\"type\":"
		"\"invalid_request_error\",\"param\":\"messages[2].role\","
		"\"code\":\"invalid_field\"}}");
	buf_release(&out);
}

/* One event, read again as an error; no [DONE] behind it. */
static void a_stream_ends_with_an_error_event(void **state)
{
	struct error err = { .kind = ERR_UPSTREAM_CUT, .message = "a\nb\r\nc" };
	struct buf out = BUF_INIT(4096);
	struct chat_facts facts;
	struct frames frames;
	struct frame frame;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	chat_facts_init(&facts);
	frames_init(&frames, FRAMING_SSE, 4096);
	openai->write_stream_failure(&err, S("r"), NULL, &out);
	frames_feed(&frames, buf_str(&out));
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_EVENT);
	assert_true(openai->read_frame(&frame, &facts, &arena, &err));
	assert_int_equal(facts.frame, FRAME_ERROR);
	assert_string_equal(facts.failure.message, "a b  c");
	assert_string_equal(facts.failure.code, "upstream_cut");
	assert_int_equal(frames_next(&frames, &frame, &err), FRAMES_MORE);
	assert_false(frames_finish(&frames, &frame));
	frames_release(&frames);
	buf_release(&out);
	arena_release(&arena);
}

static void a_failure_in_a_good_answer(void **state)
{
	static const struct {
		const char *body;
		int status;
		enum failure_advice advice;
	} bodies[] = {
		{ "{\"error\":{\"message\":\"x\",\"code\":429}}", 429,
			ADVICE_RETRY },
		{ "{\"error\":{\"message\":\"x\",\"code\":\"400\"}}", 400,
			ADVICE_GIVE_UP },
		{ "{\"error\":{\"message\":\"x\",\"code\":\"bad\"}}", 500,
			ADVICE_RETRY },
		{ "{\"error\":{\"message\":\"x\",\"code\":200}}", 500,
			ADVICE_RETRY },
	};
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct error err = ERROR_INIT;
		struct chat_facts facts;

		chat_facts_init(&facts);
		assert_true(openai->read_reply(
			str_of(bodies[i].body), &arena, &facts, &err));
		assert_true(facts.failed);
		assert_int_equal(facts.failure.status, bodies[i].status);
		assert_int_equal(facts.failure.advice, bodies[i].advice);
	}
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_openais_shape),
		cmocka_unit_test(the_field_at_fault_is_named),
		cmocka_unit_test(a_stream_ends_with_an_error_event),
		cmocka_unit_test(a_failure_in_a_good_answer),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
