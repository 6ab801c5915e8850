/*
 * migrate.h - bring the database's tables to what this program expects.
 *
 * A migration is a file NNN_name.sql of one directory; they run in the order
 * of their numbers, once each, and the table schema_migrations keeps number,
 * name and SHA-256. They only go forward. Processes that start together take
 * turns (GET_LOCK): one migrates, the others find nothing left to do.
 *
 * In a file a ';' at the end of a line ends a statement and a line that
 * begins with "--" is a comment. MariaDB commits each change of a table by
 * itself, so a migration that is cut short runs again from its start: every
 * statement must be one that may run twice (CREATE TABLE IF NOT EXISTS, ADD
 * COLUMN IF NOT EXISTS, INSERT IGNORE).
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/pool.h"

/*
 * Run what has not run yet; *applied says how many files. Works on another
 * connection to the same database, without time limit: altering a large
 * table takes its time.
 *
 * ERR_CONFIG when the directory has no migrations, two with one number, one
 * that was changed or added below after it ran, or misses one that ran (the
 * database is newer than this program). ERR_DATABASE when a statement fails;
 * the message names file and statement, what ran before it stays.
 */
MUST_USE bool migrate_run(struct db *db, const char *directory,
	unsigned *applied, struct error *err);

/* How many files have not run yet. Changes nothing; errors as above. */
MUST_USE bool migrate_pending(struct db *db, const char *directory,
	unsigned *count, struct error *err);

#endif
