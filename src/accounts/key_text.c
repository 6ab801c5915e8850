/*
 * key_text.c - makes and checks the text of keys.
 */
#include "accounts/key_text.h"

#include "crypto/digest.h"
#include "crypto/random.h"

#define SECRET_CHARACTERS 43
#define CHECK_CHARACTERS 6

static const struct str prefixes[] = {
	[GATEWAY_KEY_SECRET] = STR("gw_"),
	[GATEWAY_KEY_PUBLISHABLE] = STR("gwp_"),
};

static const char digits[] =
	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static void check_sum(struct str text, char out[CHECK_CHARACTERS]);

void gateway_key_make(
	enum gateway_key_kind kind, char out[GATEWAY_KEY_TEXT_BYTES])
{
	struct str prefix = prefixes[kind];
	size_t n = prefix.n + SECRET_CHARACTERS;

	assert(n + CHECK_CHARACTERS < GATEWAY_KEY_TEXT_BYTES);
	memcpy(out, prefix.p, prefix.n);
	random_base62(out + prefix.n, SECRET_CHARACTERS);
	check_sum((struct str){ out, n }, out + n);
	out[n + CHECK_CHARACTERS] = '\0';
}

bool gateway_key_check_format(struct str text)
{
	char expected[CHECK_CHARACTERS];
	size_t n = text.n - CHECK_CHARACTERS;

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (str_starts(text, prefixes[i]) &&
			text.n == prefixes[i].n + SECRET_CHARACTERS +
					  CHECK_CHARACTERS) {
			check_sum(str_head(text, n), expected);
			return memcmp(text.p + n, expected, CHECK_CHARACTERS) ==
			       0;
		}
	}
	return false;
}

void gateway_key_hash(struct str text, uint8_t out[GATEWAY_KEY_HASH_BYTES])
{
	_Static_assert(GATEWAY_KEY_HASH_BYTES == SHA256_BYTES, "one digest");
	digest_sha256(text, out);
}

static void check_sum(struct str text, char out[CHECK_CHARACTERS])
{
	uint32_t sum = digest_crc32(text);

	for (size_t i = CHECK_CHARACTERS; i-- > 0; sum /= 62)
		out[i] = digits[sum % 62];
}
