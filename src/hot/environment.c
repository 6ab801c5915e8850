/*
 * environment.c - LMDB: one environment, one table.
 */
#include "hot/environment.h"

#include <fcntl.h>

#include "hot/folder.h"

/* Room for a million counters of users and addresses. */
#define MAP_BYTES (256 * 1024 * 1024)
/* Of which new names take no more than this. */
#define NAMES_BYTES (MAP_BYTES / 8 * 7)
/* So much memory is ahead of what is in use. */
#define AHEAD_BYTES (512 * 1024)
/* The least with which a change may begin: more than it can touch. */
#define LEAST_AHEAD_BYTES (256 * 1024)
/* One for each thread that ever read, of all processes; 64 bytes each. */
#define MAX_READERS 8192
/* Raise it when a value begins to mean something else. */
#define FORMAT INT64_C(2)
#define FORMAT_NAME S("format")
#define FLAGS (MDB_WRITEMAP | MDB_NOSYNC | MDB_NOTLS)

static int files_open(struct hot *hot, const char *path, bool create);
static int records_open(struct hot *hot, bool create);
static int check_format(struct hot *hot, MDB_txn *txn, bool create);
static int take_memory(struct hot *hot, MDB_txn *txn);

int environment_open(const char *path, bool create, struct hot **out)
{
	struct hot *hot = calloc(1, sizeof(*hot));
	int failed;

	if (!hot)
		abort();
	readers_init(&hot->readers);
	turn_init(&hot->turn, -1);
	snprintf(hot->path, sizeof(hot->path), "%s", path);
	failed = files_open(hot, path, create);
	if (failed)
		environment_close(hot);
	else
		*out = hot;
	return failed;
}

void environment_close(struct hot *hot)
{
	readers_release(&hot->readers);
	turn_release(&hot->turn);
	mdb_env_close(hot->env);
	free(hot);
}

int environment_change(struct hot *hot, MDB_txn **txn)
{
	int failed;

	turn_take(&hot->turn);
	failed = mdb_txn_begin(hot->env, NULL, 0, txn);
	if (!failed) {
		failed = take_memory(hot, *txn);
		if (failed)
			mdb_txn_abort(*txn);
	}
	if (failed)
		turn_give(&hot->turn);
	return failed;
}

int environment_change_end(struct hot *hot, MDB_txn *txn, int failed)
{
	if (failed)
		mdb_txn_abort(txn);
	else
		failed = mdb_txn_commit(txn);
	turn_give(&hot->turn);
	return failed;
}

int environment_look(struct hot *hot, struct look *look)
{
	*look = (struct look){ 0 };
	if (readers_begin(&hot->readers, hot->env, &look->txn) == MDB_SUCCESS)
		return MDB_SUCCESS;
	/* Whose turn it is to write needs no place for a reader. */
	look->changes = hot;
	return environment_change(hot, &look->txn);
}

void environment_look_end(struct look *look)
{
	if (look->changes)
		environment_change_end(look->changes, look->txn, EAGAIN);
	else
		readers_end(look->txn);
}

int environment_get(struct hot *hot, MDB_txn *txn, struct str name, void *out,
	size_t size, size_t *n)
{
	MDB_val key = val_of(name);
	MDB_val data;
	int failed = mdb_get(txn, hot->records, &key, &data);

	*n = 0;
	if (failed == MDB_NOTFOUND)
		return MDB_SUCCESS;
	if (failed)
		return failed;
	if (data.mv_size > size)
		return MDB_BAD_VALSIZE;
	copy_page(out, data.mv_data, data.mv_size);
	*n = data.mv_size;
	return MDB_SUCCESS;
}

int environment_put(
	struct hot *hot, MDB_txn *txn, struct str name, struct str value)
{
	MDB_val key = val_of(name);
	MDB_val data;

	if (hot->takes_no_names) {
		int failed = mdb_get(txn, hot->records, &key, &data);

		if (failed)
			return failed == MDB_NOTFOUND ? MDB_MAP_FULL : failed;
	}
	return environment_put_always(hot, txn, name, value);
}

int environment_put_always(
	struct hot *hot, MDB_txn *txn, struct str name, struct str value)
{
	MDB_val key = val_of(name);
	MDB_val data = val_of(value);

	return mdb_put(txn, hot->records, &key, &data, 0);
}

int environment_remove(struct hot *hot, MDB_txn *txn, struct str name)
{
	MDB_val key = val_of(name);
	int failed = mdb_del(txn, hot->records, &key, NULL);

	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

bool environment_is_unusable(int failed)
{
	switch (failed) {
	case MDB_INVALID:
	case MDB_VERSION_MISMATCH:
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_PANIC:
	case MDB_INCOMPATIBLE:
	case MDB_BAD_VALSIZE: return true;
	default: return false;
	}
}

MDB_val val_of(struct str bytes)
{
	return (MDB_val){ .mv_size = bytes.n,
		.mv_data = (void *)(uintptr_t)bytes.p };
}

static int files_open(struct hot *hot, const char *path, bool create)
{
	int failed = mdb_env_create(&hot->env);

	if (!failed)
		failed = mdb_env_set_mapsize(hot->env, MAP_BYTES);
	if (!failed)
		failed = mdb_env_set_maxreaders(hot->env, MAX_READERS);
	if (!failed)
		failed = mdb_env_open(hot->env, path, FLAGS, FOLDER_FILE_MODE);
	if (!failed)
		failed = mdb_env_get_fd(hot->env, &hot->turn.file);
	hot->ahead = (struct ahead){ .env = hot->env, .map_bytes = MAP_BYTES };
	if (!failed && create)
		failed = ahead_take(&hot->ahead, AHEAD_BYTES);
	return failed ? failed : records_open(hot, create);
}

static int records_open(struct hot *hot, bool create)
{
	MDB_txn *txn;
	MDB_stat content;
	int failed;

	turn_take(&hot->turn);
	failed = mdb_txn_begin(hot->env, NULL, create ? 0 : MDB_RDONLY, &txn);
	if (failed) {
		turn_give(&hot->turn);
		return failed;
	}
	failed = mdb_dbi_open(txn, NULL, 0, &hot->records);
	if (!failed)
		failed = mdb_stat(txn, hot->records, &content);
	hot->ahead.page_bytes = content.ms_psize;
	if (!failed)
		failed = check_format(
			hot, txn, create && content.ms_entries == 0);
	return environment_change_end(hot, txn, failed);
}

/* A store without anything in it gets our format. */
static int check_format(struct hot *hot, MDB_txn *txn, bool is_new)
{
	int64_t format = FORMAT;
	size_t n;
	int failed;

	if (is_new)
		return environment_put(hot, txn, FORMAT_NAME,
			(struct str){ (char *)&format, sizeof(format) });
	failed = environment_get(
		hot, txn, FORMAT_NAME, &format, sizeof(format), &n);
	if (failed)
		return failed;
	return n == sizeof(format) && format == FORMAT ? MDB_SUCCESS
						       : MDB_VERSION_MISMATCH;
}

static int take_memory(struct hot *hot, MDB_txn *txn)
{
	MDB_stat content;
	int failed = mdb_stat(txn, hot->records, &content);

	if (failed)
		return failed;
	hot->takes_no_names = (content.ms_branch_pages + content.ms_leaf_pages +
				      content.ms_overflow_pages) *
				      content.ms_psize >
			      NAMES_BYTES;
	failed = ahead_take(&hot->ahead, AHEAD_BYTES);
	if (failed && ahead_has(&hot->ahead, LEAST_AHEAD_BYTES)) {
		hot->takes_no_names = true;
		return MDB_SUCCESS;
	}
	return failed;
}
