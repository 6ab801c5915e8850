/*
 * failure.c - what the gateway makes of a provider's refusal, whatever it
 * looks like.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "recordings.h"

#include "base/clock.h"

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
		"bad", "INVALID_ARGUMENT", "400", ADVICE_GIVE_UP },
	{ 400,
		"{\"error\":{\"code\":400,\"message\":\"key\",\"status\":"
		"\"INVALID_ARGUMENT\",\"details\":[{\"@type\":"
		"\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":"
		"\"API_KEY_INVALID\"}]}}",
		"key", "INVALID_ARGUMENT", "API_KEY_INVALID",
		ADVICE_NEXT_TARGET },
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

		failure_read(
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
		failure_read(429, str_of(waits[i].header), S("{}"), &f);
		if (f.retry_after_ms != waits[i].ms)
			fail_msg("'%s': %ld", waits[i].header,
				(long)f.retry_after_ms);
	}
	assert_non_null(gmtime_r(&then, &when));
	strftime(header, sizeof(header), "%a, %d %b %Y %H:%M:%S GMT", &when);
	failure_read(429, str_of(header), S("{}"), &f);
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

		failure_read(401, S(""), str_of(secrets[i].said), &f);
		assert_string_equal(f.message, secrets[i].shown);
		buf_append(&body, S("{\"error\":{\"message\":"));
		json_append_quoted(&body, str_of(secrets[i].said));
		buf_append(&body, S("}}"));
		failure_read(401, S(""), buf_str(&body), &f);
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
		failure_read(500, S(""), buf_str(&body), &f);
		assert_true(strlen(f.message) >= sizeof(f.message) - 4);
		assert_int_equal((strlen(f.message) - shift) % 3, 0);
		buf_release(&body);
	}
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
	failure_read(r->status, r->retry_after, r->response, &f);
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
		cmocka_unit_test(refusals_are_understood),
		cmocka_unit_test(the_wait_is_read),
		cmocka_unit_test(keys_are_blotted_out),
		cmocka_unit_test(long_messages_are_cut),
		cmocka_unit_test(recorded_refusals_are_understood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
