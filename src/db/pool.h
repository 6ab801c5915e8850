/*
 * pool.h - connections to MariaDB, shared by the threads of one process.
 *
 * A thread takes a connection, uses it alone and gives it back. The pool
 * opens connections when they are needed, at most `database.connections` of
 * them, and replaces one that died. Nothing here ever runs on an event loop.
 */
#ifndef DB_POOL_H
#define DB_POOL_H

#include "base/error.h"
#include "base/settings.h"

struct db;
struct db_pool;

/*
 * A pool that has opened nothing yet. The password comes from the environment
 * (LLM_GATEWAY_DB_PASSWORD) or the settings' file; ERR_CONFIG when that file
 * cannot be read. Free it with db_pool_free() after all are given back.
 */
MUST_USE bool db_pool_new(const struct settings *settings, struct db_pool **out,
	struct error *err);
void db_pool_free(struct db_pool *pool);

/*
 * A connection that answered just now, waiting for a free one for at most a
 * few seconds. ERR_DATABASE when there is none: the caller copes without.
 */
MUST_USE bool db_take(struct db_pool *pool, struct db **out, struct error *err);
/* Give it back; an open transaction is rolled back. */
void db_give(struct db_pool *pool, struct db *db);

MUST_USE bool db_begin(struct db *db, struct error *err);
/* One that only reads, and sees everything as it is now. */
MUST_USE bool db_begin_snapshot(struct db *db, struct error *err);
MUST_USE bool db_commit(struct db *db, struct error *err);
/* Cannot fail: a connection that will not roll back is closed. */
void db_rollback(struct db *db);

#endif
