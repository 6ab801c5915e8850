/*
 * store.c - numbers and records in LMDB.
 *
 * The hard part is who opens what. LMDB copes with processes that open one
 * environment at the same time, but not with files that are replaced between
 * the opening of the one and of the other, which would give two processes the
 * same data under two different locks; nor with one that opens while the last
 * other one closes. So whoever opens or closes holds the folder's lock
 * meanwhile. And a file of LMDB is never opened here by other means:
 * closing it would drop the record locks by which LMDB knows that we live.
 */
#include "hot/store.h"

#include "base/log.h"
#include "hot/environment.h"
#include "hot/folder.h"

/* LMDB's own bound. */
#define NAME_MAX_BYTES 511

static bool open_in(const struct folder *folder, bool create, struct hot **out,
	struct error *err);
static int number_get(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t *value);
static int number_put(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t value);
static void complain(struct hot *hot, struct str name, int failed);
static int record_change(struct hot *hot, MDB_txn *txn, struct str name,
	hot_change_record *change, void *context, struct buf *now,
	bool *changed);
static int visit_each(
	MDB_cursor *cursor, struct str prefix, hot_visit *visit, void *context);
static int64_t add_saturating(int64_t a, int64_t b);

bool hot_open(const struct settings *settings, bool create, struct hot **out,
	struct error *err)
{
	struct folder folder;
	bool opened;

	*out = NULL;
	if (!folder_open(&folder, settings->hot_dir, create, err))
		return false;
	opened = folder.fd < 0 || open_in(&folder, create, out, err);
	if (*out && create)
		folder_check_memory(&folder);
	folder_close(&folder);
	return opened;
}

void hot_close(struct hot *hot)
{
	struct folder folder;
	struct error err;

	if (!hot)
		return;
	/* A folder that is gone: nobody opens what we close. */
	if (!folder_open(&folder, str_of(hot->path), false, &err))
		log_warn("%s", error_detail(&err));
	environment_close(hot);
	folder_close(&folder);
}

int64_t hot_get(struct hot *hot, struct str name)
{
	int64_t value = 0;
	struct look look;
	int failed = environment_look(hot, &look);

	if (!failed) {
		failed = number_get(hot, look.txn, name, &value);
		environment_look_end(&look);
	}
	if (failed)
		complain(hot, name, failed);
	return value;
}

bool hot_add(struct hot *hot, struct str name, int64_t delta, int64_t *value,
	struct error *err)
{
	MDB_txn *txn;
	int64_t sum = 0;
	int failed = environment_change(hot, &txn);

	if (!failed) {
		failed = number_get(hot, txn, name, &sum);
		sum = add_saturating(sum, delta);
		if (!failed)
			failed = number_put(hot, txn, name, sum);
		failed = environment_change_end(hot, txn, failed);
	}
	if (failed)
		return error_set(err, ERR_IO,
			"shared store: cannot change %.*s: %s", STR_ARG(name),
			mdb_strerror(failed));
	*value = sum;
	return true;
}

size_t hot_read(struct hot *hot, struct str name, void *out, size_t size)
{
	struct look look;
	size_t n = 0;
	int failed = environment_look(hot, &look);

	if (!failed) {
		failed = environment_get(hot, look.txn, name, out, size, &n);
		environment_look_end(&look);
	}
	if (failed)
		complain(hot, name, failed);
	return n;
}

bool hot_change(struct hot *hot, struct str name, hot_change_record *change,
	void *context, struct error *err)
{
	struct buf now = BUF_INIT(HOT_RECORD_BYTES);
	bool changed = false;
	MDB_txn *txn;
	int failed = environment_change(hot, &txn);

	if (!failed) {
		failed = record_change(
			hot, txn, name, change, context, &now, &changed);
		failed = environment_change_end(
			hot, txn, failed || changed ? failed : LMDB_NO_CHANGE);
	}
	buf_release(&now);
	if (failed && failed != LMDB_NO_CHANGE)
		return error_set(err, ERR_IO,
			"shared store: cannot change %.*s: %s", STR_ARG(name),
			mdb_strerror(failed));
	return true;
}

bool hot_each(struct hot *hot, struct str prefix, hot_visit *visit,
	void *context, struct error *err)
{
	MDB_cursor *cursor;
	MDB_txn *txn;
	int failed = mdb_txn_begin(hot->env, NULL, MDB_RDONLY, &txn);

	if (!failed) {
		failed = mdb_cursor_open(txn, hot->records, &cursor);
		if (!failed) {
			failed = visit_each(cursor, prefix, visit, context);
			mdb_cursor_close(cursor);
		}
		mdb_txn_abort(txn);
	}
	if (failed)
		return error_set(err, ERR_IO,
			"shared store: cannot list %.*s: %s", STR_ARG(prefix),
			mdb_strerror(failed));
	return true;
}

bool hot_sweep(struct hot *hot, unsigned *freed, struct error *err)
{
	int dead = 0;
	int failed = mdb_reader_check(hot->env, &dead);

	*freed = (unsigned)dead;
	if (!failed)
		return true;
	return error_set(err, ERR_IO,
		"shared store: cannot look for dead readers: %s",
		mdb_strerror(failed));
}

static bool open_in(const struct folder *folder, bool create, struct hot **out,
	struct error *err)
{
	size_t count;
	int failed;

	if (!folder_count_files(folder, &count, err))
		return false;
	/* Root would make the missing one, closed to those who serve. */
	if (!create && count < FOLDER_FILES)
		return true;
	failed = environment_open(folder->path, create, out);
	if (create && environment_is_unusable(failed)) {
		log_warn("shared store: the files in %s cannot be used and "
			 "are made anew: %s",
			folder->path, mdb_strerror(failed));
		if (!folder_remove_files(folder, err))
			return false;
		failed = environment_open(folder->path, create, out);
	}
	if (failed)
		return error_set(err, ERR_IO,
			"shared store: cannot open the files in %s: %s",
			folder->path, mdb_strerror(failed));
	if (!create || folder_allow_group(folder, err))
		return true;
	environment_close(*out);
	*out = NULL;
	return false;
}

static int number_get(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t *value)
{
	size_t n;
	int failed = environment_get(hot, txn, name, value, sizeof(*value), &n);

	if (failed || n == sizeof(*value))
		return failed;
	*value = 0;
	return n == 0 ? MDB_SUCCESS : MDB_BAD_VALSIZE;
}

static int number_put(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t value)
{
	return environment_put(
		hot, txn, name, (struct str){ (char *)&value, sizeof(value) });
}

static void complain(struct hot *hot, struct str name, int failed)
{
	if (!__atomic_exchange_n(&hot->complained, true, __ATOMIC_RELAXED))
		log_warn("shared store: %.*s cannot be read and counts as "
			 "nothing: %s",
			STR_ARG(name), mdb_strerror(failed));
}

static int record_change(struct hot *hot, MDB_txn *txn, struct str name,
	hot_change_record *change, void *context, struct buf *now,
	bool *changed)
{
	char old[HOT_RECORD_BYTES];
	size_t n;
	int failed = environment_get(hot, txn, name, old, sizeof(old), &n);

	if (failed)
		return failed;
	*changed = change((struct str){ old, n }, now, context);
	if (!*changed)
		return MDB_SUCCESS;
	assert(!now->failed);
	if (now->n == 0)
		return environment_remove(hot, txn, name);
	return environment_put(hot, txn, name, buf_str(now));
}

/* Of copies: no page is touched outside of LMDB's sight. What is longer than
 * our records is not ours. */
static int visit_each(
	MDB_cursor *cursor, struct str prefix, hot_visit *visit, void *context)
{
	char name[NAME_MAX_BYTES];
	char value[HOT_RECORD_BYTES];
	MDB_val key = val_of(prefix);
	MDB_val data;
	int failed = mdb_cursor_get(
		cursor, &key, &data, prefix.n ? MDB_SET_RANGE : MDB_FIRST);

	while (!failed) {
		assert(key.mv_size <= sizeof(name));
		copy_page(name, key.mv_data, key.mv_size);
		if (!str_starts((struct str){ name, key.mv_size }, prefix))
			return MDB_SUCCESS;
		if (data.mv_size <= sizeof(value)) {
			copy_page(value, data.mv_data, data.mv_size);
			if (!visit((struct str){ name, key.mv_size },
				    (struct str){ value, data.mv_size },
				    context))
				return MDB_SUCCESS;
		}
		failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

static int64_t add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}
