/*
 * cache_row.h - what is known of an answer, as it is stored, and the tables
 * that order answers; for the files that share the store. All functions give
 * LMDB's error.
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

/* Followed by the texts, one after the other. */
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

/* The row, and the texts behind it. MDB_NOTFOUND. */
int cache_row_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_row *row, MDB_val *texts);
/* The answer that a row, its texts and its bytes are, as views of them. */
void cache_row_read(const struct cache_row *row, const char *texts,
	struct str bytes, struct cache_answer *out);
/* Append an answer's row and texts. */
void cache_row_write(const struct cache_answer *answer, struct buf *out);

/* Add a number and a key to a table, or take them out. */
int cache_order_put(struct cache *cache, MDB_txn *txn, enum cache_table table,
	int64_t number, const uint8_t *key);
int cache_order_remove(struct cache *cache, MDB_txn *txn,
	enum cache_table table, int64_t number, const uint8_t *key);
/* The key with the smallest number; MDB_NOTFOUND in an empty table. */
int cache_order_first(struct cache *cache, MDB_txn *txn, enum cache_table table,
	uint8_t *key, int64_t *number);

/* cache_answers.c: out of all tables; MDB_NOTFOUND when it is not there. */
int cache_entry_remove(struct cache *cache, MDB_txn *txn, const uint8_t *key);

#endif
