/* request_contents.c - what is kept opens for its call alone, and after the
 * master key has changed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/request_contents.h"

#include "database.h"

#define OLD "1111111111111111111111111111111111111111111111111111111111111111"
#define NEW "2222222222222222222222222222222222222222222222222222222222222222"
#define LOST "3333333333333333333333333333333333333333333333333333333333333333"
/* More than are sealed anew at once. */
#define ROWS 45

static struct vault *vault_of(const char *keys)
{
	struct error err = ERROR_INIT;
	struct vault *vault;

	if (!vault_parse(str_of(keys), &vault, &err))
		fail_msg("%s", error_detail(&err));
	return vault;
}

static struct str seal(struct arena *arena, const struct vault *vault,
	const char *direction, const char *id, const char *body)
{
	struct buf plain = BUF_INIT(1024), sealed = BUF_INIT(2048);
	struct error err = ERROR_INIT;
	struct str blob;

	contents_write(S("{\"accept\":\"*/*\"}"), CONTENTS_WHOLE, str_of(body),
		&plain);
	assert_true(vault_seal(vault, contents_context(arena, direction, id),
		buf_str(&plain), &sealed, &err));
	blob = arena_copy(arena, buf_str(&sealed));
	buf_release(&plain);
	buf_release(&sealed);
	return blob;
}

/* Two to a millisecond, so that the id counts, too. */
static int64_t time_of(int number)
{
	return SAMPLE_DAY_MS + number / 2;
}

static struct str id_of(struct arena *arena, int number)
{
	return arena_printf(arena, "req_%03d", number);
}

static void keep(struct database *database, const struct vault *vault,
	int first, int count)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	for (int i = first; i < first + count; i++) {
		struct usage_record record;

		usage_record_init(&record);
		record.started_unix_ms = time_of(i);
		record.request_id = id_of(&database->arena, i);
		record.sealed_request = seal(&database->arena, vault, "request",
			record.request_id.p, "{\"asked\":1}");
		record.sealed_response = seal(&database->arena, vault,
			"response", record.request_id.p, "{\"said\":2}");
		assert_true(request_contents_insert(db, &record, &err));
	}
	db_give(database->pool, db);
}

static bool opens(
	struct database *database, const struct vault *vault, int number)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct request_contents contents;
	bool ok = request_contents_load(db, vault, time_of(number),
		id_of(&database->arena, number), &database->arena, &contents,
		&err);

	db_give(database->pool, db);
	if (!ok) {
		assert_int_equal(err.kind, ERR_CRYPTO);
		return false;
	}
	assert_true(str_equal(contents.request.body, S("{\"asked\":1}")));
	assert_true(str_equal(contents.response.body, S("{\"said\":2}")));
	assert_true(str_equal(
		contents.response.headers, S("{\"accept\":\"*/*\"}")));
	assert_int_equal(contents.request.kept, CONTENTS_WHOLE);
	return true;
}

static struct contents_rewrapped rewrap(
	struct database *database, const struct vault *vault)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct contents_rewrapped out;

	if (!request_contents_rewrap(db, vault, &out, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	return out;
}

static void what_is_kept_opens_for_its_call(void **state)
{
	struct database *database = *state;
	struct vault *vault = vault_of("1:" OLD);
	struct request_contents contents;
	struct error err = ERROR_INIT;
	struct db *db;
	bool exist;

	keep(database, vault, 0, 2);
	assert_true(opens(database, vault, 0) && opens(database, vault, 1));
	db = database_take(database);
	assert_true(request_contents_exist(
		db, time_of(1), S("req_001"), &exist, &err));
	assert_true(exist);
	assert_true(request_contents_exist(
		db, time_of(1), S("req_007"), &exist, &err));
	assert_false(exist);
	assert_false(request_contents_load(db, vault, time_of(1), S("req_007"),
		&database->arena, &contents, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	db_give(database->pool, db);
	/* A blob of another call is no answer. */
	database_run(database,
		"UPDATE request_contents a JOIN request_contents b"
		" ON b.request_id = 'req_000' SET a.response_body ="
		" b.response_body WHERE a.request_id = 'req_001'");
	assert_false(opens(database, vault, 1));
	vault_free(vault);
}

static void the_newest_key_is_enough_afterwards(void **state)
{
	struct database *database = *state;
	struct vault *old = vault_of("1:" OLD), *new = vault_of("2:" NEW);
	struct vault *both = vault_of("2:" NEW ",1:" OLD);
	struct vault *lost = vault_of("1:" LOST);
	struct contents_rewrapped done;

	keep(database, old, 0, ROWS);
	keep(database, lost, ROWS, 3);
	keep(database, both, ROWS + 3, 2);
	assert_false(opens(database, new, 0));
	done = rewrap(database, both);
	assert_int_equal(done.rows, ROWS);
	assert_int_equal(done.unreadable, 3);
	for (int i = 0; i < ROWS + 5; i++)
		assert_int_equal(
			opens(database, new, i), i < ROWS || i >= ROWS + 3);
	/* What nobody could open is as it was. */
	assert_true(opens(database, lost, ROWS));
	done = rewrap(database, both);
	assert_int_equal(done.rows, 0);
	assert_int_equal(done.unreadable, 3);
	vault_free(old);
	vault_free(new);
	vault_free(both);
	vault_free(lost);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
		TEST(what_is_kept_opens_for_its_call),
		TEST(the_newest_key_is_enough_afterwards),
	};

	return cmocka_run_group_tests_name("ledger/request_contents", tests,
		database_start, database_stop);
}
