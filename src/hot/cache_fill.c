/*
 * cache_fill.c - who is fetching an answer that others wait for.
 *
 * An owner is a random number, for a process may fetch many answers and may
 * die of a signal. It confirms itself again and again; one that does not is
 * forgotten after a while. Times are the calendar's, for the store may be on
 * a disk and outlive a reboot; one that lies too far ahead is no time of ours.
 */
#include "hot/cache_tables.h"

struct cache_fill_row {
	uint8_t owner[CACHE_OWNER_BYTES];
	int64_t until_unix_ms;
	int64_t is_refused;
};

static int state_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const uint8_t *owner, int64_t now_unix_ms, enum cache_fill *out);
static int64_t left_ms(const struct cache_fill_row *row, int64_t now_unix_ms);
static int fill_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_fill_row *row);
static int fill_put(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const struct cache_fill_row *row);
static int end_fill(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const uint8_t *owner, bool may_not_be_kept, int64_t now_unix_ms);

enum cache_fill cache_fill_look(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms)
{
	enum cache_fill state = CACHE_FILL_FREE;
	MDB_txn *txn;
	int failed = mdb_txn_begin(cache->env, NULL, MDB_RDONLY, &txn);

	if (!failed) {
		failed = state_get(cache, txn, key, NULL, now_unix_ms, &state);
		mdb_txn_abort(txn);
	}
	if (failed)
		cache_complain(cache, failed);
	return failed ? CACHE_FILL_FREE : state;
}

enum cache_fill cache_fill_take(struct cache *cache,
	const uint8_t key[CACHE_KEY_BYTES],
	const uint8_t owner[CACHE_OWNER_BYTES], int64_t now_unix_ms)
{
	struct cache_fill_row row = { .until_unix_ms =
					      now_unix_ms + CACHE_FILL_MS };
	enum cache_fill state = CACHE_FILL_FREE;
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	memcpy(row.owner, owner, sizeof(row.owner));
	if (!failed) {
		failed = state_get(cache, txn, key, owner, now_unix_ms, &state);
		if (!failed && state <= CACHE_FILL_MINE) {
			state = CACHE_FILL_MINE;
			failed = fill_put(cache, txn, key, &row);
		}
		failed = cache_end(cache, txn, failed);
	}
	if (failed)
		cache_complain(cache, failed);
	return failed ? CACHE_FILL_REFUSED : state;
}

void cache_fill_end(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	const uint8_t owner[CACHE_OWNER_BYTES], bool may_not_be_kept,
	int64_t now_unix_ms)
{
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (!failed)
		failed = cache_end(cache, txn,
			end_fill(cache, txn, key, owner, may_not_be_kept,
				now_unix_ms));
	if (failed)
		cache_complain(cache, failed);
}

static int state_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const uint8_t *owner, int64_t now_unix_ms, enum cache_fill *out)
{
	struct cache_fill_row row;
	int failed = fill_get(cache, txn, key, &row);

	*out = CACHE_FILL_FREE;
	if (failed && failed != MDB_NOTFOUND)
		return failed;
	if (!failed && left_ms(&row, now_unix_ms) > 0) {
		bool is_mine = owner &&
			       memcmp(row.owner, owner, CACHE_OWNER_BYTES) == 0;

		*out = row.is_refused ? CACHE_FILL_REFUSED
		       : is_mine      ? CACHE_FILL_MINE
				      : CACHE_FILL_OTHERS;
	} else if (cache_is_live(cache, txn, key, now_unix_ms)) {
		*out = CACHE_FILL_DONE;
	}
	return MDB_SUCCESS;
}

static int64_t left_ms(const struct cache_fill_row *row, int64_t now_unix_ms)
{
	int64_t left = row->until_unix_ms - now_unix_ms;

	return left > CACHE_FILL_MS ? 0 : left;
}

static int fill_get(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct cache_fill_row *row)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	MDB_val data;
	int failed = mdb_get(txn, cache->tables[TABLE_FILLS], &name, &data);

	if (failed)
		return failed;
	if (data.mv_size != sizeof(*row))
		return MDB_CORRUPTED;
	memcpy(row, data.mv_data, sizeof(*row));
	return MDB_SUCCESS;
}

static int fill_put(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const struct cache_fill_row *row)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	MDB_val data = cache_val(row, sizeof(*row));

	return mdb_put(txn, cache->tables[TABLE_FILLS], &name, &data, 0);
}

/* Not what another one, who took over, is doing. */
static int end_fill(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const uint8_t *owner, bool may_not_be_kept, int64_t now_unix_ms)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	struct cache_fill_row row;
	int failed = fill_get(cache, txn, key, &row);

	if (failed)
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	if (memcmp(row.owner, owner, CACHE_OWNER_BYTES) != 0)
		return MDB_SUCCESS;
	if (!may_not_be_kept)
		return mdb_del(txn, cache->tables[TABLE_FILLS], &name, NULL);
	row.is_refused = true;
	row.until_unix_ms = now_unix_ms + CACHE_FILL_REFUSED_MS;
	return fill_put(cache, txn, key, &row);
}

int cache_fill_remove(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const uint8_t *owner)
{
	return end_fill(cache, txn, key, owner, false, 0);
}

int cache_fill_sweep(struct cache *cache, MDB_txn *txn, int64_t now_unix_ms)
{
	MDB_val name, data;
	MDB_cursor *cursor;
	int failed = mdb_cursor_open(txn, cache->tables[TABLE_FILLS], &cursor);

	if (failed)
		return failed;
	while (!(failed = mdb_cursor_get(cursor, &name, &data, MDB_NEXT))) {
		struct cache_fill_row row = { 0 };

		if (data.mv_size == sizeof(row))
			memcpy(&row, data.mv_data, sizeof(row));
		if (left_ms(&row, now_unix_ms) > 0)
			continue;
		failed = mdb_cursor_del(cursor, 0);
		if (failed)
			break;
	}
	mdb_cursor_close(cursor);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}
