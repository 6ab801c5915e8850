/* usage_list.c - who used what: sums, their order, pages, tenants. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/rollup.h"
#include "ledger/usage_list.h"

#include "database.h"

#define HOUR_MS INT64_C(3600000)

/* Calls of one key in one moment; their tokens, costs... are of all of them.
 * Organisation 2 is somebody else. */
static const struct calls {
	int64_t at_ms, organisation, project, key, count, errors, prompt,
		completion, cost, hits, saved;
} calls[] = {
	{ 0, 1, 11, 21, 1, 0, 5, 1, 900, 0, 0 },
	{ HOUR_MS, 1, 11, 21, 10, 1, 100, 10, 50, 2, 7 },
	{ HOUR_MS + 60001, 1, 12, 22, 20, 0, 10, 10, 40, 0, 0 },
	{ 2 * HOUR_MS, 1, 11, 21, 1, 0, 1, 0, 5, 1, 1 },
	{ 3 * HOUR_MS - 1, 1, 12, 23, 2, 2, 900, 0, 60, 0, 0 },
	{ 2 * HOUR_MS, 2, 13, 24, 99, 99, 9999, 99, 999, 0, 0 },
	{ 3 * HOUR_MS, 1, 11, 21, 1, 0, 5, 1, 900, 0, 0 },
};

static const struct usage_scope scope = {
	.organisation_id = 1,
	.step = USAGE_HOURS,
	.from_ms = HOUR_MS,
	.to_ms = 3 * HOUR_MS,
};

static void add_calls(struct db *db, const struct calls *of)
{
	struct error err = ERROR_INIT;

	for (int64_t i = 0; i < of->count; i++) {
		struct usage_record record;
		const struct usage_record *one = &record;

		usage_record_init(&record);
		record.started_unix_ms = of->at_ms;
		record.organisation_id = of->organisation;
		record.project_id = of->project;
		record.key_id = of->key;
		record.error = i < of->errors ? S("internal") : S("");
		record.cache_hit = i < of->hits;
		record.priced = true;
		if (i == 0) {
			record.tokens.prompt = of->prompt;
			record.tokens.completion = of->completion;
			record.cost_picousd = of->cost;
			record.saved_picousd = of->saved;
		}
		if (!rollup_add(db, &one, 1, &err))
			fail_msg("%s", error_detail(&err));
	}
}

static void fill(struct database *database)
{
	struct db *db = database_take(database);

	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		add_calls(db, &calls[i]);
	db_give(database->pool, db);
}

static struct usage_row *list(struct database *database,
	const struct usage_scope *of, enum usage_by by, enum usage_order order,
	size_t offset, size_t limit, size_t *count)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	struct usage_row *rows;

	if (!usage_list(db, of, by, order, offset, limit, &database->arena,
		    &rows, count, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
	return rows;
}

static void sums_are_of_the_span_and_the_organisation(void **state)
{
	struct database *database = *state;
	struct usage_row *rows;
	size_t count;

	fill(database);
	rows = list(
		database, &scope, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 3);
	assert_int_equal(rows[0].id, 23);
	assert_int_equal(rows[1].id, 21);
	assert_int_equal(rows[1].requests, 11);
	assert_int_equal(rows[1].errors, 1);
	assert_int_equal(rows[1].prompt_tokens, 101);
	assert_int_equal(rows[1].completion_tokens, 10);
	assert_int_equal(rows[1].cost_picousd, 55);
	assert_int_equal(rows[1].cache_hits, 3);
	assert_int_equal(rows[1].saved_picousd, 8);
	assert_int_equal(rows[2].id, 22);
	rows = list(database, &scope, USAGE_BY_PROJECT, USAGE_DEAREST, 0, 10,
		&count);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].id, 12);
	assert_int_equal(rows[0].cost_picousd, 100);
}

/* The other rollups of the same calls say the same. */
static void minutes_say_what_hours_say(void **state)
{
	struct database *database = *state;
	struct usage_scope of = scope;
	struct usage_row *rows;
	size_t count;

	fill(database);
	of.step = USAGE_MINUTES;
	rows = list(database, &of, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 3);
	assert_int_equal(rows[1].id, 21);
	assert_int_equal(rows[1].cost_picousd, 55);
	of.from_ms = HOUR_MS + 60000;
	of.to_ms = 3 * HOUR_MS - 60000;
	rows = list(database, &of, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 2);
	assert_int_equal(rows[0].id, 22);
	assert_int_equal(rows[1].cost_picousd, 5);
	of.step = USAGE_DAYS;
	of.from_ms = 0;
	of.to_ms = 24 * HOUR_MS;
	rows = list(database, &of, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 3);
	assert_int_equal(rows[0].id, 21);
	assert_int_equal(rows[0].requests, 13);
	of.to_ms = 0;
	list(database, &of, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 0);
}

/* Three weeks of a call a day: whole weeks are added to the days around them,
 * wherever the span begins and ends. */
static void users_are_exact_in_any_span(void **state)
{
	static const int64_t day_ms = 24 * HOUR_MS;
	struct database *database = *state;
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;
	size_t count;

	for (int64_t day = 0; day < 21; day++) {
		struct usage_record record;
		const struct usage_record *one = &record;

		usage_record_init(&record);
		record.started_unix_ms = day * day_ms + day;
		record.organisation_id = 1;
		record.project_id = 11;
		record.user = day % 2 ? S("ann") : S("bob");
		record.priced = true;
		record.cost_picousd = INT64_C(1) << day;
		assert_true(rollup_add(db, &one, 1, &err));
	}
	db_give(database->pool, db);
	for (int64_t from = 0; from < 21; from += 2) {
		for (int64_t to = from + 1; to <= 21; to += 3) {
			struct usage_scope of = { .organisation_id = 1,
				.project_id = to % 2 ? 11 : 0,
				.step = USAGE_DAYS,
				.from_ms = from * day_ms,
				.to_ms = to * day_ms };
			struct usage_row *rows = list(database, &of,
				USAGE_BY_USER, USAGE_DEAREST, 0, 9, &count);
			int64_t cost = 0, requests = 0;

			for (size_t i = 0; i < count; i++) {
				cost += rows[i].cost_picousd;
				requests += rows[i].requests;
			}
			assert_int_equal(requests, to - from);
			assert_int_equal(cost,
				(INT64_C(1) << to) - (INT64_C(1) << from));
			assert_int_equal(count, to - from > 1 ? 2 : 1);
		}
	}
}

/* More users than one statement takes; each name is one of two projects'. */
static void users_come_in_order_and_by_pages(void **state)
{
	enum { NAMES = 40 };
	struct database *database = *state;
	struct db *db = database_take(database);
	struct usage_scope of = { .organisation_id = 1,
		.step = USAGE_DAYS,
		.to_ms = 10 * 24 * HOUR_MS };
	struct error err = ERROR_INIT;
	size_t count, seen = 0;

	for (int64_t i = 0; i < 2 * NAMES; i++) {
		struct usage_record record;
		const struct usage_record *one = &record;

		usage_record_init(&record);
		record.started_unix_ms = i % 9 * 24 * HOUR_MS;
		record.organisation_id = 1;
		record.project_id = 11 + i / NAMES;
		record.user = arena_printf(
			&database->arena, "user-%" PRId64, i % NAMES);
		record.priced = true;
		record.cost_picousd = 1000 + i * 37 % 80;
		record.tokens.prompt = 5000 - i;
		assert_true(rollup_add(db, &one, 1, &err));
	}
	db_give(database->pool, db);
	for (size_t offset = 0; offset < 2 * NAMES; offset += 33) {
		struct usage_row *rows = list(database, &of, USAGE_BY_USER,
			USAGE_DEAREST, offset, 33, &count);

		for (size_t i = 0; i < count; i++, seen++)
			assert_int_equal(rows[i].cost_picousd,
				1000 + 79 - (int64_t)seen);
	}
	assert_int_equal(seen, 2 * NAMES);
	for (size_t i = 0; i < 2 * NAMES; i++) {
		struct usage_row *row = list(database, &of, USAGE_BY_USER,
			USAGE_MOST_TOKENS, i, 1, &count);

		assert_int_equal(row->prompt_tokens, 5000 - (int64_t)i);
		assert_int_equal(row->project_id, 11 + (int64_t)i / NAMES);
		assert_true(str_equal(row->name,
			arena_printf(&database->arena, "user-%zu", i % NAMES)));
	}
}

static void a_project_is_one_of_its_organisation(void **state)
{
	struct database *database = *state;
	struct usage_scope of = scope;
	struct usage_row *rows;
	size_t count;

	fill(database);
	of.project_id = 12;
	rows = list(
		database, &of, USAGE_BY_PROJECT, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].id, 12);
	for (of.step = USAGE_MINUTES; of.step <= USAGE_DAYS; of.step++) {
		of.project_id = 13; /* of organisation 2 */
		list(database, &of, USAGE_BY_PROJECT, USAGE_DEAREST, 0, 10,
			&count);
		assert_int_equal(count, 0);
		list(database, &of, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
		assert_int_equal(count, 0);
	}
}

static void each_order_is_its_own(void **state)
{
	static const struct {
		enum usage_order order;
		int64_t first, last;
	} cases[] = {
		{ USAGE_DEAREST, 23, 22 },
		{ USAGE_MOST_REQUESTS, 22, 23 },
		{ USAGE_MOST_TOKENS, 23, 22 },
		{ USAGE_MOST_ERRORS, 23, 22 },
	};
	struct database *database = *state;

	fill(database);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		size_t count;
		struct usage_row *rows = list(database, &scope, USAGE_BY_KEY,
			cases[i].order, 0, 10, &count);

		assert_int_equal(count, 3);
		assert_int_equal(rows[0].id, cases[i].first);
		assert_int_equal(rows[2].id, cases[i].last);
	}
}

static void pages_follow_each_other(void **state)
{
	struct database *database = *state;
	struct usage_scope one = scope;
	struct usage_row *rows;
	size_t count;

	fill(database);
	rows = list(
		database, &scope, USAGE_BY_KEY, USAGE_DEAREST, 1, 1, &count);
	assert_int_equal(count, 1);
	assert_int_equal(rows[0].id, 21);
	list(database, &scope, USAGE_BY_KEY, USAGE_DEAREST, 3, 1, &count);
	assert_int_equal(count, 0);
	one.project_id = 12;
	list(database, &one, USAGE_BY_KEY, USAGE_DEAREST, 0, 10, &count);
	assert_int_equal(count, 2);
}

static void every_subject_of_every_rollup_can_be_asked(void **state)
{
	struct database *database = *state;
	struct usage_scope of = scope;
	size_t count;

	for (of.step = USAGE_MINUTES; of.step <= USAGE_DAYS; of.step++) {
		for (enum usage_by by = USAGE_BY_PROJECT;
			by <= USAGE_BY_PROVIDER; by++) {
			if (by == USAGE_BY_USER && of.step != USAGE_DAYS)
				continue;
			list(database, &of, by, USAGE_DEAREST, 0, 10, &count);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			sums_are_of_the_span_and_the_organisation,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(minutes_say_what_hours_say,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(users_are_exact_in_any_span,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			users_come_in_order_and_by_pages, database_clear,
			database_done),
		cmocka_unit_test_setup_teardown(
			a_project_is_one_of_its_organisation, database_clear,
			database_done),
		cmocka_unit_test_setup_teardown(
			each_order_is_its_own, database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			pages_follow_each_other, database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			every_subject_of_every_rollup_can_be_asked,
			database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/usage_list", tests, database_start, database_stop);
}
