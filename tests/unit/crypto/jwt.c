/* jwt.c - published vectors are read, and no forgery is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/jwt.h"

#define NOW 1800000000

/* RFC 7515, appendix A.1: the key, and the token (which is RFC 7519's example
 * of section 3.1). */
static const uint8_t rfc_key[] = { 3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6,
	101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40, 169, 15,
	132, 178, 210, 80, 46, 191, 211, 251, 90, 146, 210, 6, 71, 239, 150,
	138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205,
	154, 245, 103, 208, 128, 163 };
#define RFC_HEADER "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
#define RFC_PAYLOAD                                                        \
	"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
	"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_SIGNATURE "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define RFC_TOKEN RFC_HEADER "." RFC_PAYLOAD "." RFC_SIGNATURE

static const struct jwt_claims claims = { 7, 9, NOW, NOW, NOW + 900 };
static struct jwt_keys keys;
static struct arena arena;
static struct buf made;

static struct str bytes(const void *p, size_t n)
{
	return (struct str){ p, n };
}

static struct str token_of(const struct jwt_claims *of)
{
	buf_clear(&made);
	jwt_write(&keys, of, &made);
	assert_false(made.failed);
	return buf_str(&made);
}

static bool reads(struct str token, int64_t now_s)
{
	struct jwt_claims out;
	const char *why = NULL;
	bool ok = jwt_read(&keys, token, now_s, &out, &why);

	assert_true(ok || (why && strlen(why) > 5));
	return ok;
}

/* Signed with our own key: only what it says can be wrong with it. */
static bool reads_signed(const char *header, const char *payload)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	struct str parts[2] = { str_of(header), str_of(payload) };
	struct buf token = BUF_INIT(JWT_MAX_BYTES);
	uint8_t signature[SHA256_BYTES];
	struct str part;
	bool ok;

	for (int i = 0; i < 3; i++) {
		uint32_t bits = 0;
		unsigned count = 0;

		part = i < 2 ? parts[i] : bytes(signature, SHA256_BYTES);
		if (i == 2)
			digest_hmac_sha256(
				bytes(keys.keys[0], VAULT_DERIVED_BYTES),
				buf_str(&token), signature);
		if (i > 0)
			buf_append_char(&token, '.');
		for (size_t j = 0; j < part.n; j++) {
			bits = bits << 8 | (uint8_t)part.p[j];
			for (count += 8; count >= 6; count -= 6)
				buf_append_char(&token,
					digits[bits >> (count - 6) & 63]);
		}
		if (count)
			buf_append_char(
				&token, digits[bits << (6 - count) & 63]);
	}
	ok = reads(buf_str(&token), NOW);
	buf_release(&token);
	return ok;
}

static void the_published_vector(void **state)
{
	struct str payload;
	const char *why = NULL;

	(void)state;
	assert_true(jwt_verify(bytes(rfc_key, sizeof(rfc_key)), S(RFC_TOKEN),
		&arena, &payload, &why));
	assert_true(str_equal(
		payload, S("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
			   "\"http://example.com/is_root\":true}")));
}

static void the_vector_changed_anywhere(void **state)
{
	char token[] = RFC_TOKEN;
	struct str payload;
	const char *why;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(token); i++) {
		char before = token[i];

		token[i] = before == 'A' ? 'B' : 'A';
		assert_false(jwt_verify(bytes(rfc_key, sizeof(rfc_key)),
			bytes(token, sizeof(token) - 1), &arena, &payload,
			&why));
		token[i] = before;
	}
	for (size_t n = 0; n + 1 < sizeof(token); n++)
		assert_false(jwt_verify(bytes(rfc_key, sizeof(rfc_key)),
			bytes(token, n), &arena, &payload, &why));
	assert_false(jwt_verify(bytes(rfc_key, sizeof(rfc_key) - 1),
		S(RFC_TOKEN), &arena, &payload, &why));
	assert_false(jwt_verify(S(""), S(RFC_TOKEN), &arena, &payload, &why));
}

/* RFC 7519, section 6.1 and RFC 7515, appendix A.5: "alg":"none". */
static void a_token_without_signature(void **state)
{
	struct str payload;
	const char *why;

	(void)state;
	assert_false(jwt_verify(bytes(rfc_key, sizeof(rfc_key)),
		S("eyJhbGciOiJub25lIn0." RFC_PAYLOAD "."), &arena, &payload,
		&why));
	assert_false(jwt_verify(bytes(rfc_key, sizeof(rfc_key)),
		S("eyJhbGciOiJub25lIn0." RFC_PAYLOAD "." RFC_SIGNATURE), &arena,
		&payload, &why));
}

static void what_we_write_we_read(void **state)
{
	struct jwt_claims out = { 0 };
	const char *why = NULL;

	(void)state;
	assert_true(jwt_read(&keys, token_of(&claims), NOW, &out, &why));
	assert_memory_equal(&out, &claims, sizeof(out));
}

static void time_counts(void **state)
{
	struct str token = token_of(&claims);

	(void)state;
	assert_true(reads(token, NOW + 899));
	assert_false(reads(token, NOW + 900));
	assert_false(reads(token, NOW + 90000));
	assert_true(reads(token, NOW - JWT_SKEW_S));
	assert_false(reads(token, NOW - JWT_SKEW_S - 1));
}

static void every_key_verifies_and_the_newest_signs(void **state)
{
	struct jwt_keys newer = { .count = 2 };
	struct jwt_claims out;
	const char *why;

	(void)state;
	memset(newer.keys[0], 1, VAULT_DERIVED_BYTES);
	memcpy(newer.keys[1], keys.keys[0], VAULT_DERIVED_BYTES);
	assert_true(jwt_read(&newer, token_of(&claims), NOW, &out, &why));
	buf_clear(&made);
	jwt_write(&newer, &claims, &made);
	assert_true(jwt_read(&newer, buf_str(&made), NOW, &out, &why));
	assert_false(reads(buf_str(&made), NOW));
	newer.count = 0;
	assert_false(jwt_read(&newer, buf_str(&made), NOW, &out, &why));
}

static void keys_come_from_the_vault(void **state)
{
	struct jwt_keys one, two;
	struct vault *vault, *rotated;
	struct error err = ERROR_INIT;
	uint8_t other[VAULT_DERIVED_BYTES];

	(void)state;
	assert_true(vault_parse(S("1:000102030405060708090a0b0c0d0e0f"
				  "101112131415161718191a1b1c1d1e1f"),
		&vault, &err));
	assert_true(vault_parse(S("2:ff0102030405060708090a0b0c0d0e0f"
				  "101112131415161718191a1b1c1d1e1f,"
				  "1:000102030405060708090a0b0c0d0e0f"
				  "101112131415161718191a1b1c1d1e1f"),
		&rotated, &err));
	jwt_keys_derive(&one, vault);
	jwt_keys_derive(&two, rotated);
	assert_int_equal(one.count, 1);
	assert_int_equal(two.count, 2);
	assert_memory_equal(one.keys[0], two.keys[1], VAULT_DERIVED_BYTES);
	assert_memory_not_equal(two.keys[0], two.keys[1], VAULT_DERIVED_BYTES);
	assert_true(vault_derive(vault, 0, S("another purpose"), other));
	assert_memory_not_equal(one.keys[0], other, VAULT_DERIVED_BYTES);
	assert_false(vault_derive(vault, 1, S("another purpose"), other));
	vault_free(vault);
	vault_free(rotated);
}

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define TIMES "\"iat\":1800000000,\"nbf\":1800000000,\"exp\":1800000900"
#define PAYLOAD "{\"sub\":\"7\",\"sid\":\"9\"," TIMES "}"

static void headers_that_are_not_ours(void **state)
{
	static const char *const headers[] = { "{\"alg\":\"none\"}",
		"{\"alg\":\"None\"}", "{\"alg\":\"HS384\"}",
		"{\"alg\":\"RS256\"}", "{\"alg\":\"hs256\"}", "{}",
		"{\"typ\":\"JWT\"}", "[\"HS256\"]", "\"HS256\"", "",
		"{\"alg\":[\"HS256\"]}", "{\"alg\":null}",
		"{\"alg\":\"HS256\",\"alg\":\"none\"}",
		"{\"alg\":\"none\",\"alg\":\"HS256\"}",
		"{\"alg\":\"HS256\",\"typ\":\"JWE\"}",
		"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}",
		"{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
		"{\"alg\":\"HS256\",\"jku\":\"https://example.com/k\"}",
		"{\"alg\":\"HS256\",\"b64\":false}", "{\"alg\":\"HS256\"" };

	(void)state;
	assert_true(reads_signed(HEADER, PAYLOAD));
	assert_true(reads_signed("{\"alg\":\"HS256\"}", PAYLOAD));
	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		assert_false(reads_signed(headers[i], PAYLOAD));
}

static void payloads_that_are_not_ours(void **state)
{
	static const char *const payloads[] = { "{}", "[]", "null", "7", "",
		"{" TIMES "}", "{\"sub\":\"7\"," TIMES "}",
		"{\"sid\":\"9\"," TIMES "}",
		"{\"sub\":7,\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"0\",\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"-7\",\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"7 OR 1=1\",\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"\",\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"7\",\"sub\":\"1\",\"sid\":\"9\"," TIMES "}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"nbf\":1800000000}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"exp\":1800000900}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"nbf\":1800000000,\"exp\":\"1800000900\"}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"nbf\":1800000000,\"exp\":1e99}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"nbf\":1800000000,\"exp\":9223372036854775807}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":1800000000,"
		"\"nbf\":1800000000,\"exp\":1800000900,\"exp\":1900000000}",
		"{\"sub\":\"7\",\"sid\":\"9\",\"iat\":-1,"
		"\"nbf\":1800000000,\"exp\":1800000900}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
		assert_false(reads_signed(HEADER, payloads[i]));
}

static void texts_that_are_no_tokens(void **state)
{
	struct str token = token_of(&claims);
	struct buf text = BUF_INIT(1 << 21);

	(void)state;
	assert_false(reads(S(""), NOW));
	assert_false(reads(S("."), NOW));
	assert_false(reads(S(".."), NOW));
	assert_false(reads(S("a.b.c"), NOW));
	assert_false(reads(S("a.b.c.d"), NOW));
	assert_false(reads(S("gw_0123456789"), NOW));
	/* Padding, another alphabet, white space, one part more. */
	for (int i = 0; i < 4; i++) {
		static const struct str more[] = { STR("="), STR(" "),
			STR(".x"), STR("\0") };

		buf_clear(&text);
		buf_append(&text, token);
		buf_append(&text, more[i]);
		assert_false(reads(buf_str(&text), NOW));
	}
	buf_clear(&text);
	while (text.n < 1 << 20)
		buf_append(&text, S("eyJhbGciOiJIUzI1NiJ9."));
	assert_false(reads(buf_str(&text), NOW));
	buf_release(&text);
}

/* 43 digits hold 258 bits: the last two must be 0, or one signature would
 * have four texts. */
static void one_content_has_one_text(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	struct str token = token_of(&claims);
	char *text = arena_cstr(&arena, token);
	size_t last = token.n - 1;
	int read = 0;

	(void)state;
	for (size_t i = 0; i < 64; i++) {
		text[last] = digits[i];
		read += reads(bytes(text, token.n), NOW);
	}
	assert_int_equal(read, 1);
}

static int set_up(void **state)
{
	(void)state;
	keys.count = 1;
	for (size_t i = 0; i < VAULT_DERIVED_BYTES; i++)
		keys.keys[0][i] = (uint8_t)(i * 7 + 3);
	arena_init(&arena, 65536);
	buf_init(&made, JWT_MAX_BYTES);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	buf_release(&made);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_vector),
		cmocka_unit_test(the_vector_changed_anywhere),
		cmocka_unit_test(a_token_without_signature),
		cmocka_unit_test(what_we_write_we_read),
		cmocka_unit_test(time_counts),
		cmocka_unit_test(every_key_verifies_and_the_newest_signs),
		cmocka_unit_test(keys_come_from_the_vault),
		cmocka_unit_test(headers_that_are_not_ours),
		cmocka_unit_test(payloads_that_are_not_ours),
		cmocka_unit_test(texts_that_are_no_tokens),
		cmocka_unit_test(one_content_has_one_text),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
