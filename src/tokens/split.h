/*
 * split.h - a text cut into pieces, each of which is encoded by itself: the
 * patterns of the vocabularies, exactly, written out as code.
 *
 * Time is linear for any text: no character is looked at more often than a
 * few times.
 */
#ifndef TOKENS_SPLIT_H
#define TOKENS_SPLIT_H

#include "tokens/characters.h"

/* The end of the piece that begins at p < end. */
typedef const char *split_next(
	const struct characters *characters, const char *p, const char *end);

split_next split_o200k;
split_next split_cl100k;

#endif
