/*
 * words.h - the text that the simulator says, one word at a time.
 *
 * It is always the same: the n-th word of a fixed list that repeats. A word
 * counts as one token. No word needs escaping in JSON.
 */
#ifndef SIMULATOR_WORDS_H
#define SIMULATOR_WORDS_H

#include "base/str.h"
#include "behaviour.h"

#define WORD_MAX_BYTES 32

struct words_text {
	const struct str *list;
	int count;     /* of words so far */
	int total;     /* words, or bytes when `by_bytes` */
	int left;      /* of the total */
	bool by_bytes; /* the last word is cut so that the total is exact */
};

/* As many words, or bytes, as the behaviour says. */
void words_init(struct words_text *text, const struct behaviour *behaviour);
/* The next word, perhaps in `room`; empty at the end. */
struct str words_next(struct words_text *text, char room[WORD_MAX_BYTES]);
bool words_over(const struct words_text *text);
/* At least half of the text has been said. */
bool words_half(const struct words_text *text);

#endif
