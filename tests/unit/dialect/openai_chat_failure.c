/*
 * openai_chat_failure.c - what clients read when something fails, and what
 * the gateway makes of a provider's refusal.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "base/clock.h"

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
	frames_init(&frames, 4096);
	openai->write_stream_failure(&err, S("r"), &out);
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

static const struct {
	int status;
	const char *body;
	const char *message;
	const char *type;
	const char *code;
	enum failure_advice advice;
} shapes[] = {
	{ 400,
		"{\"error\":{\"message\":\"m\",\"type\":\"t\",\"param\":null,"
		"\"code\":\"c\"}}",
		"m", "t", "c", ADVICE_GIVE_UP },
	{ 429, "{\"error\":{\"message\":\"slow\",\"code\":429}}", "slow", "",
		"429", ADVICE_RETRY },
	{ 429,
		"{\"error\":{\"message\":\"pay\",\"type\":"
		"\"insufficient_quota\",\"code\":\"insufficient_quota\"}}",
		"pay", "insufficient_quota", "insufficient_quota",
		ADVICE_NEXT_TARGET },
	{ 500, "{\"error\":\"no\"}", "no", "", "", ADVICE_RETRY },
	{ 400,
		"[{\"error\":{\"code\":400,\"message\":\"bad\","
		"\"status\":\"INVALID_ARGUMENT\"}}]",
		"bad", "", "400", ADVICE_GIVE_UP },
	{ 429,
		"{\"object\":\"error\",\"message\":\"r\",\"type\":"
		"\"rate_limited\",\"param\":null,\"code\":\"1300\"}",
		"r", "rate_limited", "1300", ADVICE_RETRY },
	{ 429, "{\"message\":\"r\"}", "r", "", "", ADVICE_RETRY },
	{ 401, "{\"detail\":\"Invalid API Key\"}", "Invalid API Key", "", "",
		ADVICE_NEXT_TARGET },
	{ 422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}",
		"field required", "", "", ADVICE_GIVE_UP },
	{ 502,
		"{\"error\":{\"message\":\"Provider returned error\",\"code\":"
		"502,\"metadata\":{\"raw\":\"overloaded\"}}}",
		"Provider returned error: overloaded", "", "502",
		ADVICE_RETRY },
	{ 502, "{\"error\":{\"metadata\":{\"raw\":\"overloaded\"}}}",
		"overloaded", "", "", ADVICE_RETRY },
	{ 502, "<html>\r\n<head><title>502 Bad Gateway</title></head></html>",
		"502 Bad Gateway", "", "", ADVICE_RETRY },
	{ 503, "<p>no title</p>", "", "", "", ADVICE_RETRY },
	{ 404, "page not found\n", "page not found", "", "",
		ADVICE_NEXT_TARGET },
	{ 500, "\"text\"", "text", "", "", ADVICE_RETRY },
	{ 500, "", "", "", "", ADVICE_RETRY },
	{ 500, "null", "", "", "", ADVICE_RETRY },
	{ 500, "[]", "", "", "", ADVICE_RETRY },
	{ 500, "[[]]", "", "", "", ADVICE_RETRY },
	{ 500, "{\"error\":{\"message\":5,\"type\":[],\"code\":null}}", "", "",
		"", ADVICE_RETRY },
	{ 408, "", "", "", "", ADVICE_RETRY },
	{ 529, "", "", "", "", ADVICE_RETRY },
	{ 504, "", "", "", "", ADVICE_RETRY },
	{ 402, "", "", "", "", ADVICE_NEXT_TARGET },
	{ 403, "", "", "", "", ADVICE_NEXT_TARGET },
	{ 413, "", "", "", "", ADVICE_GIVE_UP },
	{ 400, "{\"error\":{\"code\":\"model_not_found\"}}", "", "",
		"model_not_found", ADVICE_NEXT_TARGET },
	{ 501, "", "", "", "", ADVICE_NEXT_TARGET },
	{ 520, "", "", "", "", ADVICE_NEXT_TARGET },
};

static void refusals_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		struct failure f;

		openai->read_failure(
			shapes[i].status, S(""), str_of(shapes[i].body), &f);
		assert_int_equal(f.status, shapes[i].status);
		assert_string_equal(f.message, shapes[i].message);
		assert_string_equal(f.type, shapes[i].type);
		assert_string_equal(f.code, shapes[i].code);
		assert_int_equal(f.retry_after_ms, -1);
		if (f.advice != shapes[i].advice)
			fail_msg("%d %s: %d", shapes[i].status, shapes[i].body,
				f.advice);
	}
}

static const struct {
	const char *header;
	int64_t ms;
} waits[] = {
	{ "", -1 },
	{ "0", 0 },
	{ "6", 6000 },
	{ " 17 ", 17000 },
	{ "1.5", 1500 },
	{ "0.25", 200 },
	{ "-1", -1 },
	{ "soon", -1 },
	{ "1.x", -1 },
	{ "99999999999999999999", -1 },
	{ "Wed, 21 Oct 2015 07:28:00 GMT", 0 }, /* long past */
	{ "Wed, 21 Oct 2015", -1 },
};

static void the_wait_is_read(void **state)
{
	struct failure f;
	char header[40];
	time_t then = (time_t)(clock_unix_ms() / 1000) + 60;
	struct tm when;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		openai->read_failure(429, str_of(waits[i].header), S("{}"), &f);
		if (f.retry_after_ms != waits[i].ms)
			fail_msg("'%s': %ld", waits[i].header,
				(long)f.retry_after_ms);
	}
	assert_non_null(gmtime_r(&then, &when));
	strftime(header, sizeof(header), "%a, %d %b %Y %H:%M:%S GMT", &when);
	openai->read_failure(429, str_of(header), S("{}"), &f);
	assert_in_range(f.retry_after_ms, 50000, 60000);
}

static const struct {
	const char *said;
	const char *shown;
} secrets[] = {
	{ "Incorrect API key provided: sk-proj-abcdefgh12345678. See",
		"Incorrect API key provided: sk-***. See" },
	{ "key=gsk_0123456789abcdef", "key=gsk_***" },
	{ "AIzaSyA0123456789_-x was refused", "AIza*** was refused" },
	{ "Bearer 0123456789abcdef0123456789abcdef!", "Bearer ***!" },
	{ "gw_0123456789", "gw_***" },
	{ "the key sk-. is wrong", "the key sk-. is wrong" },
	{ "model gpt-4o-mini-2024-07-18 in org-x",
		"model gpt-4o-mini-2024-07-18 in org-x" },
	{ "internationalizationinternationalization",
		"internationalizationinternationalization" },
	{ "id 6f1b9c1e-3a3c-4c59-9b0e-7d6a1c2f3e4d",
		"id 6f1b9c1e-3a3c-4c59-9b0e-7d6a1c2f3e4d" },
};

static void keys_are_blotted_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		struct buf body = BUF_INIT(4096);
		struct failure f;

		openai->read_failure(401, S(""), str_of(secrets[i].said), &f);
		assert_string_equal(f.message, secrets[i].shown);
		buf_append(&body, S("{\"error\":{\"message\":"));
		json_append_quoted(&body, str_of(secrets[i].said));
		buf_append(&body, S("}}"));
		openai->read_failure(401, S(""), buf_str(&body), &f);
		assert_string_equal(f.message, secrets[i].shown);
		buf_release(&body);
	}
}

/* A message longer than its field is cut between two characters. */
static void long_messages_are_cut(void **state)
{
	struct failure f;

	(void)state;
	for (size_t shift = 0; shift < 3; shift++) {
		struct buf body = BUF_INIT(8192);

		buf_append(&body, S("{\"error\":{\"message\":\""));
		for (size_t i = 0; i < shift; i++)
			buf_append(&body, S(" "));
		for (int i = 0; i < 1000; i++)
			buf_append(&body, S("\xe2\x82\xac"));
		buf_append(&body, S("\",\"metadata\":{\"raw\":\"x\"}}}"));
		openai->read_failure(500, S(""), buf_str(&body), &f);
		assert_true(strlen(f.message) >= sizeof(f.message) - 4);
		assert_int_equal((strlen(f.message) - shift) % 3, 0);
		buf_release(&body);
	}
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

/* Each recorded and documented refusal has its message and an advice that
 * fits its status. */
static void visit(const struct recording *r, void *context)
{
	size_t *count = context;
	struct failure f;
	bool is_client_fault = r->status == 400 || r->status == 413;

	if (r->status < 400)
		return;
	openai->read_failure(r->status, r->retry_after, r->response, &f);
	(*count)++;
	if (f.message[0] == 0)
		fail_msg("%s: no message", r->name);
	if (is_client_fault != (f.advice == ADVICE_GIVE_UP))
		fail_msg("%s: %d", r->name, f.advice);
	if (r->retry_after.p)
		assert_true(f.retry_after_ms >= 1000);
	if (strstr(r->name, "insufficient-quota"))
		assert_int_equal(f.advice, ADVICE_NEXT_TARGET);
}

static void recorded_refusals_are_understood(void **state)
{
	size_t count = 0;

	(void)state;
	recordings_visit(visit, &count);
	recordings_visit_file(
		RECORDINGS "documented_errors.jsonl", visit, &count);
	print_message("%zu refusals\n", count);
	assert_true(count >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_have_openais_shape),
		cmocka_unit_test(the_field_at_fault_is_named),
		cmocka_unit_test(a_stream_ends_with_an_error_event),
		cmocka_unit_test(refusals_are_understood),
		cmocka_unit_test(the_wait_is_read),
		cmocka_unit_test(keys_are_blotted_out),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(a_failure_in_a_good_answer),
		cmocka_unit_test(recorded_refusals_are_understood),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
