/*
 * cache.h - answers that may be given again, shared by all processes of this
 * machine.
 *
 * An LMDB environment of its own in `server.hot_dir`/cache, so that its
 * writers hold up nobody who counts. It takes cache.max_bytes at most: what
 * was not used for the longest time goes first, and a full store is never an
 * error of the caller. A process that is killed in the middle of a change
 * takes nothing with it. Nothing here blocks longer than one change of
 * another process takes, so all of it may be called on an event loop.
 *
 * A key is the SHA-256 of what was asked, made by the caller; it must hold
 * whose the answer is, for the store gives it to whoever knows the key.
 */
#ifndef HOT_CACHE_H
#define HOT_CACHE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/settings.h"

#define CACHE_KEY_BYTES 32

enum cache_tokens {
	CACHE_TOKENS_PROMPT,
	CACHE_TOKENS_COMPLETION,
	CACHE_TOKENS_CACHED,
	CACHE_TOKENS_CACHE_WRITE,
	CACHE_TOKENS_REASONING,
	CACHE_TOKENS,
};

/* An answer as its provider gave it. */
struct cache_answer {
	int64_t project_id; /* whose it is */
	int64_t stored_unix_ms;
	int64_t expires_unix_ms;
	int64_t cost_picousd; /* what it cost */
	bool is_priced;
	int64_t tokens[CACHE_TOKENS]; /* -1: not known */
	int64_t tokens_source;        /* the ledger's word for who counted */
	bool is_stream;               /* the bytes are those of a stream */
	struct str provider;
	struct str model;        /* the catalogue's name */
	struct str dialect;      /* of the bytes */
	struct str content_type; /* as the provider said it */
	struct str dropped;      /* what translation left out of the request */
	struct str bytes;
};

struct cache;

/*
 * As hot_open(): with `create` the folder and files are made when missing,
 * and made anew when they cannot be used; without, *out is NULL, with true,
 * when there are none. The folder above must exist. ERR_IO; ERR_CONFIG when
 * the settings contradict each other.
 */
MUST_USE bool cache_open(const struct settings *settings, bool create,
	struct cache **out, struct error *err);
/* No thread uses it any more. Safe with NULL. */
void cache_close(struct cache *cache);

/* ERR_CONFIG: the settings of the cache do not go together. */
MUST_USE bool cache_check_settings(
	const struct settings *settings, struct error *err);

/* --- cache_answers.c --- */

/*
 * The answer of that key, unless its time is over. Its texts are views of
 * `memory`, which the caller releases. False: there is none; what cannot be
 * read counts as none, with one warning in the log.
 */
MUST_USE bool cache_find(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
	struct buf *memory, struct cache_answer *out);

/* An answer to be kept. */
struct cache_item {
	uint8_t key[CACHE_KEY_BYTES];
	struct cache_answer answer;
	bool is_miss; /* count it as one */
};

/* Keep them, each in place of what has its key, in one change: all or none.
 * Others go to make room. ERR_IO. */
MUST_USE bool cache_put(struct cache *cache, const struct cache_item *items,
	size_t count, struct error *err);

/* It was used: it is among the last to go. Noted once a minute. ERR_IO. */
MUST_USE bool cache_touch(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
	struct error *err);

/* Remove some of what is over, and the places of dead readers; for the
 * janitor. ERR_IO. */
MUST_USE bool cache_sweep(
	struct cache *cache, int64_t now_unix_ms, struct error *err);

/* How full this machine's store is. */
struct cache_size {
	int64_t answers;
	int64_t bytes;     /* that they and what is known of them take */
	int64_t max_bytes; /* above which others go */
};

/* Costs the same however many there are. ERR_IO. */
MUST_USE bool cache_measure(
	struct cache *cache, struct cache_size *out, struct error *err);

/* --- cache_project.c --- */

/* Instead of a project's id. */
#define CACHE_ALL_PROJECTS 0

/* Remove the project's answers whose "provider/model" fits (NULL: all), and
 * count them. ERR_IO: some may be gone. */
typedef bool cache_fits(struct str name, const void *context);
MUST_USE bool cache_clear(struct cache *cache, int64_t project_id,
	cache_fits *fits, const void *context, size_t *removed,
	struct error *err);

/* --- cache_row.c --- */

/* One text that holds an answer, and back: views of the text. False: it holds
 * none that this version can read. */
void cache_pack(const struct cache_answer *answer, struct buf *out);
MUST_USE bool cache_unpack(struct str text, struct cache_answer *out);

/* --- cache_fill.c: who is fetching an answer --- */

enum cache_fill {
	CACHE_FILL_FREE,    /* nobody */
	CACHE_FILL_MINE,    /* the asking owner */
	CACHE_FILL_OTHERS,  /* somebody else: wait for it */
	CACHE_FILL_REFUSED, /* somebody did, and it may not be kept */
	CACHE_FILL_DONE,    /* the answer is there */
};

/* How long a fetch is believed in that its owner does not confirm, and how
 * long it is known that its answer may not be kept. */
#define CACHE_FILL_MS 5000
#define CACHE_FILL_REFUSED_MS 1000

/* A number for one fetch, for take and end: from 1, and another one for a
 * million fetches. */
#define CACHE_OWNER_BITS 20
uint32_t cache_fill_owner(struct cache *cache);

/* These belong to a store that was opened with `create`. */

/* How things stand. What cannot be read is FREE. */
enum cache_fill cache_fill_look(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms);
/* Become the owner, or confirm that one is; MINE when that worked. Where too
 * many are fetching it says REFUSED: go on alone. */
enum cache_fill cache_fill_take(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], uint32_t owner,
	int64_t now_unix_ms);
/* The owner has ended: one of those who wait takes over, unless the answer
 * `may_not_be_kept`: then they all fetch their own. */
void cache_fill_end(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	uint32_t owner, bool may_not_be_kept, int64_t now_unix_ms);

/* --- cache_count.c: what it was good for, since the store was made --- */

struct cache_counts {
	int64_t hits;
	int64_t coalesced; /* of the hits: they waited for another's call */
	int64_t misses;
	int64_t saved_picousd;
};

/* Add to those of the project's "provider/model". ERR_IO. */
MUST_USE bool cache_count(struct cache *cache, int64_t project_id,
	struct str provider, struct str model, const struct cache_counts *more,
	struct error *err);

/* Of one "provider/model" of a project. */
struct cache_share {
	struct cache_share *next;
	struct str provider;
	struct str model;
	int64_t entries;
	int64_t bytes; /* of the answers alone */
	struct cache_counts counts;
};

/* All of a project's shares, in the order of their names. ERR_IO. */
MUST_USE bool cache_shares(struct cache *cache, int64_t project_id,
	int64_t now_unix_ms, struct arena *arena, struct cache_share **out,
	struct error *err);

#endif
