/*
 * prompt_cache.h - a provider's cache of how prompts begin, as it looks from
 * outside: one for each key and model.
 *
 * A prompt is remembered by its whole blocks of 1 KB of `messages`, or what
 * the dialect has in its place; a quarter of their bytes are tokens. From
 * 1024 tokens on they are told as cached when the same key has sent the same
 * beginning before. What is not used for a while is forgotten.
 */
#ifndef SIMULATOR_PROMPT_CACHE_H
#define SIMULATOR_PROMPT_CACHE_H

#include <pthread.h>

#include "ask.h"

#define PROMPT_CACHE_PLACES 16384

struct prompt_cache {
	pthread_mutex_t lock;
	struct {
		uint64_t beginning; /* with its key and model; 0: none */
		int64_t used_ms;    /* monotonic */
	} places[PROMPT_CACHE_PLACES];
};

void prompt_cache_init(struct prompt_cache *cache);
void prompt_cache_clear(struct prompt_cache *cache);
/* How many of the request's tokens are in the cache, where they stay for
 * keep_ms; from now on they all are. */
int prompt_cache_use(
	struct prompt_cache *cache, const struct ask *ask, int64_t keep_ms);

#endif
