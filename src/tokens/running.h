/*
 * running.h - the tokens of a text that comes in pieces, of any length, in a
 * memory that does not grow.
 *
 * What may still change with the next piece is kept; the rest is counted and
 * forgotten. Only a word of hundreds of bytes is counted in parts.
 */
#ifndef TOKENS_RUNNING_H
#define TOKENS_RUNNING_H

#include "tokens/tokenizer.h"

struct running_count {
	const struct vocabulary *vocabulary;
	int64_t tokens; /* of what is forgotten */
	size_t kept;
	char text[512];
};

void running_count_init(
	struct running_count *running, const struct vocabulary *vocabulary);
void running_count_add(struct running_count *running, struct str piece);
/* Of all so far; more may follow. */
int64_t running_count_tokens(const struct running_count *running);

#endif
