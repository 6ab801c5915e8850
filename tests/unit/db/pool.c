/* pool.c - connections that are shared, run out, die, hang and come back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../frozen.h"
#include "../private_mariadb.h"

#include <pthread.h>

static struct private_mariadb server;
static struct settings settings;
static struct db_pool *pool;
static struct error err;

static int start(void **state)
{
	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	settings.database_connections = 2;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	private_mariadb_stop(&server);
	return 0;
}

static int open_pool(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	assert_true(db_pool_new(&settings, &pool, &err));
	return 0;
}

static int close_pool(void **state)
{
	(void)state;
	db_pool_free(pool);
	return 0;
}

static struct db *take(void)
{
	struct db *db = NULL;

	if (!db_take(pool, &db, &err))
		fail_msg("%s", error_detail(&err));
	return db;
}

/* Run `sql`, whose only parameter, if any, is `value`. */
static bool try_run(struct db *db, const char *sql, int64_t value)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, &err))
		return false;
	if (strchr(sql, '?'))
		stmt_bind_int(stmt, value);
	return stmt_run(stmt, &err);
}

static void run(struct db *db, const char *sql, int64_t value)
{
	if (!try_run(db, sql, value))
		fail_msg("%s", error_detail(&err));
}

static bool try_ask(struct db *db, const char *sql, int64_t *answer)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err) ||
		!stmt_fetch(stmt, &more, &err))
		return false;
	*answer = stmt_int(stmt, 0);
	return true;
}

static int64_t ask(struct db *db, const char *sql)
{
	int64_t answer = 0;

	if (!try_ask(db, sql, &answer))
		fail_msg("%s", error_detail(&err));
	return answer;
}

static int64_t connection_id(struct db *db)
{
	return ask(db, "SELECT CONNECTION_ID()");
}

static void one_given_back_is_taken_again(void **state)
{
	struct db *db = take();
	int64_t id = connection_id(db);

	(void)state;
	db_give(pool, db);
	db = take();
	assert_int_equal(connection_id(db), id);
	db_give(pool, db);
	/* Asked whether it lives, and it does. */
	usleep(1100000);
	db = take();
	assert_int_equal(connection_id(db), id);
	db_give(pool, db);
}

static void more_than_all_wait_and_give_up(void **state)
{
	struct db *first = take();
	struct db *second = take();
	struct db *third;
	int64_t began_ms = clock_monotonic_ms();
	int64_t waited_ms;

	(void)state;
	assert_int_not_equal(connection_id(first), connection_id(second));
	assert_false(db_take(pool, &third, &err));
	waited_ms = clock_monotonic_ms() - began_ms;
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_in_range(waited_ms, 2000, 10000);
	db_give(pool, first);
	db_give(pool, second);
}

static void *give_soon(void *db)
{
	usleep(300000);
	db_give(pool, db);
	return NULL;
}

static void a_waiting_one_is_served(void **state)
{
	struct db *first = take();
	struct db *second = take();
	pthread_t thread;
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, give_soon, first), 0);
	first = take();
	assert_in_range(clock_monotonic_ms() - began_ms, 200, 3000);
	pthread_join(thread, NULL);
	db_give(pool, first);
	db_give(pool, second);
}

/* Each thread counts up under a row lock, over and over. */
static void *count_up(void *unused)
{
	for (int i = 0; i < 50; i++) {
		struct error mine = ERROR_INIT;
		struct db *db;
		struct stmt *stmt;

		assert_true(db_take(pool, &db, &mine));
		assert_true(stmt_prepare(
			db, &stmt, "UPDATE counting SET n = n + 1", &mine));
		assert_true(stmt_run(stmt, &mine));
		db_give(pool, db);
	}
	return unused;
}

static void threads_share_it(void **state)
{
	pthread_t threads[8];
	struct db *db = take();

	(void)state;
	run(db, "CREATE TABLE counting (n INT) ENGINE=InnoDB", 0);
	run(db, "INSERT INTO counting VALUES (0)", 0);
	db_give(pool, db);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, count_up, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	db = take();
	assert_int_equal(ask(db, "SELECT n FROM counting"), 400);
	assert_in_range(ask(db, "SELECT COUNT(*) FROM "
				"information_schema.PROCESSLIST"
				" WHERE DB = 'test'"),
		1, 2);
	db_give(pool, db);
}

static void what_is_not_committed_is_undone(void **state)
{
	struct db *db = take();

	(void)state;
	run(db, "CREATE TABLE undone (a INT) ENGINE=InnoDB", 0);
	assert_true(db_begin(db, &err));
	run(db, "INSERT INTO undone VALUES (?)", 1);
	assert_true(db_commit(db, &err));
	assert_true(db_begin(db, &err));
	run(db, "INSERT INTO undone VALUES (?)", 2);
	db_rollback(db);
	assert_true(db_begin(db, &err));
	run(db, "INSERT INTO undone VALUES (?)", 3);
	db_give(pool, db);
	db = take();
	assert_int_equal(ask(db, "SELECT SUM(a) FROM undone"), 1);
	/* No transaction is open: this stays. */
	run(db, "INSERT INTO undone VALUES (?)", 4);
	db_give(pool, db);
	db = take();
	assert_int_equal(ask(db, "SELECT SUM(a) FROM undone"), 5);
	db_give(pool, db);
}

static void an_idle_one_that_was_killed_is_replaced(void **state)
{
	struct db *first = take();
	struct db *second = take();
	int64_t id = connection_id(second);

	(void)state;
	db_give(pool, second);
	run(first, "KILL ?", id);
	usleep(100000);
	second = take();
	assert_int_not_equal(connection_id(second), id);
	db_give(pool, second);
	db_give(pool, first);
}

static void a_server_that_was_restarted(void **state)
{
	struct db *first = take();
	struct db *second = take();
	struct db *none;

	(void)state;
	run(first, "CREATE TABLE restarted (a INT) ENGINE=InnoDB", 0);
	db_give(pool, first);
	db_give(pool, second);
	private_mariadb_end(&server, SIGKILL);
	assert_false(db_take(pool, &none, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	private_mariadb_launch(&server);
	first = take();
	second = take();
	assert_int_equal(ask(first, "SELECT COUNT(*) FROM restarted"), 0);
	assert_int_equal(ask(second, "SELECT COUNT(*) FROM restarted"), 0);
	db_give(pool, first);
	db_give(pool, second);
}

/* Nothing after the loss may run, on whatever connection. */
static void a_server_lost_in_a_transaction(void **state)
{
	struct db *db = take();

	(void)state;
	run(db, "CREATE TABLE lost (a INT) ENGINE=InnoDB", 0);
	assert_true(db_begin(db, &err));
	run(db, "INSERT INTO lost VALUES (?)", 1);
	private_mariadb_end(&server, SIGKILL);
	private_mariadb_launch(&server);
	assert_false(try_run(db, "INSERT INTO lost VALUES (?)", 2));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_false(try_run(db, "INSERT INTO lost VALUES (?)", 3));
	assert_false(db_commit(db, &err));
	db_give(pool, db);
	db = take();
	assert_int_equal(ask(db, "SELECT COUNT(*) FROM lost"), 0);
	db_give(pool, db);
}

static void *update_first_row(void *db)
{
	struct error mine = ERROR_INIT;
	struct stmt *stmt;
	bool ok =
		stmt_prepare(db, &stmt,
			"UPDATE deadlock SET a = a + 1 WHERE id = 1", &mine) &&
		stmt_run(stmt, &mine);

	/* The one who lives ends, so that the other's lock is free. */
	if (ok)
		db_rollback(db);
	return (void *)(uintptr_t)ok;
}

static void a_deadlock_ends_the_transaction(void **state)
{
	struct db *first = take();
	struct db *second = take();
	struct db *victim;
	pthread_t thread;
	void *second_ok;
	bool first_ok;

	(void)state;
	run(first,
		"CREATE TABLE deadlock (id INT PRIMARY KEY, a INT)"
		" ENGINE=InnoDB",
		0);
	run(first, "INSERT INTO deadlock VALUES (1, 0), (2, 0), (3, 0)", 0);
	assert_true(db_begin(first, &err));
	assert_true(db_begin(second, &err));
	run(first, "UPDATE deadlock SET a = a + 1 WHERE id = 1", 0);
	run(second, "UPDATE deadlock SET a = a + 1 WHERE id = 2", 0);
	assert_int_equal(
		pthread_create(&thread, NULL, update_first_row, second), 0);
	usleep(200000);
	first_ok =
		try_run(first, "UPDATE deadlock SET a = a + 1 WHERE id = 2", 0);
	if (first_ok)
		db_rollback(first);
	pthread_join(thread, &second_ok);
	assert_int_not_equal(first_ok, second_ok != NULL);
	victim = first_ok ? second : first;
	/* Without the transaction this would be committed at once. */
	assert_false(try_run(victim, "UPDATE deadlock SET a = 7", 0));
	assert_false(db_commit(victim, &err));
	assert_int_equal(ask(victim, "SELECT SUM(a) FROM deadlock"), 0);
	db_give(pool, first);
	db_give(pool, second);
}

/* A server that takes connections and never answers. */
static void a_server_that_hangs(void **state)
{
	struct db *db = take();
	struct db *none;
	int64_t began_ms;

	(void)state;
	db_give(pool, db);
	usleep(1100000);
	freeze(server.pid);
	began_ms = clock_monotonic_ms();
	assert_false(db_take(pool, &none, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_in_range(clock_monotonic_ms() - began_ms, 1000, 9000);
	kill(server.pid, SIGCONT);
	db = take();
	assert_int_equal(ask(db, "SELECT 3"), 3);
	db_give(pool, db);
}

static void write_password(const char *path, const char *password)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(
		write(fd, password, strlen(password)), strlen(password));
	close(fd);
}

static void with_password_of(const char *path, bool works)
{
	struct settings mine = settings;
	struct db_pool *other;
	struct db *db;

	mine.database_user = S("guarded");
	mine.database_password_file = str_of(path);
	assert_true(db_pool_new(&mine, &other, &err));
	assert_int_equal(db_take(other, &db, &err), works);
	if (works)
		db_give(other, db);
	else
		assert_null(strstr(error_detail(&err), "wrong horse"));
	db_pool_free(other);
}

static void passwords_of_file_and_environment(void **state)
{
	struct settings mine = settings;
	struct db_pool *other;
	struct db *db = take();
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/password", server.directory);
	run(db, "CREATE USER guarded@localhost IDENTIFIED BY 'right horse'", 0);
	run(db, "GRANT ALL ON test.* TO guarded@localhost", 0);
	db_give(pool, db);
	write_password(path, "right horse\n");
	with_password_of(path, true);
	write_password(path, "wrong horse\n");
	with_password_of(path, false);
	setenv("LLM_GATEWAY_DB_PASSWORD", "right horse", 1);
	with_password_of(path, true);
	unsetenv("LLM_GATEWAY_DB_PASSWORD");
	mine.database_password_file = S("/nonexistent/password");
	assert_false(db_pool_new(&mine, &other, &err));
	assert_int_equal(err.kind, ERR_CONFIG);
}

int main(void)
{
#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_pool, close_pool)
	const struct CMUnitTest tests[] = {
		TEST(one_given_back_is_taken_again),
		TEST(more_than_all_wait_and_give_up),
		TEST(a_waiting_one_is_served),
		TEST(threads_share_it),
		TEST(what_is_not_committed_is_undone),
		TEST(an_idle_one_that_was_killed_is_replaced),
		TEST(a_server_that_was_restarted),
		TEST(a_server_lost_in_a_transaction),
		TEST(a_deadlock_ends_the_transaction),
		TEST(a_server_that_hangs),
		TEST(passwords_of_file_and_environment),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
