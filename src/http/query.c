/*
 * query.c - reading them.
 */
#include "http/query.h"

#include <jansson.h>

static bool unhex(struct str digits, char *out);

bool query_decode(struct str encoded, struct arena *arena, struct str *out)
{
	char *text = arena_alloc(arena, encoded.n + 1);
	size_t n = 0;
	json_t *probe;

	for (size_t i = 0; i < encoded.n; i++) {
		char c = encoded.p[i] == '+' ? ' ' : encoded.p[i];

		if (c == '%' && unhex(str_from(encoded, i + 1), &c))
			i += 2;
		text[n++] = c;
	}
	*out = (struct str){ text, n };
	probe = memchr(text, '\0', n) ? NULL : json_stringn(text, n);
	json_decref(probe);
	return probe != NULL;
}

/* Of the first two; false: they are none. */
static bool unhex(struct str digits, char *out)
{
	unsigned value = 0;

	if (digits.n < 2)
		return false;
	for (size_t i = 0; i < 2; i++) {
		static const char hex[] = "0123456789abcdef";
		int c = tolower((unsigned char)digits.p[i]);
		const char *found = memchr(hex, c, 16);

		if (!found)
			return false;
		value = 16 * value + (unsigned)(found - hex);
	}
	*out = (char)value;
	return true;
}

struct str query_param(struct str query, struct str name, struct arena *arena)
{
	struct str pair;

	while (str_next_field(&query, '&', &pair)) {
		size_t equals = str_index(pair, '=');
		struct str value = S("");

		if (str_equal(str_head(pair, equals), name) &&
			query_decode(str_from(pair, equals + 1), arena, &value))
			return value;
	}
	return S("");
}
