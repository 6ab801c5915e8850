/*
 * aws_sign.c - AWS's own test suite for Signature Version 4, as far as it
 * signs no headers but ours; a body; Bedrock's addresses; keys as the vault
 * has them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "crypto/aws_sign.h"

#define SUITE_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SUITE_TOKEN                        \
	"6e86291e8372ff2a2260956d9b8aae1d" \
	"763fbf315fa00fa31553b73ebf194267"
#define SUITE_TIME 1440938160 /* 2015-08-30T12:36:00Z */

struct vector {
	const char *name;
	const char *method;
	const char *url;
	const char *token;
	const char *signature;
};

/* https://github.com/awslabs/aws-c-auth, tests/aws-signing-test-suite/v4,
 * header-signed-request.txt of each. */
static const struct vector suite[] = {
	{ "get-vanilla", "GET", "https://example.amazonaws.com/", NULL,
		"5fa00fa31553b73ebf1942676e86291e"
		"8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla, no path", "GET", "https://example.amazonaws.com", NULL,
		"5fa00fa31553b73ebf1942676e86291e"
		"8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla, usual port", "GET", "http://EXAMPLE.amazonaws.com:80/",
		NULL,
		"5fa00fa31553b73ebf1942676e86291e"
		"8372ff2a2260956d9b8aae1d763fbf31" },
	{ "get-vanilla-with-session-token", "GET",
		"https://example.amazonaws.com/", SUITE_TOKEN,
		"07ec1639c89043aa0e3e2de82b96708f"
		"198cceab042d4a97044c66dd9f74e7f8" },
	{ "get-vanilla-query-order-key-case", "GET",
		"https://example.amazonaws.com/?Param2=value2&Param1=value1",
		NULL,
		"b97d918cfa904a5beff61c982a1b6f45"
		"8b799221646efd99d3219ec94cdf2500" },
	{ "get-vanilla-query-order-encoded", "GET",
		"https://example.amazonaws.com/"
		"?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
		NULL,
		"371d3713e185cc334048618a97f809c9"
		"ffe339c62934c032af5a0e595648fcac" },
	{ "get-vanilla-empty-query-key", "GET",
		"https://example.amazonaws.com/?Param1=value1", NULL,
		"a67d582fa61cc504c4bae71f336f98b9"
		"7f1ea3c7a6bfe1b6e45aec72011b9aeb" },
	{ "get-vanilla-query-unreserved", "GET",
		"https://example.amazonaws.com/"
		"?-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz"
		"=-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz",
		NULL,
		"9c3e54bfcdf0b19771a7f523ee5669cd"
		"f59bc7cc0884027167c21bb143a40197" },
	{ "get-vanilla-utf8-query", "GET",
		"https://example.amazonaws.com/?\xe1\x88\xb4=bar", NULL,
		"2cdec8eed098649ff3a119c94853b13c"
		"643bcf08f8b0a1d91e12c9027818dd04" },
	{ "get-unreserved", "GET",
		"https://example.amazonaws.com/"
		"-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz",
		NULL,
		"07ef7494c76fa4850883e2b006601f94"
		"0f8a34d404d0cfa977f52a65bbf5f24f" },
	{ "get-utf8", "GET", "https://example.amazonaws.com/\xe1\x88\xb4", NULL,
		"8318018e0b0f223aa2bbf98705b62bb7"
		"87dc9c0e678f255a891fd03141be5d85" },
	{ "get-space-unnormalized", "GET",
		"https://example.amazonaws.com/example space/", NULL,
		"652487583200325589f1fba4c7e578f7"
		"2c47cb61beeca81406b39ddec1366741" },
	{ "get-slash-unnormalized", "GET", "https://example.amazonaws.com//",
		NULL,
		"c88bcd3d312d75078c0cd961d6deae3f"
		"4c754924b01669efcfcb439fd5e5b76e" },
	{ "post-vanilla", "POST", "https://example.amazonaws.com/", NULL,
		"5da7c1a2acd57cee7505fc6676e4e544"
		"621c30862966e37dddb68e92efbe5d6b" },
};

static void assert_line(struct str got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_string_equal(got.p, expected);
}

static void sign(const struct aws_request *request, const char *key,
	struct arena *arena, struct aws_signature *out)
{
	struct aws_credentials credentials;
	struct error err = ERROR_INIT;

	assert_true(aws_credentials_read(str_of(key), &credentials, &err));
	assert_true(aws_sign(request, &credentials, arena, out, &err));
}

static void check_vector(const struct vector *v)
{
	struct aws_request request = { .method = str_of(v->method),
		.url = str_of(v->url),
		.region = S("us-east-1"),
		.service = S("service"),
		.unix_s = SUITE_TIME };
	struct aws_signature signature;
	struct arena arena;
	char expected[512];

	arena_init(&arena, 4096);
	sign(&request,
		v->token ? "AKIDEXAMPLE:" SUITE_SECRET ":" SUITE_TOKEN
			 : "AKIDEXAMPLE:" SUITE_SECRET,
		&arena, &signature);
	snprintf(expected, sizeof(expected),
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
		"20150830/us-east-1/service/aws4_request, SignedHeaders=host;"
		"x-amz-date%s, Signature=%s",
		v->token ? ";x-amz-security-token" : "", v->signature);
	assert_int_equal(signature.count, v->token ? 3 : 2);
	assert_line(signature.lines[0], "x-amz-date: 20150830T123600Z");
	if (v->token)
		assert_line(signature.lines[1],
			"x-amz-security-token: " SUITE_TOKEN);
	if (strcmp(signature.lines[signature.count - 1].p, expected) != 0)
		fail_msg("%s: %s", v->name,
			signature.lines[signature.count - 1].p);
	arena_release(&arena);
}

static void suite_of_aws(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suite); i++)
		check_vector(&suite[i]);
}

/*
 * A body in pieces, and a port. From Kroxylicious' "known good test data for
 * AWS v4 request signing", "post with data":
 * https://github.com/kroxylicious/kroxylicious
 */
static void a_body_in_pieces(void **state)
{
	static const struct str whole[] = { STR("somedata") };
	static const struct str pieces[] = { STR("some"), STR(""), STR("dat"),
		STR("a") };
	static const char expected[] =
		"Authorization: AWS4-HMAC-SHA256 Credential=access/20240517/"
		"us-east-1/kms/aws4_request, SignedHeaders=host;x-amz-date, "
		"Signature=d01abf110351d12d715fa037454491f5"
		"80f6b92e70345f7c4d3af583bc6637e5";
	struct aws_request request = { .method = S("POST"),
		.url = S("http://localhost:4566"),
		.region = S("us-east-1"),
		.service = S("kms"),
		.body = whole,
		.body_count = 1,
		.unix_s = 1715950890 };
	struct aws_signature signature;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	sign(&request, "access:secret", &arena, &signature);
	assert_line(signature.lines[1], expected);
	request.body = pieces;
	request.body_count = ARRAY_LEN(pieces);
	sign(&request, "access:secret", &arena, &signature);
	assert_line(signature.lines[1], expected);
	arena_release(&arena);
}

/*
 * Bedrock's paths hold encoded colons, which are encoded again. No vector of
 * AWS's has one: these were made by another implementation, in Python with
 * its hmac, hashlib and urllib.parse.quote, which gives all of the above too.
 */
static void paths_of_bedrock(void **state)
{
	static const struct str body[] = { STR(
		"{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":"
		"\"Hello\"}]}]}") };
	struct aws_request request = { .method = S("POST"),
		.url = S("https://bedrock-runtime.us-east-1.amazonaws.com/"
			 "model/anthropic.claude-3-haiku-20240307-v1%3A0/"
			 "converse"),
		.region = S("us-east-1"),
		.service = S("bedrock"),
		.body = body,
		.body_count = 1,
		.unix_s = SUITE_TIME };
	struct aws_signature signature;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	sign(&request, "AKIDEXAMPLE:" SUITE_SECRET, &arena, &signature);
	assert_line(signature.lines[1],
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
		"20150830/us-east-1/bedrock/aws4_request, SignedHeaders=host;"
		"x-amz-date, "
		"Signature=2716492d7ccda285a1f4d326902d9459"
		"928ad71ae642fc37233ec0537921362a");
	request.url = S("https://bedrock-runtime.eu-central-1.amazonaws.com/"
			"model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A"
			"123456789012%3Ainference-profile%2F"
			"eu.amazon.nova-lite-v1%3A0/converse-stream");
	request.region = S("eu-central-1");
	request.unix_s = 1795257000; /* 2026-11-21T10:30:00Z */
	sign(&request, "AKIDEXAMPLE:" SUITE_SECRET ":" SUITE_TOKEN, &arena,
		&signature);
	assert_line(signature.lines[2],
		"Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"
		"20261121/eu-central-1/bedrock/aws4_request, SignedHeaders="
		"host;x-amz-date;x-amz-security-token, "
		"Signature=f9659debcc353743807f4fdebcb92e79"
		"d7e8b777b25f462cc74c9d1daa4e6a52");
	arena_release(&arena);
}

static void what_is_no_url_is_not_signed(void **state)
{
	static const char *const urls[] = { "", "example.com/",
		"ftp://example.com/", "https://", "https:///path" };
	struct aws_credentials credentials;
	struct error err = ERROR_INIT;
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(aws_credentials_read(S("a:b"), &credentials, &err));
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct aws_request request = { .method = S("GET"),
			.url = str_of(urls[i]) };
		struct aws_signature signature;

		err.kind = ERR_NONE;
		assert_false(aws_sign(
			&request, &credentials, &arena, &signature, &err));
		assert_int_equal(err.kind, ERR_CONFIG);
	}
	arena_release(&arena);
}

static void keys_are_read(void **state)
{
	struct aws_credentials key;
	struct error err = ERROR_INIT;

	(void)state;
	assert_true(aws_credentials_read(S("AKID:a/b+c="), &key, &err));
	assert_true(str_equal(key.access_key_id, S("AKID")));
	assert_true(str_equal(key.secret, S("a/b+c=")));
	assert_int_equal(key.session_token.n, 0);
	assert_true(aws_credentials_read(S(" ASIA_1:s:t/+==\n"), &key, &err));
	assert_true(str_equal(key.access_key_id, S("ASIA_1")));
	assert_true(str_equal(key.secret, S("s")));
	assert_true(str_equal(key.session_token, S("t/+==")));
}

/* And what is wrong is said without quoting any of it. */
static void broken_keys_are_refused(void **state)
{
	static const char *const keys[] = { "", "hunter2",
		"hunter2:", ":hunter2", "hunter2:hunter2:", "hunter2:hun ter2",
		"hunter2:hunter2:hunter2:", "hunter2!:hunter2",
		"hunter2:hunter\xc3\xa9", "hunter2:hunter2:hunter2\n2" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct aws_credentials key;
		struct error err = ERROR_INIT;

		if (aws_credentials_read(str_of(keys[i]), &key, &err))
			fail_msg("accepted: %s", keys[i]);
		assert_int_equal(err.kind, ERR_BAD_FIELD);
		assert_string_equal(err.param, "key");
		assert_null(strstr(error_message(&err), "hunter"));
		assert_null(strstr(error_detail(&err), "hunter"));
	}
}

static void long_keys_are_refused(void **state)
{
	struct buf text = BUF_INIT(4096);
	struct aws_credentials key;
	struct error err = ERROR_INIT;

	(void)state;
	buf_append(&text, S("AKID:"));
	for (int i = 0; i < 128; i++)
		buf_append_char(&text, 'x');
	assert_true(aws_credentials_read(buf_str(&text), &key, &err));
	buf_append_char(&text, 'x');
	assert_false(aws_credentials_read(buf_str(&text), &key, &err));
	buf_release(&text);
}

static void regions_are_found(void **state)
{
	static const struct {
		const char *url;
		const char *region; /* NULL: none */
	} urls[] = {
		{ "https://bedrock-runtime.us-east-1.amazonaws.com",
			"us-east-1" },
		{ "https://bedrock-runtime.eu-west-3.amazonaws.com/model/x",
			"eu-west-3" },
		{ "bedrock-runtime.ap-south-1.amazonaws.com", "ap-south-1" },
		{ "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/",
			"us-gov-west-1" },
		{ "https://vpce-0a1b.bedrock-runtime.us-west-2."
		  "vpce.amazonaws.com",
			"us-west-2" },
		{ "https://bedrock.us-east-1.amazonaws.com", NULL },
		{ "https://bedrock-runtime/", NULL },
		{ "https://example.com/bedrock-runtime.us-east-1.x", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct str region = S("");
		bool found = aws_region_of(str_of(urls[i].url), &region);

		assert_int_equal(found, urls[i].region != NULL);
		if (found && !str_equal(region, str_of(urls[i].region)))
			fail_msg("%s: %.*s", urls[i].url, STR_ARG(region));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite_of_aws),
		cmocka_unit_test(a_body_in_pieces),
		cmocka_unit_test(paths_of_bedrock),
		cmocka_unit_test(what_is_no_url_is_not_signed),
		cmocka_unit_test(keys_are_read),
		cmocka_unit_test(broken_keys_are_refused),
		cmocka_unit_test(long_keys_are_refused),
		cmocka_unit_test(regions_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
