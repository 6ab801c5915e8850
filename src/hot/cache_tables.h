/*
 * cache_tables.h - the tables of the cache's store, for the files that share
 * them.
 *
 *	answers   number -> an answer, and all that is known of it
 *	places    key -> the number of its answer
 *	counts    project, "provider/model" -> struct cache_counts
 *
 * An answer that is kept, or used again, gets the highest number: so their
 * order is that of their last use, those that come stand at the end, and those
 * that go to make room at the beginning.
 */
#ifndef HOT_CACHE_TABLES_H
#define HOT_CACHE_TABLES_H

#include <lmdb.h>

#include "hot/ahead.h"
#include "hot/cache.h"
#include "hot/readers.h"
#include "hot/turn.h"

enum cache_table {
	TABLE_ANSWERS,
	TABLE_PLACES,
	TABLE_COUNTS,
	TABLE_FORMAT,
	CACHE_TABLES,
};

struct cache_fills;

struct cache {
	MDB_env *env;
	struct readers readers;
	struct turn turn;   /* of writers */
	struct ahead ahead; /* the writer's */
	size_t swept;       /* up to that number; the janitor's */
	MDB_dbi tables[CACHE_TABLES];
	size_t bound_bytes;        /* what is stored takes no more */
	bool complained;           /* atomic; a failing read was logged */
	struct cache_fills *fills; /* NULL: opened without `create` */
	uint32_t owners; /* atomic; drawn so far, and where it began */
	char path[PATH_MAX];
};

static inline MDB_val cache_val(const void *bytes, size_t n)
{
	return (MDB_val){ .mv_size = n, .mv_data = (void *)(uintptr_t)bytes };
}

/* Show the project's answers that are not over; the views last as long as the
 * visit. LMDB's error. */
typedef void cache_visit(
	struct str provider, struct str model, int64_t bytes, void *context);
int cache_each(struct cache *cache, MDB_txn *txn, int64_t project_id,
	int64_t now_unix_ms, cache_visit *visit, void *context);

/* Is there an answer whose time is not over? */
bool cache_is_live(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms);
/* cache_fill.c: the table of those who fetch, beside the store. ERR_IO. */
MUST_USE bool cache_fills_open(struct cache *cache, struct error *err);
void cache_fills_close(struct cache *cache);
/* As cache_count(), within a change; LMDB's error. */
int cache_count_in(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct str provider, struct str model, const struct cache_counts *more);

/* ERR_IO, or true when `failed` is none of LMDB's errors. */
MUST_USE bool cache_check(int failed, const char *what, struct error *err);
/* Look at what is there, until readers_end(); LMDB's error. */
static inline int cache_look(struct cache *cache, MDB_txn **txn)
{
	return readers_begin(&cache->readers, cache->env, txn);
}

/* Begin a change, when it is our turn, that brings an answer of so many bytes
 * (0: none); LMDB's error. */
int cache_change(struct cache *cache, size_t more_bytes, MDB_txn **txn);
/* Commit it, or abort it when it failed; LMDB's error. */
int cache_end(struct cache *cache, MDB_txn *txn, int failed);
/* What cannot be read counts as nothing; the log is told once. */
void cache_complain(struct cache *cache, int failed);

#endif
