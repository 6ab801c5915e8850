/* migrate.c - migrations: fresh, twice, at once, changed, missing, broken. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../private_mariadb.h"

#include "db/migrate.h"

#include <pthread.h>

#define SCHEMA "sql" /* where this program's own migrations are */

static struct private_mariadb server;
static struct db_pool *pool;
static struct db *db;
static struct error err;
static char folder[128];

static int start(void **state)
{
	(void)state;
	private_mariadb_start(&server);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	private_mariadb_stop(&server);
	return 0;
}

static void run(const char *sql)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
}

static int64_t ask(const char *sql)
{
	struct stmt *stmt;
	bool more = false;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err) ||
		!stmt_fetch(stmt, &more, &err))
		fail_msg("%s", error_detail(&err));
	assert_true(more);
	return stmt_int(stmt, 0);
}

/* An empty database and an empty folder for every test. */
static int open_all(void **state)
{
	static int folders;
	struct settings settings;

	(void)state;
	memset(&err, 0, sizeof(err));
	private_mariadb_settings(&server, &settings);
	assert_true(db_pool_new(&settings, &pool, &err));
	assert_true(db_take(pool, &db, &err));
	run("DROP DATABASE test");
	run("CREATE DATABASE test");
	db_give(pool, db);
	db_pool_free(pool);
	assert_true(db_pool_new(&settings, &pool, &err));
	assert_true(db_take(pool, &db, &err));
	snprintf(folder, sizeof(folder), "%s/sql-%d", server.directory,
		++folders);
	assert_int_equal(mkdir(folder, 0700), 0);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	db_give(pool, db);
	db_pool_free(pool);
	return 0;
}

static void write_file(const char *name, const char *content)
{
	char path[200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(
		fwrite(content, 1, strlen(content), file), strlen(content));
	fclose(file);
}

static void remove_file(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static unsigned migrate(void)
{
	unsigned applied = 99;

	if (!migrate_run(db, folder, &applied, &err))
		fail_msg("%s", error_detail(&err));
	return applied;
}

/* Both functions refuse, for this reason. */
static void assert_refused(const char *reason)
{
	unsigned count = 99;

	assert_false(migrate_run(db, folder, &count, &err));
	assert_int_equal(count, 0);
	assert_int_equal(err.kind, ERR_CONFIG);
	if (!strstr(error_message(&err), reason))
		fail_msg("'%s' does not say '%s'", error_message(&err), reason);
	assert_false(migrate_pending(db, folder, &count, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_non_null(strstr(error_message(&err), reason));
}

static unsigned pending(const char *directory)
{
	unsigned count = 99;

	if (!migrate_pending(db, directory, &count, &err))
		fail_msg("%s", error_detail(&err));
	return count;
}

static void in_the_order_of_their_numbers(void **state)
{
	(void)state;
	write_file("010_third.sql", "INSERT INTO steps VALUES (3);\n");
	write_file("002_second.sql", "-- A comment; with a semicolon;\n"
				     "INSERT INTO steps\n"
				     "VALUES (2);\n"
				     "\n"
				     "INSERT INTO steps VALUES (-2);  \n");
	write_file("001_first.sql", "CREATE TABLE steps (a INT);");
	write_file("README", "not a migration\n");
	write_file("notes.sql", "neither\n");
	assert_int_equal(pending(folder), 3);
	assert_int_equal(migrate(), 3);
	assert_int_equal(pending(folder), 0);
	assert_int_equal(ask("SELECT SUM(a) FROM steps"), 3);
	assert_int_equal(ask("SELECT COUNT(*) FROM schema_migrations"), 3);
	assert_int_equal(migrate(), 0);
	assert_int_equal(ask("SELECT COUNT(*) FROM steps"), 3);
	write_file("011_more.sql", "INSERT INTO steps VALUES (4);\n");
	assert_int_equal(pending(folder), 1);
	assert_int_equal(migrate(), 1);
	assert_int_equal(ask("SELECT SUM(a) FROM steps"), 7);
}

static void asking_changes_nothing(void **state)
{
	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	assert_int_equal(pending(folder), 1);
	assert_int_equal(ask("SELECT COUNT(*) FROM information_schema.TABLES"
			     " WHERE TABLE_SCHEMA = DATABASE()"),
		0);
}

static void a_changed_one_is_refused(void **state)
{
	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	write_file("002_second.sql", "INSERT INTO steps VALUES (2);\n");
	assert_int_equal(migrate(), 2);
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n\n");
	write_file("003_third.sql", "INSERT INTO steps VALUES (3);\n");
	assert_refused("001_first.sql was changed");
	assert_int_equal(ask("SELECT COUNT(*) FROM steps"), 1);
}

static void a_newer_database_is_refused(void **state)
{
	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	write_file("002_second.sql", "INSERT INTO steps VALUES (2);\n");
	assert_int_equal(migrate(), 2);
	remove_file("002_second.sql");
	assert_refused("the database is newer than this program");
}

static void one_added_below_is_refused(void **state)
{
	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	write_file("003_third.sql", "INSERT INTO steps VALUES (3);\n");
	assert_int_equal(migrate(), 2);
	write_file("002_second.sql", "INSERT INTO steps VALUES (2);\n");
	assert_refused("002_second.sql was added below 003_third.sql");
	assert_int_equal(ask("SELECT COUNT(*) FROM steps"), 1);
}

static void one_number_twice_is_refused(void **state)
{
	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	write_file("0001_other.sql", "CREATE TABLE other (a INT);\n");
	assert_refused("have the same number");
}

static void a_folder_without_any_is_refused(void **state)
{
	(void)state;
	assert_refused("holds no migrations");
	snprintf(folder, sizeof(folder), "%s/missing", server.directory);
	assert_refused("cannot be read");
}

static void a_broken_one_can_be_repaired(void **state)
{
	unsigned applied;

	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\n");
	write_file("002_second.sql",
		"CREATE TABLE IF NOT EXISTS half (a INT);\n"
		"INSERT INTO nowhere VALUES (1);\n"
		"INSERT INTO steps VALUES (2);\n");
	write_file("003_third.sql", "INSERT INTO steps VALUES (3);\n");
	assert_false(migrate_run(db, folder, &applied, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_int_equal(applied, 1);
	assert_non_null(
		strstr(error_message(&err), "002_second.sql, statement 2"));
	assert_non_null(strstr(error_message(&err), "nowhere"));
	assert_int_equal(ask("SELECT COUNT(*) FROM steps"), 0);
	assert_int_equal(pending(folder), 2);
	write_file("002_second.sql",
		"CREATE TABLE IF NOT EXISTS half (a INT);\n"
		"INSERT INTO steps VALUES (2);\n");
	assert_int_equal(migrate(), 2);
	assert_int_equal(ask("SELECT SUM(a) FROM steps"), 5);
}

static void one_without_an_end_is_refused(void **state)
{
	unsigned applied;

	(void)state;
	write_file("001_first.sql", "CREATE TABLE steps (a INT);\nSELECT 1\n");
	assert_false(migrate_run(db, folder, &applied, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
	assert_int_equal(pending(folder), 1);
}

struct racer {
	pthread_t thread;
	unsigned applied;
	bool ok;
	struct error err;
};

static void *race(void *argument)
{
	struct racer *racer = argument;
	struct db *mine;

	racer->ok = db_take(pool, &mine, &racer->err);
	if (!racer->ok)
		return NULL;
	racer->ok = migrate_run(mine, SCHEMA, &racer->applied, &racer->err);
	db_give(pool, mine);
	return NULL;
}

static void two_at_once_take_turns(void **state)
{
	struct racer racers[3];
	unsigned files = pending(SCHEMA);
	unsigned applied = 0;

	(void)state;
	assert_true(files >= 4);
	memset(racers, 0, sizeof(racers));
	for (size_t i = 0; i < ARRAY_LEN(racers); i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race,
					 &racers[i]),
			0);
	for (size_t i = 0; i < ARRAY_LEN(racers); i++) {
		pthread_join(racers[i].thread, NULL);
		if (!racers[i].ok)
			fail_msg("%s", error_detail(&racers[i].err));
		applied += racers[i].applied;
	}
	assert_int_equal(applied, files);
	assert_int_equal(pending(SCHEMA), 0);
}

/* As after a crash before the last row of schema_migrations. */
static void the_schema_may_run_twice(void **state)
{
	unsigned files = pending(SCHEMA);
	unsigned applied;

	(void)state;
	assert_true(migrate_run(db, SCHEMA, &applied, &err));
	assert_int_equal(applied, files);
	run("UPDATE snapshot_version SET version = 7 WHERE topic = 'keys'");
	run("DELETE FROM schema_migrations");
	if (!migrate_run(db, SCHEMA, &applied, &err))
		fail_msg("%s", error_detail(&err));
	assert_int_equal(applied, files);
	assert_int_equal(ask("SELECT version FROM snapshot_version"
			     " WHERE topic = 'keys'"),
		7);
}

/* Today and seven days ahead, each row in the partition of its day. */
static void the_log_is_partitioned_by_day(void **state)
{
	unsigned applied;

	(void)state;
	assert_true(migrate_run(db, SCHEMA, &applied, &err));
	assert_int_equal(
		ask("SELECT MIN(n) * 100 + MAX(n) FROM (SELECT COUNT(*) AS n"
		    " FROM information_schema.PARTITIONS"
		    " WHERE TABLE_SCHEMA = DATABASE()"
		    " AND PARTITION_NAME IS NOT NULL GROUP BY TABLE_NAME) t"),
		909);
	assert_int_equal(
		ask("SELECT COUNT(DISTINCT TABLE_NAME)"
		    " FROM information_schema.PARTITIONS"
		    " WHERE TABLE_SCHEMA = DATABASE()"
		    " AND PARTITION_NAME = DATE_FORMAT(UTC_DATE() + INTERVAL 7"
		    " DAY, 'p%Y%m%d') AND PARTITION_DESCRIPTION ="
		    " TO_SECONDS(UTC_DATE() + INTERVAL 8 DAY) * 1000 -"
		    " TO_SECONDS('1970-01-01') * 1000"),
		6);
	run("INSERT INTO requests (started_ms, request_id) VALUES"
	    " (0, 'oldest'), (UNIX_TIMESTAMP() * 1000, 'now'),"
	    " ((UNIX_TIMESTAMP() + 864000) * 1000, 'ahead')");
	assert_int_equal(ask("SELECT COUNT(*) FROM requests"), 3);
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_all, close_all)
	const struct CMUnitTest tests[] = {
		TEST(in_the_order_of_their_numbers),
		TEST(asking_changes_nothing),
		TEST(a_changed_one_is_refused),
		TEST(a_newer_database_is_refused),
		TEST(one_added_below_is_refused),
		TEST(one_number_twice_is_refused),
		TEST(a_folder_without_any_is_refused),
		TEST(a_broken_one_can_be_repaired),
		TEST(one_without_an_end_is_refused),
		TEST(two_at_once_take_turns),
		TEST(the_schema_may_run_twice),
		TEST(the_log_is_partitioned_by_day),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
