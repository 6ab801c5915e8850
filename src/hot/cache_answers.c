/*
 * cache_answers.c - the answers themselves, and which of them have to go.
 *
 * LMDB does not tell how much of its file is in use, so the pages of the
 * tables are counted, which is as exact and costs nothing. Its file can still
 * be full where there is room by that count (free pages that an old reader
 * holds, or that are not in one piece): then more goes, and the change is
 * tried again.
 */
#include "hot/cache_row.h"

#define TOUCH_S 60
/* In one transaction: others wait meanwhile. */
#define MANY 64
/* At so many answers one sweep looks. */
#define SWEPT 4096
#define TRIES 8

/* Answers that are over, as a sweep comes by them. */
struct over {
	size_t numbers[MANY];
	size_t count;
};

static int answer_read(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out,
	bool *found);
static int put_once(
	struct cache *cache, const struct cache_item *items, size_t count);
static int put_all(struct cache *cache, MDB_txn *txn,
	const struct cache_item *items, size_t count);
static int count_misses(struct cache *cache, MDB_txn *txn,
	const struct cache_item *items, size_t count);
static bool is_like(
	const struct cache_item *item, const struct cache_item *other);
static int make_room(struct cache *cache, MDB_txn *txn);
static int remove_first(struct cache *cache, MDB_txn *txn);
static size_t used_bytes(struct cache *cache, MDB_txn *txn);
static int evict(struct cache *cache, int count);
static int advance(struct cache *cache);
static int touch(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, int64_t now_s);
static int find_over(struct cache *cache, int64_t now_unix_ms, size_t *looks,
	struct over *over);
static int remove_over(
	struct cache *cache, int64_t now_unix_ms, const struct over *over);

bool cache_find(struct cache *cache, const uint8_t key[CACHE_KEY_BYTES],
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out)
{
	bool found = false;
	MDB_txn *txn;
	int failed = cache_look(cache, &txn);

	if (!failed) {
		failed = answer_read(
			cache, txn, key, now_unix_ms, memory, out, &found);
		readers_end(txn);
	}
	if (failed)
		cache_complain(cache, failed);
	return found;
}

static int answer_read(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms, struct buf *memory, struct cache_answer *out,
	bool *found)
{
	struct cache_entry entry;
	char *room;
	int failed = cache_entry_find(cache, txn, key, &entry);

	if (failed)
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	if (entry.row.expires_unix_ms <= now_unix_ms)
		return MDB_SUCCESS;
	buf_init(memory, entry.packed.n);
	room = buf_reserve(memory, entry.packed.n);
	if (!room)
		return ENOMEM;
	copy_page(room, entry.packed.p, entry.packed.n);
	buf_advance(memory, entry.packed.n);
	*found = cache_row_read(buf_str(memory), out);
	return *found ? MDB_SUCCESS : MDB_CORRUPTED;
}

bool cache_is_live(struct cache *cache, MDB_txn *txn, const uint8_t *key,
	int64_t now_unix_ms)
{
	struct cache_entry entry;

	return cache_entry_find(cache, txn, key, &entry) == MDB_SUCCESS &&
	       entry.row.expires_unix_ms > now_unix_ms;
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
	failed = put_all(cache, txn, items, count);
	if (!failed)
		failed = count_misses(cache, txn, items, count);
	if (!failed)
		failed = make_room(cache, txn);
	return cache_end(cache, txn, failed);
}

static int put_all(struct cache *cache, MDB_txn *txn,
	const struct cache_item *items, size_t count)
{
	size_t number;
	int failed = cache_entry_next(cache, txn, &number);

	for (size_t i = 0; i < count && !failed; i++)
		failed = cache_entry_put(
			cache, txn, number + i, items[i].key, &items[i].answer);
	return failed;
}

/* Those of the same name at once: most are. */
static int count_misses(struct cache *cache, MDB_txn *txn,
	const struct cache_item *items, size_t count)
{
	int failed = MDB_SUCCESS;

	for (size_t i = 0; i < count && !failed; i++) {
		const struct cache_answer *answer = &items[i].answer;
		struct cache_counts more = { .misses = 0 };
		size_t first = 0;

		while (first < i && !is_like(&items[first], &items[i]))
			first++;
		if (first < i)
			continue;
		for (size_t k = i; k < count; k++)
			more.misses += items[k].is_miss &&
				       is_like(&items[k], &items[i]);
		if (more.misses > 0)
			failed = cache_count_in(cache, txn, answer->project_id,
				answer->provider, answer->model, &more);
	}
	return failed;
}

static bool is_like(
	const struct cache_item *item, const struct cache_item *other)
{
	return item->answer.project_id == other->answer.project_id &&
	       str_equal(item->answer.provider, other->answer.provider) &&
	       str_equal(item->answer.model, other->answer.model);
}

/* What was not used for the longest time goes until the rest fits. */
static int make_room(struct cache *cache, MDB_txn *txn)
{
	int failed = MDB_SUCCESS;

	for (int i = 0; i < MANY && !failed &&
			used_bytes(cache, txn) > cache->bound_bytes;
		i++)
		failed = remove_first(cache, txn);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

static int remove_first(struct cache *cache, MDB_txn *txn)
{
	struct cache_entry entry;
	int failed = cache_entry_end(cache, txn, MDB_FIRST, &entry);

	return failed ? failed : cache_entry_remove(cache, txn, &entry);
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
	for (int i = 0; i < count && !failed; i++)
		failed = remove_first(cache, txn);
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
	struct cache_entry entry;
	MDB_txn *txn;
	int failed = cache_look(cache, &txn);

	if (failed)
		return cache_check(failed, "look at an answer", err);
	failed = cache_entry_find(cache, txn, key, &entry);
	readers_end(txn);
	/* Gone already, or noted a moment ago. */
	if (failed == MDB_NOTFOUND ||
		(!failed && now_s - entry.row.last_use_s < TOUCH_S))
		return true;
	if (!failed)
		failed = cache_change(cache, entry.packed.n, &txn);
	if (!failed)
		failed = cache_end(cache, txn, touch(cache, txn, key, now_s));
	/* Who is used last is a question of taste. */
	return failed == MDB_MAP_FULL ||
	       cache_check(failed, "note the use of an answer", err);
}

static int touch(
	struct cache *cache, MDB_txn *txn, const uint8_t *key, int64_t now_s)
{
	struct cache_entry entry;
	size_t number;
	int failed = cache_entry_find(cache, txn, key, &entry);

	if (failed)
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	entry.row.last_use_s = now_s;
	failed = cache_entry_next(cache, txn, &number);
	return failed ? failed : cache_entry_move(cache, txn, number, &entry);
}

bool cache_sweep(struct cache *cache, int64_t now_unix_ms, struct error *err)
{
	size_t looks = SWEPT;
	int failed = mdb_reader_check(cache->env, NULL);

	while (!failed && looks > 0) {
		struct over over = { .count = 0 };

		failed = find_over(cache, now_unix_ms, &looks, &over);
		if (!failed && over.count > 0)
			failed = remove_over(cache, now_unix_ms, &over);
	}
	return cache_check(failed, "remove what is over", err);
}

/* From where the last one ended; behind the end it begins anew. */
static int find_over(struct cache *cache, int64_t now_unix_ms, size_t *looks,
	struct over *over)
{
	MDB_cursor_op where = MDB_SET_RANGE;
	struct cache_entry entry;
	MDB_cursor *cursor;
	MDB_txn *txn;
	int failed = cache_look(cache, &txn);

	if (failed)
		return failed;
	failed = mdb_cursor_open(txn, cache->tables[TABLE_ANSWERS], &cursor);
	if (failed) {
		readers_end(txn);
		return failed;
	}
	for (; *looks > 0 && over->count < MANY && !failed; (*looks)--) {
		failed =
			cache_entry_at(cursor, where, cache->swept + 1, &entry);
		where = MDB_NEXT;
		if (failed)
			break;
		cache->swept = entry.number;
		if (entry.row.expires_unix_ms <= now_unix_ms)
			over->numbers[over->count++] = entry.number;
	}
	mdb_cursor_close(cursor);
	readers_end(txn);
	if (failed != MDB_NOTFOUND)
		return failed;
	cache->swept = *looks = 0;
	return MDB_SUCCESS;
}

/* Meanwhile one may be gone, and its number another's. */
static int remove_over(
	struct cache *cache, int64_t now_unix_ms, const struct over *over)
{
	MDB_cursor *cursor;
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (failed)
		return failed;
	failed = mdb_cursor_open(txn, cache->tables[TABLE_ANSWERS], &cursor);
	if (failed)
		return cache_end(cache, txn, failed);
	for (size_t i = 0; i < over->count && !failed; i++) {
		struct cache_entry entry;

		failed = cache_entry_at(
			cursor, MDB_SET, over->numbers[i], &entry);
		if (failed == MDB_NOTFOUND)
			failed = MDB_SUCCESS;
		else if (!failed && entry.row.expires_unix_ms <= now_unix_ms)
			failed = cache_entry_remove(cache, txn, &entry);
	}
	mdb_cursor_close(cursor);
	return cache_end(cache, txn, failed);
}

bool cache_measure(
	struct cache *cache, struct cache_size *out, struct error *err)
{
	MDB_txn *txn;
	MDB_stat answers;
	int failed = cache_look(cache, &txn);

	if (failed)
		return cache_check(failed, "measure", err);
	failed = mdb_stat(txn, cache->tables[TABLE_ANSWERS], &answers);
	if (!failed)
		*out = (struct cache_size){
			.answers = (int64_t)answers.ms_entries,
			.bytes = (int64_t)used_bytes(cache, txn),
			.max_bytes = (int64_t)cache->bound_bytes,
		};
	readers_end(txn);
	return cache_check(failed, "measure", err);
}
