/*
 * store.c - numbers in LMDB.
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

#include <fcntl.h>
#include <lmdb.h>
#include <pthread.h>

#include "base/log.h"
#include "hot/folder.h"

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define THREAD_SANITIZER
#endif

#define MAP_BYTES (64 * 1024 * 1024)
/* Taken at once: a full tmpfs refuses here, and not with a SIGBUS later. */
#define RESERVED_BYTES (1024 * 1024)
/* One for each thread that ever read, of all processes; 64 bytes each. */
#define MAX_READERS 8192
/* Raise it when a value begins to mean something else. */
#define FORMAT 1
#define FORMAT_NAME S("format")
#define FLAGS (MDB_WRITEMAP | MDB_NOSYNC | MDB_NOTLS)

/* A thread's own read transaction, kept between reads. */
struct reader {
	struct hot *hot;
	MDB_txn *txn;
	struct reader *next;
};

struct hot {
	MDB_env *env;
	MDB_dbi numbers;
	pthread_key_t reader; /* of this thread */
	pthread_mutex_t lock; /* guards the list */
	struct reader *readers;
	bool complained; /* atomic; a failing read was logged */
	char path[PATH_MAX];
};

static bool open_in(const struct folder *folder, bool create, struct hot **out,
	struct error *err);
static bool is_unusable(int failed);
static int hot_new(const char *path, bool create, struct hot **out);
static void hot_free(struct hot *hot);
static int environment_open(struct hot *hot, const char *path, bool create);
static int numbers_open(struct hot *hot, bool create);
static int check_format(struct hot *hot, MDB_txn *txn, bool create);
static int reserve(struct hot *hot);
static int get_waiting(struct hot *hot, struct str name, int64_t *value);
static int number_get(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t *value);
static int number_put(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t value);
static void complain(struct hot *hot, struct str name, int failed);
static int record_get(struct hot *hot, MDB_txn *txn, struct str name, void *out,
	size_t size, size_t *bytes);
static int read_waiting(struct hot *hot, struct str name, void *out,
	size_t size, size_t *bytes);
static int record_change(struct hot *hot, MDB_txn *txn, struct str name,
	hot_change_record *change, void *context, struct buf *now,
	bool *changed);
static int visit_each(
	MDB_cursor *cursor, struct str prefix, hot_visit *visit, void *context);
static MDB_val val_of(struct str bytes);
static void copy_page(void *out, const void *bytes, size_t n);
static int64_t add_saturating(int64_t a, int64_t b);
static struct reader *reader_get(struct hot *hot);
static MDB_txn *reader_begin(struct hot *hot);
static void reader_end(void *thing);

#ifdef THREAD_SANITIZER
/* LMDB keeps writers off what readers see by means that it cannot see. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:liblmdb.so\n";
}
#endif

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
	hot_free(hot);
	folder_close(&folder);
}

int64_t hot_get(struct hot *hot, struct str name)
{
	struct reader *reader = reader_get(hot);
	int64_t value = 0;
	int failed;

	if (reader && mdb_txn_renew(reader->txn) == MDB_SUCCESS) {
		failed = number_get(hot, reader->txn, name, &value);
		mdb_txn_reset(reader->txn);
	} else {
		failed = get_waiting(hot, name, &value);
	}
	if (failed)
		complain(hot, name, failed);
	return value;
}

bool hot_add(struct hot *hot, struct str name, int64_t delta, int64_t *value,
	struct error *err)
{
	MDB_txn *txn = NULL;
	int64_t sum = 0;
	int failed = mdb_txn_begin(hot->env, NULL, 0, &txn);

	if (!failed)
		failed = number_get(hot, txn, name, &sum);
	if (!failed) {
		sum = add_saturating(sum, delta);
		failed = number_put(hot, txn, name, sum);
	}
	if (failed)
		mdb_txn_abort(txn);
	else
		failed = mdb_txn_commit(txn);
	if (failed)
		return error_set(err, ERR_IO,
			"shared store: cannot change %.*s: %s", STR_ARG(name),
			mdb_strerror(failed));
	*value = sum;
	return true;
}

size_t hot_read(struct hot *hot, struct str name, void *out, size_t size)
{
	struct reader *reader = reader_get(hot);
	size_t bytes = 0;
	int failed;

	if (reader && mdb_txn_renew(reader->txn) == MDB_SUCCESS) {
		failed = record_get(hot, reader->txn, name, out, size, &bytes);
		mdb_txn_reset(reader->txn);
	} else {
		failed = read_waiting(hot, name, out, size, &bytes);
	}
	if (failed)
		complain(hot, name, failed);
	return failed ? 0 : bytes;
}

bool hot_change(struct hot *hot, struct str name, hot_change_record *change,
	void *context, struct error *err)
{
	struct buf now = BUF_INIT(HOT_RECORD_BYTES);
	MDB_txn *txn = NULL;
	int failed = mdb_txn_begin(hot->env, NULL, 0, &txn);
	bool changed = false;

	if (!failed)
		failed = record_change(
			hot, txn, name, change, context, &now, &changed);
	if (failed || !changed)
		mdb_txn_abort(txn);
	else
		failed = mdb_txn_commit(txn);
	buf_release(&now);
	if (failed)
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
		failed = mdb_cursor_open(txn, hot->numbers, &cursor);
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
	failed = hot_new(folder->path, create, out);
	if (create && is_unusable(failed)) {
		log_warn("shared store: the files in %s cannot be used and "
			 "are made anew: %s",
			folder->path, mdb_strerror(failed));
		if (!folder_remove_files(folder, err))
			return false;
		failed = hot_new(folder->path, create, out);
	}
	if (failed)
		return error_set(err, ERR_IO,
			"shared store: cannot open the files in %s: %s",
			folder->path, mdb_strerror(failed));
	if (!create || folder_allow_group(folder, err))
		return true;
	hot_free(*out);
	*out = NULL;
	return false;
}

/* Said by the bytes of the files; everything else is about access to them. */
static bool is_unusable(int failed)
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

static int hot_new(const char *path, bool create, struct hot **out)
{
	struct hot *hot = calloc(1, sizeof(*hot));
	int failed;

	if (!hot)
		abort();
	failed = pthread_key_create(&hot->reader, reader_end);
	if (failed) {
		free(hot);
		return failed;
	}
	pthread_mutex_init(&hot->lock, NULL);
	snprintf(hot->path, sizeof(hot->path), "%s", path);
	failed = environment_open(hot, path, create);
	if (failed)
		hot_free(hot);
	else
		*out = hot;
	return failed;
}

static void hot_free(struct hot *hot)
{
	while (hot->readers)
		reader_end(hot->readers);
	pthread_key_delete(hot->reader);
	pthread_mutex_destroy(&hot->lock);
	mdb_env_close(hot->env);
	free(hot);
}

static int environment_open(struct hot *hot, const char *path, bool create)
{
	int failed = mdb_env_create(&hot->env);

	if (!failed)
		failed = mdb_env_set_mapsize(hot->env, MAP_BYTES);
	if (!failed)
		failed = mdb_env_set_maxreaders(hot->env, MAX_READERS);
	if (!failed)
		failed = mdb_env_open(hot->env, path, FLAGS, FOLDER_FILE_MODE);
	if (!failed && create)
		failed = reserve(hot);
	if (!failed)
		failed = numbers_open(hot, create);
	return failed;
}

static int numbers_open(struct hot *hot, bool create)
{
	MDB_txn *txn;
	int failed =
		mdb_txn_begin(hot->env, NULL, create ? 0 : MDB_RDONLY, &txn);

	if (failed)
		return failed;
	failed = mdb_dbi_open(txn, NULL, 0, &hot->numbers);
	if (!failed)
		failed = check_format(hot, txn, create);
	if (!failed)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return failed;
}

/* A store without anything in it gets our format. */
static int check_format(struct hot *hot, MDB_txn *txn, bool create)
{
	MDB_stat content;
	int64_t format = 0;
	int failed = mdb_stat(txn, hot->numbers, &content);

	if (failed)
		return failed;
	if (content.ms_entries == 0 && create)
		return number_put(hot, txn, FORMAT_NAME, FORMAT);
	failed = number_get(hot, txn, FORMAT_NAME, &format);
	if (failed)
		return failed;
	return format == FORMAT ? MDB_SUCCESS : MDB_VERSION_MISMATCH;
}

static int reserve(struct hot *hot)
{
	int file;
	int failed = mdb_env_get_fd(hot->env, &file);

	if (failed || fallocate(file, 0, 0, RESERVED_BYTES) == 0)
		return failed;
	/* Not every file system can. */
	return errno == EOPNOTSUPP ? MDB_SUCCESS : errno;
}

/* Without a place for a reader: behind the writers' lock none is needed. */
static int get_waiting(struct hot *hot, struct str name, int64_t *value)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(hot->env, NULL, 0, &txn);

	if (failed)
		return failed;
	failed = number_get(hot, txn, name, value);
	mdb_txn_abort(txn);
	return failed;
}

static int number_get(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t *value)
{
	MDB_val key = val_of(name);
	MDB_val data;
	int failed = mdb_get(txn, hot->numbers, &key, &data);

	if (failed == MDB_NOTFOUND) {
		*value = 0;
		return MDB_SUCCESS;
	}
	if (failed)
		return failed;
	if (data.mv_size != sizeof(*value))
		return MDB_BAD_VALSIZE;
	copy_page(value, data.mv_data, sizeof(*value));
	return MDB_SUCCESS;
}

/* A page of the map, which no writer touches while a reader may see it. How
 * LMDB sees to that, a thread sanitizer cannot tell. */
__attribute__((no_sanitize_thread, noinline)) static void copy_page(
	void *out, const void *bytes, size_t n)
{
	__builtin_memcpy(out, bytes, n);
}

static void complain(struct hot *hot, struct str name, int failed)
{
	if (!__atomic_exchange_n(&hot->complained, true, __ATOMIC_RELAXED))
		log_warn("shared store: %.*s cannot be read and counts as "
			 "nothing: %s",
			STR_ARG(name), mdb_strerror(failed));
}

static int record_get(struct hot *hot, MDB_txn *txn, struct str name, void *out,
	size_t size, size_t *bytes)
{
	MDB_val key = val_of(name);
	MDB_val data;
	int failed = mdb_get(txn, hot->numbers, &key, &data);

	if (failed == MDB_NOTFOUND)
		return MDB_SUCCESS;
	if (failed)
		return failed;
	if (data.mv_size > size)
		return MDB_BAD_VALSIZE;
	copy_page(out, data.mv_data, data.mv_size);
	*bytes = data.mv_size;
	return MDB_SUCCESS;
}

/* As get_waiting(). */
static int read_waiting(
	struct hot *hot, struct str name, void *out, size_t size, size_t *bytes)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(hot->env, NULL, 0, &txn);

	if (failed)
		return failed;
	failed = record_get(hot, txn, name, out, size, bytes);
	mdb_txn_abort(txn);
	return failed;
}

static int record_change(struct hot *hot, MDB_txn *txn, struct str name,
	hot_change_record *change, void *context, struct buf *now,
	bool *changed)
{
	char old[HOT_RECORD_BYTES];
	MDB_val key = val_of(name);
	MDB_val data;
	size_t n = 0;
	int failed = record_get(hot, txn, name, old, sizeof(old), &n);

	if (failed)
		return failed;
	*changed = change((struct str){ old, n }, now, context);
	if (!*changed)
		return MDB_SUCCESS;
	assert(!now->failed);
	if (now->n == 0) {
		failed = mdb_del(txn, hot->numbers, &key, NULL);
		return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
	}
	data = val_of(buf_str(now));
	return mdb_put(txn, hot->numbers, &key, &data, 0);
}

static int visit_each(
	MDB_cursor *cursor, struct str prefix, hot_visit *visit, void *context)
{
	MDB_val key = val_of(prefix);
	MDB_val data;
	int failed = mdb_cursor_get(
		cursor, &key, &data, prefix.n ? MDB_SET_RANGE : MDB_FIRST);

	while (!failed) {
		struct str name = { key.mv_data, key.mv_size };
		struct str value = { data.mv_data, data.mv_size };

		if (!str_starts(name, prefix) || !visit(name, value, context))
			return MDB_SUCCESS;
		failed = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
	}
	return failed == MDB_NOTFOUND ? MDB_SUCCESS : failed;
}

static MDB_val val_of(struct str bytes)
{
	return (MDB_val){ .mv_size = bytes.n,
		.mv_data = (void *)(uintptr_t)bytes.p };
}

static int number_put(
	struct hot *hot, MDB_txn *txn, struct str name, int64_t value)
{
	MDB_val key = val_of(name);
	MDB_val data = { .mv_size = sizeof(value), .mv_data = &value };

	return mdb_put(txn, hot->numbers, &key, &data, 0);
}

static int64_t add_saturating(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return b > 0 ? INT64_MAX : INT64_MIN;
}

/* NULL when there is no place left. */
static struct reader *reader_get(struct hot *hot)
{
	struct reader *reader = pthread_getspecific(hot->reader);
	MDB_txn *txn;

	if (reader)
		return reader;
	txn = reader_begin(hot);
	if (!txn)
		return NULL;
	reader = calloc(1, sizeof(*reader));
	if (!reader || pthread_setspecific(hot->reader, reader) != 0)
		abort();
	reader->hot = hot;
	reader->txn = txn;
	pthread_mutex_lock(&hot->lock);
	reader->next = hot->readers;
	hot->readers = reader;
	pthread_mutex_unlock(&hot->lock);
	return reader;
}

/* It has a place of its own, and sees nothing until it is renewed. */
static MDB_txn *reader_begin(struct hot *hot)
{
	MDB_txn *txn;
	int failed = mdb_txn_begin(hot->env, NULL, MDB_RDONLY, &txn);

	if (failed == MDB_READERS_FULL &&
		mdb_reader_check(hot->env, NULL) == MDB_SUCCESS)
		failed = mdb_txn_begin(hot->env, NULL, MDB_RDONLY, &txn);
	if (failed)
		return NULL;
	mdb_txn_reset(txn);
	return txn;
}

/* When its thread ends, or the store is closed. */
static void reader_end(void *thing)
{
	struct reader *reader = thing;
	struct reader **place = &reader->hot->readers;

	pthread_mutex_lock(&reader->hot->lock);
	while (*place != reader)
		place = &(*place)->next;
	*place = reader->next;
	pthread_mutex_unlock(&reader->hot->lock);
	mdb_txn_abort(reader->txn);
	free(reader);
}
