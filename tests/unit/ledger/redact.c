/* Tests of taking personal data out of texts. */
#include "ledger/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

static void assert_redacted(const char *text, const char *expected)
{
	struct buf out = BUF_INIT(1 << 20);

	redact_text(str_of(text), &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void forms_are_found(void **state)
{
	static const char *const cases[][2] = {
		{ "ana@example.com", "[email]" },
		{ "<Ana.G+x@mail.example.co.uk>, you", "<[email]>, you" },
		{ "to jos\xc3\xa9@ejemplo.es.", "to [email]." },
		{ "call +34 600 123 456 now", "call [phone] now" },
		{ "call (212) 555-0123", "call [phone]" },
		{ "00 34 91 123 45 67", "[phone]" },
		{ "4111 1111 1111 1111", "[card]" },
		{ "card:4111-1111-1111-1111;", "card:[card];" },
		{ "ES91 2100 0418 4502 0005 1332 ok", "[iban] ok" },
		{ "DE89370400440532013000", "[iban]" },
		{ "from 192.0.2.17, then", "from [ip], then" },
		{ "sk-abcdefghijklmnop1234", "[key]" },
		{ "gw_0123456789abcdef0123456789", "[key]" },
		{ "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "[key]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_redacted(cases[i][0], cases[i][1]);
}

static void what_only_looks_like_one_stays(void **state)
{
	static const char *const cases[] = {
		"",
		"plain words, and 3 + 4 = 7",
		"@home and a@b",
		"on 2026-11-21 10:00",
		"version 1.2.3.400",
		"4111111111111112",
		"ES9121000418450200051333",
		"sk-short",
		"tokens: 1234567",
		"1 2 3 4 5 6 7 8 9 10 11 12",
		"caf\xc3\xa9 \xe2\x82\xac 20",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_redacted(cases[i], cases[i]);
}

static void assert_json(const char *json, const char *expected)
{
	struct buf out = BUF_INIT(1 << 20);
	struct arena arena;

	arena_init(&arena, 4096);
	assert_true(redact_json(str_of(json), &arena, &out));
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
	arena_release(&arena);
}

static void json_stays_json(void **state)
{
	(void)state;
	assert_json("{\"a\": \"x\\nana@example.com\\u0021\", \"n\": 1}",
		"{\"a\": \"x\\n[email]!\", \"n\": 1}");
	assert_json("[\"\\u0061na\\u0040example.com\"]", "[\"[email]\"]");
	/* A number of JSON is none of a card. */
	assert_json("{\"created\":4111111111111111}",
		"{\"created\":4111111111111111}");
	/* What does not change is not written anew. */
	assert_json("{\"u\":\"\\u00e9\\/\"}", "{\"u\":\"\\u00e9\\/\"}");
}

static void what_a_cut_left_of_one_goes(void **state)
{
	(void)state;
	assert_json("{\"a\":\"write to ana@exam", "{\"a\":\"write to \"");
	assert_json("{\"a\":\"ana@exam", "{\"a\":\"\"");
	assert_json("{\"a\":\"x \\u00", "{\"a\":\"x \"");
	assert_json("{\"a\":\"x\\", "{\"a\":\"\"");
	assert_json("{\"a\":1,", "{\"a\":1,");
}

static void what_is_no_json_is_refused(void **state)
{
	static const char *const cases[] = { "", "text", "\"text\"",
		"data: {}" };
	struct buf out = BUF_INIT(1024);
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_false(redact_json(str_of(cases[i]), &arena, &out));
	assert_int_equal(out.n, 0);
	arena_release(&arena);
}

/* Any bytes are taken, and JSON of them is JSON afterwards. */
static void noise_does_no_harm(void **state)
{
	static const char bytes[] = "ab@.+-(0123456789 ESDE_\\\"{}[]:,\xc3\xa9";
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct buf text = BUF_INIT(4096), json = BUF_INIT(16384);
		struct buf out = BUF_INIT(1 << 16);
		struct json_writer w;
		struct arena arena;
		struct json value;
		struct error err;

		arena_init(&arena, 4096);
		for (int i = 0; i < 60; i++) {
			seed = seed * 1664525 + 1013904223;
			buf_append_char(&text,
				bytes[(seed >> 16) % (sizeof(bytes) - 1)]);
		}
		json_writer_init(&w, &json);
		json_begin_array(&w);
		json_write_str(&w, buf_str(&text));
		json_end_array(&w);
		assert_true(redact_json(buf_str(&json), &arena, &out));
		if (!json_check(buf_str(&out), 4, &value, &err))
			fail_msg("%s", buf_cstr(&out));
		buf_clear(&out);
		redact_text(buf_str(&text), &out);
		assert_false(out.failed);
		buf_release(&text);
		buf_release(&json);
		buf_release(&out);
		arena_release(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_found),
		cmocka_unit_test(what_only_looks_like_one_stays),
		cmocka_unit_test(json_stays_json),
		cmocka_unit_test(what_a_cut_left_of_one_goes),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
