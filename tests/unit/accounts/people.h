/*
 * people.h - a migrated database for the tests of people, and a few of them.
 * Include it after cmocka.h.
 */
#ifndef TESTS_PEOPLE_H
#define TESTS_PEOPLE_H

#include "accounts/member.h"
#include "accounts/organisation.h"
#include "accounts/user.h"
#include "db/migrate.h"

#include "../private_mariadb.h"

#define PASSWORD S("correct horse")

static struct private_mariadb server;
static struct db_pool *pool;
static struct db *db;
static struct arena arena;

static inline int start_people(void **state)
{
	struct settings settings;
	struct error err = ERROR_INIT;
	unsigned applied;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	settings.database_connections = 16;
	arena_init(&arena, 65536);
	if (!db_pool_new(&settings, &pool, &err) || !db_take(pool, &db, &err) ||
		!migrate_run(db, "sql", &applied, &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static inline int stop_people(void **state)
{
	(void)state;
	db_give(pool, db);
	db_pool_free(pool);
	arena_release(&arena);
	private_mariadb_stop(&server);
	return 0;
}

#define MUST(call)                                          \
	do {                                                \
		struct error err = ERROR_INIT;              \
		if (!(call))                                \
			fail_msg("%s", error_detail(&err)); \
	} while (0)

/* It fails, and for that reason. */
#define MUST_FAIL(call, KIND)                                                \
	do {                                                                 \
		struct error err = ERROR_INIT;                               \
		assert_false(call);                                          \
		assert_string_equal(error_name(err.kind), error_name(KIND)); \
	} while (0)

static inline void run_sql(const char *sql)
{
	struct stmt *stmt;

	MUST(stmt_prepare(db, &stmt, sql, &err) && stmt_run(stmt, &err));
}

/* The first column of the first row. */
static inline int64_t ask_sql(const char *sql)
{
	struct stmt *stmt;
	bool more = false;

	MUST(stmt_prepare(db, &stmt, sql, &err) && stmt_run(stmt, &err) &&
		stmt_fetch(stmt, &more, &err));
	assert_true(more);
	return stmt_int(stmt, 0);
}

static inline int64_t add_user(const char *email)
{
	struct user user;

	MUST(user_add(db, str_of(email), S(""), PASSWORD, &arena, &user, &err));
	return user.id;
}

/* Without a hash: for who never logs in. */
static inline int64_t add_quick_user(const char *email)
{
	struct stmt *stmt;

	MUST(stmt_prepare(db, &stmt,
		"INSERT INTO users (email, created_ms) VALUES (?, 1)", &err));
	stmt_bind_str(stmt, str_of(email));
	MUST(stmt_run(stmt, &err));
	return stmt_insert_id(stmt);
}

static inline struct project add_organisation(
	const char *name, int64_t owner_id)
{
	struct project project;

	MUST(organisation_create(db, str_of(name), owner_id, &project, &err));
	return project;
}

#endif
