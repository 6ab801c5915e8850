/*
 * str.c - views of bytes. Nothing here allocates.
 */
#include "base/str.h"

#include <strings.h>

struct str str_of(const char *text)
{
	return (struct str){ text, text ? strlen(text) : 0 };
}

bool str_equal(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int str_compare(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_equal_nocase(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_equal(str_head(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n &&
	       str_equal(str_from(s, s.n - suffix.n), suffix);
}

struct str str_from(struct str s, size_t from)
{
	if (from >= s.n)
		return (struct str){ s.p, 0 };
	return (struct str){ s.p + from, s.n - from };
}

struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

struct str str_head_characters(struct str s, size_t n)
{
	size_t characters = 0;

	/* Few texts are long, and none has more characters than bytes. */
	if (s.n <= n)
		return s;
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] & 0xc0) != 0x80 && characters++ == n)
			return str_head(s, i);
	}
	return s;
}

struct str str_trim(struct str s)
{
	while (s.n > 0 && isspace((unsigned char)s.p[0]))
		s = str_from(s, 1);
	while (s.n > 0 && isspace((unsigned char)s.p[s.n - 1]))
		s.n--;
	return s;
}

size_t str_index(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

size_t str_find(struct str s, struct str needle)
{
	for (size_t at = 0; at + needle.n <= s.n; at++) {
		at += str_index(str_from(s, at), needle.n ? needle.p[0] : 0);
		if (str_starts(str_from(s, at), needle))
			return at;
	}
	return s.n;
}

bool str_next_field(struct str *rest, char separator, struct str *field)
{
	size_t end;

	if (rest->n == 0)
		return false;
	end = str_index(*rest, separator);
	*field = str_head(*rest, end);
	*rest = str_from(*rest, end + 1);
	return true;
}

struct str str_of_int(int64_t value, char room[STR_INT_BYTES])
{
	size_t at = STR_INT_BYTES;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		room[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		room[--at] = '-';
	return (struct str){ room + at, STR_INT_BYTES - at };
}

bool str_to_int64(struct str s, int64_t *out)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	struct str digits = str_from(s, negative);
	int64_t value = 0;

	if (digits.n == 0)
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		int digit = digits.p[i] - '0';

		if (digit < 0 || digit > 9)
			return false;
		/* Counted downwards, so that INT64_MIN fits too. */
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_sub_overflow(value, digit, &value))
			return false;
	}
	if (!negative && __builtin_sub_overflow(0, value, &value))
		return false;
	*out = value;
	return true;
}

bool str_to_int64_in(struct str s, int64_t min, int64_t max, int64_t *out)
{
	return str_to_int64(s, out) && *out >= min && *out <= max;
}

unsigned str_distance(struct str a, struct str b)
{
	unsigned row[64];

	a = str_head(a, 63);
	b = str_head(b, 63);
	for (size_t j = 0; j <= b.n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b.n; j++) {
			unsigned best = diagonal + (a.p[i - 1] != b.p[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n];
}
