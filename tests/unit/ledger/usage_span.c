/* usage_span.c - wherever a span begins and ends, its sum is that of its calls,
 * and it is read from as few rows as there can be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/rollup.h"
#include "ledger/usage_sum.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
/* Four days, one call every seven minutes and a bit. */
#define CALLS 800
#define STEP_MS (INT64_C(432000) + 77)

static struct usage_record call(struct database *database, int64_t number)
{
	struct usage_record record = sample_record(&database->arena, number);

	record.started_unix_ms = SAMPLE_DAY_MS + number * STEP_MS;
	return record;
}

static void fill(struct database *database)
{
	static struct usage_record records[CALLS];
	static const struct usage_record *list[CALLS];
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	for (int64_t i = 0; i < CALLS; i++) {
		records[i] = call(database, i);
		list[i] = &records[i];
	}
	if (!rollup_add(db, list, CALLS, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static struct usage_sum sum(
	struct database *database, const struct usage_scope *scope)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct usage_sum out;

	if (!usage_sum_all(db, scope, &out, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	return out;
}

/* The same from the calls alone. */
static struct usage_sum expected(
	struct database *database, const struct usage_scope *scope)
{
	struct usage_sum out = { 0 };

	for (int64_t i = 0; i < CALLS; i++) {
		struct usage_record record = call(database, i);

		if (record.started_unix_ms < scope->from_ms ||
			record.started_unix_ms >= scope->to_ms ||
			(scope->project_id &&
				record.project_id != scope->project_id))
			continue;
		out.requests++;
		out.prompt_tokens += record.tokens.prompt;
		out.total_us += record.total_us;
		if (record.priced)
			out.cost_picousd += record.cost_picousd;
	}
	return out;
}

static void assert_exact(
	struct database *database, const struct usage_scope *scope)
{
	struct arena_mark mark = arena_mark(&database->arena);
	struct usage_sum is = sum(database, scope);
	struct usage_sum should = expected(database, scope);

	arena_rewind(&database->arena, mark);
	assert_int_equal(is.requests, should.requests);
	assert_int_equal(is.prompt_tokens, should.prompt_tokens);
	assert_int_equal(is.total_us, should.total_us);
	assert_int_equal(is.cost_picousd, should.cost_picousd);
}

static void exact_wherever_it_begins_and_ends(void **state)
{
	static const int64_t ends[] = { -DAY_MS, 0, 60000, HOUR_MS - 60000,
		HOUR_MS, 5 * HOUR_MS, 90 * 60000, DAY_MS - HOUR_MS,
		DAY_MS - 60000, DAY_MS, DAY_MS + 60000, DAY_MS + HOUR_MS,
		2 * DAY_MS, 3 * DAY_MS - HOUR_MS, 3 * DAY_MS + 90 * 60000,
		9 * DAY_MS };

	fill(*state);
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		for (size_t j = i; j < ARRAY_LEN(ends); j++) {
			struct usage_scope scope = { .organisation_id = 3,
				.project_id = j % 2 ? 11 : 0,
				.from_ms = SAMPLE_DAY_MS + ends[i],
				.to_ms = SAMPLE_DAY_MS + ends[j] };

			for (scope.step = USAGE_MINUTES;
				scope.step <= USAGE_DAYS; scope.step++) {
				int64_t step_ms = usage_step_ms(scope.step);

				if (ends[i] % step_ms == 0 &&
					ends[j] % step_ms == 0)
					assert_exact(*state, &scope);
			}
		}
	}
}

/* What is not asked cannot have been: those rows are gone. */
static void long_spans_need_days_alone(void **state)
{
	struct database *database = *state;
	struct usage_scope scope = { .organisation_id = 3,
		.step = USAGE_MINUTES,
		.from_ms = SAMPLE_DAY_MS,
		.to_ms = SAMPLE_DAY_MS + 3 * DAY_MS };

	fill(database);
	database_run(database, "DELETE FROM usage_minute");
	database_run(database, "DELETE FROM usage_scope_hour");
	assert_exact(database, &scope);
}

static void charts_are_of_their_scope(void **state)
{
	struct database *database = *state;
	struct usage_scope scope = { .organisation_id = 3,
		.from_ms = SAMPLE_DAY_MS,
		.to_ms = SAMPLE_DAY_MS + 2 * DAY_MS };
	struct db *db;
	struct error err = ERROR_INIT;

	fill(database);
	db = database_take(database);
	for (int64_t project = 0; project <= 11; project += 11) {
		struct usage_sum *sums;
		size_t count;

		scope.project_id = project;
		for (scope.step = USAGE_MINUTES; scope.step <= USAGE_DAYS;
			scope.step++) {
			struct usage_sum should = expected(database, &scope);
			int64_t requests = 0, before_ms = 0;

			assert_true(usage_sum_over_time(db, &scope,
				&database->arena, &sums, &count, &err));
			for (size_t i = 0; i < count; i++) {
				assert_true(sums[i].bucket_ms > before_ms);
				before_ms = sums[i].bucket_ms;
				requests += sums[i].requests;
			}
			assert_int_equal(requests, should.requests);
			if (scope.step == USAGE_DAYS)
				assert_int_equal(count, 2);
		}
	}
	db_give(database->pool, db);
}

static void nobody_sees_what_others_did(void **state)
{
	struct usage_scope scope = { .organisation_id = 4,
		.to_ms = SAMPLE_DAY_MS + 9 * DAY_MS };

	fill(*state);
	for (scope.step = USAGE_MINUTES; scope.step <= USAGE_DAYS;
		scope.step++) {
		scope.project_id = 0;
		assert_int_equal(sum(*state, &scope).requests, 0);
		scope.project_id = 11; /* of organisation 3 */
		assert_int_equal(sum(*state, &scope).requests, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			exact_wherever_it_begins_and_ends, database_clear,
			database_done),
		cmocka_unit_test_setup_teardown(long_spans_need_days_alone,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(charts_are_of_their_scope,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(nobody_sees_what_others_did,
			database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/usage_span", tests, database_start, database_stop);
}
