/*
 * characters.h - what Unicode says of a character, as far as the patterns
 * that split texts ask for it.
 *
 * The table is data (characters.table): one byte for each 128 characters says
 * which block of classes they have, four bits for each character.
 */
#ifndef TOKENS_CHARACTERS_H
#define TOKENS_CHARACTERS_H

#include "tokens/mapped_file.h"

enum character_class {
	CHARACTER_OTHER,   /* punctuation, symbols; bytes that are no UTF-8 */
	CHARACTER_UPPER,   /* \p{Lu} \p{Lt} */
	CHARACTER_LOWER,   /* \p{Ll} */
	CHARACTER_LETTER,  /* \p{Lm} \p{Lo}, which have no case */
	CHARACTER_MARK,    /* \p{M} */
	CHARACTER_NUMBER,  /* \p{N} */
	CHARACTER_SPACE,   /* \p{White_Space} but for: */
	CHARACTER_NEWLINE, /* CR, LF */
};

struct characters {
	struct mapped_file file;
	uint8_t ascii[128]; /* the same, without looking far */
};

MUST_USE bool characters_open(
	const char *folder, struct characters *out, struct error *err);
void characters_close(struct characters *characters);

/* One character at p < end: its class; *bytes is how long it is. */
enum character_class character_beyond_ascii(const struct characters *characters,
	const char *p, const char *end, size_t *bytes);

static inline enum character_class character_at(
	const struct characters *characters, const char *p, const char *end,
	size_t *bytes)
{
	unsigned char byte = (unsigned char)*p;

	if (byte >= 0x80)
		return character_beyond_ascii(characters, p, end, bytes);
	*bytes = 1;
	return (enum character_class)characters->ascii[byte];
}

#endif
