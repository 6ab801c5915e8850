/*
 * alert_tables.h - an organisation with projects, keys, channels and rules,
 * for the tests of alerts. Include it after database.h.
 */
#ifndef TESTS_LEDGER_ALERT_TABLES_H
#define TESTS_LEDGER_ALERT_TABLES_H

#include "ledger/alert_channel.h"
#include "ledger/alert_rule.h"

/* 2026-11-21T12:00:30Z */
#define NOON_MS (SAMPLE_DAY_MS + INT64_C(43230000))
#define MINUTE_MS INT64_C(60000)

/* For each test's set-up: organisation 3 with project 10, and 4 with 20. */
static inline int alert_tables_clear(void **state)
{
	struct database *database = *state;

	database_run(database, "DELETE FROM alert_deliveries");
	database_run(database, "DELETE FROM alerts");
	database_run(database, "DELETE FROM alert_rules");
	database_run(database, "DELETE FROM alert_channels");
	database_run(database, "DELETE FROM budgets");
	database_run(database, "DELETE FROM catalog_syncs");
	database_run(database, "DELETE FROM providers");
	database_run(database,
		"INSERT IGNORE INTO organisations (id, name, created_ms)"
		" VALUES (3, 'default', 1), (4, 'other', 1)");
	database_run(database,
		"INSERT IGNORE INTO projects (id, organisation_id, name,"
		" created_ms) VALUES (10, 3, 'shop', 1), (20, 4, 'else', 1)");
	return database_clear(state);
}

/* An e-mail channel of that organisation. */
static inline int64_t alert_tables_channel(
	struct database *database, int64_t organisation_id, const char *name)
{
	struct alert_channel channel = { .organisation_id = organisation_id,
		.name = str_of(name),
		.kind = CHANNEL_EMAIL,
		.target = S("ana@example.org") };
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	bool created;

	if (!alert_channel_save(db, NULL, &channel, S(""), &created, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	return channel.id;
}

/* Save a rule of organisation 3 unless it says another. */
static inline void alert_tables_rule(
	struct database *database, struct alert_rule *rule)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	bool created;

	if (!rule->organisation_id)
		rule->organisation_id = 3;
	if (!alert_rule_save(db, rule, &created, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

#endif
