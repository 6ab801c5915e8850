/* digest.c - published vectors, and the text form. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/digest.h"

#include <pthread.h>

static void assert_digest(const uint8_t *digest, const char *expected)
{
	char text[SHA256_HEX_BYTES];

	digest_hex(digest, SHA256_BYTES, text);
	assert_string_equal(text, expected);
}

static struct str repeat(char *out, char c, size_t n)
{
	memset(out, c, n);
	return (struct str){ out, n };
}

/* FIPS 180-2, appendix B; the empty message from NIST's CAVP SHA256Short. */
static void sha256_of_the_standard(void **state)
{
	static const struct {
		struct str message;
		const char *digest;
	} vectors[] = {
		{ STR(""), "e3b0c44298fc1c149afbf4c8996fb924"
			   "27ae41e4649b934ca495991b7852b855" },
		{ STR("abc"), "ba7816bf8f01cfea414140de5dae2223"
			      "b00361a396177a9cb410ff61f20015ad" },
		{ STR("abcdbcdecdefdefgefghfghighijhijk"
		      "ijkljklmklmnlmnomnopnopq"),
			"248d6a61d20638b8e5c026930c3e6039"
			"a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t digest[SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		digest_sha256(vectors[i].message, digest);
		assert_digest(digest, vectors[i].digest);
	}
}

static void sha256_of_a_million(void **state)
{
	static char message[1000000];
	struct str all = repeat(message, 'a', sizeof(message));
	struct str parts[] = { str_head(all, 1), str_from(all, 999999),
		{ all.p, 0 }, { all.p + 1, 999998 } };
	const char *expected = "cdc76e5c9914fb9281a1c7e284d73e67"
			       "f1809a48a497200e046d39ccc7112cd0";
	uint8_t digest[SHA256_BYTES];

	(void)state;
	digest_sha256(all, digest);
	assert_digest(digest, expected);
	digest_sha256_parts(parts, ARRAY_LEN(parts), digest);
	assert_digest(digest, expected);
}

/* RFC 4231, test cases 1 to 4, 6 and 7. */
static void hmac_of_the_rfc(void **state)
{
	char bytes[4][131];
	struct str counting = STR("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"
				  "\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
				  "\x16\x17\x18\x19");
	struct str long_key = repeat(bytes[3], '\xaa', 131);
	const struct {
		struct str key, data;
		const char *digest;
	} vectors[] = {
		{ repeat(bytes[0], '\x0b', 20), STR("Hi There"),
			"b0344c61d8db38535ca8afceaf0bf12b"
			"881dc200c9833da726e9376c2e32cff7" },
		{ STR("Jefe"), STR("what do ya want for nothing?"),
			"5bdcc146bf60754e6a042426089575c7"
			"5a003f089d2739839dec58b964ec3843" },
		{ str_head(long_key, 20), repeat(bytes[1], '\xdd', 50),
			"773ea91e36800e46854db8ebd09181a7"
			"2959098b3ef8c122d9635514ced565fe" },
		{ counting, repeat(bytes[2], '\xcd', 50),
			"82558a389a443c0ea4cc819899f2083a"
			"85f0faa3e578f8077a2e3ff46729665b" },
		{ long_key,
			STR("Test Using Larger Than Block-Size Key - "
			    "Hash Key First"),
			"60e431591ee0b67f0d8a26aacbf5b77f"
			"8e0bc6213728c5140546040f0ee37f54" },
		{ long_key,
			STR("This is a test using a larger than block-size key "
			    "and a larger than block-size data. The key needs "
			    "to be hashed before being used by the HMAC "
			    "algorithm."),
			"9b09ffa71b942fcb27635fbcd5b0e944"
			"bfdc63644f0713938a7f51535c3a35e2" },
	};
	uint8_t digest[SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		digest_hmac_sha256(vectors[i].key, vectors[i].data, digest);
		assert_digest(digest, vectors[i].digest);
	}
}

/* The check value of CRC-32/ISO-HDLC in the catalogue of CRC algorithms, and
 * the CRC of PNG's IEND chunk (PNG specification, 5.6). */
static void crc32_check_values(void **state)
{
	(void)state;
	assert_int_equal(digest_crc32(S("123456789")), 0xcbf43926);
	assert_int_equal(digest_crc32(S("IEND")), 0xae426082);
	assert_int_equal(digest_crc32(S("")), 0);
}

/* The definition, a bit at a time. */
static uint32_t slow_crc32(struct str data)
{
	uint32_t sum = 0xffffffff;

	for (size_t i = 0; i < data.n; i++) {
		sum ^= (uint8_t)data.p[i];
		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
	}
	return ~sum;
}

static void crc32_of_every_length_and_cut(void **state)
{
	char bytes[100];
	struct str all = { bytes, sizeof(bytes) };

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 77 + 13);
	for (size_t n = 0; n <= sizeof(bytes); n++)
		assert_int_equal(digest_crc32(str_head(all, n)),
			slow_crc32(str_head(all, n)));
	for (size_t cut = 0; cut <= sizeof(bytes); cut++)
		assert_int_equal(
			digest_crc32_more(digest_crc32(str_head(all, cut)),
				str_from(all, cut)),
			slow_crc32(all));
}

static void equal_means_equal(void **state)
{
	(void)state;
	assert_true(digest_equal(S(""), (struct str){ NULL, 0 }));
	assert_true(digest_equal(S("a\0b"), S("a\0b")));
	assert_false(digest_equal(S("a\0b"), S("a\0c")));
	assert_false(digest_equal(S("abc"), S("ab")));
	assert_false(digest_equal(S("xbc"), S("abc")));
}

static void hex_there_and_back(void **state)
{
	uint8_t bytes[256];
	uint8_t again[256];
	char text[513];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	digest_hex(bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), 512);
	assert_int_equal(strncmp(text, "000102030405060708090a0b", 24), 0);
	assert_true(digest_unhex(str_of(text), again, sizeof(again)));
	assert_memory_equal(bytes, again, sizeof(bytes));
	assert_true(digest_unhex(S("aBCdEf"), again, 3));
	assert_memory_equal(again, "\xab\xcd\xef", 3);
	assert_false(digest_unhex(S("abcde"), again, 3));
	assert_false(digest_unhex(S("abcdeff"), again, 3));
	assert_false(digest_unhex(S("abcdeg"), again, 3));
	assert_false(digest_unhex(S("abcd f"), again, 3));
	assert_false(digest_unhex(S("/0:0@G"), again, 3));
}

static void *digest_often(void *message)
{
	uint8_t digest[SHA256_BYTES];

	for (int i = 0; i < 2000; i++) {
		digest_sha256(str_of(message), digest);
		assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223"
				      "b00361a396177a9cb410ff61f20015ad");
	}
	return NULL;
}

static void threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, digest_often,
					 (void *)"abc"),
			0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_the_standard),
		cmocka_unit_test(sha256_of_a_million),
		cmocka_unit_test(hmac_of_the_rfc),
		cmocka_unit_test(crc32_check_values),
		cmocka_unit_test(crc32_of_every_length_and_cut),
		cmocka_unit_test(equal_means_equal),
		cmocka_unit_test(hex_there_and_back),
		cmocka_unit_test(threads_do_not_disturb_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
