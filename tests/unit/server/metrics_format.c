/*
 * metrics_format.c - the text format to the letter, exact numbers, quantiles.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/metrics_format.h"

#include "base/json.h"

static struct str labels_of_one[] = { STR("a\"b\\c") };

static void assert_prometheus(
	struct metrics_line *lines, size_t count, const char *expected)
{
	struct metrics_view view = { .lines = lines, .line_count = count };
	struct buf out = BUF_INIT(1 << 20);

	metrics_format_prometheus(&view, &out);
	assert_string_equal(buf_cstr(&out), expected);
	buf_release(&out);
}

static void labels_are_escaped_and_costs_exact(void **state)
{
	static const int64_t small = 1;
	static const int64_t large = INT64_C(1234567890123456789);
	static const int64_t count = 7;
	struct metrics_line lines[] = {
		{ METRIC_LLM_COST, { STR("p"), STR("m1") }, &small },
		{ METRIC_LLM_COST, { STR("p"), STR("m2\xc3\xa9") }, &large },
		{ METRIC_ERRORS, { labels_of_one[0] }, &count },
		{ METRIC_LOOPS, { { NULL, 0 } }, &count },
	};

	(void)state;
	assert_prometheus(lines, 4,
		"# HELP llm_cost_total US dollars.\n"
		"# TYPE llm_cost_total counter\n"
		"llm_cost_total{provider=\"p\",model=\"m1\"} 0.000000000001\n"
		"llm_cost_total{provider=\"p\",model=\"m2\xc3\xa9\"} "
		"1234567.890123456789\n"
		"# HELP error_rate_total Calls that failed, by the error of "
		"the request log.\n"
		"# TYPE error_rate_total counter\n"
		"error_rate_total{kind=\"a\\\"b\\\\c\"} 7\n"
		"# HELP gateway_loops Event loops of all processes.\n"
		"# TYPE gateway_loops gauge\n"
		"gateway_loops 7\n");
}

static void histograms_are_cumulative(void **state)
{
	int64_t values[METRIC_MAX_VALUES] = { 1, 2, 0, 3 };
	size_t rest = metric_row(METRIC_QUEUE)->bound_count;
	struct metrics_line line = { METRIC_QUEUE, { { NULL, 0 } }, values };
	struct metrics_view view = { .lines = &line, .line_count = 1 };
	struct buf out = BUF_INIT(1 << 20);
	const char *text;

	(void)state;
	values[rest] = 4;
	values[rest + 1] = 12345678;
	metrics_format_prometheus(&view, &out);
	text = buf_cstr(&out);
	assert_non_null(strstr(text, "_bucket{le=\"0.00005\"} 1\n"));
	assert_non_null(strstr(text, "_bucket{le=\"0.0001\"} 3\n"));
	assert_non_null(strstr(text, "_bucket{le=\"0.00025\"} 3\n"));
	assert_non_null(strstr(text, "_bucket{le=\"0.0005\"} 6\n"));
	assert_non_null(strstr(text, "_bucket{le=\"5\"} 6\n"));
	assert_non_null(strstr(text, "_bucket{le=\"+Inf\"} 10\n"));
	assert_non_null(strstr(text, "gateway_queue_seconds_sum 12.345678\n"));
	assert_non_null(strstr(text, "gateway_queue_seconds_count 10\n"));
	buf_release(&out);
}

static void quantiles_are_interpolated(void **state)
{
	int64_t values[METRIC_MAX_VALUES] = { 0 };
	const struct metric_row *row = metric_row(METRIC_LLM_DURATION);

	(void)state;
	assert_int_equal(
		metrics_quantile(METRIC_LLM_DURATION, values, 500), -1);
	/* 100 between 50 and 100 ms. */
	values[4] = 100;
	assert_int_equal(
		metrics_quantile(METRIC_LLM_DURATION, values, 500), 75000);
	assert_int_equal(
		metrics_quantile(METRIC_LLM_DURATION, values, 990), 99500);
	/* As many below, as many above all bounds. */
	values[0] = 100;
	values[row->bound_count] = 100;
	assert_int_equal(metrics_quantile(METRIC_LLM_DURATION, values, 100),
		5000 * 30 / 100);
	assert_int_equal(
		metrics_quantile(METRIC_LLM_DURATION, values, 500), 75000);
	assert_int_equal(metrics_quantile(METRIC_LLM_DURATION, values, 990),
		row->bounds[row->bound_count - 1]);
}

static void json_has_the_same(void **state)
{
	int64_t values[METRIC_MAX_VALUES] = { 2 };
	static const int64_t count = 5;
	struct metrics_line lines[] = {
		{ METRIC_ERRORS, { labels_of_one[0] }, &count },
		{ METRIC_ERRORS, { STR("e") }, &count },
		{ METRIC_QUEUE, { { NULL, 0 } }, values },
	};
	struct metrics_view view = { .lines = lines, .line_count = 3 };
	struct buf out = BUF_INIT(1 << 20);
	struct json root;
	struct error err;

	(void)state;
	metrics_format_json(&view, &out);
	if (!json_check(str_trim(buf_str(&out)), 16, &root, &err))
		fail_msg("%s", error_message(&err));
	assert_int_equal(json_length(json_find(root, S("metrics"))), 2);
	assert_non_null(strstr(buf_cstr(&out),
		"{\"labels\":{\"kind\":\"a\\\"b\\\\c\"},\"value\":5},"
		"{\"labels\":{\"kind\":\"e\"},\"value\":5}]"));
	assert_non_null(strstr(buf_cstr(&out),
		"{\"labels\":{},\"count\":2,\"sum\":0,\"p50\":0.000025,"
		"\"p95\":0.00005,\"p99\":0.00005}"));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_escaped_and_costs_exact),
		cmocka_unit_test(histograms_are_cumulative),
		cmocka_unit_test(quantiles_are_interpolated),
		cmocka_unit_test(json_has_the_same),
	};

	return cmocka_run_group_tests_name(
		"server/metrics_format", tests, NULL, NULL);
}
