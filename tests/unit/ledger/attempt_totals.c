/*
 * attempt_totals.c - what attempts say of their provider, and their sums by
 * minute.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/attempt_totals.h"
#include "ledger/batch.h"

#define MINUTE_MS INT64_C(60000)

static void assert_verdict(
	enum error_kind error, int64_t status, enum attempt_verdict expected)
{
	struct str name = error == ERR_NONE ? S("") : str_of(error_name(error));

	if (attempt_judge(name, status) != expected)
		fail_msg("%.*s %" PRId64, STR_ARG(name), status);
}

static void a_providers_fault_is_no_clients(void **state)
{
	static const int64_t faults[] = { 0, 200, 401, 402, 403, 408, 429, 500,
		503, 529 };
	static const int64_t clients[] = { 400, 404, 405, 409, 413, 415, 422 };

	(void)state;
	assert_verdict(ERR_NONE, 200, ATTEMPT_WELL);
	assert_verdict(ERR_UPSTREAM_CONNECT, 0, ATTEMPT_FAILED);
	assert_verdict(ERR_UPSTREAM_TIMEOUT, 0, ATTEMPT_FAILED);
	assert_verdict(ERR_UPSTREAM_RESET, 0, ATTEMPT_FAILED);
	assert_verdict(ERR_UPSTREAM_GARBAGE, 200, ATTEMPT_FAILED);
	assert_verdict(ERR_UPSTREAM_CUT, 200, ATTEMPT_FAILED);
	assert_verdict(ERR_CIRCUIT_OPEN, 0, ATTEMPT_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		assert_verdict(ERR_UPSTREAM_STATUS, faults[i], ATTEMPT_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(clients); i++)
		assert_verdict(ERR_UPSTREAM_STATUS, clients[i], ATTEMPT_WELL);
	assert_verdict(ERR_CLIENT_GONE, 200, ATTEMPT_SAYS_NOTHING);
	assert_verdict(ERR_RATE_LIMITED, 0, ATTEMPT_SAYS_NOTHING);
	assert_verdict(ERR_UNSUPPORTED, 0, ATTEMPT_SAYS_NOTHING);
}

static void add(struct database *database, const struct usage_record *record)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!db_begin(db, &err) || !attempt_totals_add(db, &record, 1, &err) ||
		!db_commit(db, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static struct usage_record record_of(int64_t minute, int64_t provider_id)
{
	struct usage_record record;

	usage_record_init(&record);
	record.started_unix_ms = SAMPLE_DAY_MS + minute * MINUTE_MS + 17;
	record.organisation_id = 3;
	record.project_id = 10;
	record.provider_id = provider_id;
	record.attempts = 1;
	record.status = 200;
	return record;
}

#define TOTALS(database, column, provider)                                  \
	database_number(database,                                           \
		"SELECT SUM(" column ") FROM attempts_minute"               \
		" WHERE provider_id = " provider " AND organisation_id = 3" \
		" AND project_id = 10")

/* The first provider failed, the second one saved the call. */
static void what_failover_saved_is_seen(void **state)
{
	struct database *database = *state;
	struct usage_record record = record_of(0, 2);
	struct attempt_record saved, failed, skipped;

	attempt_record_init(&saved);
	saved.provider_id = 2;
	saved.status = 200;
	attempt_record_init(&failed);
	failed.provider_id = 1;
	failed.status = 503;
	failed.error = S("upstream_error");
	failed.next = &saved;
	attempt_record_init(&skipped);
	skipped.provider_id = 1;
	skipped.error = S("circuit_open");
	skipped.next = &failed;
	record.attempt_list = &skipped;
	record.attempts = 2;
	add(database, &record);
	assert_int_equal(TOTALS(database, "attempts", "1"), 2);
	assert_int_equal(TOTALS(database, "failed", "1"), 2);
	assert_int_equal(TOTALS(database, "attempts", "2"), 1);
	assert_int_equal(TOTALS(database, "failed", "2"), 0);
}

static void a_call_without_a_list_had_one(void **state)
{
	struct database *database = *state;
	struct usage_record record = record_of(0, 1);

	add(database, &record);
	record.error = S("upstream_error");
	record.status = 400;
	add(database, &record);
	assert_int_equal(TOTALS(database, "attempts", "1"), 2);
	assert_int_equal(TOTALS(database, "failed", "1"), 0);
	/* The client left; the cache answered; it did not come to any. */
	record.error = S("client_gone");
	add(database, &record);
	record.error = S("");
	record.cache_hit = true;
	add(database, &record);
	record.cache_hit = false;
	record.attempts = 0;
	add(database, &record);
	assert_int_equal(TOTALS(database, "attempts", "1"), 2);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM attempts_minute"),
		1);
}

/* As many as the rows of the log say, in as few rows as there are minutes. */
static void a_batch_is_added_once(void **state)
{
	struct database *database = *state;
	struct batch_entry *entries = ARENA_ARRAY(
		&database->arena, struct batch_entry, BATCH_MAX_RECORDS);
	struct batch batch = { .file = S("a.journal"),
		.end = 1,
		.entries = entries,
		.count = BATCH_MAX_RECORDS };
	struct db *db = database_take(database);
	int64_t attempts = 0, failed = 0, found;
	struct error err = ERROR_INIT;

	for (int64_t i = 0; i < BATCH_MAX_RECORDS; i++) {
		struct usage_record *record = &entries[i].record;

		*record = sample_record(&database->arena, i);
		record->organisation_id = 3;
		record->project_id = 10;
		record->started_unix_ms = SAMPLE_DAY_MS + i % 4 * MINUTE_MS;
		for (const struct attempt_record *it = record->attempt_list; it;
			it = it->next) {
			attempts++;
			failed += it->error.n > 0;
		}
		attempts += !record->attempt_list && !record->cache_hit;
		failed += !record->attempt_list && !record->cache_hit &&
			  record->error.n > 0;
		batch_fit_record(record);
	}
	if (!batch_load_position(db, batch.file, &found, &err) ||
		!batch_store(db, &batch, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	assert_true(failed > 0 && failed < attempts);
	assert_int_equal(TOTALS(database, "attempts", "5"), attempts);
	assert_int_equal(TOTALS(database, "failed", "5"), failed);
	assert_int_equal(database_number(database,
				 "SELECT COUNT(*) FROM attempts_minute"),
		4);
}

#define WITH_TABLES(test) \
	cmocka_unit_test_setup_teardown(test, database_clear, database_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_providers_fault_is_no_clients),
		WITH_TABLES(what_failover_saved_is_seen),
		WITH_TABLES(a_call_without_a_list_had_one),
		WITH_TABLES(a_batch_is_added_once),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
