/*
 * prompt_cache.c - a table of hashes, one of each length of a prompt.
 */
#include "prompt_cache.h"

#include "base/clock.h"

#define BLOCK_BYTES 1024
#define BLOCK_TOKENS (BLOCK_BYTES / 4)
#define LEAST_TOKENS 1024
#define MOST_BLOCKS 256

static uint64_t hash(uint64_t seed, struct str bytes);
static bool use_place(struct prompt_cache *cache, uint64_t beginning,
	int64_t now_ms, int64_t keep_ms);

void prompt_cache_init(struct prompt_cache *cache)
{
	pthread_mutex_init(&cache->lock, NULL);
	memset(cache->places, 0, sizeof(cache->places));
}

void prompt_cache_clear(struct prompt_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	memset(cache->places, 0, sizeof(cache->places));
	pthread_mutex_unlock(&cache->lock);
}

int prompt_cache_use(
	struct prompt_cache *cache, const struct ask *ask, int64_t keep_ms)
{
	struct str text = ask->messages.text;
	int64_t now_ms = clock_monotonic_ms();
	uint64_t beginning = hash(1, ask_model_name(ask));
	bool goes_on = true;
	int tokens = 0;

	beginning = hash(
		beginning, http_find_header(ask->http, S("authorization")));
	beginning =
		hash(beginning, http_find_header(ask->http, S("x-api-key")));
	pthread_mutex_lock(&cache->lock);
	for (size_t i = 0; i < MOST_BLOCKS && text.n >= BLOCK_BYTES; i++) {
		beginning = hash(beginning, str_head(text, BLOCK_BYTES));
		text = str_from(text, BLOCK_BYTES);
		/* All are put there, also those behind one that was not. */
		if (!use_place(cache, beginning, now_ms, keep_ms))
			goes_on = false;
		if (goes_on)
			tokens += BLOCK_TOKENS;
	}
	pthread_mutex_unlock(&cache->lock);
	return tokens >= LEAST_TOKENS ? tokens : 0;
}

/* Is it there? It is now. */
static bool use_place(struct prompt_cache *cache, uint64_t beginning,
	int64_t now_ms, int64_t keep_ms)
{
	size_t at = beginning % PROMPT_CACHE_PLACES;
	bool is_there = cache->places[at].beginning == beginning &&
			now_ms - cache->places[at].used_ms < keep_ms;

	cache->places[at].beginning = beginning;
	cache->places[at].used_ms = now_ms;
	return is_there;
}

/* FNV-1a */
static uint64_t hash(uint64_t seed, struct str bytes)
{
	uint64_t value = UINT64_C(14695981039346656037) ^ seed;

	for (size_t i = 0; i < bytes.n; i++)
		value = (value ^ (unsigned char)bytes.p[i]) *
			UINT64_C(1099511628211);
	return value;
}
