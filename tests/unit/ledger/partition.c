/*
 * partition.c - days are made ahead and forgotten, and no call is refused for
 * the day it belongs to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/partition.h"

#define DAY_MS INT64_C(86400000)

#define TABLES 6

/* Named partitions of all of them. */
#define COUNT_ALL                                            \
	"SELECT COUNT(*) FROM information_schema.PARTITIONS" \
	" WHERE TABLE_SCHEMA = DATABASE() AND PARTITION_NAME LIKE 'p2%'"
#define COUNT_REQUESTS COUNT_ALL " AND TABLE_NAME = 'requests'"
#define LAST_END                                                              \
	"SELECT MAX(CAST(PARTITION_DESCRIPTION AS SIGNED))"                   \
	" FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = DATABASE()" \
	" AND TABLE_NAME = 'requests' AND PARTITION_NAME LIKE 'p2%'"
#define COUNT_ROWS "SELECT COUNT(*) FROM requests"
#define ROWS_IN_P_MAX "SELECT COUNT(*) FROM requests PARTITION (p_max)"

static void maintain(
	struct database *database, int64_t now_ms, int64_t keep_days)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!partition_maintain(db, now_ms, keep_days, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void insert_call(struct database *database, int64_t started_ms)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	assert_true(stmt_prepare(db, &stmt,
		"INSERT INTO requests (started_ms, request_id)"
		" VALUES (?, 'r')",
		&err));
	stmt_bind_int(stmt, started_ms);
	if (!stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void days_are_made_and_forgotten(void **state)
{
	struct database *database = *state;
	int64_t today_ms = database_number(database, LAST_END) - 8 * DAY_MS;
	int64_t now_ms = today_ms + DAY_MS / 2;

	/* As the migration left them. */
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 8);
	maintain(database, now_ms, 0);
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 8);

	maintain(database, now_ms + 3 * DAY_MS, 0);
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 11);
	assert_int_equal(
		database_number(database, LAST_END), today_ms + 11 * DAY_MS);

	/* Away for long: what came meanwhile lies in p_max. */
	insert_call(database, today_ms + 10 * DAY_MS + 1);
	insert_call(database, today_ms + 15 * DAY_MS);
	insert_call(database, today_ms + 20 * DAY_MS + 5);
	assert_int_equal(database_number(database, ROWS_IN_P_MAX), 2);
	maintain(database, now_ms + 20 * DAY_MS, 0);
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 19);
	assert_int_equal(database_number(database, ROWS_IN_P_MAX), 0);
	assert_int_equal(database_number(database, COUNT_ROWS), 3);

	/* Today's partition holds the gap; before it all is too old. */
	maintain(database, now_ms + 20 * DAY_MS, 10);
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 9);
	assert_int_equal(database_number(database, COUNT_ROWS), 3);
	maintain(database, now_ms + 20 * DAY_MS, 9);
	assert_int_equal(database_number(database, COUNT_ALL), TABLES * 8);
	assert_int_equal(database_number(database, COUNT_ROWS), 2);

	/* Calls of days that are forgotten, or not yet there. */
	insert_call(database, 0);
	insert_call(database, today_ms + 2);
	insert_call(database, today_ms + 900 * DAY_MS);
	assert_int_equal(database_number(database, COUNT_ROWS), 5);
	assert_int_equal(database_number(database, ROWS_IN_P_MAX), 1);
	maintain(database, now_ms + 20 * DAY_MS, 9);
	assert_int_equal(database_number(database, COUNT_ROWS), 5);
	maintain(database, now_ms + 22 * DAY_MS, 1);
	assert_int_equal(database_number(database, COUNT_REQUESTS), 9);
	assert_int_equal(database_number(database, COUNT_ROWS), 1);
}

static void only_one_process_does_it(void **state)
{
	struct database *database = *state;
	int64_t now_ms = database_number(database, LAST_END) - DAY_MS;
	struct db *other = database_take(database);
	int64_t before = database_number(database, COUNT_ALL);
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool more;

	assert_true(stmt_prepare(other, &stmt,
		"SELECT GET_LOCK(CONCAT('llm-gateway partitions ',"
		" DATABASE()), 0)",
		&err));
	assert_true(stmt_run(stmt, &err) && stmt_fetch(stmt, &more, &err));
	assert_int_equal(stmt_int(stmt, 0), 1);
	maintain(database, now_ms, 0);
	assert_int_equal(database_number(database, COUNT_ALL), before);
	assert_true(stmt_prepare(other, &stmt, "DO RELEASE_ALL_LOCKS()", &err));
	assert_true(stmt_run(stmt, &err));
	maintain(database, now_ms, 0);
	assert_int_equal(
		database_number(database, COUNT_ALL), before + TABLES * 7);
	assert_int_equal(
		database_number(database,
			"SELECT IS_FREE_LOCK(CONCAT('llm-gateway partitions ',"
			" DATABASE()))"),
		1);
	db_give(database->pool, other);
}

static void several_processes_may_try(void **state)
{
	struct database *database = *state;
	int64_t now_ms = database_number(database, LAST_END) + 2 * DAY_MS;
	pid_t children[4];

	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct db_pool *pool;
			struct db *db;
			struct error err;

			_exit(!(db_pool_new(&database->settings, &pool, &err) &&
				db_take(pool, &db, &err) &&
				partition_maintain(db, now_ms, 0, &err)));
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(children); i++) {
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(
		database_number(database, LAST_END), now_ms + 8 * DAY_MS);
}

static void a_busy_table_is_told(void **state)
{
	struct database *database = *state;
	int64_t now_ms = database_number(database, LAST_END) + DAY_MS;
	struct db *reader = database_take(database);
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool more;

	/* An open transaction keeps the table as it is. */
	assert_true(db_begin(reader, &err));
	assert_true(stmt_prepare(reader, &stmt, COUNT_ROWS, &err));
	assert_true(stmt_run(stmt, &err) && stmt_fetch(stmt, &more, &err));
	assert_false(partition_maintain(db, now_ms, 0, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	db_give(database->pool, reader);
	assert_true(partition_maintain(db, now_ms, 0, &err));
	db_give(database->pool, db);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
	const struct CMUnitTest tests[] = {
		TEST(days_are_made_and_forgotten),
		TEST(only_one_process_does_it),
		TEST(several_processes_may_try),
		TEST(a_busy_table_is_told),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
