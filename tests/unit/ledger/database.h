/*
 * database.h - a migrated database for the tests of the ledger, and numbers
 * out of it. One server for all tests of a program; each test begins with
 * empty tables and a state folder of its own.
 */
#ifndef TESTS_LEDGER_DATABASE_H
#define TESTS_LEDGER_DATABASE_H

#include "../private_mariadb.h"
#include "db/migrate.h"
#include "db/stmt.h"
#include "sample.h"

struct database {
	struct private_mariadb server;
	struct settings settings;
	char state_dir[64];
	struct db_pool *pool;
	struct arena arena;
};

static inline struct db *database_take(struct database *database)
{
	struct db *db;
	struct error err = ERROR_INIT;

	if (!db_take(database->pool, &db, &err))
		fail_msg("%s", error_detail(&err));
	return db;
}

/* Run a literal without parameters; the first column of its row, or 0. */
static inline int64_t database_number(
	struct database *database, const char *sql)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool more = false;
	int64_t number = 0;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err) ||
		!stmt_fetch(stmt, &more, &err))
		fail_msg("%s: %s", sql, error_detail(&err));
	if (more)
		number = stmt_int(stmt, 0);
	db_give(database->pool, db);
	return number;
}

/* Run a literal that gives no rows. */
static inline void database_run(struct database *database, const char *sql)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err))
		fail_msg("%s: %s", sql, error_detail(&err));
	db_give(database->pool, db);
}

/* For a group's set-up: the server, the tables. */
static inline int database_start(void **state)
{
	struct database *database = calloc(1, sizeof(*database));
	struct error err = ERROR_INIT;
	struct db *db;
	unsigned applied;

	private_mariadb_start(&database->server);
	private_mariadb_settings(&database->server, &database->settings);
	assert_true(db_pool_new(&database->settings, &database->pool, &err));
	db = database_take(database);
	if (!migrate_run(db, "sql", &applied, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	*state = database;
	return 0;
}

static inline int database_stop(void **state)
{
	struct database *database = *state;

	db_pool_free(database->pool);
	private_mariadb_stop(&database->server);
	free(database);
	return 0;
}

/* For each test's set-up. */
static inline int database_clear(void **state)
{
	struct database *database = *state;

	database_run(database, "DELETE FROM requests");
	database_run(database, "DELETE FROM request_attempts");
	database_run(database, "DELETE FROM request_routes");
	database_run(database, "DELETE FROM request_contents");
	database_run(database, "DELETE FROM usage_minute");
	database_run(database, "DELETE FROM attempts_minute");
	database_run(database, "DELETE FROM usage_scope_hour");
	database_run(database, "DELETE FROM usage_scope_day");
	database_run(database, "DELETE FROM usage_user_day");
	database_run(database, "DELETE FROM usage_user_week");
	database_run(database, "DELETE FROM journal_files");
	sample_make_state(&database->settings, database->state_dir);
	arena_init(&database->arena, 1 << 16);
	return 0;
}

static inline int database_done(void **state)
{
	struct database *database = *state;

	sample_remove(database->state_dir);
	arena_release(&database->arena);
	return 0;
}

#endif
