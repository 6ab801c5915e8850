/*
 * alert_evaluate.c - rules over totals, budgets and catalogue changes: when
 * alerts begin, when they end, and that two who look make one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"

#include "alert_tables.h"
#include "base/clock.h"
#include "ledger/alert_evaluate.h"
#include "ledger/rollup.h"

#include <pthread.h>

/* One minute's total of project 10. */
static void add_calls(struct database *database, int64_t at_ms,
	int64_t provider_id, int64_t calls, int64_t failed)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO usage_minute (bucket_ms, project_id, key_id,"
		    " model_id, provider_id, organisation_id, requests,"
		    " errors, total_requests, under_500ms)"
		    " VALUES (?, 10, 0, 0, ?, 3, ?, ?, ?, ?)"
		    " ON DUPLICATE KEY UPDATE"
		    " requests = requests + VALUES(requests),"
		    " errors = errors + VALUES(errors)",
		    &err))
		fail_msg("%s", error_detail(&err));
	stmt_bind_int(stmt, at_ms - at_ms % MINUTE_MS);
	stmt_bind_int(stmt, provider_id);
	stmt_bind_int(stmt, calls);
	stmt_bind_int(stmt, failed);
	stmt_bind_int(stmt, calls);
	stmt_bind_int(stmt, calls);
	if (!stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

/* The same of attempts at a provider. */
static void add_attempts(struct database *database, int64_t at_ms,
	int64_t provider_id, int64_t attempts, int64_t failed)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO attempts_minute (bucket_ms, project_id,"
		    " provider_id, organisation_id, attempts, failed)"
		    " VALUES (?, 10, ?, 3, ?, ?)",
		    &err))
		fail_msg("%s", error_detail(&err));
	stmt_bind_int(stmt, at_ms - at_ms % MINUTE_MS);
	stmt_bind_int(stmt, provider_id);
	stmt_bind_int(stmt, attempts);
	stmt_bind_int(stmt, failed);
	if (!stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void evaluate(struct database *database, int64_t now_ms)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!alert_evaluate(db, now_ms, 0, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

#define COUNT_OPEN(database)      \
	database_number(database, \
		"SELECT COUNT(*) FROM alerts WHERE closed_ms IS NULL")
#define COUNT_ALL(database) \
	database_number(database, "SELECT COUNT(*) FROM alerts")
#define COUNT_MESSAGES(database, event)                       \
	database_number(database,                             \
		"SELECT COUNT(*) FROM alert_deliveries WHERE" \
		" event = '" event "'")

static struct alert_rule error_rule(void)
{
	return (struct alert_rule){ .name = S("errors"),
		.kind = ALERT_ERROR_RATE,
		.threshold = 5000,
		.window_ms = 5 * MINUTE_MS,
		.quiet_ms = 10 * MINUTE_MS,
		.minimum_calls = 10 };
}

static void errors_begin_and_end_an_alert(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	add_calls(database, NOON_MS, 1, 9, 9);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_ALL(database), 0);
	add_calls(database, NOON_MS, 1, 1, 1);
	for (int i = 1; i <= 3; i++)
		evaluate(database, NOON_MS + i);
	assert_int_equal(COUNT_OPEN(database), 1);
	assert_int_equal(COUNT_MESSAGES(database, "opened"), 1);
	add_calls(database, NOON_MS, 1, 30, 0);
	for (int i = 4; i <= 6; i++)
		evaluate(database, NOON_MS + i);
	assert_int_equal(COUNT_OPEN(database), 0);
	assert_int_equal(COUNT_MESSAGES(database, "closed"), 1);
}

static void what_is_older_than_the_window_is_forgotten(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();

	alert_tables_rule(database, &rule);
	add_calls(database, NOON_MS - 5 * MINUTE_MS, 1, 10, 10);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_OPEN(database), 1);
	evaluate(database, NOON_MS + MINUTE_MS);
	assert_int_equal(COUNT_OPEN(database), 0);
}

/* It flaps: the second time is told when the quiet is over, as number 2. */
static void the_same_alert_is_quiet_for_a_while(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();
	int64_t now_ms = NOON_MS;

	alert_tables_rule(database, &rule);
	add_calls(database, now_ms, 1, 10, 10);
	evaluate(database, now_ms);
	now_ms += 6 * MINUTE_MS;
	evaluate(database, now_ms);
	assert_int_equal(COUNT_OPEN(database), 0);
	add_calls(database, now_ms, 1, 10, 10);
	evaluate(database, now_ms + 1);
	assert_int_equal(COUNT_ALL(database), 1);
	evaluate(database, NOON_MS + 10 * MINUTE_MS);
	assert_int_equal(COUNT_ALL(database), 2);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE occasion"
				 " = 'calls#2' AND closed_ms IS NULL"),
		1);
}

static void another_project_is_not_looked_at(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();

	rule.project_id = 20;
	rule.organisation_id = 4;
	alert_tables_rule(database, &rule);
	add_calls(database, NOON_MS, 1, 100, 100);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_ALL(database), 0);
}

static void a_provider_is_down_and_answers_again(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("down"),
		.kind = ALERT_PROVIDER_DOWN,
		.threshold = 50,
		.window_ms = 5 * MINUTE_MS,
		.minimum_calls = 5 };

	database_run(database,
		"INSERT INTO providers (id, name, dialect, base_url,"
		" created_ms) VALUES (1, 'good', 'openai_chat', 'x', 1),"
		" (2, 'bad', 'openai_chat', 'x', 1)");
	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	add_attempts(database, NOON_MS, 1, 100, 0);
	add_attempts(database, NOON_MS, 2, 5, 5);
	/* What the calls' rows say is another matter. */
	add_calls(database, NOON_MS, 1, 100, 100);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_OPEN(database), 1);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE subject ="
				 " 'provider/2' AND summary LIKE '%bad%'"),
		1);
	/* Nobody asks it any more: that is no news. */
	evaluate(database, NOON_MS + 30 * MINUTE_MS);
	assert_int_equal(COUNT_OPEN(database), 1);
	add_attempts(database, NOON_MS + 31 * MINUTE_MS, 2, 1, 0);
	evaluate(database, NOON_MS + 31 * MINUTE_MS);
	assert_int_equal(COUNT_OPEN(database), 0);
	assert_int_equal(COUNT_MESSAGES(database, "closed"), 1);
}

static void a_provider_that_is_gone_is_not_down(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("down"),
		.kind = ALERT_PROVIDER_DOWN,
		.threshold = 50,
		.window_ms = 5 * MINUTE_MS,
		.minimum_calls = 5 };

	database_run(database,
		"INSERT INTO providers (id, name, dialect, base_url,"
		" created_ms) VALUES (2, 'bad', 'openai_chat', 'x', 1)");
	alert_tables_rule(database, &rule);
	add_attempts(database, NOON_MS, 2, 5, 5);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_OPEN(database), 1);
	database_run(database, "DELETE FROM providers");
	evaluate(database, NOON_MS + 1);
	assert_int_equal(COUNT_OPEN(database), 0);
}

static void slow_calls_begin_an_alert(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("slow"),
		.kind = ALERT_LATENCY,
		.threshold = 480,
		.window_ms = 5 * MINUTE_MS,
		.minimum_calls = 10 };

	/* All of them within 250 to 500 ms: 487 by interpolation. */
	alert_tables_rule(database, &rule);
	add_calls(database, NOON_MS, 1, 100, 0);
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_OPEN(database), 1);
	rule.threshold = 488;
	alert_tables_rule(database, &rule);
	evaluate(database, NOON_MS + 1);
	assert_int_equal(COUNT_OPEN(database), 0);
}

/* One call of project 10 that cost so much. */
static void spend(struct database *database, int64_t number, int64_t at_ms,
	int64_t picousd, const char *user)
{
	struct db *db = database_take(database);
	struct usage_record record = sample_record(&database->arena, number);
	const struct usage_record *records[] = { &record };
	struct error err = ERROR_INIT;

	record.project_id = 10;
	record.started_unix_ms = at_ms;
	record.priced = true;
	record.cost_picousd = picousd;
	record.charged_picousd = picousd;
	record.user = str_of(user);
	if (!rollup_add(db, records, 1, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void a_budget_is_told_once_for_each_period_and_level(void **state)
{
	struct database *database = *state;
	int64_t day_ms = 1440 * MINUTE_MS;

	database_run(database,
		"INSERT INTO budgets (id, organisation_id, scope_kind,"
		" scope_id, period, limit_picousd, created_ms)"
		" VALUES (12, 3, 'project', 10, 'daily', 1000000000000, 1)");
	/* With a first channel comes the rule that watches it. */
	alert_tables_channel(database, 3, "mail");
	spend(database, 1, NOON_MS, 790000000000, "");
	evaluate(database, NOON_MS);
	assert_int_equal(COUNT_ALL(database), 0);
	spend(database, 2, NOON_MS, 10000000000, "");
	for (int i = 1; i <= 3; i++)
		evaluate(database, NOON_MS + i);
	assert_int_equal(COUNT_ALL(database), 1);
	spend(database, 3, NOON_MS, 300000000000, "");
	for (int i = 4; i <= 6; i++)
		evaluate(database, NOON_MS + i);
	assert_int_equal(COUNT_ALL(database), 2);
	assert_int_equal(COUNT_MESSAGES(database, "opened"), 2);
	/* The next day: what was is over, without a word. */
	evaluate(database, NOON_MS + day_ms);
	assert_int_equal(COUNT_OPEN(database), 0);
	assert_int_equal(COUNT_MESSAGES(database, "closed"), 0);
	spend(database, 4, NOON_MS + day_ms, 2000000000000, "");
	evaluate(database, NOON_MS + day_ms + 1);
	evaluate(database, NOON_MS + day_ms + 2);
	/* At once beyond its end: one message, not two. */
	assert_int_equal(COUNT_ALL(database), 3);
}

static void a_rule_takes_budgets_from_the_built_in_one(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = { .name = S("half"),
		.kind = ALERT_BUDGET,
		.threshold = 50,
		.project_id = 10 };

	database_run(database,
		"INSERT INTO budgets (id, organisation_id, scope_kind,"
		" scope_id, period, limit_picousd, created_ms)"
		" VALUES (12, 3, 'project', 10, 'daily', 1000000000000, 1),"
		" (13, 3, 'organisation', 3, 'daily', 1000000000000, 1)");
	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	spend(database, 1, NOON_MS, 850000000000, "");
	evaluate(database, NOON_MS);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE subject ="
				 " 'budget/12/50'"),
		1);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE subject ="
				 " 'budget/13/80'"),
		1);
	assert_int_equal(COUNT_ALL(database), 2);
}

static void each_users_budget_is_told_for_that_user(void **state)
{
	struct database *database = *state;

	database_run(database,
		"INSERT INTO budgets (id, organisation_id, scope_kind,"
		" scope_id, user_name, period, limit_picousd, created_ms)"
		" VALUES (14, 3, 'user', 10, '', 'daily', 1000000000000, 1)");
	alert_tables_channel(database, 3, "mail");
	spend(database, 1, NOON_MS, 850000000000, "ana");
	spend(database, 2, NOON_MS, 100000000000, "bob");
	spend(database, 3, NOON_MS, 900000000000, "eve");
	evaluate(database, NOON_MS);
	evaluate(database, NOON_MS + 1);
	assert_int_equal(COUNT_ALL(database), 2);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE summary"
				 " LIKE '%user ana: 85 %'"),
		1);
}

static void an_update_of_the_catalogue_is_told_once(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = {
		.name = S("prices"), .kind = ALERT_CATALOG, .threshold = 1
	};
	int64_t now_ms = clock_unix_ms() + 1000;

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	/* Before the rule was made; refused; and one that counts. */
	database_run(database,
		"INSERT INTO catalog_syncs (id, source, started_ms, result)"
		" VALUES (1, 'old', 1000, 'applied'), (2, 'bad',"
		" UNIX_TIMESTAMP() * 1000 + 5000, 'refused'), (3, 'new',"
		" UNIX_TIMESTAMP() * 1000 + 5000, 'applied')");
	database_run(database,
		"INSERT INTO catalog_changes (sync_id, provider, model, kind)"
		" VALUES (1, 'p', 'm', 'price_changed'), (2, 'p', 'm',"
		" 'price_changed'), (3, 'p', 'm', 'price_changed'),"
		" (3, 'p', 'n', 'model_added')");
	for (int i = 0; i < 3; i++)
		evaluate(database, now_ms + i);
	assert_int_equal(COUNT_ALL(database), 1);
	assert_int_equal(COUNT_OPEN(database), 0);
	assert_int_equal(COUNT_MESSAGES(database, "opened"), 1);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM alerts WHERE summary"
				 " LIKE '%1 prices, 1 new%'"),
		1);
}

struct looker {
	struct database *database;
	pthread_t thread;
	bool ok;
};

static void *look(void *context)
{
	struct looker *looker = context;
	struct error err;
	struct db *db;

	looker->ok = db_take(looker->database->pool, &db, &err);
	for (int i = 0; looker->ok && i < 20; i++)
		looker->ok = alert_evaluate(db, NOON_MS + i, 0, &err);
	if (looker->ok)
		db_give(looker->database->pool, db);
	return NULL;
}

static void two_who_look_make_one_alert(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();
	struct looker lookers[3];

	alert_tables_channel(database, 3, "mail");
	alert_tables_rule(database, &rule);
	add_calls(database, NOON_MS, 1, 100, 100);
	for (size_t i = 0; i < ARRAY_LEN(lookers); i++) {
		lookers[i].database = database;
		assert_int_equal(pthread_create(&lookers[i].thread, NULL, look,
					 &lookers[i]),
			0);
	}
	for (size_t i = 0; i < ARRAY_LEN(lookers); i++) {
		pthread_join(lookers[i].thread, NULL);
		assert_true(lookers[i].ok);
	}
	assert_int_equal(COUNT_ALL(database), 1);
	assert_int_equal(COUNT_MESSAGES(database, "opened"), 1);
}

static void processes_take_turns(void **state)
{
	struct database *database = *state;
	struct alert_rule rule = error_rule();
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	bool taken;

	alert_tables_rule(database, &rule);
	assert_true(
		alert_rule_take_turn(db, &rule, NOON_MS, 10000, &taken, &err));
	assert_true(taken);
	assert_true(alert_rule_take_turn(
		db, &rule, NOON_MS + 5000, 10000, &taken, &err));
	assert_false(taken);
	assert_true(alert_rule_take_turn(
		db, &rule, NOON_MS + 9900, 10000, &taken, &err));
	assert_true(taken);
	/* A clock that was set back keeps nobody away for ever. */
	assert_true(alert_rule_take_turn(
		db, &rule, NOON_MS - 99999, 10000, &taken, &err));
	assert_true(taken);
	db_give(database->pool, db);
}

static void rules_are_changed_listed_and_removed(void **state)
{
	struct database *database = *state;
	const struct str names[] = { STR("mail") };
	struct alert_rule rule = error_rule();
	struct alert_rule *rules;
	struct error err = ERROR_INIT;
	struct db *db = database_take(database);
	size_t count;
	int64_t id;

	alert_tables_channel(database, 3, "mail");
	rule.channels = names;
	rule.channel_count = 1;
	alert_tables_rule(database, &rule);
	alert_tables_rule(database, &rule);
	assert_true(
		alert_rule_list(db, 3, &database->arena, &rules, &count, &err));
	assert_int_equal(count, 2);
	assert_true(rules[0].built_in);
	assert_int_equal(rules[1].minimum_calls, 10);
	assert_true(alert_rule_load_channels(
		db, &database->arena, &rules[1], &err));
	assert_int_equal(rules[1].channel_count, 1);
	/* A rule may not lose its only channel. */
	assert_false(alert_channel_remove(db, 3, S("mail"), &id, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_true(alert_rule_remove(db, 3, S("errors"), &id, &err));
	assert_true(alert_channel_remove(db, 3, S("mail"), &id, &err));
	/* The built-in one is switched off and stays so. */
	assert_true(
		alert_rule_remove(db, 3, S(ALERT_BUILT_IN_NAME), &id, &err));
	alert_tables_channel(database, 3, "mail");
	assert_true(
		alert_rule_list(db, 3, &database->arena, &rules, &count, &err));
	assert_int_equal(count, 1);
	assert_false(rules[0].enabled);
	assert_false(alert_rule_remove(db, 3, S("errors"), &id, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	db_give(database->pool, db);
}

int main(void)
{
#define WITH_TABLES(test) \
	cmocka_unit_test_setup_teardown(test, alert_tables_clear, database_done)
	const struct CMUnitTest tests[] = {
		WITH_TABLES(errors_begin_and_end_an_alert),
		WITH_TABLES(what_is_older_than_the_window_is_forgotten),
		WITH_TABLES(the_same_alert_is_quiet_for_a_while),
		WITH_TABLES(another_project_is_not_looked_at),
		WITH_TABLES(a_provider_is_down_and_answers_again),
		WITH_TABLES(a_provider_that_is_gone_is_not_down),
		WITH_TABLES(slow_calls_begin_an_alert),
		WITH_TABLES(a_budget_is_told_once_for_each_period_and_level),
		WITH_TABLES(a_rule_takes_budgets_from_the_built_in_one),
		WITH_TABLES(each_users_budget_is_told_for_that_user),
		WITH_TABLES(an_update_of_the_catalogue_is_told_once),
		WITH_TABLES(two_who_look_make_one_alert),
		WITH_TABLES(processes_take_turns),
		WITH_TABLES(rules_are_changed_listed_and_removed),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
