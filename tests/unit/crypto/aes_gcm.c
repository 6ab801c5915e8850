/* aes_gcm.c - published vectors, and every kind of damage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/aes_gcm.h"
#include "crypto/digest.h"

#define MAX_TEXT_BYTES 64

#define KEY_OF_ZEROS                       \
	"00000000000000000000000000000000" \
	"00000000000000000000000000000000"
#define KEY_OF_CASE_15                     \
	"feffe9928665731c6d6a8f9467308308" \
	"feffe9928665731c6d6a8f9467308308"

/*
 * McGrew and Viega, "The Galois/Counter Mode of Operation (GCM)", the
 * submission to NIST, appendix B: test cases 13 to 16 (256-bit keys).
 */
static const struct vector {
	const char *key, *nonce, *aad, *plain, *sealed, *tag;
} vectors[] = {
	{ KEY_OF_ZEROS, "000000000000000000000000", "", "", "",
		"530f8afbc74536b9a963b4f1c4cb738b" },
	{ KEY_OF_ZEROS, "000000000000000000000000", "",
		"00000000000000000000000000000000",
		"cea7403d4d606b6e074ec5d3baf39d18",
		"d0d1c8a799996bf0265b98b5d48ab919" },
	{ KEY_OF_CASE_15, "cafebabefacedbaddecaf888", "",
		"d9313225f88406e5a55909c5aff5269a"
		"86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525"
		"b16aedf5aa0de657ba637b391aafd255",
		"522dc1f099567d07f47f37a32a84427d"
		"643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838"
		"c5f61e6393ba7a0abcc9f662898015ad",
		"b094dac5d93471bdec1a502270e3cc6c" },
	{ KEY_OF_CASE_15, "cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a"
		"86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525"
		"b16aedf5aa0de657ba637b39",
		"522dc1f099567d07f47f37a32a84427d"
		"643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838"
		"c5f61e6393ba7a0abcc9f662",
		"76fc6ece0f4e1768cddf8853bb2d551b" },
};

/* A vector as bytes. */
struct sample {
	uint8_t key[AES_GCM_KEY_BYTES];
	uint8_t nonce[AES_GCM_NONCE_BYTES];
	uint8_t tag[AES_GCM_TAG_BYTES];
	uint8_t aad[MAX_TEXT_BYTES];
	uint8_t plain[MAX_TEXT_BYTES];
	uint8_t sealed[MAX_TEXT_BYTES];
	size_t aad_n;
	size_t n;
};

static void unhex(const char *text, uint8_t *out)
{
	assert_true(digest_unhex(str_of(text), out, strlen(text) / 2));
}

static void sample_load(struct sample *sample, const struct vector *vector)
{
	memset(sample, 0, sizeof(*sample));
	unhex(vector->key, sample->key);
	unhex(vector->nonce, sample->nonce);
	unhex(vector->tag, sample->tag);
	unhex(vector->aad, sample->aad);
	unhex(vector->plain, sample->plain);
	unhex(vector->sealed, sample->sealed);
	sample->aad_n = strlen(vector->aad) / 2;
	sample->n = strlen(vector->plain) / 2;
}

static struct str view(const uint8_t *p, size_t n)
{
	return (struct str){ (const char *)p, n };
}

static bool sample_open(const struct sample *s, uint8_t *out)
{
	return aes_gcm_open(s->key, s->nonce, view(s->aad, s->aad_n),
		view(s->sealed, s->n), s->tag, out);
}

static void vectors_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct sample s;
		uint8_t out[MAX_TEXT_BYTES] = { 0 };
		uint8_t tag[AES_GCM_TAG_BYTES];

		sample_load(&s, &vectors[i]);
		aes_gcm_seal(s.key, s.nonce, view(s.aad, s.aad_n),
			view(s.plain, s.n), out, tag);
		assert_memory_equal(out, s.sealed, sizeof(out));
		assert_memory_equal(tag, s.tag, sizeof(tag));
		memset(out, 0, sizeof(out));
		assert_true(sample_open(&s, out));
		assert_memory_equal(out, s.plain, sizeof(out));
	}
}

/* One flipped bit in `n` bytes at `p`, a part of `s`: refused, and zeroed. */
static void assert_each_bit_matters(struct sample *s, uint8_t *p, size_t n)
{
	static const uint8_t zeros[MAX_TEXT_BYTES];
	uint8_t out[MAX_TEXT_BYTES];

	for (size_t bit = 0; bit < 8 * n; bit++) {
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		memset(out, 0xee, sizeof(out));
		assert_false(sample_open(s, out));
		assert_memory_equal(out, zeros, s->n);
		p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_true(sample_open(s, out));
}

static void every_bit_matters(void **state)
{
	struct sample s;

	(void)state;
	sample_load(&s, &vectors[3]);
	assert_each_bit_matters(&s, s.key, sizeof(s.key));
	assert_each_bit_matters(&s, s.nonce, sizeof(s.nonce));
	assert_each_bit_matters(&s, s.tag, sizeof(s.tag));
	assert_each_bit_matters(&s, s.aad, s.aad_n);
	assert_each_bit_matters(&s, s.sealed, s.n);
}

static void shorter_is_refused(void **state)
{
	struct sample s;
	uint8_t out[MAX_TEXT_BYTES];

	(void)state;
	sample_load(&s, &vectors[3]);
	for (s.n--; s.n > 0; s.n--)
		assert_false(sample_open(&s, out));
	sample_load(&s, &vectors[3]);
	for (s.aad_n--; s.aad_n > 0; s.aad_n--)
		assert_false(sample_open(&s, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_both_ways),
		cmocka_unit_test(every_bit_matters),
		cmocka_unit_test(shorter_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
