/*
 * readers.c - see readers.h.
 */
#include "hot/readers.h"

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define THREAD_SANITIZER
#endif

struct reader {
	struct readers *all;
	MDB_txn *txn; /* NULL: its first has not begun */
	struct reader *next;
};

static struct reader *reader_get(struct readers *readers);
static int begin_first(struct reader *reader, MDB_env *env);
static void reader_free(void *thing);

void readers_init(struct readers *readers)
{
	readers->first = NULL;
	pthread_mutex_init(&readers->lock, NULL);
	if (pthread_key_create(&readers->key, reader_free) != 0)
		abort();
}

void readers_release(struct readers *readers)
{
	while (readers->first)
		reader_free(readers->first);
	pthread_key_delete(readers->key);
	pthread_mutex_destroy(&readers->lock);
}

int readers_begin(struct readers *readers, MDB_env *env, MDB_txn **out)
{
	struct reader *reader = reader_get(readers);
	int failed = reader->txn ? mdb_txn_renew(reader->txn)
				 : begin_first(reader, env);

	*out = reader->txn;
	return failed;
}

void readers_end(MDB_txn *txn)
{
	mdb_txn_reset(txn);
}

static struct reader *reader_get(struct readers *readers)
{
	struct reader *reader = pthread_getspecific(readers->key);

	if (reader)
		return reader;
	reader = calloc(1, sizeof(*reader));
	if (!reader || pthread_setspecific(readers->key, reader) != 0)
		abort();
	reader->all = readers;
	pthread_mutex_lock(&readers->lock);
	reader->next = readers->first;
	readers->first = reader;
	pthread_mutex_unlock(&readers->lock);
	return reader;
}

/* The places of those who died while they read are free again. */
static int begin_first(struct reader *reader, MDB_env *env)
{
	int failed = mdb_txn_begin(env, NULL, MDB_RDONLY, &reader->txn);

	if (failed == MDB_READERS_FULL &&
		mdb_reader_check(env, NULL) == MDB_SUCCESS)
		failed = mdb_txn_begin(env, NULL, MDB_RDONLY, &reader->txn);
	if (failed)
		reader->txn = NULL;
	return failed;
}

/* When its thread ends, or nobody reads any more. */
static void reader_free(void *thing)
{
	struct reader *reader = thing;
	struct reader **place = &reader->all->first;

	pthread_mutex_lock(&reader->all->lock);
	while (*place != reader)
		place = &(*place)->next;
	*place = reader->next;
	pthread_mutex_unlock(&reader->all->lock);
	if (reader->txn)
		mdb_txn_abort(reader->txn);
	free(reader);
}

#ifdef THREAD_SANITIZER

const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "race:liblmdb.so\n";
}

/* Byte by byte, for it looks into memcpy(). */
__attribute__((no_sanitize_thread)) void copy_page(
	void *out, const void *bytes, size_t n)
{
	const volatile char *from = bytes;
	volatile char *to = out;

	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

#else

void copy_page(void *out, const void *bytes, size_t n)
{
	memcpy(out, bytes, n);
}

#endif
