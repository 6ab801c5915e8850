/*
 * readers.h - the read transactions of an LMDB environment: each thread that
 * reads has one and keeps it between reads, for to begin one anew costs more
 * than a read.
 */
#ifndef HOT_READERS_H
#define HOT_READERS_H

#include <lmdb.h>
#include <pthread.h>

#include "base/base.h"

struct reader;

struct readers {
	pthread_key_t key;    /* a thread's own */
	pthread_mutex_t lock; /* guards the list */
	struct reader *first;
};

void readers_init(struct readers *readers);
/* No thread reads any more. Before the environment is closed. */
void readers_release(struct readers *readers);

/* What is there at this moment, until readers_end(); one at a time for each
 * thread. LMDB's error: MDB_READERS_FULL where too many threads of too many
 * processes read. */
int readers_begin(struct readers *readers, MDB_env *env, MDB_txn **out);
void readers_end(MDB_txn *txn);

/* Copy from a page of the map. No writer touches it while a reader may see
 * it; how LMDB sees to that, a thread sanitizer cannot tell. */
void copy_page(void *out, const void *bytes, size_t n);

#endif
