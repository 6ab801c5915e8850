/*
 * digest.c - SHA-256 and HMAC by OpenSSL, with the algorithm fetched once and
 * a context per thread: fetching anew costs more than hashing a key. CRC-32
 * is a table of eight rows, so that eight bytes are summed at a time.
 */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#define CRC32_POLYNOMIAL 0xedb88320u /* reflected */

static struct {
	EVP_MD *sha256;
	pthread_key_t context; /* each thread's EVP_MD_CTX */
	uint32_t crc32[8][256];
} facts;

static pthread_once_t facts_once = PTHREAD_ONCE_INIT;

static void facts_make(void);
static void crc32_make(void);
static void context_free(void *context);
static EVP_MD_CTX *context_get(void);
static uint32_t read_u32_le(const uint8_t *p);
static int hex_digit(char c);

void digest_sha256(struct str data, uint8_t out[SHA256_BYTES])
{
	digest_sha256_parts(&data, 1, out);
}

void digest_sha256_parts(
	const struct str *parts, size_t count, uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *context = context_get();
	bool ok = EVP_DigestInit_ex2(context, facts.sha256, NULL) == 1;

	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(context, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_DigestFinal_ex(context, out, NULL) == 1;
	assert(ok);
}

void digest_hmac_sha256(
	struct str key, struct str data, uint8_t out[SHA256_BYTES])
{
	unsigned n = SHA256_BYTES;
	const unsigned char *made;

	assert(key.n <= INT_MAX);
	pthread_once(&facts_once, facts_make);
	made = HMAC(facts.sha256, key.n ? key.p : "", (int)key.n,
		(const unsigned char *)data.p, data.n, out, &n);
	assert(made && n == SHA256_BYTES);
}

uint32_t digest_crc32(struct str data)
{
	return digest_crc32_more(0, data);
}

uint32_t digest_crc32_more(uint32_t sum, struct str data)
{
	const uint8_t *p = (const uint8_t *)data.p;
	uint32_t(*table)[256] = facts.crc32;
	size_t n = data.n;

	pthread_once(&facts_once, facts_make);
	sum = ~sum;
	for (; n >= 8; n -= 8, p += 8) {
		uint32_t low = read_u32_le(p) ^ sum;
		uint32_t high = read_u32_le(p + 4);

		sum = table[7][low & 255] ^ table[6][low >> 8 & 255] ^
		      table[5][low >> 16 & 255] ^ table[4][low >> 24] ^
		      table[3][high & 255] ^ table[2][high >> 8 & 255] ^
		      table[1][high >> 16 & 255] ^ table[0][high >> 24];
	}
	for (; n > 0; n--, p++)
		sum = sum >> 8 ^ table[0][(sum ^ *p) & 255];
	return ~sum;
}

bool digest_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void digest_hex(const void *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[p[i] >> 4];
		out[2 * i + 1] = digits[p[i] & 15];
	}
	out[2 * n] = '\0';
}

bool digest_unhex(struct str text, void *out, size_t n)
{
	uint8_t *p = out;

	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int high = hex_digit(text.p[2 * i]);
		int low = hex_digit(text.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		p[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static void facts_make(void)
{
	facts.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!facts.sha256 ||
		pthread_key_create(&facts.context, context_free) != 0)
		abort();
	crc32_make();
}

/* Row k is the effect of a byte that is followed by k more. */
static void crc32_make(void)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t sum = byte;

		for (int bit = 0; bit < 8; bit++)
			sum = sum >> 1 ^ (sum & 1 ? CRC32_POLYNOMIAL : 0);
		facts.crc32[0][byte] = sum;
	}
	for (int row = 1; row < 8; row++) {
		for (int byte = 0; byte < 256; byte++) {
			uint32_t sum = facts.crc32[row - 1][byte];

			facts.crc32[row][byte] =
				sum >> 8 ^ facts.crc32[0][sum & 255];
		}
	}
}

static void context_free(void *context)
{
	EVP_MD_CTX_free(context);
}

static EVP_MD_CTX *context_get(void)
{
	EVP_MD_CTX *context;

	pthread_once(&facts_once, facts_make);
	context = pthread_getspecific(facts.context);
	if (context)
		return context;
	context = EVP_MD_CTX_new();
	if (!context || pthread_setspecific(facts.context, context) != 0)
		abort();
	return context;
}

static uint32_t read_u32_le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}
