/*
 * str.h - a view of bytes that somebody else owns.
 *
 * A `struct str` is a pointer and a length. It is passed by value, need not
 * end in NUL, and may hold any byte. It is valid as long as its owner is.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct str {
	const char *p;
	size_t n;
};

/* A view of a string literal; usable as a static initialiser. */
#define STR(literal)                           \
	{                                      \
		(literal), sizeof(literal) - 1 \
	}
#define S(literal) ((struct str)STR(literal))

/* For "%.*s" of the printf family. */
#define STR_ARG(s) (int)(s).n, (s).p

/* A view of a C string; NULL gives the empty view. */
struct str str_of(const char *text);

bool str_equal(struct str a, struct str b);
/* The order of their bytes: negative, 0 or positive. */
int str_compare(struct str a, struct str b);
/* Equal but for the case of ASCII letters. */
bool str_equal_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* The bytes of s from index `from` on; empty when s is shorter. */
struct str str_from(struct str s, size_t from);
/* At most the first n bytes of s. */
struct str str_head(struct str s, size_t n);
/* The same in characters of UTF-8. */
struct str str_head_characters(struct str s, size_t n);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);

/* Index of the first `c`, or s.n when there is none. */
size_t str_index(struct str s, char c);
/* Index of the first `needle`, or s.n when there is none. */
size_t str_find(struct str s, struct str needle);

/*
 * Cut the next field off `rest`, up to `separator` or the end. False when
 * nothing is left; "a,b" gives "a" then "b".
 */
bool str_next_field(struct str *rest, char separator, struct str *field);

/* The whole of s as a decimal number; false on anything else, or overflow. */
MUST_USE bool str_to_int64(struct str s, int64_t *out);
/* The same within bounds. */
MUST_USE bool str_to_int64_in(
	struct str s, int64_t min, int64_t max, int64_t *out);
#define STR_INT_BYTES 20
/* And back, at the end of `room`. */
struct str str_of_int(int64_t value, char room[STR_INT_BYTES]);
/* The same, for as long as the block lasts that it stands in. */
#define STR_OF_INT(value) str_of_int((value), (char[STR_INT_BYTES]){ 0 })

/* Edit distance (Levenshtein), each view cut to 63 bytes. */
unsigned str_distance(struct str a, struct str b);

#endif
