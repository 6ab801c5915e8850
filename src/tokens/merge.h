/*
 * merge.h - one piece of a text into tokens: byte-pair encoding.
 *
 * Every byte is a token at first. Again and again, of all neighbours that
 * together are a token, those with the lowest rank are joined, the leftmost
 * first.
 */
#ifndef TOKENS_MERGE_H
#define TOKENS_MERGE_H

#include "tokens/vocabulary.h"

/* Where ids go: the first `room` of them; all are counted. */
struct token_sink {
	uint32_t *ids;
	size_t room;
	size_t count;
};

static inline void token_sink_add(struct token_sink *sink, uint32_t id)
{
	if (sink->count < sink->room)
		sink->ids[sink->count] = id;
	sink->count++;
}

/* A piece of at least one byte that is no token as a whole. */
void merge_piece(const struct vocabulary *vocabulary, struct str piece,
	struct token_sink *sink);

#endif
