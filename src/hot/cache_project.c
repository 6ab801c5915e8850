/*
 * cache_project.c - the answers of one project, or of all: to be listed and
 * to be removed.
 */
#include "hot/cache_row.h"

/* In one transaction: others wait meanwhile. */
#define MANY 64
#define LOOKS 4096

/* Which answers are meant. */
struct choice {
	int64_t project_id;
	cache_fits *fits;
	const void *context;
};

static int clear_some(struct cache *cache, const struct choice *choice,
	size_t *from, size_t *removed, bool *more);
static int clear_from(struct cache *cache, MDB_txn *txn,
	const struct choice *choice, size_t *from, size_t *removed);
static bool is_meant(
	const struct choice *choice, const struct cache_entry *entry);
static bool is_of(const struct cache_entry *entry, int64_t project_id);

bool cache_clear(struct cache *cache, int64_t project_id, cache_fits *fits,
	const void *context, size_t *removed, struct error *err)
{
	const struct choice choice = { project_id, fits, context };
	size_t from = 0;
	bool more = true;
	int failed = MDB_SUCCESS;

	*removed = 0;
	while (more && !failed)
		failed = clear_some(cache, &choice, &from, removed, &more);
	return cache_check(failed, "remove answers", err);
}

int cache_each(struct cache *cache, MDB_txn *txn, int64_t project_id,
	int64_t now_unix_ms, cache_visit *visit, void *context)
{
	struct cache_entry entry;
	struct cache_answer answer;
	MDB_cursor *cursor;
	int failed =
		mdb_cursor_open(txn, cache->tables[TABLE_ANSWERS], &cursor);

	if (failed)
		return failed;
	while (!(failed = cache_entry_at(cursor, MDB_NEXT, 0, &entry))) {
		if (!is_of(&entry, project_id) ||
			entry.row.expires_unix_ms <= now_unix_ms)
			continue;
		if (!cache_row_read(entry.packed, &answer)) {
			failed = MDB_CORRUPTED;
			break;
		}
		visit(answer.provider, answer.model, entry.row.bytes, context);
	}
	mdb_cursor_close(cursor);
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

/* Not too many in one transaction; `from` is where the next one begins. One
 * that is used meanwhile is met again, further on. */
static int clear_some(struct cache *cache, const struct choice *choice,
	size_t *from, size_t *removed, bool *more)
{
	size_t gone = 0;
	MDB_txn *txn;
	int failed = cache_change(cache, 0, &txn);

	if (failed)
		return failed;
	failed = clear_from(cache, txn, choice, from, &gone);
	*more = failed != MDB_NOTFOUND;
	failed = cache_end(cache, txn, *more ? failed : MDB_SUCCESS);
	*removed += failed ? 0 : gone;
	return failed;
}

/* MDB_NOTFOUND: that was all. */
static int clear_from(struct cache *cache, MDB_txn *txn,
	const struct choice *choice, size_t *from, size_t *removed)
{
	MDB_cursor *cursor;
	int failed =
		mdb_cursor_open(txn, cache->tables[TABLE_ANSWERS], &cursor);

	if (failed)
		return failed;
	for (int i = 0; i < LOOKS && *removed < MANY && !failed; i++) {
		struct cache_entry entry;

		failed = cache_entry_at(cursor, MDB_SET_RANGE, *from, &entry);
		if (failed)
			break;
		*from = entry.number + 1;
		if (!is_meant(choice, &entry))
			continue;
		failed = cache_entry_remove(cache, txn, &entry);
		*removed += !failed;
	}
	mdb_cursor_close(cursor);
	return failed;
}

static bool is_meant(
	const struct choice *choice, const struct cache_entry *entry)
{
	struct buf name = BUF_INIT(1024);
	struct cache_answer answer;
	bool is;

	if (!is_of(entry, choice->project_id))
		return false;
	if (!choice->fits || !cache_row_read(entry->packed, &answer))
		return true;
	buf_append(&name, answer.provider);
	buf_append_char(&name, '/');
	buf_append(&name, answer.model);
	is = choice->fits(buf_str(&name), choice->context);
	buf_release(&name);
	return is;
}

static bool is_of(const struct cache_entry *entry, int64_t project_id)
{
	return project_id == CACHE_ALL_PROJECTS ||
	       entry->row.project_id == project_id;
}
