/*
 * alert_queue.c - messages are claimed by one sender at a time, taken over
 * from a dead one, tried again, and given up in the end.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"

#include "alert_tables.h"
#include "ledger/alert_queue.h"

#include <pthread.h>

#define LEASE_MS 60000

static const struct alert_patience patience = { .attempts = 3,
	.retry_ms = 1000 };

/* An alert of a rule that speaks through all channels; its id. */
static int64_t open_alert(
	struct database *database, struct alert_rule *rule, struct str occasion)
{
	struct db *db = database_take(database);
	struct alert alert = { .opened_ms = NOON_MS,
		.subject = S("calls"),
		.occasion = occasion,
		.summary = S("It is bad"),
		.facts = S("{}") };
	struct error err = ERROR_INIT;

	if (!alert_open(db, rule, &alert, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	return alert.id;
}

static bool claim_at(struct database *database, struct db *db, int64_t now_ms,
	struct alert_delivery *out)
{
	struct error err = ERROR_INIT;
	bool found;

	if (!alert_queue_claim(db, now_ms, now_ms + LEASE_MS, &database->arena,
		    out, &found, &err))
		fail_msg("%s", error_detail(&err));
	return found;
}

static void an_occasion_is_told_once_to_each_channel(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	struct alert_delivery first, second, none;
	struct db *db;

	alert_tables_channel(database, 3, "mail");
	alert_tables_channel(database, 3, "chat");
	alert_tables_channel(database, 4, "of another organisation");
	alert_tables_rule(database, &rule);
	assert_true(open_alert(database, &rule, S("calls#1")) > 0);
	assert_int_equal(open_alert(database, &rule, S("calls#1")), 0);
	db = database_take(database);
	assert_true(claim_at(database, db, NOON_MS, &first));
	assert_true(claim_at(database, db, NOON_MS, &second));
	assert_int_not_equal(first.id, second.id);
	assert_false(claim_at(database, db, NOON_MS, &none));
	assert_true(str_equal(first.alert.summary, S("It is bad")));
	assert_true(str_equal(first.rule, S("errors")));
	assert_int_equal(first.kind, ALERT_ERROR_RATE);
	assert_true(str_equal(first.channel.target, S("ana@example.org")));
	db_give(database->pool, db);
}

static void a_rule_speaks_through_its_own_channels(void **state)
{
	struct database *database = *state;
	const struct str names[] = { STR("chat") };
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE,
		.channels = names,
		.channel_count = 1 };
	struct alert_delivery delivery;
	struct db *db;

	alert_tables_channel(database, 3, "mail");
	alert_tables_channel(database, 3, "chat");
	alert_tables_rule(database, &rule);
	open_alert(database, &rule, S("calls#1"));
	db = database_take(database);
	assert_true(claim_at(database, db, NOON_MS, &delivery));
	assert_true(str_equal(delivery.channel.name, S("chat")));
	assert_false(claim_at(database, db, NOON_MS, &delivery));
	db_give(database->pool, db);
}

struct claimer {
	struct database *database;
	pthread_t thread;
	int claimed;
};

static void *claim_all(void *context)
{
	struct claimer *claimer = context;
	struct db *db;
	struct error err;
	struct arena arena;
	struct alert_delivery delivery;
	bool found = true;

	arena_init(&arena, 4096);
	if (!db_take(claimer->database->pool, &db, &err))
		return NULL;
	while (alert_queue_claim(db, NOON_MS, NOON_MS + LEASE_MS, &arena,
		       &delivery, &found, &err) &&
		found)
		claimer->claimed++;
	db_give(claimer->database->pool, db);
	arena_release(&arena);
	return NULL;
}

/* Two senders, each with its own connection, empty the queue together. */
static void two_senders_share_the_queue(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	struct claimer claimers[2] = { { .database = database },
		{ .database = database } };
	int count = 60;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	for (int i = 0; i < count; i++)
		open_alert(database, &rule,
			arena_printf(&database->arena, "calls#%d", i + 1));
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&claimers[i].thread, NULL,
					 claim_all, &claimers[i]),
			0);
	for (int i = 0; i < 2; i++)
		pthread_join(claimers[i].thread, NULL);
	assert_int_equal(claimers[0].claimed + claimers[1].claimed, count);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM "
				 "alert_deliveries WHERE attempts = 1"),
		count);
}

static void a_dead_senders_message_is_taken_over(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	struct alert_delivery dead, heir;
	struct error err = ERROR_INIT;
	struct db *db;
	bool given_up;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	open_alert(database, &rule, S("calls#1"));
	db = database_take(database);
	assert_true(claim_at(database, db, NOON_MS, &dead));
	assert_false(claim_at(database, db, NOON_MS + LEASE_MS - 1, &heir));
	assert_true(claim_at(database, db, NOON_MS + LEASE_MS, &heir));
	assert_int_equal(heir.id, dead.id);
	assert_int_equal(heir.attempts, 2);
	/* It was only slow: its failure changes nothing any more. */
	assert_true(alert_queue_failed(db, &dead, &patience, S("slow"),
		NOON_MS + LEASE_MS, &given_up, &err));
	assert_true(alert_queue_sent(db, &heir, NOON_MS + LEASE_MS + 5, &err));
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alert_deliveries WHERE"
				 " state = 'sent' AND last_error = ''"),
		1);
	assert_false(claim_at(database, db, INT64_MAX / 2, &heir));
	db_give(database->pool, db);
}

static void a_message_is_tried_again_and_given_up(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	int64_t now_ms = NOON_MS;
	struct alert_delivery delivery;
	struct error err = ERROR_INIT;
	struct db *db;
	bool given_up = false;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	open_alert(database, &rule, S("calls#1"));
	db = database_take(database);
	for (int64_t attempt = 1; attempt <= 3; attempt++) {
		assert_true(claim_at(database, db, now_ms, &delivery));
		assert_int_equal(delivery.attempts, attempt);
		assert_true(alert_queue_failed(db, &delivery, &patience,
			S("answered 500"), now_ms, &given_up, &err));
		assert_int_equal(given_up, attempt == 3);
		now_ms += alert_queue_wait_ms(&patience, attempt);
		if (attempt < 3)
			assert_false(
				claim_at(database, db, now_ms - 1, &delivery));
	}
	assert_false(claim_at(database, db, INT64_MAX / 2, &delivery));
	assert_int_equal(
		database_number(database,
			"SELECT COUNT(*) FROM alert_deliveries WHERE state ="
			" 'given_up' AND last_error = 'answered 500'"),
		1);
	db_give(database->pool, db);
}

static void a_claim_can_be_given_back(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	struct alert_delivery delivery;
	struct error err = ERROR_INIT;
	struct db *db;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	open_alert(database, &rule, S("calls#1"));
	db = database_take(database);
	assert_true(claim_at(database, db, NOON_MS, &delivery));
	assert_true(alert_queue_release(db, &delivery, NOON_MS, &err));
	assert_true(claim_at(database, db, NOON_MS, &delivery));
	assert_int_equal(delivery.attempts, 1);
	db_give(database->pool, db);
}

static void the_end_waits_for_the_beginning(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("errors"),
		.kind = ALERT_ERROR_RATE };
	struct alert_delivery begin, end;
	struct error err = ERROR_INIT;
	struct db *db;
	int64_t id;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	id = open_alert(database, &rule, S("calls#1"));
	db = database_take(database);
	assert_true(claim_at(database, db, NOON_MS, &begin));
	/* Closed twice, as by two processes: told once. */
	for (int i = 0; i < 2; i++)
		assert_true(alert_close(
			db, rule.id, id, NOON_MS + 10 + i, true, &err));
	assert_false(claim_at(database, db, NOON_MS + 20, &end));
	assert_true(alert_queue_sent(db, &begin, NOON_MS + 20, &err));
	assert_true(claim_at(database, db, NOON_MS + 20, &end));
	assert_true(end.is_closed);
	assert_int_equal(end.alert.closed_ms, NOON_MS + 10);
	assert_true(alert_queue_sent(db, &end, NOON_MS + 20, &err));
	assert_false(claim_at(database, db, INT64_MAX / 2, &end));
	db_give(database->pool, db);
}

static void waits_double_up_to_an_hour(void **state)
{
	(void)state;
	assert_int_equal(alert_queue_wait_ms(&patience, 1), 1000);
	assert_int_equal(alert_queue_wait_ms(&patience, 2), 2000);
	assert_int_equal(alert_queue_wait_ms(&patience, 12), 2048000);
	assert_int_equal(alert_queue_wait_ms(&patience, 13), ALERT_MAX_WAIT_MS);
	assert_int_equal(
		alert_queue_wait_ms(&patience, 1000), ALERT_MAX_WAIT_MS);
}

int main(void)
{
#define WITH_TABLES(test) \
	cmocka_unit_test_setup_teardown(test, alert_tables_clear, database_done)
	const struct CMUnitTest tests[] = {
		WITH_TABLES(an_occasion_is_told_once_to_each_channel),
		WITH_TABLES(a_rule_speaks_through_its_own_channels),
		WITH_TABLES(two_senders_share_the_queue),
		WITH_TABLES(a_dead_senders_message_is_taken_over),
		WITH_TABLES(a_message_is_tried_again_and_given_up),
		WITH_TABLES(a_claim_can_be_given_back),
		WITH_TABLES(the_end_waits_for_the_beginning),
		cmocka_unit_test(waits_double_up_to_an_hour),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
