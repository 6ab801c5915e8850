/*
 * cache_row.h - answers as they are stored, for the files that share the
 * store.
 */
#ifndef HOT_CACHE_ROW_H
#define HOT_CACHE_ROW_H

#include "hot/cache_tables.h"

enum {
	TEXT_PROVIDER,
	TEXT_MODEL,
	TEXT_DIALECT,
	TEXT_TYPE,
	TEXT_DROPPED,
	TEXTS
};

/* Followed by the texts, one after the other, and the bytes. */
struct cache_row {
	int64_t project_id;
	int64_t stored_unix_ms;
	int64_t expires_unix_ms;
	int64_t cost_picousd;
	int64_t tokens[CACHE_TOKENS];
	int64_t tokens_source;
	int64_t last_use_s;
	int64_t bytes;
	uint32_t lengths[TEXTS];
	uint8_t is_priced;
	uint8_t is_stream;
	uint8_t unused[2];
};

/* A row of the table of answers. */
struct cache_entry {
	size_t number;
	uint8_t key[CACHE_KEY_BYTES];
	struct cache_row row;
	struct str packed; /* row, texts and bytes; as long as the
			    * transaction, and no longer than until a change */
};

/* What the parts of an answer are, as views of `packed`; false: it is none. */
MUST_USE bool cache_row_read(struct str packed, struct cache_answer *out);

/* All of these give LMDB's error. */

/* MDB_NOTFOUND. */
int cache_entry_find(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_entry *out);
/* Where a cursor of the table of answers goes; MDB_NOTFOUND. `from` is for
 * MDB_SET_RANGE. */
int cache_entry_at(MDB_cursor *cursor, MDB_cursor_op where, size_t from,
	struct cache_entry *out);
/* The table's MDB_FIRST or MDB_LAST; MDB_NOTFOUND: it is empty. */
int cache_entry_end(struct cache *cache, MDB_txn *txn, MDB_cursor_op which,
	struct cache_entry *out);
/* The number that comes next. */
int cache_entry_next(struct cache *cache, MDB_txn *txn, size_t *number);
/* Under such a number, in place of what has its key. */
int cache_entry_put(struct cache *cache, MDB_txn *txn, size_t number,
	const uint8_t *key, const struct cache_answer *answer);
/* The entry, with what its row is now, gets such a number. */
int cache_entry_move(struct cache *cache, MDB_txn *txn, size_t number,
	const struct cache_entry *entry);
int cache_entry_remove(
	struct cache *cache, MDB_txn *txn, const struct cache_entry *entry);

#endif
