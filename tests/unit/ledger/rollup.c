/* rollup.c - tests/bigdata/rollups.sql, which fills a database at once, makes
 * exactly the totals that the gateway makes call by call. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "database.h"
#include "ledger/batch.h"

#define DAY_MS INT64_C(86400000)
#define CALLS 500
/* Three days. */
#define STEP_MS (INT64_C(500000) + 77)
#define MAX_FILE_BYTES 65536

/* Unknown is what can be unknown, each in some calls. */
static struct usage_record call(struct database *database, int64_t number)
{
	struct usage_record record = sample_record(&database->arena, number);

	record.started_unix_ms = SAMPLE_DAY_MS + number * STEP_MS;
	if (number % 13 == 0)
		record.organisation_id = record.key_id = record.project_id = 0;
	if (number % 17 == 0)
		record.model_id = record.provider_id = 0;
	if (number % 19 == 0)
		record.user = S("");
	if (number % 23 == 0) {
		record.total_us = record.queue_us = record.gateway_us = -1;
		record.tokens.prompt = record.tokens.completion = -1;
	}
	return record;
}

static void store(struct database *database)
{
	static struct batch_entry entries[BATCH_MAX_RECORDS];
	struct batch batch = { .file = S("a.journal"),
		.end = 1,
		.entries = entries,
		.count = CALLS };
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	int64_t found;

	_Static_assert(CALLS <= BATCH_MAX_RECORDS, "one batch");
	for (int64_t i = 0; i < CALLS; i++) {
		entries[i] =
			(struct batch_entry){ .record = call(database, i) };
		batch_fit_record(&entries[i].record);
	}
	if (!batch_load_position(db, batch.file, &found, &err) ||
		!batch_store(db, &batch, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void run_text(struct db *db, struct str text)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "BEGIN NOT ATOMIC EXECUTE IMMEDIATE ?; END", &err))
		fail_msg("%s", error_detail(&err));
	stmt_bind_str(stmt, text);
	if (!stmt_run(stmt, &err))
		fail_msg("%.*s: %s", STR_ARG(text), error_detail(&err));
}

/* Each ';' at the end of a line ends a statement. */
static void run_file(struct database *database, int64_t day_ms)
{
	char bytes[MAX_FILE_BYTES];
	FILE *file = fopen("tests/bigdata/rollups.sql", "r");
	struct db *db = database_take(database);
	struct str rest;

	assert_non_null(file);
	rest = (struct str){ bytes, fread(bytes, 1, sizeof(bytes), file) };
	fclose(file);
	assert_in_range(rest.n, 1000, sizeof(bytes) - 1);
	run_text(db, arena_printf(&database->arena,
			     "SET @minutes = 1, @day_ms = %" PRId64, day_ms));
	while (rest.n > 1) {
		size_t end = str_find(rest, S(";\n"));

		run_text(db, str_head(rest, end));
		rest = str_from(rest, end + 2);
	}
	db_give(database->pool, db);
}

static void assert_same(struct database *database, const char *table)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool more;

	run_text(db, arena_printf(&database->arena,
			     "SET @rows = (SELECT COUNT(*) FROM %s)", table));
	run_text(db,
		arena_printf(&database->arena,
			"SET @wrong = (SELECT COUNT(*) FROM"
			" ((SELECT * FROM %s EXCEPT SELECT * FROM kept_%s)"
			" UNION ALL"
			" (SELECT * FROM kept_%s EXCEPT SELECT * FROM %s)) d)",
			table, table, table, table));
	assert_true(stmt_prepare(db, &stmt, "SELECT @rows, @wrong", &err));
	assert_true(stmt_run(stmt, &err) && stmt_fetch(stmt, &more, &err));
	assert_true(stmt_int(stmt, 0) > 10);
	assert_int_equal(stmt_int(stmt, 1), 0);
	db_give(database->pool, db);
}

static void one_statement_is_as_many_calls(void **state)
{
	static const char *const tables[] = { "usage_minute",
		"usage_scope_hour", "usage_scope_day", "usage_user_day" };
	struct database *database = *state;

	store(database);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
		struct db *db = database_take(database);

		run_text(db, arena_printf(&database->arena,
				     "CREATE TABLE kept_%s AS SELECT * FROM %s",
				     tables[i], tables[i]));
		run_text(db, arena_printf(&database->arena, "DELETE FROM %s",
				     tables[i]));
		db_give(database->pool, db);
	}
	for (int64_t day = 0; day * DAY_MS < CALLS * STEP_MS; day++)
		run_file(database, SAMPLE_DAY_MS + day * DAY_MS);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		assert_same(database, tables[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_statement_is_as_many_calls,
			database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/rollup", tests, database_start, database_stop);
}
