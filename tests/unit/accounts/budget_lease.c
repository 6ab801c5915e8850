/*
 * budget_lease.c - grants of one budget to several hosts: together never more
 * than the limit, whoever races and whoever dies.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "accounts/budget.h"
#include "accounts/budget_lease.h"
#include "accounts/project.h"
#include "db/migrate.h"

#include "../private_mariadb.h"

#define START_MS INT64_C(1795219200000)
#define DAY_MS INT64_C(86400000)
#define NOW_MS (START_MS + 3600000)

static struct private_mariadb server;
static struct settings settings;
static struct db_pool *pool;
static struct db *db;
static struct arena arena;
static struct project project;
static struct budget_part part;

static int64_t number(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err) ||
		!stmt_fetch(stmt, &found, &err))
		fail_msg("%s", error_detail(&err));
	return stmt_int(stmt, 0);
}

/* What the period says is the sum of its leases, and within the limit. */
static int64_t assert_sums(void)
{
	int64_t sum = number("SELECT SUM(granted_picousd) FROM budget_periods");

	assert_int_equal(number("SELECT COALESCE(SUM(granted_picousd), 0) FROM "
				"budget_leases"),
		sum);
	assert_true(sum <= part.limit_picousd);
	return sum;
}

static void begin(const struct budget_share *spent, size_t count)
{
	struct error err = ERROR_INIT;

	if (!budget_lease_begin(db, &part, spent, count, NOW_MS, &err))
		fail_msg("%s", error_detail(&err));
}

static int64_t take(struct db *with, const char *host, int64_t wanted,
	int64_t slice, int64_t now_ms)
{
	struct error err = ERROR_INIT;
	int64_t granted;

	if (!budget_lease_take(with, &part, str_of(host), wanted, slice, now_ms,
		    &granted, &err))
		fail_msg("%s", error_detail(&err));
	return granted;
}

static int64_t held(const char *host)
{
	struct error err = ERROR_INIT;
	int64_t granted;
	bool begun;

	assert_true(budget_lease_find(
		db, &part, str_of(host), &begun, &granted, &err));
	return begun ? granted : -1;
}

static size_t expired(struct budget_lease *out, int64_t now_ms)
{
	struct error err = ERROR_INIT;
	size_t count;

	assert_true(
		budget_lease_expired(db, now_ms, &arena, out, 4, &count, &err));
	return count;
}

static void a_period_must_be_begun(void **state)
{
	const struct budget_share spent[] = { { STR("a"), 30 },
		{ STR("b"), 5 } };
	struct error err = ERROR_INIT;
	int64_t granted;

	(void)state;
	assert_int_equal(held("a"), -1);
	assert_false(budget_lease_take(
		db, &part, S("a"), 1, 10, NOW_MS, &granted, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	begin(spent, 2);
	assert_int_equal(held("a"), 30);
	assert_int_equal(held("b"), 5);
	assert_int_equal(held("c"), 0);
	assert_int_equal(assert_sums(), 35);
	/* Another host's look at the log changes nothing any more. */
	begin(&(struct budget_share){ S("a"), 31 }, 1);
	assert_int_equal(assert_sums(), 35);
}

static void slices_until_nothing_is_left(void **state)
{
	(void)state;
	begin(NULL, 0);
	assert_int_equal(take(db, "a", 3, 10, NOW_MS), 10);
	assert_int_equal(take(db, "b", 25, 10, NOW_MS), 30);
	assert_int_equal(take(db, "a", 10, 10, NOW_MS), 10);
	assert_int_equal(held("a"), 20);
	assert_int_equal(take(db, "a", 7, 0, NOW_MS), 7);
	/* 43 are left. */
	assert_int_equal(take(db, "b", INT64_MAX, 10, NOW_MS), 43);
	assert_int_equal(take(db, "a", 1, 10, NOW_MS), 0);
	assert_int_equal(assert_sums(), 100);
}

static void what_is_given_back_can_be_taken(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	begin(NULL, 0);
	assert_int_equal(take(db, "a", 100, 10, NOW_MS), 100);
	assert_true(budget_lease_return(db, &part, S("a"), 60, &err));
	assert_int_equal(held("a"), 40);
	assert_int_equal(take(db, "b", 50, 10, NOW_MS), 50);
	/* More than it holds is all of it; of another host nothing. */
	assert_true(budget_lease_return(db, &part, S("a"), 1000, &err));
	assert_int_equal(held("a"), 0);
	assert_true(budget_lease_return(db, &part, S("c"), 7, &err));
	assert_int_equal(assert_sums(), 50);
}

/* A limit that was lowered, or was passed before the period was begun. */
static void nothing_is_left_of_less_than_nothing(void **state)
{
	(void)state;
	begin(&(struct budget_share){ S("a"), 100 }, 1);
	part.limit_picousd = 90;
	assert_int_equal(take(db, "b", 1, 1, NOW_MS), 0);
	part.limit_picousd = 110;
	assert_int_equal(take(db, "b", 1, 100, NOW_MS), 10);
	assert_sums();
}

static void users_and_periods_are_apart(void **state)
{
	struct budget_part day = part;

	(void)state;
	part.user = S("ana");
	begin(NULL, 0);
	assert_int_equal(take(db, "a", 100, 1, NOW_MS), 100);
	part.user = S("bea");
	assert_int_equal(held("a"), -1);
	begin(NULL, 0);
	assert_int_equal(take(db, "a", 100, 1, NOW_MS), 100);
	part = day;
	part.period_start_ms += DAY_MS;
	part.period_end_ms += DAY_MS;
	begin(NULL, 0);
	assert_int_equal(take(db, "a", 100, 1, NOW_MS), 100);
}

static void leases_of_the_gone_are_reclaimed(void **state)
{
	int64_t late = NOW_MS + BUDGET_LEASE_MS + BUDGET_LEASE_CLOCKS_MS;
	struct budget_lease leases[4];
	struct error err = ERROR_INIT;
	int64_t back;

	(void)state;
	begin(NULL, 0);
	take(db, "a", 60, 1, NOW_MS);
	take(db, "b", 40, 1, NOW_MS);
	assert_int_equal(expired(leases, late - 1), 0);
	assert_true(budget_lease_renew(db, S("b"), late - 1000, &err));
	assert_int_equal(expired(leases, late), 1);
	assert_true(str_equal(leases[0].host, S("a")));
	assert_int_equal(leases[0].granted_picousd, 60);
	assert_int_equal(leases[0].owner.scope, SCOPE_PROJECT);
	assert_int_equal(leases[0].owner.scope_id, project.id);
	assert_int_equal(leases[0].part.period_end_ms, part.period_end_ms);
	assert_true(
		budget_lease_reclaim(db, &leases[0], 25, late, &back, &err));
	assert_int_equal(back, 35);
	assert_int_equal(held("a"), 25);
	assert_int_equal(assert_sums(), 65);
	/* Not at every look; and what arrives late is added. */
	assert_int_equal(expired(leases, late + 1), 0);
	assert_int_equal(expired(leases, late + BUDGET_LEASE_MS), 1);
	assert_true(
		budget_lease_reclaim(db, &leases[0], 30, late, &back, &err));
	assert_int_equal(back, -5);
	assert_int_equal(assert_sums(), 70);
	/* One that came back keeps what it has. */
	assert_true(budget_lease_renew(db, S("a"), late, &err));
	assert_true(budget_lease_reclaim(db, &leases[0], 0, late, &back, &err));
	assert_int_equal(back, 0);
	assert_int_equal(held("a"), 30);
}

static size_t all_held(const char *host, int64_t now_ms,
	const struct budget_lease *after, struct budget_lease *out, size_t max)
{
	struct error err = ERROR_INIT;
	size_t count;

	assert_true(budget_lease_held(db, str_of(host), now_ms, after, &arena,
		out, max, &count, &err));
	return count;
}

static void a_host_finds_what_it_holds(void **state)
{
	static const char *const users[] = { "", "ana", "bea" };
	struct budget_lease leases[4];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(users); i++) {
		part.user = str_of(users[i]);
		begin(NULL, 0);
		take(db, "a", 10, 1, NOW_MS);
	}
	take(db, "b", 20, 1, NOW_MS);
	assert_int_equal(all_held("a", NOW_MS, NULL, leases, 2), 2);
	assert_true(str_equal(leases[0].part.user, S("")));
	assert_true(str_equal(leases[1].part.user, S("ana")));
	assert_true(str_equal(leases[1].owner.user, S("ana")));
	assert_int_equal(leases[1].part.period_end_ms, part.period_end_ms);
	assert_int_equal(leases[1].granted_picousd, 10);
	assert_int_equal(all_held("a", NOW_MS, &leases[1], leases, 2), 1);
	assert_true(str_equal(leases[0].part.user, S("bea")));
	assert_int_equal(all_held("a", NOW_MS, &leases[0], leases, 2), 0);
	assert_int_equal(all_held("b", NOW_MS, NULL, leases, 4), 1);
	assert_int_equal(all_held("a", part.period_end_ms, NULL, leases, 4), 0);
}

static void periods_that_are_over_are_forgotten(void **state)
{
	struct budget_lease leases[4];
	struct error err = ERROR_INIT;

	(void)state;
	begin(NULL, 0);
	take(db, "a", 60, 1, NOW_MS);
	assert_int_equal(expired(leases, part.period_end_ms), 0);
	assert_true(
		budget_lease_forget_old(db, part.period_end_ms + DAY_MS, &err));
	assert_int_equal(held("a"), 60);
	assert_true(budget_lease_forget_old(
		db, part.period_end_ms + 8 * DAY_MS, &err));
	assert_int_equal(held("a"), -1);
	assert_int_equal(number("SELECT COUNT(*) FROM budget_leases"), 0);
}

static void a_budget_takes_its_leases_along(void **state)
{
	struct error err = ERROR_INIT;

	(void)state;
	begin(NULL, 0);
	take(db, "a", 60, 1, NOW_MS);
	assert_true(budget_remove(db, 0, part.budget_id, &err));
	assert_int_equal(number("SELECT COUNT(*) FROM budget_periods"), 0);
	assert_int_equal(number("SELECT COUNT(*) FROM budget_leases"), 0);
	assert_false(budget_lease_begin(db, &part, NULL, 0, NOW_MS, &err));
}

/* Takes and gives back until there is nothing more; a deadlock would fail. */
static void *race(void *name)
{
	struct error err = ERROR_INIT;
	struct db *mine;
	int64_t sum = 0, granted;

	assert_true(db_take(pool, &mine, &err));
	for (int i = 1;; i++) {
		granted = take(mine, name, 1 + i % 7, 5, NOW_MS);
		sum += granted;
		if (granted == 0)
			break;
		assert_true(budget_lease_renew(
			mine, str_of(name), NOW_MS + i, &err));
		if (i % 3 == 0 && i < 300) {
			assert_true(budget_lease_return(
				mine, &part, str_of(name), 2, &err));
			sum -= 2;
		}
	}
	db_give(pool, mine);
	return (void *)(intptr_t)sum;
}

static void hosts_that_race_share_the_whole(void **state)
{
	static const char *const names[] = { "a", "b", "c", "a" };
	pthread_t threads[ARRAY_LEN(names)];
	int64_t sum = 0;

	(void)state;
	part.limit_picousd = 2000;
	begin(NULL, 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, race,
					 (void *)(uintptr_t)names[i]),
			0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		void *result;

		pthread_join(threads[i], &result);
		sum += (intptr_t)result;
	}
	assert_int_equal(sum, 2000);
	assert_int_equal(assert_sums(), 2000);
}

/* A process that takes all the time, until it is killed. */
static pid_t take_for_ever(void)
{
	pid_t pid = fork();
	struct error err = ERROR_INIT;
	struct db_pool *own;
	struct db *mine;

	if (pid != 0)
		return pid;
	if (!db_pool_new(&settings, &own, &err) || !db_take(own, &mine, &err))
		_exit(1);
	for (;;) {
		int64_t granted;

		if (!budget_lease_take(mine, &part, S("killed"), 1, 1, NOW_MS,
			    &granted, &err))
			_exit(1);
	}
}

static void a_killed_one_leaves_nothing_half(void **state)
{
	(void)state;
	part.limit_picousd = INT64_C(1000000000);
	begin(NULL, 0);
	for (int i = 0; i < 10; i++) {
		int64_t before = held("killed");
		int64_t deadline = clock_monotonic_ms() + 20000;
		pid_t pid = take_for_ever();

		assert_true(pid > 0);
		while (held("killed") < before + 5 + i &&
			clock_monotonic_ms() < deadline)
			usleep(500);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(held("killed") >= before + 5 + i);
		/* Waits for its lock until the server sees that it died. */
		assert_int_equal(take(db, "b", 1, 1, NOW_MS), 1);
		assert_sums();
	}
}

static int clear(void **state)
{
	struct budget budget = {
		.owner = { project.organisation_id, SCOPE_PROJECT, project.id,
			S("") },
		.period = PERIOD_DAILY,
		.limit_picousd = 100,
		.is_hard = true,
		.threshold_percent = 80,
	};
	struct error err = ERROR_INIT;
	struct stmt *stmt;
	bool created;

	(void)state;
	part = (struct budget_part){ .limit_picousd = 100,
		.period_start_ms = START_MS,
		.period_end_ms = START_MS + DAY_MS };
	assert_true(stmt_prepare(db, &stmt, "DELETE FROM budgets", &err));
	assert_true(stmt_run(stmt, &err));
	assert_true(budget_set(db, &budget, &part.budget_id, &created, &err));
	return 0;
}

static int set_up(void **state)
{
	struct error err = ERROR_INIT;
	unsigned applied;

	(void)state;
	arena_init(&arena, 65536);
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	settings.database_connections = 8;
	if (!db_pool_new(&settings, &pool, &err) || !db_take(pool, &db, &err) ||
		!migrate_run(db, "sql", &applied, &err) ||
		!project_default(db, &project, &err))
		fail_msg("%s", error_detail(&err));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	db_give(pool, db);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	arena_release(&arena);
	return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(a_period_must_be_begun),
		TEST(slices_until_nothing_is_left),
		TEST(what_is_given_back_can_be_taken),
		TEST(nothing_is_left_of_less_than_nothing),
		TEST(users_and_periods_are_apart),
		TEST(a_host_finds_what_it_holds),
		TEST(leases_of_the_gone_are_reclaimed),
		TEST(periods_that_are_over_are_forgotten),
		TEST(a_budget_takes_its_leases_along),
		TEST(hosts_that_race_share_the_whole),
		TEST(a_killed_one_leaves_nothing_half),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
