/*
 * words.h - a text as hashed words and as counts of its characters.
 *
 * Words are folded: no capitals, no accents, any number is a number of so
 * many digits. A word also has a root: its first letters in a spelling that
 * English and Spanish share ("physics" and "fisica" give "fisic"), so that
 * what was learned from one language holds in the other.
 */
#ifndef CLASSIFY_WORDS_H
#define CLASSIFY_WORDS_H

#include "base/str.h"

#define WORDS_MAX 1536

/* Characters by what they are, counted per text. */
enum character {
	CHARACTER_OTHER, /* controls */
	CHARACTER_LOWER,
	CHARACTER_UPPER,
	CHARACTER_DIGIT,
	CHARACTER_SPACE,
	CHARACTER_LINE,     /* \n */
	CHARACTER_STOP,     /* . ! */
	CHARACTER_QUESTION, /* ? */
	CHARACTER_COMMA,    /* , ; : */
	CHARACTER_QUOTE,
	CHARACTER_BRACKET,  /* ( ) */
	CHARACTER_BLOCK,    /* { } [ ] < > */
	CHARACTER_OPERATOR, /* = + * / ^ | & ~ % */
	CHARACTER_FORMULA,  /* $ and backslash */
	CHARACTER_BLANK,    /* _ */
	CHARACTER_MARK,     /* # @ ` */
	CHARACTER_FOREIGN,  /* beyond ASCII, no letter of ours */
	CHARACTER_KINDS,
};

struct words {
	uint32_t hash[WORDS_MAX];
	uint32_t root[WORDS_MAX];
	uint8_t length[WORDS_MAX];
	size_t count;
	size_t number_count;
	size_t letter_count;  /* in words */
	size_t capital_count; /* words that begin with one */
	size_t symbol_count;  /* of mathematics, beyond ASCII */
	uint32_t characters[CHARACTER_KINDS];
};

void words_init(struct words *words);
/* Adds those of a text; what is beyond WORDS_MAX is counted only. */
void words_read(struct words *words, struct str text);

/* The hash of a word, as words_read() would give it. */
uint32_t words_hash(struct str word);
/* Of two words in a row. */
static inline uint32_t words_pair(uint32_t first, uint32_t second)
{
	uint32_t h = (first * 0x9e3779b1u) ^ (second + 0x7f4a7c15u);

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	return h ^ (h >> 13);
}

#endif
