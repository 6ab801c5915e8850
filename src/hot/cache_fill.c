/*
 * cache_fill.c - who is fetching an answer that others wait for: one word in a
 * table that all processes map.
 *
 * A word names a key, by 16 bits beside its place in the table; its owner, a
 * number drawn for each fetch, for a process may fetch many answers and may
 * die of a signal; and until when it is believed, to the millisecond within
 * 37 hours. So it can be taken, confirmed and ended by one instruction. Two
 * keys are mistaken for each other once in some hundred thousand fetches,
 * and then one waits in vain for as long as the other takes.
 *
 * Whoever takes a place looks for the answer after that, for an owner keeps
 * its answer before it ends.
 */
#include "hot/cache_tables.h"

#include <sys/random.h>

#include "hot/mapped_table.h"

#define PLACES 4096
/* The places of a key: a line of the processor's cache. */
#define CHOICES 8

#define TIME_BITS 27
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define REFUSED_BIT (UINT64_C(1) << TIME_BITS)
#define OWNER_SHIFT (TIME_BITS + 1)
#define OWNER_MASK ((UINT64_C(1) << CACHE_OWNER_BITS) - 1)
#define KEY_SHIFT (OWNER_SHIFT + CACHE_OWNER_BITS)

struct cache_fills {
	_Alignas(64) uint64_t words[PLACES][CHOICES]; /* atomic; 0: free */
};

/* The places of a key, and what its words begin with. */
struct mark {
	uint64_t *words;
	uint64_t key;
};

static struct mark mark_of(
	const struct cache *cache, const uint8_t key[CACHE_KEY_BYTES]);
static uint64_t find_live(
	const struct mark *mark, int64_t now_unix_ms, uint64_t **where);
static bool is_live(uint64_t word, int64_t now_unix_ms);
static uint64_t word_of(const struct mark *mark, uint32_t owner,
	int64_t until_unix_ms, bool is_refused);
static bool take_free(
	const struct mark *mark, uint64_t word, int64_t now_unix_ms);
static enum cache_fill state_of(uint64_t word, uint32_t owner);
static uint32_t owner_of(uint64_t word);
static bool has_answer(
	struct cache *cache, const uint8_t *key, int64_t now_unix_ms);
static bool change(uint64_t *where, uint64_t seen, uint64_t word);

bool cache_fills_open(struct cache *cache, struct error *err)
{
	char path[PATH_MAX + 8];
	void *table;

	snprintf(path, sizeof(path), "%s/fills", cache->path);
	if (!mapped_table_open(path, sizeof(*cache->fills), &table, err))
		return false;
	cache->fills = table;
	/* So few bytes come at once and whole. */
	if (getrandom(&cache->owners, sizeof(cache->owners), 0) !=
		sizeof(cache->owners))
		abort();
	return true;
}

void cache_fills_close(struct cache *cache)
{
	mapped_table_close(cache->fills, sizeof(*cache->fills));
}

uint32_t cache_fill_owner(struct cache *cache)
{
	uint32_t number =
		__atomic_add_fetch(&cache->owners, 1, __ATOMIC_RELAXED);

	return number % (uint32_t)OWNER_MASK + 1;
}

enum cache_fill cache_fill_look(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms)
{
	struct mark mark = mark_of(cache, key);
	uint64_t *where;
	uint64_t word = find_live(&mark, now_unix_ms, &where);

	if (word)
		return state_of(word, 0);
	return has_answer(cache, key, now_unix_ms) ? CACHE_FILL_DONE
						   : CACHE_FILL_FREE;
}

enum cache_fill cache_fill_take(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], uint32_t owner, int64_t now_unix_ms)
{
	struct mark mark = mark_of(cache, key);
	uint64_t word =
		word_of(&mark, owner, now_unix_ms + CACHE_FILL_MS, false);
	uint64_t *where;
	uint64_t seen = find_live(&mark, now_unix_ms, &where);

	if (seen && state_of(seen, owner) != CACHE_FILL_MINE)
		return state_of(seen, owner);
	if (seen)
		return change(where, seen, word) ? CACHE_FILL_MINE
						 : CACHE_FILL_OTHERS;
	if (!take_free(&mark, word, now_unix_ms))
		return CACHE_FILL_REFUSED;
	/* Another may have come at the same time, to another place. */
	seen = find_live(&mark, now_unix_ms, &where);
	if (seen != word || has_answer(cache, key, now_unix_ms)) {
		cache_fill_end(cache, key, owner, false, now_unix_ms);
		return seen != word ? CACHE_FILL_OTHERS : CACHE_FILL_DONE;
	}
	return CACHE_FILL_MINE;
}

/* Not what another one, who took over, is doing. */
void cache_fill_end(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	uint32_t owner, bool may_not_be_kept, int64_t now_unix_ms)
{
	struct mark mark = mark_of(cache, key);
	uint64_t word = 0;

	if (may_not_be_kept)
		word = word_of(&mark, owner,
			now_unix_ms + CACHE_FILL_REFUSED_MS, true);
	for (size_t i = 0; i < CHOICES; i++) {
		uint64_t seen =
			__atomic_load_n(&mark.words[i], __ATOMIC_ACQUIRE);

		if (seen >> KEY_SHIFT == mark.key && owner_of(seen) == owner &&
			change(&mark.words[i], seen, word))
			return;
	}
}

static struct mark mark_of(
	const struct cache *cache, const uint8_t key[CACHE_KEY_BYTES])
{
	uint32_t place;
	uint16_t rest;

	memcpy(&place, key, sizeof(place));
	memcpy(&rest, key + sizeof(place), sizeof(rest));
	return (struct mark){ cache->fills->words[place % PLACES], rest };
}

/* The first of the key's words that is believed; 0: there is none. */
static uint64_t find_live(
	const struct mark *mark, int64_t now_unix_ms, uint64_t **where)
{
	for (size_t i = 0; i < CHOICES; i++) {
		uint64_t word =
			__atomic_load_n(&mark->words[i], __ATOMIC_ACQUIRE);

		*where = &mark->words[i];
		if (word >> KEY_SHIFT == mark->key &&
			is_live(word, now_unix_ms))
			return word;
	}
	return 0;
}

/* A time that lies too far ahead is none of ours: the clock was set back, or
 * the file is older than the machine's start. */
static bool is_live(uint64_t word, int64_t now_unix_ms)
{
	uint64_t left = (word - (uint64_t)now_unix_ms) & TIME_MASK;

	return word && left > 0 && left <= CACHE_FILL_MS;
}

static uint64_t word_of(const struct mark *mark, uint32_t owner,
	int64_t until_unix_ms, bool is_refused)
{
	return mark->key << KEY_SHIFT | (uint64_t)owner << OWNER_SHIFT |
	       (is_refused ? REFUSED_BIT : 0) |
	       ((uint64_t)until_unix_ms & TIME_MASK);
}

/* False: all places are other keys'. */
static bool take_free(
	const struct mark *mark, uint64_t word, int64_t now_unix_ms)
{
	for (size_t i = 0; i < CHOICES; i++) {
		uint64_t seen =
			__atomic_load_n(&mark->words[i], __ATOMIC_ACQUIRE);

		if (!is_live(seen, now_unix_ms) &&
			change(&mark->words[i], seen, word))
			return true;
	}
	return false;
}

static enum cache_fill state_of(uint64_t word, uint32_t owner)
{
	if (word & REFUSED_BIT)
		return CACHE_FILL_REFUSED;
	return owner_of(word) == owner ? CACHE_FILL_MINE : CACHE_FILL_OTHERS;
}

static uint32_t owner_of(uint64_t word)
{
	return (uint32_t)(word >> OWNER_SHIFT & OWNER_MASK);
}

static bool has_answer(
	struct cache *cache, const uint8_t *key, int64_t now_unix_ms)
{
	bool found = false;
	MDB_txn *txn;
	int failed = cache_look(cache, &txn);

	if (!failed) {
		found = cache_is_live(cache, txn, key, now_unix_ms);
		readers_end(txn);
	} else {
		cache_complain(cache, failed);
	}
	return found;
}

static bool change(uint64_t *where, uint64_t seen, uint64_t word)
{
	return __atomic_compare_exchange_n(
		where, &seen, word, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
