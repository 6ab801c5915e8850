/*
 * stmt.h - prepared statements, the only way to run SQL.
 *
 *	struct stmt *stmt;
 *
 *	if (!stmt_prepare(db, &stmt, "SELECT id, name FROM t WHERE a = ?", err))
 *		return false;
 *	stmt_bind_int(stmt, 7);
 *	if (!stmt_run(stmt, err))
 *		return false;
 *	while (stmt_fetch(stmt, &more, err) && more)
 *		use(stmt_int(stmt, 0), stmt_str(stmt, 1));
 *
 * The text must be a string literal: a connection keeps its statements and
 * finds them again by the text's address. stmt_prepare() also ends the last
 * use of that statement, so nothing is ever closed by the caller. A result is
 * taken over whole: other statements may run while its rows are read, and
 * large tables are read in pages. Time is kept in columns of integers (Unix
 * milliseconds), money in pico-dollars.
 *
 * Nothing is tried again by itself. After a lost connection, or a deadlock in
 * a transaction, all that follows fails until db_rollback() or db_give().
 * err->detail names the server's error, never a value that was bound.
 */
#ifndef DB_STMT_H
#define DB_STMT_H

#include "db/pool.h"

struct stmt;

/* Ready to be bound from the first `?` on. ERR_DATABASE. */
MUST_USE bool stmt_prepare(
	struct db *db, struct stmt **out, const char *sql, struct error *err);

/* The next `?`, in order. The bytes must live until stmt_run() returns. */
void stmt_bind_int(struct stmt *stmt, int64_t value);
void stmt_bind_str(struct stmt *stmt, struct str value);
void stmt_bind_null(struct stmt *stmt);
/* The value, or NULL when it is 0 / empty. */
void stmt_bind_int_or_null(struct stmt *stmt, int64_t value);
void stmt_bind_str_or_null(struct stmt *stmt, struct str value);

/* `column IN STMT_IN` takes STMT_IN_MAX ids; places that are left over are
 * bound to -1, which is nobody's. */
#define STMT_IN_MAX 32
#define STMT_IN                         \
	"(?,?,?,?,?,?,?,?,?,?,?,?,?,?," \
	"?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
void stmt_bind_in(struct stmt *stmt, const int64_t *ids, size_t count);

/* ERR_DUPLICATE when a unique key is taken, else ERR_DATABASE. */
MUST_USE bool stmt_run(struct stmt *stmt, struct error *err);

/* *more is false after the last row; the function itself fails on errors. */
MUST_USE bool stmt_fetch(struct stmt *stmt, bool *more, struct error *err);

/* Columns of the fetched row, counted from 0; valid until the next fetch.
 * NULL reads as 0 or the empty view. stmt_int() also reads a whole DECIMAL, as
 * SUM() gives, saturating at INT64_MAX. */
bool stmt_is_null(struct stmt *stmt, unsigned column);
int64_t stmt_int(struct stmt *stmt, unsigned column);
struct str stmt_str(struct stmt *stmt, unsigned column);

int64_t stmt_insert_id(struct stmt *stmt);
int64_t stmt_affected_rows(struct stmt *stmt);

#endif
