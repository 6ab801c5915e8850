/*
 * base64.c - bytes as text.
 */
#include "base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "abcdefghijklmnopqrstuvwxyz"
			     "0123456789+/";

static int value_of(char c);

void base64_encode(struct str bytes, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)bytes.p;

	for (size_t i = 0; i < bytes.n; i += 3) {
		size_t left = bytes.n - i;
		unsigned bits = (unsigned)p[i] << 16;

		if (left > 1)
			bits |= (unsigned)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		buf_append_char(out, digits[bits >> 18]);
		buf_append_char(out, digits[bits >> 12 & 63]);
		buf_append_char(out, left > 1 ? digits[bits >> 6 & 63] : '=');
		buf_append_char(out, left > 2 ? digits[bits & 63] : '=');
	}
}

bool base64_decode(struct str text, struct buf *out)
{
	unsigned bits = 0;
	int have = 0;

	while (text.n > 0 && text.p[text.n - 1] == '=')
		text.n--;
	for (size_t i = 0; i < text.n; i++) {
		int value = value_of(text.p[i]);

		if (value < 0)
			return false;
		bits = (bits << 6 | (unsigned)value) & 0xffff;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_append_char(out, (char)(bits >> have & 0xff));
		}
	}
	/* A lone last digit is less than a byte. */
	return have < 6 && !out->failed;
}

static int value_of(char c)
{
	const char *at = memchr(digits, c, sizeof(digits) - 1);

	return at ? (int)(at - digits) : -1;
}
