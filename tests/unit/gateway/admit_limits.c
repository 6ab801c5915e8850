/*
 * admit_limits.c - which limits apply to a call, and what their counters are
 * called: the names are what makes a day end where its time zone says.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gateway/admission.h"

#include "base/clock.h"

static struct settings settings;
static struct gateway gateway = { .settings = &settings };
static struct http_exchange exchange;
static struct gateway_key key;
static struct limit_set set;
static struct admission admission;
static struct price price;
static struct provider provider;
static struct model model;
static struct target target;
static struct call call;

static int begin(void **state)
{
	(void)state;
	settings_init(&settings);
	gateway.snapshots = snapshots_new(NULL, NULL);
	http_exchange_init(&exchange, 1000);
	exchange.client_ip = S("192.0.2.7");
	memset(&set, 0, sizeof(set));
	memset(&admission, 0, sizeof(admission));
	key = (struct gateway_key){ .id = 5,
		.project_id = 3,
		.organisation_id = 2,
		.limit_set = &set };
	price = (struct price){ .input_picousd = 1, .output_picousd = 2 };
	provider = (struct provider){ .id = 1 };
	model = (struct model){ .prices = &price, .provider = &provider };
	target.model = &model;
	call = (struct call){ .gateway = &gateway,
		.x = &exchange,
		.arena = &exchange.arena,
		.key = &key,
		.admission = &admission,
		.targets = &target,
		.target_count = 1,
		.head = { .max_tokens = 10, .n = 1, .user = S("ann") } };
	return 0;
}

static int end(void **state)
{
	(void)state;
	snapshots_free(gateway.snapshots);
	http_exchange_release(&exchange);
	return 0;
}

static void collect_at(const char *time)
{
	if (!clock_parse(str_of(time), &exchange.arrived_unix_ms))
		fail_msg("%s", time);
	memset(&admission, 0, sizeof(admission));
	admission_collect(&call);
}

static void assert_name(size_t at, const char *name)
{
	struct str found = admission.limits[at].name;

	assert_true(at < admission.count);
	if (!str_equal(found, str_of(name)))
		fail_msg("%.*s instead of %s", STR_ARG(found), name);
}

static const struct time_zone *zone(const char *name)
{
	const struct time_zone *found;
	struct error err;

	if (!time_zone_load(str_of(name), &found, &err))
		fail_msg("%s", error_detail(&err));
	return found;
}

static void test_key_and_address(void **state)
{
	(void)state;
	collect_at("2026-11-21T12:00:00Z");
	assert_int_equal(admission.count, 0);
	/* Nothing counts tokens: none are looked for. */
	assert_int_equal(admission.tokens, 0);
	provider.tokens_per_minute = 1000;
	collect_at("2026-11-21T12:00:00Z");
	assert_true(admission.tokens > 0);
	key.limits = (struct key_limits){ 60, 1000, 4 };
	settings.ip_rpm = 100;
	collect_at("2026-11-21T12:00:00Z");
	assert_int_equal(admission.count, 4);
	assert_name(0, "key/5/rpm");
	assert_name(1, "key/5/tpm");
	assert_name(2, "key/5/concurrent");
	assert_name(3, "ip/192.0.2.7/rpm");
	assert_int_equal(admission.limits[1].amount, admission.tokens);
	settings.ip_tpm = 5000;
	settings.ip_concurrent = 9;
	collect_at("2026-11-21T12:00:00Z");
	assert_int_equal(admission.count, 6);
	assert_name(4, "ip/192.0.2.7/tpm");
	assert_int_equal(admission.limits[4].amount, admission.tokens);
	assert_int_equal(admission.reasons[4].refusal, ERR_RATE_LIMITED);
	assert_name(5, "ip/192.0.2.7/concurrent");
	assert_int_equal(admission.limits[5].kind, LIMIT_CONCURRENT);
	assert_int_equal(admission.limits[5].max, 9);
	assert_int_equal(admission.reasons[5].refusal, ERR_CONCURRENCY);
	call.is_count = true;
	collect_at("2026-11-21T12:00:00Z");
	assert_int_equal(admission.count, 4);
	/* Tokens of addresses alone are a reason to look for them. */
	call.is_count = false;
	provider.tokens_per_minute = 0;
	key.limits = (struct key_limits){ 0 };
	collect_at("2026-11-21T12:00:00Z");
	assert_int_equal(admission.count, 3);
	assert_true(admission.tokens > 0);
}

/* 1763683200000 is 2025-11-21T00:00:00Z. */
static void test_days_of_zones(void **state)
{
	struct budget budget = {
		.id = 17,
		.owner = { .scope = SCOPE_KEY, .scope_id = 5 },
		.period = PERIOD_DAILY,
		.limit_picousd = 100,
		.is_hard = true,
	};

	(void)state;
	set.budgets[SCOPE_KEY] = (struct budget_rows){ &budget, 1 };
	budget.zone = time_zone_utc();
	collect_at("2025-11-21T23:59:59.999Z");
	assert_name(0, "budget/17/1763683200000-1763769600000");
	collect_at("2025-11-22T00:00:00Z");
	assert_name(0, "budget/17/1763769600000-1763856000000");
	/* Half past five before UTC. */
	budget.zone = zone("Asia/Kolkata");
	collect_at("2025-11-21T18:29:59.999Z");
	assert_name(0, "budget/17/1763663400000-1763749800000");
	collect_at("2025-11-21T18:30:00Z");
	assert_name(0, "budget/17/1763749800000-1763836200000");
	assert_true(str_equal(admission_name_before(&call, 0),
		S("budget/17/1763663400000-1763749800000")));
	/* A day of 25 hours. */
	budget.zone = zone("Europe/Madrid");
	collect_at("2025-10-26T12:00:00Z");
	assert_int_equal(
		admission.reasons[0].ends_ms - admission.reasons[0].starts_ms,
		25 * 3600000);
	budget.period = PERIOD_MONTHLY;
	budget.zone = zone("America/New_York");
	collect_at("2025-12-01T04:59:59Z");
	assert_int_equal(admission.reasons[0].ends_ms, 1764565200000);
	collect_at("2025-12-01T05:00:00Z");
	assert_int_equal(admission.reasons[0].starts_ms, 1764565200000);
	assert_int_equal(admission.limits[0].max, 100);
	assert_true(admission.limits[0].must_be_begun);
	assert_false(admission.limits[0].by_grant);
}

static void test_soft_and_free(void **state)
{
	struct budget budget = { .id = 1,
		.owner = { .scope = SCOPE_KEY, .scope_id = 5 },
		.period = PERIOD_DAILY,
		.limit_picousd = 100 };

	(void)state;
	set.budgets[SCOPE_KEY] = (struct budget_rows){ &budget, 1 };
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.limits[0].max, -1);
	budget.is_hard = true;
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.limits[0].max, 100);
	price = (struct price){ .valid_from_ms = 0 };
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.limits[0].max, -1);
}

static void test_users(void **state)
{
	struct str first, second;

	(void)state;
	settings.user_rpm = 10;
	settings.user_tokens_daily = 500;
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.count, 2);
	first = admission.limits[0].name;
	assert_true(str_starts(first, S("quota/0.3/requests/minute/")) ||
		    str_starts(first, S("quota/0.3/tokens/1763683200000-")));
	call.head.user = S("bob");
	collect_at("2025-11-21T12:00:00Z");
	second = admission.limits[0].name;
	assert_int_equal(first.n, second.n);
	assert_false(str_equal(first, second));
	assert_true(str_equal(admission.reasons[0].owner.user, S("bob")));
	settings.user_concurrent = 4;
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.count, 3);
	assert_true(str_starts(
		admission.limits[2].name, S("quota/0.3/requests/at_once/")));
	assert_int_equal(admission.limits[2].kind, LIMIT_CONCURRENT);
	assert_int_equal(admission.limits[2].max, 4);
	assert_false(admission.limits[2].must_be_begun);
	call.head.user = S("");
	collect_at("2025-11-21T12:00:00Z");
	assert_int_equal(admission.count, 0);
}

static void test_a_name_of_any_length(void **state)
{
	struct budget budget = { .id = INT64_MAX,
		.owner = { .scope = SCOPE_USER, .scope_id = 3 },
		.period = PERIOD_DAILY };
	char name[2000];

	(void)state;
	memset(name, 'u', sizeof(name));
	call.head.user = (struct str){ name, sizeof(name) };
	set.budgets[SCOPE_USER] = (struct budget_rows){ &budget, 1 };
	settings.user_rpm = 1;
	collect_at("9999-11-21T12:00:00Z");
	assert_int_equal(admission.count, 2);
	for (size_t i = 0; i < admission.count; i++)
		assert_true(admission.limits[i].name.n <= LIMIT_NAME_MAX_BYTES);
	/* As the log keeps it. */
	assert_int_equal(admission.reasons[0].owner.user.n, 255);
}

static void test_more_than_can_be_counted(void **state)
{
	struct limit limit = { .name = S("x") };
	struct admission_reason reason = { .refusal = ERR_QUOTA };

	struct limit limits[LIMITS_MAX];
	struct admission_reason reasons[LIMITS_MAX];

	(void)state;
	admission.limits = limits;
	admission.reasons = reasons;
	admission.room = LIMITS_MAX;
	for (size_t i = 0; i < LIMITS_MAX; i++)
		admission_add(&admission, &limit, &reason);
	assert_false(admission.is_crowded);
	admission_add(&admission, &limit, &reason);
	assert_true(admission.is_crowded);
	assert_int_equal(admission.count, LIMITS_MAX);
	admission.limits[1].name = S("second");
	admission_remove(&admission, 0);
	assert_int_equal(admission.count, LIMITS_MAX - 1);
	assert_name(0, "second");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_key_and_address, begin, end),
		cmocka_unit_test_setup_teardown(test_days_of_zones, begin, end),
		cmocka_unit_test_setup_teardown(test_soft_and_free, begin, end),
		cmocka_unit_test_setup_teardown(test_users, begin, end),
		cmocka_unit_test_setup_teardown(
			test_a_name_of_any_length, begin, end),
		cmocka_unit_test_setup_teardown(
			test_more_than_can_be_counted, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
