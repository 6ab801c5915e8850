/*
 * cache_project.c - the answers of one project, or of all: to be listed and
 * to be removed.
 */
#include "hot/cache_row.h"

/* In one transaction: others wait meanwhile. */
#define MANY 64

static int clear_some(struct cache *cache, int64_t project_id, cache_fits *fits,
	const void *context, struct cache_order *from, size_t *removed,
	bool *more);
static int project_next(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct cache_order *from, uint8_t *key);
static bool row_fits(const struct cache_row *row, const char *texts,
	cache_fits *fits, const void *context);

bool cache_clear(struct cache *cache, int64_t project_id, cache_fits *fits,
	const void *context, size_t *removed, struct error *err)
{
	static const uint8_t lowest[CACHE_KEY_BYTES] = { 0 };
	struct cache_order from = cache_order(project_id, lowest);
	bool more = true;
	int failed = MDB_SUCCESS;

	*removed = 0;
	while (more && !failed)
		failed = clear_some(cache, project_id, fits, context, &from,
			removed, &more);
	return cache_check(failed, "remove answers", err);
}

int cache_each(struct cache *cache, MDB_txn *txn, int64_t project_id,
	int64_t now_unix_ms, cache_visit *visit, void *context)
{
	static const uint8_t lowest[CACHE_KEY_BYTES] = { 0 };
	struct cache_order from = cache_order(project_id, lowest);
	uint8_t key[CACHE_KEY_BYTES];
	int failed;

	while (!(failed = project_next(cache, txn, project_id, &from, key))) {
		struct cache_answer answer;
		struct cache_row row;
		MDB_val texts;

		failed = cache_row_get(cache, txn, key, &row, &texts);
		if (failed)
			break;
		cache_row_read(&row, texts.mv_data, S(""), &answer);
		if (row.expires_unix_ms > now_unix_ms)
			visit(answer.provider, answer.model, row.bytes,
				context);
	}
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

/* Not too many in one transaction; `from` is where the next one begins. */
static int clear_some(struct cache *cache, int64_t project_id, cache_fits *fits,
	const void *context, struct cache_order *from, size_t *removed,
	bool *more)
{
	uint8_t key[CACHE_KEY_BYTES];
	size_t gone = 0;
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (failed)
		return failed;
	for (int i = 0; i < MANY && !failed; i++) {
		struct cache_row row;
		MDB_val texts;

		failed = project_next(cache, txn, project_id, from, key);
		if (!failed)
			failed = cache_row_get(cache, txn, key, &row, &texts);
		if (failed || !row_fits(&row, texts.mv_data, fits, context))
			continue;
		failed = cache_entry_remove(cache, txn, key);
		gone++;
	}
	*more = failed != MDB_NOTFOUND;
	failed = cache_end(cache, txn, *more ? failed : MDB_SUCCESS);
	*removed += failed ? 0 : gone;
	return failed;
}

/* The project's next key from there on, and what comes behind it. */
static int project_next(struct cache *cache, MDB_txn *txn, int64_t project_id,
	struct cache_order *from, uint8_t *key)
{
	struct cache_order same;
	MDB_val name = cache_val(from->bytes, sizeof(from->bytes));
	MDB_val data;
	MDB_cursor *cursor;
	int failed =
		mdb_cursor_open(txn, cache->tables[TABLE_PROJECTS], &cursor);

	if (failed)
		return failed;
	failed = mdb_cursor_get(cursor, &name, &data, MDB_SET_RANGE);
	mdb_cursor_close(cursor);
	if (failed)
		return failed;
	if (name.mv_size != CACHE_ORDER_BYTES)
		return MDB_CORRUPTED;
	memcpy(from->bytes, name.mv_data, sizeof(from->bytes));
	memcpy(key, from->bytes + 8, CACHE_KEY_BYTES);
	same = cache_order(project_id, key);
	if (project_id != CACHE_ALL_PROJECTS &&
		memcmp(same.bytes, from->bytes, sizeof(same.bytes)) != 0)
		return MDB_NOTFOUND;
	for (size_t i = CACHE_ORDER_BYTES; i-- > 0 && ++from->bytes[i] == 0;)
		;
	return MDB_SUCCESS;
}

static bool row_fits(const struct cache_row *row, const char *texts,
	cache_fits *fits, const void *context)
{
	struct buf name = BUF_INIT(1024);
	bool does;

	if (!fits)
		return true;
	buf_append(&name, (struct str){ texts, row->lengths[TEXT_PROVIDER] });
	buf_append_char(&name, '/');
	buf_append(&name, (struct str){ texts + row->lengths[TEXT_PROVIDER],
				  row->lengths[TEXT_MODEL] });
	does = fits(buf_str(&name), context);
	buf_release(&name);
	return does;
}
