/*
 * audit.c - what was changed is written down, or refused, with the change.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/audit.h"

static const struct audit_entry change = {
	.organisation_id = 3,
	.actor_user_id = 9,
	.actor = STR("ana@example.org"),
	.action = STR("key.revoke"),
	.object_kind = STR("key"),
	.object_id = 17,
	.object_name = STR("web"),
	.before_json = STR("{\"revoked\":false}"),
	.after_json = STR("{\"revoked\":true}"),
	.client_ip = STR("192.0.2.1"),
};

static void an_entry_is_written_whole(void **state)
{
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!audit_write(db, &change, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	assert_int_equal(
		database_number(database,
			"SELECT COUNT(*) FROM audit WHERE organisation_id = 3"
			" AND actor_user_id = 9 AND actor = 'ana@example.org'"
			" AND action = 'key.revoke' AND object_kind = 'key'"
			" AND object_id = 17 AND object_name = 'web'"
			" AND before_json = '{\"revoked\":false}'"
			" AND after_json = '{\"revoked\":true}'"
			" AND client_ip = '192.0.2.1' AND at_ms BETWEEN"
			" UNIX_TIMESTAMP() * 1000 - 60000"
			" AND UNIX_TIMESTAMP() * 1000 + 60000"),
		1);
}

static void it_goes_back_with_its_transaction(void **state)
{
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	assert_true(db_begin(db, &err));
	assert_true(audit_write(db, &change, &err));
	db_rollback(db);
	db_give(database->pool, db);
	assert_int_equal(
		database_number(database, "SELECT COUNT(*) FROM audit"), 0);
}

static void little_is_enough_and_much_is_cut(void **state)
{
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct audit_entry entry = { .actor = STR("cli"),
		.action = STR("migrate"),
		.object_kind = STR("database") };
	char *name = arena_alloc(&database->arena, 1000);

	memset(name, 'n', 1000);
	assert_true(audit_write(db, &entry, &err));
	entry.object_name = (struct str){ name, 1000 };
	assert_true(audit_write(db, &entry, &err));
	db_give(database->pool, db);
	assert_int_equal(database_number(database,
				 "SELECT SUM(LENGTH(object_name)) FROM audit"
				 " WHERE before_json IS NULL"
				 " AND after_json IS NULL"),
		191);
}

static void what_is_no_json_is_refused(void **state)
{
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct audit_entry entry = change;

	entry.after_json = S("{\"a\":}");
	assert_false(audit_write(db, &entry, &err));
	assert_int_equal(err.kind, ERR_BAD_JSON);
	db_give(database->pool, db);
	assert_int_equal(
		database_number(database, "SELECT COUNT(*) FROM audit"), 0);
}

static int clear(void **state)
{
	database_run(*state, "DELETE FROM audit");
	return database_clear(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, clear, database_done)
	const struct CMUnitTest tests[] = {
		TEST(an_entry_is_written_whole),
		TEST(it_goes_back_with_its_transaction),
		TEST(little_is_enough_and_much_is_cut),
		TEST(what_is_no_json_is_refused),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
