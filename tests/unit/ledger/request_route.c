/* request_route.c - what a router saved, out of what it wrote of its choices.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "database.h"
#include "ledger/request_route.h"

#define ROUTE(MS, ID, PROJECT, CANDIDATES)                                 \
	"INSERT INTO request_routes (started_ms, request_id, project_id, " \
	"reason, candidates) VALUES (" #MS ", '" ID "', " #PROJECT         \
	", 'because', '" CANDIDATES "')"
#define CHEAP "{\"quality\": 60, \"expected_cost_usd\": \"0.01\"}"
#define DEAR "{\"quality\": 90.5, \"expected_cost_usd\": \"0.25\"}"
#define DROPPED \
	"{\"quality\": 99, \"expected_cost_usd\": \"9\", \"dropped\": \"tools\"}"

static void ask(struct database *database, int64_t since_ms, int64_t limit,
	struct route_savings *savings, struct route_choice choices[2],
	size_t *count)
{
	struct db *db = database_take(database);
	struct error err = ERROR_INIT;

	if (!request_route_savings(db, 7, since_ms, limit, savings, choices, 2,
		    count, &database->arena, &err))
		fail_msg("%s", error_detail(&err));
	db_give(database->pool, db);
}

static void the_choice_is_held_against_the_best(void **state)
{
	struct database *database = *state;
	struct route_choice choices[2];
	struct route_savings savings;
	size_t count;

	database_run(database,
		ROUTE(1000, "a", 7, "[" CHEAP "," DEAR "," DROPPED "]"));
	database_run(database, ROUTE(2000, "b", 7, "[" DEAR "," CHEAP "]"));
	database_run(database, ROUTE(3000, "c", 7, "[{\"model\": \"m\"}]"));
	database_run(database, ROUTE(4000, "d", 8, "[" CHEAP "," DEAR "]"));
	ask(database, 0, 100, &savings, choices, &count);
	assert_int_equal(savings.calls, 2);
	assert_int_equal(savings.chosen_picousd, 260000000000);
	assert_int_equal(savings.best_picousd, 500000000000);
	assert_int_equal(count, 2);
	assert_true(str_equal(choices[0].request_id, S("c")));
	assert_true(str_equal(choices[1].request_id, S("b")));
	assert_true(str_equal(choices[0].reason, S("because")));
	ask(database, 1500, 100, &savings, choices, &count);
	assert_int_equal(savings.calls, 1);
	ask(database, 0, 2, &savings, choices, &count);
	assert_int_equal(savings.calls, 1);
}

static void no_choice_saves_nothing(void **state)
{
	struct database *database = *state;
	struct route_choice choices[2];
	struct route_savings savings;
	size_t count;

	ask(database, 0, 100, &savings, choices, &count);
	assert_int_equal(savings.calls, 0);
	assert_int_equal(savings.best_picousd, 0);
	assert_int_equal(count, 0);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, database_clear, database_done)
	const struct CMUnitTest tests[] = {
		TEST(the_choice_is_held_against_the_best),
		TEST(no_choice_saves_nothing),
	};

	return cmocka_run_group_tests(tests, database_start, database_stop);
}
