/*
 * affinity_prefix.h - finger prints of how a prompt begins.
 *
 * A prompt is, in this order and as the client wrote it: the tools, what is
 * told to the model before all else, the messages. Its beginnings of 4, 16
 * and 64 KB have a finger print each; what follows does not change them, nor
 * do the members of the request that are no part of the prompt.
 *
 * A finger print is a hint: two that are equal by chance, or by ill will, send
 * two prompts to the same place, and no more.
 */
#ifndef GATEWAY_AFFINITY_PREFIX_H
#define GATEWAY_AFFINITY_PREFIX_H

#include "dialect/dialect.h"

/* About 1024 tokens, the least that providers cache. */
#define AFFINITY_MIN_BYTES 4096
#define AFFINITY_PREFIXES 3

struct affinity_prefix {
	uint64_t marks[AFFINITY_PREFIXES]; /* from the shortest on */
	size_t count;                      /* 0: the prompt is short */
};

/* Of a request whose head was read; reads 64 KB of it at most, and walks over
 * the names of its members. */
struct affinity_prefix affinity_prefix_of(const struct chat_head *head);

/* A number for a number and a text, well mixed: for drawing lots. */
uint64_t affinity_mix(uint64_t number, struct str text);

#endif
