/*
 * limit_set.c - budgets and quotas: stored, listed, removed, and those that
 * apply to a call found with its key.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "accounts/budget.h"
#include "accounts/key_set.h"
#include "accounts/quota.h"
#include "db/migrate.h"

#include "../private_mariadb.h"

static struct private_mariadb server;
static struct settings settings;
static struct user_defaults defaults;
static struct db_pool *pool;
static struct db *db;
static struct arena arena;
static struct key_set *set;
/* Two projects, a key of each, and another key of the first. */
static struct project first, second;
static struct {
	int64_t id;
	char text[GATEWAY_KEY_TEXT_BYTES];
} keys[3];

static void run_sql(const char *sql)
{
	struct error err = ERROR_INIT;
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, sql, &err) || !stmt_run(stmt, &err))
		fail_msg("%s", error_detail(&err));
}

static const struct limit_set *set_of(int key)
{
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	struct error err = ERROR_INIT;

	key_set_free(set);
	if (!key_set_load(db, &set, &err))
		fail_msg("%s", error_detail(&err));
	gateway_key_hash(str_of(keys[key].text), hash);
	return key_set_find(set, hash)->limit_set;
}

static struct applied_limits apply(int key, const char *user)
{
	struct applied_limits applied;

	limit_set_for_user(set_of(key), str_of(user), &defaults, &applied);
	return applied;
}

static struct limit_owner owner(
	enum limit_scope scope, int64_t id, const char *user)
{
	return (struct limit_owner){ first.organisation_id, scope, id,
		str_of(user) };
}

static int64_t set_budget(
	struct limit_owner of, enum limit_period period, int64_t picousd)
{
	struct budget budget = { .owner = of,
		.period = period,
		.limit_picousd = picousd,
		.is_hard = true,
		.threshold_percent = 80 };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	if (!budget_set(db, &budget, &id, &created, &err))
		fail_msg("%s", error_detail(&err));
	return id;
}

static int64_t set_quota(struct limit_owner of, enum limit_period period,
	int64_t requests, int64_t tokens)
{
	struct quota quota = { .owner = of,
		.period = period,
		.limit_requests = requests,
		.limit_tokens = tokens };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	if (!quota_set(db, &quota, &id, &created, &err))
		fail_msg("%s", error_detail(&err));
	return id;
}

/* The sum of their limits: each test gives each its own power of ten. */
static int64_t budget_sum(const struct applied_limits *applied)
{
	int64_t sum = 0;

	for (size_t i = 0; i < applied->budget_count; i++)
		sum += applied->budgets[i]->limit_picousd;
	return sum;
}

static const struct quota *find_quota(const struct applied_limits *applied,
	enum limit_period period, bool tokens)
{
	const struct quota *found = NULL;

	for (size_t i = 0; i < applied->quota_count; i++) {
		const struct quota *quota = &applied->quotas[i];

		if (quota->period == period &&
			(tokens ? quota->limit_tokens : quota->limit_requests) >
				0) {
			assert_null(found);
			found = quota;
		}
	}
	return found;
}

static void no_rows_are_no_limits(void **state)
{
	struct applied_limits applied = apply(0, "ana");

	(void)state;
	assert_int_equal(applied.budget_count, 0);
	assert_int_equal(applied.quota_count, 0);
	assert_ptr_equal(set_of(0)->zone, time_zone_utc());
}

static void every_scope_reaches_its_calls_alone(void **state)
{
	struct applied_limits applied;

	(void)state;
	set_budget(owner(SCOPE_ORGANISATION, first.organisation_id, ""),
		PERIOD_MONTHLY, 1);
	set_budget(owner(SCOPE_PROJECT, first.id, ""), PERIOD_DAILY, 10);
	set_budget(owner(SCOPE_KEY, keys[0].id, ""), PERIOD_DAILY, 100);
	set_budget(owner(SCOPE_USER, first.id, ""), PERIOD_DAILY, 1000);
	set_budget(owner(SCOPE_USER, first.id, "ana"), PERIOD_MONTHLY, 10000);
	set_budget(owner(SCOPE_PROJECT, second.id, ""), PERIOD_DAILY, 100000);
	/* Ids of one scope are nothing in another. */
	set_budget(owner(SCOPE_ORGANISATION, first.organisation_id + 1000, ""),
		PERIOD_DAILY, 1000000);
	applied = apply(0, "");
	assert_int_equal(budget_sum(&applied), 111);
	applied = apply(0, "ana");
	assert_int_equal(budget_sum(&applied), 11111);
	applied = apply(0, "an");
	assert_int_equal(budget_sum(&applied), 1111);
	applied = apply(0, "ana2");
	assert_int_equal(budget_sum(&applied), 1111);
	applied = apply(1, "ana");
	assert_int_equal(budget_sum(&applied), 11011);
	applied = apply(2, "ana");
	assert_int_equal(budget_sum(&applied), 100001);
}

/* What is a user's own comes in place of what is each user's. */
static void a_named_user_replaces_each_user(void **state)
{
	struct applied_limits applied;

	(void)state;
	set_budget(owner(SCOPE_USER, first.id, ""), PERIOD_DAILY, 1);
	set_budget(owner(SCOPE_USER, first.id, ""), PERIOD_MONTHLY, 10);
	set_budget(owner(SCOPE_USER, first.id, "ana"), PERIOD_DAILY, 100);
	set_quota(owner(SCOPE_USER, first.id, ""), PERIOD_DAILY, 5, 50);
	set_quota(owner(SCOPE_USER, first.id, "ana"), PERIOD_DAILY, 0, 500);
	applied = apply(0, "ana");
	assert_int_equal(budget_sum(&applied), 110);
	assert_int_equal(
		find_quota(&applied, PERIOD_DAILY, true)->limit_tokens, 500);
	assert_int_equal(
		find_quota(&applied, PERIOD_DAILY, false)->limit_requests, 5);
	applied = apply(0, "bea");
	assert_int_equal(budget_sum(&applied), 11);
	assert_int_equal(applied.quota_count, 1);
	assert_int_equal(
		find_quota(&applied, PERIOD_DAILY, true)->limit_tokens, 50);
	assert_int_equal(applied.quotas[0].owner.user.n, 0);
}

static void settings_fill_in_for_users(void **state)
{
	struct applied_limits applied;

	(void)state;
	defaults.requests_per_minute = 10;
	defaults.tokens_daily = 100000;
	applied = apply(0, "");
	assert_int_equal(applied.quota_count, 0);
	applied = apply(0, "ana");
	assert_int_equal(applied.quota_count, 2);
	assert_int_equal(
		find_quota(&applied, PERIOD_MINUTE, false)->limit_requests, 10);
	assert_int_equal(find_quota(&applied, PERIOD_MINUTE, false)->id, 0);
	assert_int_equal(
		find_quota(&applied, PERIOD_DAILY, true)->limit_tokens, 100000);
	/* A project's own limit is no user's. */
	set_quota(owner(SCOPE_PROJECT, first.id, ""), PERIOD_DAILY, 0, 7);
	applied = apply(0, "ana");
	assert_int_equal(applied.quota_count, 3);
	set_quota(owner(SCOPE_USER, first.id, "ana"), PERIOD_DAILY, 0, 70);
	set_quota(owner(SCOPE_USER, first.id, ""), PERIOD_MINUTE, 3, 0);
	applied = apply(0, "ana");
	assert_int_equal(applied.quota_count, 3);
	assert_int_equal(
		find_quota(&applied, PERIOD_MINUTE, false)->limit_requests, 3);
	applied = apply(0, "bea");
	assert_int_equal(applied.quota_count, 3);
	/* At once: the row of each user, of one, or else the default. */
	defaults.concurrent = 9;
	applied = apply(0, "bea");
	assert_int_equal(
		find_quota(&applied, PERIOD_AT_ONCE, false)->limit_requests, 9);
	set_quota(owner(SCOPE_USER, first.id, ""), PERIOD_AT_ONCE, 5, 0);
	set_quota(owner(SCOPE_USER, first.id, "ana"), PERIOD_AT_ONCE, 2, 0);
	applied = apply(0, "bea");
	assert_int_equal(
		find_quota(&applied, PERIOD_AT_ONCE, false)->limit_requests, 5);
	applied = apply(0, "ana");
	assert_int_equal(
		find_quota(&applied, PERIOD_AT_ONCE, false)->limit_requests, 2);
	defaults = (struct user_defaults){ 0 };
}

/* Tokens do not run. */
static void at_once_are_requests(void **state)
{
	struct quota quota = { .owner = owner(SCOPE_PROJECT, first.id, ""),
		.period = PERIOD_AT_ONCE,
		.limit_requests = 1,
		.limit_tokens = 1 };
	struct error err = ERROR_INIT;
	bool created;
	int64_t id;

	(void)state;
	assert_false(quota_set(db, &quota, &id, &created, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_string_equal(err.param, "tokens");
}

/* As many as there can be: two units of all periods of all scopes. */
static void all_that_can_apply_fits(void **state)
{
	const struct limit_owner owners[] = {
		owner(SCOPE_ORGANISATION, first.organisation_id, ""),
		owner(SCOPE_PROJECT, first.id, ""),
		owner(SCOPE_KEY, keys[0].id, ""),
		owner(SCOPE_USER, first.id, ""),
		owner(SCOPE_USER, first.id, "ana"),
	};
	struct applied_limits applied;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
		bool named = owners[i].user.n > 0;

		for (enum limit_period p = 0; p <= PERIOD_MONTHLY; p++)
			set_quota(owners[i], p, 1, named ? 0 : 1);
		set_quota(owners[i], PERIOD_AT_ONCE, 1, 0);
		set_budget(owners[i], PERIOD_DAILY, 1);
		set_budget(owners[i], PERIOD_MONTHLY, 1);
	}
	applied = apply(0, "ana");
	assert_int_equal(applied.budget_count, LIMITS_MAX_BUDGETS);
	assert_int_equal(applied.quota_count, LIMITS_MAX_QUOTAS);
}

static void many_users_are_told_apart(void **state)
{
	struct applied_limits applied;
	char user[32];

	(void)state;
	run_sql("INSERT INTO budgets (organisation_id, scope_kind, scope_id, "
		"user_name, period, limit_picousd, created_ms) SELECT 1, "
		"'user', (SELECT MIN(id) FROM projects), CONCAT('u', seq), "
		"'daily', seq, 1 FROM seq_1_to_5000");
	set_of(0);
	for (int i = 1; i <= 5000; i += 7) {
		const struct gateway_key *key;
		uint8_t hash[GATEWAY_KEY_HASH_BYTES];

		snprintf(user, sizeof(user), "u%d", i);
		gateway_key_hash(str_of(keys[0].text), hash);
		key = key_set_find(set, hash);
		limit_set_for_user(
			key->limit_set, str_of(user), &defaults, &applied);
		assert_int_equal(applied.budget_count, 1);
		assert_int_equal(applied.budgets[0]->limit_picousd, i);
	}
}

static void days_are_those_of_the_project(void **state)
{
	struct error err = ERROR_INIT;
	struct applied_limits applied;
	const struct time_zone *tokyo;

	(void)state;
	assert_true(project_set_time_zone(db, &first, S("Asia/Tokyo"), &err));
	assert_true(time_zone_load(S("Asia/Tokyo"), &tokyo, &err));
	set_budget(owner(SCOPE_KEY, keys[0].id, ""), PERIOD_DAILY, 1);
	set_budget(owner(SCOPE_ORGANISATION, first.organisation_id, ""),
		PERIOD_DAILY, 10);
	set_quota(owner(SCOPE_USER, first.id, ""), PERIOD_MONTHLY, 1, 0);
	assert_ptr_equal(set_of(0)->zone, tokyo);
	applied = apply(0, "ana");
	assert_int_equal(applied.budget_count, 2);
	for (size_t i = 0; i < applied.budget_count; i++)
		assert_ptr_equal(applied.budgets[i]->zone,
			applied.budgets[i]->owner.scope == SCOPE_KEY
				? tokyo
				: time_zone_utc());
	assert_ptr_equal(applied.quotas[0].zone, tokyo);
	assert_false(project_set_time_zone(db, &first, S("Asia/Toky"), &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	/* One that this machine does not know (any more). */
	run_sql("UPDATE projects SET time_zone = 'Mars/Olympus'");
	assert_ptr_equal(set_of(0)->zone, time_zone_utc());
	run_sql("UPDATE projects SET time_zone = 'UTC'");
}

static void periods(void **state)
{
	const struct time_zone *utc = time_zone_utc();
	int64_t now = INT64_C(1795219200000) + 12345; /* 2026-11-21 */

	(void)state;
	assert_int_equal(limit_period_start(PERIOD_DAILY, utc, now),
		INT64_C(1795219200000));
	assert_int_equal(limit_period_end(PERIOD_DAILY, utc, now),
		INT64_C(1795305600000));
	assert_int_equal(limit_period_start(PERIOD_MONTHLY, utc, now),
		INT64_C(1793491200000));
	assert_int_equal(limit_period_end(PERIOD_MONTHLY, utc, now),
		INT64_C(1796083200000));
	assert_int_equal(limit_period_window_ms(PERIOD_MINUTE), 60000);
	assert_int_equal(limit_period_window_ms(PERIOD_HOUR), 3600000);
	assert_int_equal(limit_period_window_ms(PERIOD_DAILY), 0);
	assert_int_equal(limit_period_window_ms(PERIOD_AT_ONCE), 0);
	assert_true(limit_period_is_calendar(PERIOD_MONTHLY));
	assert_false(limit_period_is_calendar(PERIOD_HOUR) ||
		     limit_period_is_calendar(PERIOD_AT_ONCE));
}

static void setting_twice_changes(void **state)
{
	struct limit_owner of = owner(SCOPE_PROJECT, first.id, "");
	struct budget budget = { .owner = of,
		.period = PERIOD_DAILY,
		.limit_picousd = 5,
		.threshold_percent = 50 };
	struct error err = ERROR_INIT;
	struct budget_row *rows;
	struct quota_row *quotas;
	int64_t id = set_budget(of, PERIOD_DAILY, 5), again, before, version;
	size_t count;
	bool created;

	(void)state;
	assert_true(key_set_version_now(db, &before, &err));
	assert_true(budget_set(db, &budget, &again, &created, &err));
	assert_false(created);
	assert_int_equal(again, id);
	/* Unchanged, it is still found. */
	assert_true(budget_set(db, &budget, &again, &created, &err));
	assert_int_equal(again, id);
	assert_true(key_set_version_now(db, &version, &err));
	assert_true(version > before);
	assert_true(budget_list(db, 0, &arena, &rows, &count, &err));
	assert_int_equal(count, 1);
	assert_false(rows[0].budget.is_hard);
	assert_int_equal(rows[0].budget.threshold_percent, 50);
	id = set_quota(of, PERIOD_MINUTE, 10, 0);
	assert_int_equal(set_quota(of, PERIOD_MINUTE, 0, 1000), id);
	assert_true(quota_list(db, 0, &arena, &quotas, &count, &err));
	assert_int_equal(count, 1);
	assert_int_equal(quotas[0].quota.limit_requests, 10);
	assert_int_equal(quotas[0].quota.limit_tokens, 1000);
	assert_true(quota_remove(db, 0, id, &err));
	assert_true(budget_remove(db, 0, again, &err));
	assert_false(quota_remove(db, 0, id, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
	assert_false(budget_remove(db, 0, again, &err));
	assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void lists_say_whose_they_are(void **state)
{
	struct error err = ERROR_INIT;
	struct budget_row *rows;
	size_t count;

	(void)state;
	set_budget(owner(SCOPE_ORGANISATION, first.organisation_id, ""),
		PERIOD_DAILY, 1);
	set_budget(owner(SCOPE_KEY, keys[0].id, ""), PERIOD_DAILY, 1);
	set_budget(owner(SCOPE_USER, second.id, "ana"), PERIOD_DAILY, 1);
	set_budget(owner(SCOPE_KEY, keys[0].id + 1000, ""), PERIOD_DAILY, 1);
	assert_true(budget_list(db, 0, &arena, &rows, &count, &err));
	assert_int_equal(count, 4);
	assert_true(str_equal(rows[0].owner.name, S("default")));
	assert_int_equal(rows[0].owner.project.n, 0);
	assert_true(str_equal(rows[1].owner.name, S("key 0")));
	assert_true(str_equal(rows[1].owner.project, S("default")));
	assert_true(str_equal(rows[2].owner.name, S("second")));
	assert_true(str_equal(rows[2].budget.owner.user, S("ana")));
	assert_false(rows[1].owner.is_inactive);
	assert_false(rows[2].owner.is_inactive);
	assert_true(rows[3].owner.is_inactive);
	run_sql("UPDATE gateway_keys SET revoked_ms = 1 ORDER BY id LIMIT 1");
	assert_true(budget_list(db, 0, &arena, &rows, &count, &err));
	assert_true(rows[1].owner.is_inactive);
	run_sql("UPDATE gateway_keys SET revoked_ms = NULL");
}

static void what_makes_no_sense_is_refused(void **state)
{
	struct budget budget = { .owner = owner(SCOPE_PROJECT, first.id, ""),
		.period = PERIOD_DAILY,
		.threshold_percent = 101 };
	struct quota quota = { .owner = budget.owner };
	struct error err = ERROR_INIT;
	char name[256];
	int64_t id;
	bool created;

	(void)state;
	assert_false(budget_set(db, &budget, &id, &created, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	assert_false(quota_set(db, &quota, &id, &created, &err));
	assert_int_equal(err.kind, ERR_BAD_FIELD);
	memset(name, 'x', sizeof(name));
	quota.limit_tokens = 1;
	quota.owner.scope = SCOPE_USER;
	quota.owner.user = (struct str){ name, sizeof(name) };
	assert_false(quota_set(db, &quota, &id, &created, &err));
	assert_string_equal(err.param, "user");
}

static int clear(void **state)
{
	(void)state;
	run_sql("DELETE FROM budgets");
	run_sql("DELETE FROM quotas");
	return 0;
}

static void make_key(int number, const struct project *project)
{
	struct error err = ERROR_INIT;
	struct gateway_key key = { .project_id = project->id,
		.organisation_id = project->organisation_id };

	key.name = arena_printf(&arena, "key %d", number);
	gateway_key_make(GATEWAY_KEY_SECRET, keys[number].text);
	if (!gateway_key_create(db, &key, str_of(keys[number].text),
		    &keys[number].id, &err))
		fail_msg("%s", error_detail(&err));
}

static int set_up(void **state)
{
	struct error err = ERROR_INIT;
	unsigned applied;
	bool created;

	(void)state;
	arena_init(&arena, 65536);
	private_mariadb_start(&server);
	private_mariadb_settings(&server, &settings);
	if (!db_pool_new(&settings, &pool, &err) || !db_take(pool, &db, &err) ||
		!migrate_run(db, "sql", &applied, &err) ||
		!project_default(db, &first, &err) ||
		!project_add(db, first.organisation_id, S("second"), &second,
			&created, &err))
		fail_msg("%s", error_detail(&err));
	make_key(0, &first);
	make_key(1, &first);
	make_key(2, &second);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	key_set_free(set);
	db_give(pool, db);
	db_pool_free(pool);
	private_mariadb_stop(&server);
	arena_release(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_rows_are_no_limits, clear),
		cmocka_unit_test_setup(
			every_scope_reaches_its_calls_alone, clear),
		cmocka_unit_test_setup(a_named_user_replaces_each_user, clear),
		cmocka_unit_test_setup(settings_fill_in_for_users, clear),
		cmocka_unit_test_setup(at_once_are_requests, clear),
		cmocka_unit_test_setup(all_that_can_apply_fits, clear),
		cmocka_unit_test_setup(many_users_are_told_apart, clear),
		cmocka_unit_test_setup(days_are_those_of_the_project, clear),
		cmocka_unit_test(periods),
		cmocka_unit_test_setup(setting_twice_changes, clear),
		cmocka_unit_test_setup(lists_say_whose_they_are, clear),
		cmocka_unit_test_setup(what_makes_no_sense_is_refused, clear),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
