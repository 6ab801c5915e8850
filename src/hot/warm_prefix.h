/*
 * warm_prefix.h - where beginnings of prompts are cached, as answers told; on
 * all processes of the machine.
 *
 * A prefix is a number (gateway/affinity_prefix.h), a place is a model, asked
 * with a key at a host. A place is warm from the answer that told of tokens
 * read from a cache or written to one, for as long as the provider keeps
 * them; each use that reads them begins that time anew. Where two uses in a
 * row read none, it is warm no more, until one reads some again.
 *
 * The table is bounded: a prefix belongs to one of WARM_BUCKETS records, and
 * a full record loses the place that would be cold first.
 */
#ifndef HOT_WARM_PREFIX_H
#define HOT_WARM_PREFIX_H

#include "hot/store.h"

#define WARM_BUCKETS 4096
#define WARM_PLACES 16 /* of all prefixes in a bucket */

struct warm_place {
	int64_t model_id;
	int64_t key_id; /* 0: none is needed */
	uint64_t host;  /* a finger print of its address */
};

/* The places that are warm for a prefix, and how many: one look into the
 * store. now_ms is Unix time. */
size_t warm_prefix_find(struct hot *hot, uint64_t prefix, int64_t now_ms,
	struct warm_place out[WARM_PLACES]);

struct warm_use {
	struct warm_place place;
	int64_t used_ms; /* Unix: when the provider got the prompt */
	int64_t keep_ms; /* how long it keeps one that is not used */
	bool was_read;   /* some of it was in the cache */
	bool was_written;
};

/* Learn from a use; only one that changes something waits for other writers.
 * A store that cannot be changed is logged, and nothing is learnt. */
void warm_prefix_note(
	struct hot *hot, uint64_t prefix, const struct warm_use *use);

#endif
