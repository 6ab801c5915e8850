/*
 * alert_channel.c - secrets are sealed for their row, and targets hidden.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"

#include "alert_tables.h"

#define SECRET "a-secret-that-nobody-may-see"

static struct vault *vault_of(const char *keys)
{
	struct vault *vault;
	struct error err = ERROR_INIT;

	if (!vault_parse(str_of(keys), &vault, &err))
		fail_msg("%s", error_detail(&err));
	return vault;
}

#define KEY_ONE \
	"1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_TWO \
	"2222222222222222222222222222222222222222222222222222222222222222"

static void save_webhook(
	struct database *database, struct vault *vault, const char *name)
{
	struct alert_channel channel = { .organisation_id = 3,
		.name = str_of(name),
		.kind = CHANNEL_WEBHOOK,
		.target = S("https://hooks.example.org/x") };
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	bool created;

	if (!alert_channel_save(db, vault, &channel, S(SECRET), &created, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void assert_opens(struct database *database, struct vault *vault,
	const char *name, bool opens)
{
	struct db *db = database_take(database);
	struct buf secret = BUF_INIT(ALERT_SECRET_MAX_BYTES);
	struct alert_channel channel;
	struct error err = ERROR_INIT;

	assert_true(alert_channel_find(
		db, 3, str_of(name), &database->arena, &channel, &err));
	assert_int_equal(
		alert_channel_open(vault, &channel, &secret, &err), opens);
	if (opens)
		assert_true(str_equal(buf_str(&secret), S(SECRET)));
	vault_wipe(&secret);
	db_give(database->pool, db);
}

static void a_secret_opens_in_its_row_alone(void **state)
{
	struct database *database = *state;
	struct vault *vault = vault_of(KEY_ONE);

	save_webhook(database, vault, "one");
	save_webhook(database, vault, "two");
	assert_opens(database, vault, "one", true);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alert_channels WHERE"
				 " INSTR(sealed, '" SECRET "') > 0"),
		0);
	database_run(database, "UPDATE alert_channels a JOIN alert_channels b"
			       " ON b.name = 'two' SET a.sealed = b.sealed"
			       " WHERE a.name = 'one'");
	assert_opens(database, vault, "one", false);
	assert_opens(database, vault, "two", true);
	vault_free(vault);
}

static void secrets_move_to_the_newest_key(void **state)
{
	struct database *database = *state;
	struct vault *old = vault_of(KEY_ONE);
	struct vault *both = vault_of("2:" KEY_TWO ",1:" KEY_ONE);
	struct vault *newest = vault_of("2:" KEY_TWO);
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	size_t count;

	save_webhook(database, old, "one");
	alert_tables_channel(database, 3, "mail");
	assert_true(alert_channels_check(db, old, &count, &err));
	assert_int_equal(count, 2);
	assert_false(alert_channels_check(db, newest, &count, &err));
	assert_non_null(strstr(error_message(&err), "'one'"));
	assert_false(alert_channels_rewrap(
		db, newest, &database->arena, &count, &err));
	assert_true(alert_channels_rewrap(
		db, both, &database->arena, &count, &err));
	assert_int_equal(count, 1);
	assert_true(alert_channels_check(db, newest, &count, &err));
	assert_opens(database, newest, "one", true);
	db_give(database->pool, db);
	vault_free(old);
	vault_free(both);
	vault_free(newest);
}

static void a_target_is_hidden(void **state)
{
	static const struct {
		enum alert_channel_kind kind;
		const char *target, *hint;
	} cases[] = {
		{ CHANNEL_EMAIL, "ana@example.org", "ana@example.org" },
		{ CHANNEL_SLACK,
			"https://hooks.slack.com/services/T0/B0/abcdefgh1234",
			"https://hooks.slack.com/...1234" },
		{ CHANNEL_SLACK, "https://hooks.slack.com/short",
			"https://hooks.slack.com/..." },
		{ CHANNEL_WEBHOOK, "http://[::1]:8080/a/b?token=x",
			"http://[::1]:8080/..." },
		{ CHANNEL_WEBHOOK, "https://a.example?token=secret-token",
			"https://a.example/..." },
	};
	struct database *database = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alert_channel channel = { .kind = cases[i].kind,
			.target = str_of(cases[i].target) };

		assert_string_equal(
			arena_cstr(&database->arena,
				alert_channel_hint(&channel, &database->arena)),
			cases[i].hint);
	}
}

int main(void)
{
#define WITH_TABLES(test) \
	cmocka_unit_test_setup_teardown(test, alert_tables_clear, database_done)
	const struct CMUnitTest tests[] = {
		WITH_TABLES(a_secret_opens_in_its_row_alone),
		WITH_TABLES(secrets_move_to_the_newest_key),
		WITH_TABLES(a_target_is_hidden),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
