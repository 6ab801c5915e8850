/*
 * alert_judge.c - thresholds, percentiles, and the words of a finding.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/money.h"
#include "ledger/alert_judge.h"

static struct arena arena;

static int make_arena(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int drop_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void assert_json(struct str text)
{
	struct json value;
	struct error err;

	assert_true(json_check(text, 8, &value, &err));
	assert_int_equal(value.type, JSON_TYPE_OBJECT);
}

static enum alert_verdict judge_errors(int64_t failed, int64_t total)
{
	const struct alert_rule rule = { .kind = ALERT_ERROR_RATE,
		.threshold = 500,
		.minimum_calls = 20,
		.window_ms = 300000 };
	const struct alert_calls calls = { .failed = failed, .total = total };
	struct alert_finding finding;

	alert_judge_error_rate(&rule, &calls, &arena, &finding);
	assert_json(finding.facts);
	assert_int_equal(finding.occasion.n, 0);
	return finding.verdict;
}

static void errors_are_bad_from_the_threshold_on(void **state)
{
	(void)state;
	assert_int_equal(judge_errors(5, 100), ALERT_BAD);
	assert_int_equal(judge_errors(4, 100), ALERT_GOOD);
	assert_int_equal(judge_errors(499, 10000), ALERT_GOOD);
	assert_int_equal(judge_errors(500, 10000), ALERT_BAD);
	/* Few calls prove nothing bad. */
	assert_int_equal(judge_errors(19, 19), ALERT_UNKNOWN);
	assert_int_equal(judge_errors(0, 3), ALERT_GOOD);
	assert_int_equal(judge_errors(0, 0), ALERT_GOOD);
	assert_int_equal(judge_errors(INT64_MAX / 2, INT64_MAX - 1), ALERT_BAD);
}

static void errors_are_told_in_words(void **state)
{
	const struct alert_rule rule = { .kind = ALERT_ERROR_RATE,
		.threshold = 500,
		.minimum_calls = 20,
		.window_ms = 600000,
		.project = STR("shop") };
	const struct alert_calls calls = { .failed = 7, .total = 64 };
	struct alert_finding finding;

	(void)state;
	alert_judge_error_rate(&rule, &calls, &arena, &finding);
	assert_string_equal(arena_cstr(&arena, finding.summary),
		"7 of 64 calls failed (10.93 %) in the last 10 min (project "
		"shop)");
	assert_string_equal(arena_cstr(&arena, finding.facts),
		"{\"project\":\"shop\",\"threshold\":500,\"window_ms\":600000,"
		"\"calls\":64,\"failed\":7,\"failed_per_10000\":1093}");
}

static enum alert_verdict judge_provider(int64_t failed, int64_t total,
	int64_t recent_failed, int64_t recent_total)
{
	const struct alert_rule rule = { .kind = ALERT_PROVIDER_DOWN,
		.threshold = 50,
		.minimum_calls = 5,
		.window_ms = 300000 };
	const struct alert_provider_calls provider = { .provider_id = 7,
		.name = STR("openai"),
		.calls = { .failed = failed, .total = total },
		.recent_failed = recent_failed,
		.recent_total = recent_total };
	struct alert_finding finding;

	alert_judge_provider(&rule, &provider, &arena, &finding);
	assert_json(finding.facts);
	assert_string_equal(arena_cstr(&arena, finding.subject), "provider/7");
	return finding.verdict;
}

static void a_provider_is_down_until_it_answers(void **state)
{
	(void)state;
	assert_int_equal(judge_provider(5, 10, 5, 5), ALERT_BAD);
	assert_int_equal(judge_provider(5, 5, 5, 5), ALERT_BAD);
	assert_int_equal(judge_provider(4, 4, 4, 4), ALERT_UNKNOWN);
	assert_int_equal(judge_provider(4, 10, 0, 0), ALERT_UNKNOWN);
	assert_int_equal(judge_provider(0, 0, 0, 0), ALERT_UNKNOWN);
	/* The window still looks bad: what is new counts. */
	assert_int_equal(judge_provider(90, 100, 1, 10), ALERT_GOOD);
	assert_int_equal(judge_provider(90, 100, 5, 10), ALERT_BAD);
	assert_int_equal(judge_provider(0, 3, 0, 3), ALERT_GOOD);
}

static void a_threshold_of_all_means_no_success(void **state)
{
	const struct alert_rule rule = { .kind = ALERT_PROVIDER_DOWN,
		.threshold = 100,
		.minimum_calls = 2,
		.window_ms = 60000 };
	struct alert_provider_calls provider = { .provider_id = 1,
		.calls = { .failed = 9, .total = 10 } };
	struct alert_finding finding;

	(void)state;
	alert_judge_provider(&rule, &provider, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_UNKNOWN);
	provider.calls.failed = 10;
	alert_judge_provider(&rule, &provider, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_BAD);
}

/* Each of a hundred calls, once in one bucket. */
static void a_percentile_is_interpolated(void **state)
{
	struct alert_calls calls = { .total = 100 };

	(void)state;
	assert_int_equal(alert_percentile_ms(&calls, 95), 0);
	calls.histogram[0] = 100; /* 0 to 100 ms */
	assert_int_equal(alert_percentile_ms(&calls, 95), 95);
	assert_int_equal(alert_percentile_ms(&calls, 50), 50);
	calls.histogram[0] = 90;
	calls.histogram[3] = 10; /* 500 to 1000 ms */
	assert_int_equal(alert_percentile_ms(&calls, 95), 750);
	assert_int_equal(alert_percentile_ms(&calls, 90), 100);
	calls.histogram[3] = 0;
	calls.histogram[9] = 10; /* a minute and more */
	assert_int_equal(alert_percentile_ms(&calls, 95), 60000);
	assert_int_equal(alert_percentile_ms(&calls, 89), 98);
}

static void a_percentile_of_few_and_of_many(void **state)
{
	struct alert_calls calls = { .total = 1 };

	(void)state;
	calls.histogram[5] = 1; /* 2.5 to 5 s: the only call is the rank */
	assert_int_equal(alert_percentile_ms(&calls, 95), 5000);
	calls.histogram[5] = INT64_C(1) << 60;
	assert_in_range(alert_percentile_ms(&calls, 95), 4874, 4876);
}

static void latency_is_bad_from_the_threshold_on(void **state)
{
	struct alert_rule rule = { .kind = ALERT_LATENCY,
		.threshold = 750,
		.minimum_calls = 20,
		.window_ms = 300000 };
	struct alert_calls calls = { .total = 100 };
	struct alert_finding finding;

	(void)state;
	calls.histogram[0] = 90;
	calls.histogram[3] = 10;
	alert_judge_latency(&rule, &calls, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_BAD);
	assert_json(finding.facts);
	rule.threshold = 751;
	alert_judge_latency(&rule, &calls, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_GOOD);
	rule.threshold = 750;
	calls.total = 19;
	alert_judge_latency(&rule, &calls, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_UNKNOWN);
}

static struct alert_budget budget_of(int64_t spent, int64_t limit)
{
	return (struct alert_budget){ .key = S("12"),
		.scope = S("key"),
		.name = S("web"),
		.period = S("monthly"),
		.limit_picousd = limit,
		.spent_picousd = spent,
		.period_start_ms = 1000,
		.threshold = 80 };
}

static void a_budget_speaks_at_its_threshold_and_at_its_end(void **state)
{
	static const struct {
		int64_t spent;
		enum alert_verdict warning, end;
	} cases[] = {
		{ 0, ALERT_UNKNOWN, ALERT_UNKNOWN },
		{ 799, ALERT_UNKNOWN, ALERT_UNKNOWN },
		{ 800, ALERT_BAD, ALERT_UNKNOWN },
		{ 999, ALERT_BAD, ALERT_UNKNOWN },
		{ 1000, ALERT_UNKNOWN, ALERT_BAD },
		{ 5000, ALERT_UNKNOWN, ALERT_BAD },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct alert_budget budget = budget_of(cases[i].spent, 1000);
		struct alert_finding findings[ALERT_BUDGET_LEVELS];

		alert_judge_budget(&budget, &arena, findings);
		assert_int_equal(findings[0].verdict, cases[i].warning);
		assert_int_equal(findings[1].verdict, cases[i].end);
		assert_json(findings[0].facts);
	}
}

static void a_budget_does_not_overflow(void **state)
{
	struct alert_budget budget = budget_of(INT64_MAX, INT64_MAX);
	struct alert_finding findings[ALERT_BUDGET_LEVELS];

	(void)state;
	alert_judge_budget(&budget, &arena, findings);
	assert_int_equal(findings[1].verdict, ALERT_BAD);
	budget.spent_picousd = INT64_MAX / 5 * 4 - 10;
	alert_judge_budget(&budget, &arena, findings);
	assert_int_equal(findings[0].verdict, ALERT_UNKNOWN);
}

static void a_budget_names_period_and_level(void **state)
{
	struct alert_budget budget =
		budget_of(8 * PICOUSD_PER_USD, 10 * PICOUSD_PER_USD);
	struct alert_finding findings[ALERT_BUDGET_LEVELS];

	(void)state;
	alert_judge_budget(&budget, &arena, findings);
	assert_string_equal(
		arena_cstr(&arena, findings[0].occasion), "budget/12/80/1000");
	assert_string_equal(
		arena_cstr(&arena, findings[1].occasion), "budget/12/100/1000");
	assert_string_equal(arena_cstr(&arena, findings[0].summary),
		"The monthly budget of key web: 80 % is spent, 8 of 10 "
		"USD");
	/* One that warns at its end alone is one finding. */
	budget.threshold = 100;
	alert_judge_budget(&budget, &arena, findings);
	assert_true(str_equal(findings[0].subject, findings[1].subject));
}

static void an_update_is_told_from_so_many_changes_on(void **state)
{
	struct alert_rule rule = { .kind = ALERT_CATALOG, .threshold = 3 };
	const struct alert_sync sync = {
		.id = 4, .source = STR("x\"y"), .prices = 2, .added = 1
	};
	struct alert_finding finding;

	(void)state;
	alert_judge_sync(&rule, &sync, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_BAD);
	assert_json(finding.facts);
	assert_string_equal(arena_cstr(&arena, finding.occasion), "catalog/4");
	rule.threshold = 4;
	alert_judge_sync(&rule, &sync, &arena, &finding);
	assert_int_equal(finding.verdict, ALERT_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_are_bad_from_the_threshold_on),
		cmocka_unit_test(errors_are_told_in_words),
		cmocka_unit_test(a_provider_is_down_until_it_answers),
		cmocka_unit_test(a_threshold_of_all_means_no_success),
		cmocka_unit_test(a_percentile_is_interpolated),
		cmocka_unit_test(a_percentile_of_few_and_of_many),
		cmocka_unit_test(latency_is_bad_from_the_threshold_on),
		cmocka_unit_test(
			a_budget_speaks_at_its_threshold_and_at_its_end),
		cmocka_unit_test(a_budget_does_not_overflow),
		cmocka_unit_test(a_budget_names_period_and_level),
		cmocka_unit_test(an_update_is_told_from_so_many_changes_on),
	};

	return cmocka_run_group_tests(tests, make_arena, drop_arena);
}
