/*
 * cache.c - opening and closing the store of answers.
 *
 * A full tmpfs is an error, which leaves an answer out (ahead.h). Who opens
 * what is guarded as in store.c.
 */
#include "hot/cache_tables.h"

#include "base/log.h"
#include "hot/environment.h"
#include "hot/folder.h"

#define MAX_READERS 8192
/* Raise it when what is stored begins to mean something else. */
#define FORMAT 2
#define FLAGS (MDB_WRITEMAP | MDB_NOSYNC | MDB_NOTLS | MDB_NORDAHEAD)
/* More than a change touches that brings no answer. */
#define AHEAD_BYTES (2 * 1024 * 1024)
/* An answer is one of many, whatever its size. */
#define LEAST_ANSWERS 8

static const char *const table_names[CACHE_TABLES] = {
	[TABLE_ANSWERS] = "answers",
	[TABLE_PLACES] = "places",
	[TABLE_COUNTS] = "counts",
	[TABLE_FORMAT] = "format",
};

static bool open_in(const struct folder *folder, int64_t max_bytes, bool create,
	struct cache **out, struct error *err);
static int cache_new(
	const char *path, int64_t max_bytes, bool create, struct cache **out);
static int find_page_bytes(struct cache *cache);
static void cache_free(struct cache *cache);
static int tables_open(struct cache *cache, bool create);
static int check_format(struct cache *cache, MDB_txn *txn, bool create);

bool cache_open(const struct settings *settings, bool create,
	struct cache **out, struct error *err)
{
	char path[PATH_MAX];
	struct folder folder;
	bool opened;

	*out = NULL;
	if (!cache_check_settings(settings, err))
		return false;
	snprintf(path, sizeof(path), "%.*s/cache", STR_ARG(settings->hot_dir));
	if (!folder_open(&folder, str_of(path), create, err))
		return false;
	opened = folder.fd < 0 ||
		 open_in(&folder, settings->cache_max_bytes, create, out, err);
	folder_close(&folder);
	return opened;
}

void cache_close(struct cache *cache)
{
	struct folder folder;
	struct error err;

	if (!cache)
		return;
	/* A folder that is gone: nobody opens what we close. */
	if (!folder_open(&folder, str_of(cache->path), false, &err))
		log_warn("%s", error_detail(&err));
	cache_free(cache);
	folder_close(&folder);
}

bool cache_check_settings(const struct settings *settings, struct error *err)
{
	if (!str_equal(settings->cache_strategy, S("memory")) &&
		settings->redis_url.n == 0)
		return error_refuse(err, ERR_CONFIG, "cache.strategy",
			"cache.strategy is %.*s, but redis.url is not set",
			STR_ARG(settings->cache_strategy));
	if (settings->cache_max_answer_bytes <=
		settings->cache_max_bytes / LEAST_ANSWERS)
		return true;
	return error_refuse(err, ERR_CONFIG, "cache.max_answer_bytes",
		"cache.max_answer_bytes is %" PRId64
		": it can be an eighth of cache.max_bytes, %" PRId64
		", at most",
		settings->cache_max_answer_bytes,
		settings->cache_max_bytes / LEAST_ANSWERS);
}

static bool open_in(const struct folder *folder, int64_t max_bytes, bool create,
	struct cache **out, struct error *err)
{
	size_t count;
	int failed;

	if (!folder_count_files(folder, &count, err))
		return false;
	if (!create && count < FOLDER_FILES)
		return true;
	failed = cache_new(folder->path, max_bytes, create, out);
	if (create &&
		(failed == MDB_NOTFOUND || environment_is_unusable(failed))) {
		log_warn("cache: the files in %s cannot be used and are made "
			 "anew: %s",
			folder->path, mdb_strerror(failed));
		if (!folder_remove_files(folder, err))
			return false;
		failed = cache_new(folder->path, max_bytes, create, out);
	}
	if (failed)
		return error_set(err, ERR_IO,
			"cache: cannot open the files in %s: %s", folder->path,
			mdb_strerror(failed));
	if (!create || (folder_allow_group(folder, err) &&
			       cache_fills_open(*out, err)))
		return true;
	cache_free(*out);
	*out = NULL;
	return false;
}

static int cache_new(
	const char *path, int64_t max_bytes, bool create, struct cache **out)
{
	struct cache *cache = calloc(1, sizeof(*cache));
	int failed;

	if (!cache)
		abort();
	snprintf(cache->path, sizeof(cache->path), "%s", path);
	readers_init(&cache->readers);
	turn_init(&cache->turn, -1);
	/* The rest is for what a change needs beside what is there. */
	cache->bound_bytes = (size_t)max_bytes / 4 * 3;
	failed = mdb_env_create(&cache->env);
	if (!failed)
		failed = mdb_env_set_mapsize(cache->env, (size_t)max_bytes);
	if (!failed)
		failed = mdb_env_set_maxreaders(cache->env, MAX_READERS);
	if (!failed)
		failed = mdb_env_set_maxdbs(cache->env, CACHE_TABLES);
	if (!failed)
		failed =
			mdb_env_open(cache->env, path, FLAGS, FOLDER_FILE_MODE);
	cache->ahead =
		(struct ahead){ .env = cache->env, .map_bytes = max_bytes };
	if (!failed)
		failed = find_page_bytes(cache);
	if (!failed)
		failed = mdb_env_get_fd(cache->env, &cache->turn.file);
	if (!failed)
		failed = tables_open(cache, create);
	if (failed)
		cache_free(cache);
	else
		*out = cache;
	return failed;
}

static int find_page_bytes(struct cache *cache)
{
	MDB_stat content;
	int failed = mdb_env_stat(cache->env, &content);

	if (!failed)
		cache->ahead.page_bytes = content.ms_psize;
	return failed;
}

static void cache_free(struct cache *cache)
{
	cache_fills_close(cache);
	turn_release(&cache->turn);
	readers_release(&cache->readers);
	mdb_env_close(cache->env);
	free(cache);
}

static int tables_open(struct cache *cache, bool create)
{
	MDB_txn *txn;
	int failed;

	turn_take(&cache->turn);
	failed = mdb_txn_begin(cache->env, NULL, create ? 0 : MDB_RDONLY, &txn);
	if (failed) {
		turn_give(&cache->turn);
		return failed;
	}
	for (size_t i = 0; i < CACHE_TABLES && !failed; i++)
		failed = mdb_dbi_open(txn, table_names[i],
			(create ? MDB_CREATE : 0) |
				(i == TABLE_ANSWERS ? MDB_INTEGERKEY : 0),
			&cache->tables[i]);
	if (!failed)
		failed = check_format(cache, txn, create);
	return cache_end(cache, txn, failed);
}

/* A store without anything in it gets our format. */
static int check_format(struct cache *cache, MDB_txn *txn, bool create)
{
	static const int64_t ours = FORMAT;
	MDB_val key = cache_val("format", 6);
	MDB_val data;
	int64_t format;
	int failed = mdb_get(txn, cache->tables[TABLE_FORMAT], &key, &data);

	if (failed == MDB_NOTFOUND && create) {
		data = cache_val(&ours, sizeof(ours));
		return mdb_put(
			txn, cache->tables[TABLE_FORMAT], &key, &data, 0);
	}
	if (failed)
		return failed;
	if (data.mv_size != sizeof(format))
		return MDB_BAD_VALSIZE;
	memcpy(&format, data.mv_data, sizeof(format));
	return format == FORMAT ? MDB_SUCCESS : MDB_VERSION_MISMATCH;
}

bool cache_check(int failed, const char *what, struct error *err)
{
	if (!failed)
		return true;
	return error_set(err, ERR_IO, "cache: cannot %s: %s", what,
		mdb_strerror(failed));
}

int cache_change(struct cache *cache, size_t more_bytes, MDB_txn **txn)
{
	int failed;

	turn_take(&cache->turn);
	failed = ahead_take(&cache->ahead, AHEAD_BYTES + (int64_t)more_bytes);
	if (!failed)
		failed = mdb_txn_begin(cache->env, NULL, 0, txn);
	if (failed)
		turn_give(&cache->turn);
	return failed;
}

int cache_end(struct cache *cache, MDB_txn *txn, int failed)
{
	if (failed)
		mdb_txn_abort(txn);
	else
		failed = mdb_txn_commit(txn);
	turn_give(&cache->turn);
	return failed;
}

void cache_complain(struct cache *cache, int failed)
{
	if (!__atomic_exchange_n(&cache->complained, true, __ATOMIC_RELAXED))
		log_warn("cache: the store in %s cannot be read, and counts "
			 "as empty: %s",
			cache->path, mdb_strerror(failed));
}
