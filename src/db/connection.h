/*
 * connection.h - one connection to MariaDB, as pool, stmt and migrate see it;
 * nobody outside this folder includes it.
 *
 * Nothing is tried again behind the caller's back. A connection that was lost
 * is `broken`: all that follows fails until the pool closes it. A transaction
 * that the server rolled back by itself (a deadlock) is `doomed`: all that
 * follows fails until db_rollback(), because it would be committed alone.
 */
#ifndef DB_CONNECTION_H
#define DB_CONNECTION_H

#include "db/pool.h"

#include <mariadb/mysql.h>

#define STATEMENT_BUCKETS 64 /* a power of two */

/* Where the database is; the texts are the pool's. */
struct db_target {
	const char *socket; /* NULL: host and port */
	const char *host;
	unsigned port;
	const char *name;
	const char *user;
	const char *password;
	bool tls;                     /* or not at all */
	const char *ca_file;          /* NULL: the system's */
	const char *certificate_file; /* ours; NULL: none */
	const char *key_file;
};

struct db {
	MYSQL *mysql;
	const struct db_target *target;
	int64_t idle_since_ms; /* monotonic; while in the pool */
	bool in_transaction;
	bool doomed;
	bool broken;
	struct stmt *statements[STATEMENT_BUCKETS]; /* by address of the SQL */
};

/* read_timeout_s 0: an answer may take any time. ERR_DATABASE. */
MUST_USE bool connection_open(const struct db_target *target,
	unsigned read_timeout_s, struct db **out, struct error *err);
/* Safe with NULL. */
void connection_close(struct db *db);

/* True when the server can still be reached; asks it after some idle time. */
bool connection_answers(struct db *db);

/* One statement without parameters, its result thrown away. */
MUST_USE bool connection_query(
	struct db *db, struct str sql, struct error *err);

/*
 * Note what the server's error means for the connection, set *err and return
 * false. What the client sent is taken out of the server's message.
 */
bool connection_failed(struct db *db, unsigned code, const char *state,
	const char *message, struct error *err);
/* False and *err set when the connection is broken or doomed. */
MUST_USE bool connection_usable(const struct db *db, struct error *err);

/* In stmt.c: end the use of all statements, or close them. */
void statements_end(struct db *db);
void statements_close(struct db *db);

#endif
