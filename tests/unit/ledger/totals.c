/* totals.c - sums by provider out of the rollups. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/totals.h"

#include "database.h"

#define ROWS(of)                                                                 \
	" (" of(1000, 1,                                                         \
		7) ", 100, 100, 100, 100),"                                      \
		   " (" of(2000, 1,                                              \
			   7) ", 1, 0, 10, 5),"                                  \
			      " (" of(2000, 2,                                   \
				      7) ", 2, 1, 20, 6),"                       \
					 " (" of(3000, 1,                        \
						 7) ", 3, 2, 30, 7),"            \
						    " (" of(3000, 1,             \
							    8) ", 4, 0, 40, 0)," \
							       " (" of(3000,     \
								       1,        \
								       0) ", 5, 5, 0, 0)"
#define MINUTE(at, tenant, provider) #at ", " #tenant ", " #provider
#define DAY(at, tenant, provider) \
	"'organisation', " #tenant ", 'provider', " #at ", " #provider

/* Of two tenants: projects where minutes are kept, organisations for days. */
static void fill(struct database *database)
{
	database_run(database,
		"INSERT INTO usage_minute (bucket_ms, project_id, provider_id,"
		" requests, errors, cost_picousd, saved_picousd) VALUES" ROWS(
			MINUTE));
	database_run(database,
		"INSERT INTO usage_scope_day (scope, scope_id, subject,"
		" bucket_ms, subject_id, requests, errors, cost_picousd,"
		" saved_picousd) VALUES" ROWS(DAY)
		/* What is no total of a provider, or is one of it again. */
		", ('organisation', 1, 'all', 3000, 0, 9, 9, 9, 9),"
		" ('organisation', 1, 'model', 3000, 7, 9, 9, 9, 9),"
		" ('project', 1, 'provider', 3000, 7, 9, 9, 9, 9)");
	database_run(database,
		"INSERT IGNORE INTO organisations (id, name, created_ms)"
		" VALUES (1, 'a', 0), (2, 'b', 0)");
}

static void load(struct database *database, enum totals_step step,
	int64_t from_ms, struct provider_total **totals, size_t *count)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!totals_by_provider(
		    db, step, from_ms, &database->arena, totals, count, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void assert_total(const struct provider_total *total, int64_t provider,
	int64_t requests, int64_t errors, int64_t cost, int64_t saved)
{
	assert_int_equal(total->provider_id, provider);
	assert_int_equal(total->requests, requests);
	assert_int_equal(total->errors, errors);
	assert_int_equal(total->cost_picousd, cost);
	assert_int_equal(total->saved_picousd, saved);
}

static void buckets_are_added_by_provider(void **state)
{
	struct database *database = *state;
	struct provider_total *totals;
	size_t count;

	load(database, TOTALS_DAYS, 0, &totals, &count);
	assert_int_equal(count, 0);
	fill(database);
	for (int step = TOTALS_MINUTES; step <= TOTALS_DAYS; step++) {
		load(database, (enum totals_step)step, 2000, &totals, &count);
		assert_int_equal(count, 3);
		assert_total(&totals[0], 0, 5, 5, 0, 0);
		assert_total(&totals[1], 7, 6, 3, 60, 18);
		assert_total(&totals[2], 8, 4, 0, 40, 0);
	}
	load(database, TOTALS_DAYS, 3001, &totals, &count);
	assert_int_equal(count, 0);
}

static void there_may_be_many(void **state)
{
	struct database *database = *state;
	struct provider_total *totals;
	size_t count;

	database_run(database,
		"INSERT INTO usage_scope_day (scope, scope_id, subject,"
		" bucket_ms, subject_id, requests) SELECT 'organisation', 0,"
		" 'provider', 1000, seq, seq FROM seq_1_to_100");
	load(database, TOTALS_DAYS, 0, &totals, &count);
	assert_int_equal(count, 100);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(totals[i].requests, i + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(buckets_are_added_by_provider,
			database_clear, database_done),
		cmocka_unit_test_setup_teardown(
			there_may_be_many, database_clear, database_done),
	};

	return cmocka_run_group_tests_name(
		"ledger/totals", tests, database_start, database_stop);
}
