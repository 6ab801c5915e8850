/* stmt.c - values of every kind there and back, errors, and re-use. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "../private_mariadb.h"

#define LONG_BYTES (1024 * 1024)

static struct private_mariadb server;
static struct db_pool *pool;
static struct db *db;
static struct error err;

static int start(void **state)
{
	struct settings settings;

	(void)state;
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	assert_true(db_pool_new(&settings, &pool, &err));
	return 0;
}

static int stop(void **state)
{
	(void)state;
	db_pool_free(pool);
	private_mariadb_stop(&server);
	return 0;
}

static int take(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	assert_true(db_take(pool, &db, &err));
	return 0;
}

static int give(void **state)
{
	(void)state;
	db_give(pool, db);
	return 0;
}

/* Run a statement that has no parameters. */
#define RUN(sql)                                               \
	do {                                                   \
		struct stmt *run_stmt;                         \
                                                               \
		if (!stmt_prepare(db, &run_stmt, (sql), &err)) \
			fail_msg("%s", error_detail(&err));    \
		if (!stmt_run(run_stmt, &err))                 \
			fail_msg("%s", error_detail(&err));    \
	} while (0)

static struct stmt *prepare(const char *sql)
{
	struct stmt *stmt = NULL;

	if (!stmt_prepare(db, &stmt, sql, &err))
		fail_msg("%s", error_detail(&err));
	return stmt;
}

static void run(struct stmt *stmt)
{
	if (!stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
}

static bool fetch(struct stmt *stmt)
{
	bool more;

	if (!stmt_fetch(stmt, &more, &err))
		fail_msg("%s", error_detail(&err));
	return more;
}

static void assert_str(struct str actual, struct str expected)
{
	assert_int_equal(actual.n, expected.n);
	assert_memory_equal(actual.p, expected.p, expected.n);
}

static void integers_of_every_size(void **state)
{
	static const int64_t values[] = { 0, 1, -1, 127, -128, 65536,
		INT64_C(-4294967297), INT64_MAX, INT64_MIN };
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE integers (position INT PRIMARY KEY, a BIGINT)");
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		stmt = prepare("INSERT INTO integers VALUES (?, ?)");
		stmt_bind_int(stmt, (int64_t)i);
		stmt_bind_int(stmt, values[i]);
		run(stmt);
		assert_int_equal(stmt_affected_rows(stmt), 1);
	}
	stmt = prepare("SELECT a FROM integers ORDER BY position");
	run(stmt);
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		char decimals[24];

		assert_true(fetch(stmt));
		assert_false(stmt_is_null(stmt, 0));
		assert_int_equal(stmt_int(stmt, 0), values[i]);
		snprintf(decimals, sizeof(decimals), "%" PRId64, values[i]);
		assert_str(stmt_str(stmt, 0), str_of(decimals));
	}
	assert_false(fetch(stmt));
	assert_false(fetch(stmt));
}

static void small_columns_read_negative(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE small (a TINYINT, b SMALLINT, c MEDIUMINT, d INT,"
	    " e TINYINT UNSIGNED, f INT UNSIGNED)");
	RUN("INSERT INTO small VALUES (-2, -300, -70000, -20000000, 255,"
	    " 4294967295)");
	stmt = prepare("SELECT a, b, c, d, e, f FROM small");
	run(stmt);
	assert_true(fetch(stmt));
	assert_int_equal(stmt_int(stmt, 0), -2);
	assert_int_equal(stmt_int(stmt, 1), -300);
	assert_int_equal(stmt_int(stmt, 2), -70000);
	assert_int_equal(stmt_int(stmt, 3), -20000000);
	assert_int_equal(stmt_int(stmt, 4), 255);
	assert_int_equal(stmt_int(stmt, 5), 4294967295);
}

static void null_reads_as_nothing(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE nothing (a BIGINT, b TEXT, c BIGINT, d TEXT,"
	    " e BIGINT, f TEXT)");
	stmt = prepare("INSERT INTO nothing VALUES (?, ?, ?, ?, ?, ?)");
	stmt_bind_null(stmt);
	stmt_bind_null(stmt);
	stmt_bind_int_or_null(stmt, 0);
	stmt_bind_str_or_null(stmt, S(""));
	stmt_bind_int_or_null(stmt, 5);
	stmt_bind_str_or_null(stmt, S("five"));
	run(stmt);
	stmt = prepare("SELECT a, b, c, d, e, f FROM nothing");
	run(stmt);
	assert_true(fetch(stmt));
	for (unsigned i = 0; i < 4; i++) {
		assert_true(stmt_is_null(stmt, i));
		assert_int_equal(stmt_int(stmt, i), 0);
		assert_int_equal(stmt_str(stmt, i).n, 0);
	}
	assert_int_equal(stmt_int(stmt, 4), 5);
	assert_str(stmt_str(stmt, 5), S("five"));
}

static void empty_is_not_null(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE empty (a TEXT NOT NULL)");
	stmt = prepare("INSERT INTO empty VALUES (?)");
	stmt_bind_str(stmt, (struct str){ NULL, 0 });
	run(stmt);
	stmt = prepare("SELECT a FROM empty");
	run(stmt);
	assert_true(fetch(stmt));
	assert_false(stmt_is_null(stmt, 0));
	assert_int_equal(stmt_str(stmt, 0).n, 0);
}

static void every_byte_there_and_back(void **state)
{
	char bytes[256];
	struct str all = { bytes, sizeof(bytes) };
	struct stmt *stmt;

	(void)state;
	for (int i = 0; i < 256; i++)
		bytes[i] = (char)i;
	RUN("CREATE TABLE bytes (a VARBINARY(300), b BINARY(32), c LONGBLOB,"
	    " UNIQUE KEY (b))");
	stmt = prepare("INSERT INTO bytes VALUES (?, ?, ?)");
	stmt_bind_str(stmt, all);
	stmt_bind_str(stmt, (struct str){ bytes + 200, 32 });
	stmt_bind_str(stmt, all);
	run(stmt);
	stmt = prepare("SELECT a, b, c FROM bytes WHERE b = ?");
	stmt_bind_str(stmt, (struct str){ bytes + 200, 32 });
	run(stmt);
	assert_true(fetch(stmt));
	assert_str(stmt_str(stmt, 0), all);
	assert_str(stmt_str(stmt, 1), (struct str){ bytes + 200, 32 });
	assert_str(stmt_str(stmt, 2), all);
}

static void text_beyond_the_basic_plane(void **state)
{
	struct str text = STR("\xc3\xb1 \xe2\x82\xac \xf0\x9f\x99\x82 '\"\\%");
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE texts (a VARCHAR(50) CHARACTER SET utf8mb4)");
	stmt = prepare("INSERT INTO texts VALUES (?)");
	stmt_bind_str(stmt, text);
	run(stmt);
	stmt = prepare("SELECT a, CHAR_LENGTH(a) FROM texts WHERE a = ?");
	stmt_bind_str(stmt, text);
	run(stmt);
	assert_true(fetch(stmt));
	assert_str(stmt_str(stmt, 0), text);
	assert_int_equal(stmt_int(stmt, 1), 10);
}

/* Long, short, long again: buffers grow while rows are read. */
static void long_values_between_short_ones(void **state)
{
	char *bytes = malloc(LONG_BYTES);
	static const size_t lengths[] = { 3, LONG_BYTES, 0, 127, 128, 129,
		70000, 1, LONG_BYTES - 1 };
	struct stmt *stmt;

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < LONG_BYTES; i++)
		bytes[i] = (char)(i * 31 + i / 251);
	RUN("CREATE TABLE longs (position INT, a LONGBLOB, b LONGBLOB)");
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		stmt = prepare("INSERT INTO longs VALUES (?, ?, ?)");
		stmt_bind_int(stmt, (int64_t)i);
		stmt_bind_str(stmt, (struct str){ bytes, lengths[i] });
		stmt_bind_str(stmt, (struct str){ bytes + 7, 150 });
		run(stmt);
	}
	for (int again = 0; again < 2; again++) {
		stmt = prepare("SELECT a, b FROM longs ORDER BY position");
		run(stmt);
		for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
			assert_true(fetch(stmt));
			assert_str(stmt_str(stmt, 0),
				(struct str){ bytes, lengths[i] });
			assert_str(stmt_str(stmt, 1),
				(struct str){ bytes + 7, 150 });
		}
		assert_false(fetch(stmt));
	}
	free(bytes);
}

static void sums_are_integers(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE money (a BIGINT)");
	RUN("INSERT INTO money VALUES (9000000000000000000), (-5)");
	stmt = prepare("SELECT SUM(a), COUNT(*), SUM(a) * 3 FROM money");
	run(stmt);
	assert_true(fetch(stmt));
	assert_int_equal(stmt_int(stmt, 0), INT64_C(8999999999999999995));
	assert_int_equal(stmt_int(stmt, 1), 2);
	assert_int_equal(stmt_int(stmt, 2), INT64_MAX);
}

static void statements_nest(void **state)
{
	struct stmt *outer;
	int64_t seen = 0;

	(void)state;
	RUN("CREATE TABLE nest (a INT)");
	RUN("INSERT INTO nest VALUES (1), (2), (3)");
	outer = prepare("SELECT a FROM nest ORDER BY a");
	run(outer);
	while (fetch(outer)) {
		struct stmt *inner =
			prepare("SELECT a * 10 FROM nest WHERE a = ?");

		stmt_bind_int(inner, stmt_int(outer, 0));
		run(inner);
		assert_true(fetch(inner));
		assert_int_equal(stmt_int(inner, 0), stmt_int(outer, 0) * 10);
		seen++;
	}
	assert_int_equal(seen, 3);
}

/* Half-read results must not leak into the next use of the statement. */
static void prepared_again_before_its_end(void **state)
{
	static const char sql[] = "SELECT a FROM again WHERE a >= ? ORDER BY a";
	struct stmt *first;
	struct stmt *second;

	(void)state;
	RUN("CREATE TABLE again (a INT)");
	RUN("INSERT INTO again VALUES (1), (2), (3)");
	first = prepare(sql);
	stmt_bind_int(first, 1);
	run(first);
	assert_true(fetch(first));
	second = prepare(sql);
	assert_ptr_equal(first, second);
	stmt_bind_int(second, 3);
	run(second);
	assert_true(fetch(second));
	assert_int_equal(stmt_int(second, 0), 3);
	assert_false(fetch(second));
}

static void ids_of_inserts(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE ids (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,"
	    " a INT)");
	for (int64_t i = 1; i <= 3; i++) {
		stmt = prepare("INSERT INTO ids (a) VALUES (?)");
		stmt_bind_int(stmt, i);
		run(stmt);
		assert_int_equal(stmt_insert_id(stmt), i);
	}
	stmt = prepare("UPDATE ids SET a = 9 WHERE id > ?");
	stmt_bind_int(stmt, 1);
	run(stmt);
	assert_int_equal(stmt_affected_rows(stmt), 2);
}

static void errors_name_no_values(void **state)
{
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE picky (a VARCHAR(20) CHARACTER SET utf8mb4,"
	    " b TINYINT, UNIQUE KEY picky_a (a))");
	for (int i = 0; i < 2; i++) {
		stmt = prepare("INSERT INTO picky (a) VALUES (?)");
		stmt_bind_str(stmt, S("secret for key 'x'"));
		assert_int_equal(stmt_run(stmt, &err), i == 0);
	}
	assert_int_equal(err.kind, ERR_DUPLICATE);
	assert_non_null(strstr(error_detail(&err), "picky_a"));
	assert_null(strstr(error_detail(&err), "secret"));

	stmt = prepare("INSERT INTO picky (a) VALUES (?)");
	stmt_bind_str(stmt, S("a secret that is far too long"));
	assert_false(stmt_run(stmt, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_non_null(strstr(error_detail(&err), "'a'"));
	assert_null(strstr(error_detail(&err), "secret"));

	stmt = prepare("INSERT INTO picky (a) VALUES (?)");
	stmt_bind_str(stmt, S("secret\xff"));
	assert_false(stmt_run(stmt, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_null(strstr(error_detail(&err), "secret"));

	stmt = prepare("INSERT INTO picky (b) VALUES (?)");
	stmt_bind_str(stmt, S("secret"));
	assert_false(stmt_run(stmt, &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_null(strstr(error_detail(&err), "secret"));
}

static void wrong_sql_is_an_error(void **state)
{
	struct stmt *stmt;

	(void)state;
	assert_false(
		stmt_prepare(db, &stmt, "SELECT nonsense FROM nowhere", &err));
	assert_int_equal(err.kind, ERR_DATABASE);
	assert_non_null(strstr(error_detail(&err), "nowhere"));
	/* The connection is as good as before. */
	stmt = prepare("SELECT 7");
	run(stmt);
	assert_true(fetch(stmt));
	assert_int_equal(stmt_int(stmt, 0), 7);
}

static void the_session_is_set_up(void **state)
{
	struct stmt *stmt = prepare("SELECT @@time_zone, @@tx_isolation,"
				    " @@character_set_client, @@sql_mode");

	(void)state;
	run(stmt);
	assert_true(fetch(stmt));
	assert_str(stmt_str(stmt, 0), S("+00:00"));
	assert_str(stmt_str(stmt, 1), S("READ-COMMITTED"));
	assert_str(stmt_str(stmt, 2), S("utf8mb4"));
	assert_true(str_find(stmt_str(stmt, 3), S("STRICT_ALL_TABLES")) <
		    stmt_str(stmt, 3).n);
}

static void a_table_that_changes_is_read_anew(void **state)
{
	static const char sql[] = "SELECT a FROM changing";
	struct stmt *stmt;

	(void)state;
	RUN("CREATE TABLE changing (a INT)");
	RUN("INSERT INTO changing VALUES (12)");
	stmt = prepare(sql);
	run(stmt);
	assert_true(fetch(stmt));
	RUN("ALTER TABLE changing MODIFY a VARCHAR(20)");
	stmt = prepare(sql);
	run(stmt);
	assert_true(fetch(stmt));
	assert_int_equal(stmt_int(stmt, 0), 12);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, take, give)
	const struct CMUnitTest tests[] = {
		TEST(integers_of_every_size),
		TEST(small_columns_read_negative),
		TEST(null_reads_as_nothing),
		TEST(empty_is_not_null),
		TEST(every_byte_there_and_back),
		TEST(text_beyond_the_basic_plane),
		TEST(long_values_between_short_ones),
		TEST(sums_are_integers),
		TEST(statements_nest),
		TEST(prepared_again_before_its_end),
		TEST(ids_of_inserts),
		TEST(errors_name_no_values),
		TEST(wrong_sql_is_an_error),
		TEST(the_session_is_set_up),
		TEST(a_table_that_changes_is_read_anew),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
