/*
 * vector.c - lists of floats to base64 and back.
 *
 * The one hard thing is to lose nothing: a number becomes a float32 straight
 * from its text (by way of a double it could be rounded twice), and a float32
 * becomes the shortest decimal that reads as the same float32.
 */
#include "dialect/embed/embed.h"

#include <math.h>

#include "dialect/media.h"

/* "-3.4028235e+38," and some. */
#define FLOAT_TEXT_BYTES 24
/* Nine digits tell any float32 apart; most need fewer. */
#define MIN_DIGITS 6
#define MAX_DIGITS 9

static bool read_float(struct json value, float *out);
static void put_float(float value, unsigned char out[4]);
static float take_float(const unsigned char bytes[4]);
static size_t encode(const unsigned char *bytes, size_t n, char *out);
static bool decode(struct str text, unsigned char *out, size_t *n);
static int digit_value(char c);
static size_t write_float(float value, char *out);

bool embed_vector_to_base64(
	struct json list, struct arena *arena, struct str *out)
{
	size_t count = json_length(list), used = 0;
	unsigned char *bytes = arena_alloc(arena, count * 4 + 1);
	char *text = arena_alloc(arena, (count * 4 + 2) / 3 * 4 + 2);
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (list.type != JSON_TYPE_ARRAY)
		return false;
	for (; json_next(&cursor, &item); used += 4) {
		float value;

		if (!read_float(item.value, &value))
			return false;
		put_float(value, bytes + used);
	}
	text[0] = '"';
	used = encode(bytes, used, text + 1);
	text[used + 1] = '"';
	*out = (struct str){ text, used + 2 };
	return true;
}

static bool read_float(struct json value, float *out)
{
	char digits[256];

	if (value.type != JSON_TYPE_NUMBER || value.text.n >= sizeof(digits))
		return false;
	memcpy(digits, value.text.p, value.text.n);
	digits[value.text.n] = '\0';
	*out = strtof(digits, NULL);
	return isfinite(*out);
}

/* Little-endian, whatever this machine is. */
static void put_float(float value, unsigned char out[4])
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(bits >> (8 * i));
}

static float take_float(const unsigned char bytes[4])
{
	uint32_t bits = 0;
	float value;

	for (int i = 0; i < 4; i++)
		bits |= (uint32_t)bytes[i] << (8 * i);
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static size_t encode(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	char *p = out;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		unsigned three = (unsigned)bytes[i] << 16;

		three |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
		three |= left > 2 ? bytes[i + 2] : 0;
		*p++ = digits[three >> 18];
		*p++ = digits[three >> 12 & 63];
		*p++ = left > 1 ? digits[three >> 6 & 63] : '=';
		*p++ = left > 2 ? digits[three & 63] : '=';
	}
	return (size_t)(p - out);
}

bool embed_vector_to_floats(
	struct json base64, struct arena *arena, struct str *out)
{
	struct str text;
	unsigned char *bytes;
	char *list, *p;
	size_t n;

	if (!json_text(base64, arena, &text))
		return false;
	bytes = arena_alloc(arena, text.n + 1);
	if (!decode(text, bytes, &n) || n == 0 || n % 4 != 0)
		return false;
	p = list = arena_alloc(arena, n / 4 * FLOAT_TEXT_BYTES + 2);
	for (size_t i = 0; i < n; i += 4) {
		float value = take_float(bytes + i);

		if (!isfinite(value))
			return false;
		*p++ = i > 0 ? ',' : '[';
		p += write_float(value, p);
	}
	*p++ = ']';
	*out = (struct str){ list, (size_t)(p - list) };
	return true;
}

static bool decode(struct str text, unsigned char *out, size_t *n)
{
	unsigned held = 0, bits = 0;

	*n = 0;
	if (!media_is_base64(text))
		return false;
	for (size_t i = 0; i < text.n && text.p[i] != '='; i++) {
		held = held << 6 | (unsigned)digit_value(text.p[i]);
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[(*n)++] = (unsigned char)(held >> bits);
		}
	}
	return true;
}

static int digit_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : 63;
}

static size_t write_float(float value, char *out)
{
	for (int digits = MIN_DIGITS;; digits++) {
		int n = snprintf(
			out, FLOAT_TEXT_BYTES, "%.*g", digits, (double)value);

		if (digits == MAX_DIGITS || strtof(out, NULL) == value)
			return (size_t)n;
	}
}
