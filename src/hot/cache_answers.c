/*
 * cache_answers.c - the answers themselves, and which of them have to go.
 *
 * An answer stands in five tables; entry_put() and cache_entry_remove() alone
 * add to them and take from them. LMDB does not tell how much of its file is
 * in use, so the pages of the tables are counted, which is as exact and costs
 * nothing. Its file can still be full where there is room by that count (free
 * pages that an old reader holds, or that are not in one piece): then more
 * goes, and the change is tried again.
 */
#include "hot/cache_row.h"

#define TOUCH_S 60
/* In one transaction: others wait meanwhile. */
#define MANY 64
#define TRIES 8

static int answer_read(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out,
	bool *found);
static int put_once(
	struct cache *cache, const struct cache_item *items, size_t count);
static int put_item(
	struct cache *cache, MDB_txn *txn, const struct cache_item *item);
static int entry_put(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const struct cache_answer *answer);
static int body_put(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	struct str bytes);
static int make_room(struct cache *cache, MDB_txn *txn);
static size_t used_bytes(struct cache *cache, MDB_txn *txn);
static int evict(struct cache *cache, int count);
static int advance(struct cache *cache);
static int touch(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, int64_t now_s);
static int sweep(struct cache *cache, MDB_txn *txn, int64_t now_unix_ms);

bool cache_find(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out)
{
	bool found = false;
	MDB_txn *txn;
	int failed = mdb_txn_begin(cache->env, NULL, MDB_RDONLY, &txn);

	if (!failed) {
		failed = answer_read(
			cache, txn, key, now_unix_ms, memory, out, &found);
		mdb_txn_abort(txn);
	}
	if (failed)
		cache_complain(cache, failed);
	return found;
}

static int answer_read(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out,
	bool *found)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	struct cache_row row;
	MDB_val texts, body;
	int failed = cache_row_get(cache, txn, key, &row, &texts);

	if (failed)
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	if (row.expires_unix_ms <= now_unix_ms)
		return MDB_SUCCESS;
	failed = mdb_get(txn, cache->tables[TABLE_BODIES], &name, &body);
	if (failed)
		return failed;
	buf_init(memory, texts.mv_size + body.mv_size);
	buf_append(memory, (struct str){ texts.mv_data, texts.mv_size });
	buf_append(memory, (struct str){ body.mv_data, body.mv_size });
	if (memory->failed)
		return ENOMEM;
	cache_row_read(
		&row, memory->p, str_from(buf_str(memory), texts.mv_size), out);
	*found = true;
	return MDB_SUCCESS;
}

bool cache_is_live(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms)
{
	struct cache_row row;
	MDB_val texts;

	return cache_row_get(cache, txn, key, &row, &texts) == MDB_SUCCESS &&
	       row.expires_unix_ms > now_unix_ms;
}

bool cache_put(struct cache *cache, const struct cache_item *items,
	size_t count, struct error *err)
{
	int failed = MDB_MAP_FULL;

	for (int i = 0; i < TRIES && failed == MDB_MAP_FULL; i++) {
		failed = put_once(cache, items, count);
		if (failed != MDB_MAP_FULL)
			break;
		/* One that died while it read may hold pages back. */
		mdb_reader_check(cache->env, NULL);
		if (evict(cache, MANY << i) != MDB_SUCCESS ||
			advance(cache) != MDB_SUCCESS)
			break;
	}
	return cache_check(failed, "keep an answer", err);
}

static int put_once(
	struct cache *cache, const struct cache_item *items, size_t count)
{
	size_t bytes = 0;
	MDB_txn *txn;
	int failed;

	for (size_t i = 0; i < count; i++)
		bytes += items[i].answer.bytes.n;
	failed = cache_change(cache, bytes, &txn);
	if (failed)
		return failed;
	for (size_t i = 0; i < count && !failed; i++)
		failed = put_item(cache, txn, &items[i]);
	if (!failed)
		failed = make_room(cache, txn);
	return cache_end(cache, txn, failed);
}

static int put_item(
	struct cache *cache, MDB_txn *txn, const struct cache_item *item)
{
	const struct cache_counts miss = { .misses = 1 };
	const struct cache_answer *answer = &item->answer;
	int failed = cache_entry_remove(cache, txn, item->key);

	if (failed == MDB_NOTFOUND)
		failed = MDB_SUCCESS;
	if (!failed)
		failed = entry_put(cache, txn, item->key, answer);
	if (!failed && item->is_miss)
		failed = cache_count_in(cache, txn, answer->project_id,
			answer->provider, answer->model, &miss);
	return failed;
}

static int entry_put(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	const struct cache_answer *answer)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	struct buf row = BUF_INIT(65536);
	MDB_val data;
	int failed;

	cache_row_write(answer, &row);
	data = cache_val(row.p, row.n);
	failed = row.failed ? ENOMEM
			    : mdb_put(txn, cache->tables[TABLE_ANSWERS], &name,
				      &data, 0);
	buf_release(&row);
	if (!failed)
		failed = body_put(cache, txn, key, answer->bytes);
	if (!failed)
		failed = cache_order_put(cache, txn, TABLE_USES,
			answer->stored_unix_ms / 1000, key);
	if (!failed)
		failed = cache_order_put(cache, txn, TABLE_ENDS,
			answer->expires_unix_ms / 1000, key);
	if (!failed)
		failed = cache_order_put(
			cache, txn, TABLE_PROJECTS, answer->project_id, key);
	return failed;
}

static int body_put(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, struct str bytes)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	MDB_val data = cache_val(bytes.p, bytes.n);

	return mdb_put(txn, cache->tables[TABLE_BODIES], &name, &data, 0);
}

/* From all tables; MDB_NOTFOUND when it is not there. */
int cache_entry_remove(struct cache *cache, MDB_txn *txn, const uint8_t *key)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	struct cache_row row;
	MDB_val texts;
	int failed = cache_row_get(cache, txn, key, &row, &texts);

	if (!failed)
		failed = cache_order_remove(
			cache, txn, TABLE_USES, row.last_use_s, key);
	if (!failed)
		failed = cache_order_remove(cache, txn, TABLE_ENDS,
			row.expires_unix_ms / 1000, key);
	if (!failed)
		failed = cache_order_remove(
			cache, txn, TABLE_PROJECTS, row.project_id, key);
	if (!failed)
		failed = mdb_del(txn, cache->tables[TABLE_BODIES], &name, NULL);
	if (!failed)
		failed =
			mdb_del(txn, cache->tables[TABLE_ANSWERS], &name, NULL);
	return failed;
}

/* What was not used for the longest time goes until the rest fits. */
static int make_room(struct cache *cache, MDB_txn *txn)
{
	int failed = MDB_SUCCESS;

	for (int i = 0; i < MANY && !failed &&
			used_bytes(cache, txn) > cache->bound_bytes;
		i++) {
		uint8_t key[CACHE_KEY_BYTES];
		int64_t used_s;

		failed =
			cache_order_first(cache, txn, TABLE_USES, key, &used_s);
		if (!failed)
			failed = cache_entry_remove(cache, txn, key);
	}
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

static size_t used_bytes(struct cache *cache, MDB_txn *txn)
{
	size_t bytes = 0;

	for (size_t i = 0; i < CACHE_TABLES; i++) {
		MDB_stat stat;

		if (mdb_stat(txn, cache->tables[i], &stat) == MDB_SUCCESS)
			bytes += (stat.ms_branch_pages + stat.ms_leaf_pages +
					 stat.ms_overflow_pages) *
				 stat.ms_psize;
	}
	return bytes;
}

static int evict(struct cache *cache, int count)
{
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (failed)
		return failed;
	for (int i = 0; i < count && !failed; i++) {
		uint8_t key[CACHE_KEY_BYTES];
		int64_t used_s;

		failed =
			cache_order_first(cache, txn, TABLE_USES, key, &used_s);
		if (!failed)
			failed = cache_entry_remove(cache, txn, key);
	}
	return cache_end(
		cache, txn, failed == MDB_NOTFOUND ? MDB_SUCCESS : failed);
}

/* A change of nothing: what one change frees, LMDB uses again in the next but
 * one. */
static int advance(struct cache *cache)
{
	MDB_val name = cache_val("advance", 7);
	MDB_val nothing = cache_val("", 0);
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (failed)
		return failed;
	return cache_end(cache, txn,
		mdb_put(txn, cache->tables[TABLE_FORMAT], &name, &nothing, 0));
}

bool cache_touch(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	int64_t now_unix_ms, struct error *err)
{
	int64_t now_s = now_unix_ms / 1000;
	struct cache_row row;
	MDB_val texts;
	MDB_txn *txn;
	int failed = mdb_txn_begin(cache->env, NULL, MDB_RDONLY, &txn);

	if (failed)
		return cache_check(failed, "look at an answer", err);
	failed = cache_row_get(cache, txn, key, &row, &texts);
	mdb_txn_abort(txn);
	/* Gone already, or noted a moment ago. */
	if (failed == MDB_NOTFOUND ||
		(!failed && now_s - row.last_use_s < TOUCH_S))
		return true;
	if (!failed)
		failed = cache_change(cache, 0, &txn);
	if (!failed)
		failed = cache_end(cache, txn, touch(cache, txn, key, now_s));
	/* Who is used last is a question of taste. */
	return failed == MDB_MAP_FULL ||
	       cache_check(failed, "note the use of an answer", err);
}

static int touch(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, int64_t now_s)
{
	MDB_val name = cache_val(key, CACHE_KEY_BYTES);
	struct buf copy = BUF_INIT(65536);
	struct cache_row row;
	MDB_val texts, data;
	int failed = cache_row_get(cache, txn, key, &row, &texts);

	if (failed)
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	failed =
		cache_order_remove(cache, txn, TABLE_USES, row.last_use_s, key);
	if (!failed)
		failed = cache_order_put(cache, txn, TABLE_USES, now_s, key);
	if (failed)
		return failed;
	row.last_use_s = now_s;
	buf_append(&copy, (struct str){ (const char *)&row, sizeof(row) });
	buf_append(&copy, (struct str){ texts.mv_data, texts.mv_size });
	data = cache_val(copy.p, copy.n);
	failed = mdb_put(txn, cache->tables[TABLE_ANSWERS], &name, &data, 0);
	buf_release(&copy);
	return failed;
}

bool cache_sweep(struct cache *cache, int64_t now_unix_ms, struct error *err)
{
	MDB_txn *txn;
	int failed = mdb_reader_check(cache->env, NULL);

	if (!failed)
		failed = cache_change(cache, 0, &txn);
	if (!failed)
		failed = cache_end(cache, txn, sweep(cache, txn, now_unix_ms));
	return cache_check(failed, "remove what is over", err);
}

bool cache_measure(
	struct cache *cache, struct cache_size *out, struct error *err)
{
	MDB_txn *txn;
	MDB_stat answers;
	int failed = mdb_txn_begin(cache->env, NULL, MDB_RDONLY, &txn);

	if (failed)
		return cache_check(failed, "measure", err);
	failed = mdb_stat(txn, cache->tables[TABLE_ANSWERS], &answers);
	if (!failed)
		*out = (struct cache_size){
			.answers = (int64_t)answers.ms_entries,
			.bytes = (int64_t)used_bytes(cache, txn),
			.max_bytes = (int64_t)cache->bound_bytes,
		};
	mdb_txn_abort(txn);
	return cache_check(failed, "measure", err);
}

static int sweep(struct cache *cache, MDB_txn *txn, int64_t now_unix_ms)
{
	int failed = MDB_SUCCESS;

	for (int i = 0; i < MANY && !failed; i++) {
		uint8_t key[CACHE_KEY_BYTES];
		int64_t end_s;

		failed = cache_order_first(cache, txn, TABLE_ENDS, key, &end_s);
		if (failed || end_s >= now_unix_ms / 1000)
			break;
		failed = cache_entry_remove(cache, txn, key);
	}
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}
