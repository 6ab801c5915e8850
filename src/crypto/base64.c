/*
 * base64.c - OpenSSL's, which counts its bytes with an int.
 */
#include "crypto/base64.h"

#include <openssl/evp.h>

#define MAX_BYTES (INT_MAX / 4)

static bool is_alphabet(struct str text);

void base64_append(struct str bytes, struct buf *out)
{
	char *room = buf_reserve(out, (bytes.n + 2) / 3 * 4 + 1);

	assert(bytes.n <= MAX_BYTES);
	if (room)
		buf_advance(out,
			(size_t)EVP_EncodeBlock((unsigned char *)room,
				(const unsigned char *)bytes.p, (int)bytes.n));
}

bool base64_read(struct str text, struct arena *arena, struct str *out)
{
	size_t padding = 0;
	unsigned char *room;
	int n;

	*out = S("");
	if (text.n % 4 != 0 || text.n > MAX_BYTES)
		return false;
	while (padding < 2 && padding < text.n &&
		text.p[text.n - 1 - padding] == '=')
		padding++;
	/* OpenSSL lets white space pass, and padding anywhere. */
	if (!is_alphabet(str_head(text, text.n - padding)))
		return false;
	if (text.n == 0)
		return true;
	room = arena_alloc(arena, text.n / 4 * 3);
	n = EVP_DecodeBlock(room, (const unsigned char *)text.p, (int)text.n);
	if (n < 0)
		return false;
	/* It counts the padding as bytes. */
	*out = (struct str){ (const char *)room, (size_t)n - padding };
	return true;
}

static bool is_alphabet(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!isalnum((unsigned char)text.p[i]) && text.p[i] != '+' &&
			text.p[i] != '/')
			return false;
	return true;
}
