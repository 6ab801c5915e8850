/* usage_list.c - who used what: sums, their order, pages, tenants. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/usage_list.h"

#include "database.h"

#define INSERT(table)                                                    \
	"INSERT INTO " table " (bucket_ms, organisation_id, project_id," \
	" key_id, requests, errors, prompt_tokens, completion_tokens,"   \
	" cost_picousd, cache_hits, saved_picousd) VALUES"               \
	" (0, 1, 11, 21, 1, 0, 5, 1, 900, 0, 0),"                        \
	" (1000, 1, 11, 21, 10, 1, 100, 10, 50, 2, 7),"                  \
	" (1000, 1, 12, 22, 20, 0, 10, 10, 40, 0, 0),"                   \
	" (2000, 1, 11, 21, 1, 0, 1, 0, 5, 1, 1),"                       \
	" (2000, 1, 12, 23, 2, 2, 900, 0, 60, 0, 0),"                    \
	" (2000, 2, 13, 24, 99, 99, 9999, 99, 999, 0, 0),"               \
	" (3000, 1, 11, 21, 1, 0, 5, 1, 900, 0, 0)"

static const struct usage_scope scope = {
	.organisation_id = 1,
	.step = USAGE_HOURS,
	.from_ms = 1000,
	.to_ms = 3000,
};

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

	database_run(database, INSERT("usage_hour"));
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

	database_run(database, INSERT("usage_hour"));
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

	database_run(database, INSERT("usage_hour"));
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
