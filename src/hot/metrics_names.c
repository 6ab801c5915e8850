/*
 * metrics_names.c - the table of metrics.
 */
#include "hot/metrics_names.h"

/* Microseconds: from an answer out of the cache to the longest stream. */
static const int64_t call_bounds[] = { 5000, 10000, 25000, 50000, 100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000,
	120000000, 300000000, 600000000 };
/* Between two tokens. */
static const int64_t gap_bounds[] = { 1000, 2500, 5000, 10000, 25000, 50000,
	100000, 250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000 };
/* Within the gateway. */
static const int64_t queue_bounds[] = { 50, 100, 250, 500, 1000, 2500, 5000,
	10000, 25000, 50000, 100000, 250000, 500000, 1000000, 5000000 };

#define COUNTER(NAME, DECIMALS, HELP, ...)                                  \
	{                                                                   \
		.name = NAME, .type = METRIC_COUNTER, .decimals = DECIMALS, \
		.help = HELP, .labels = {                                   \
			__VA_ARGS__                                         \
		}                                                           \
	}
#define GAUGE(NAME, TYPE, DECIMALS, HELP, ...)                    \
	{                                                         \
		.name = NAME, .type = TYPE, .decimals = DECIMALS, \
		.help = HELP, .labels = {                         \
			__VA_ARGS__                               \
		}                                                 \
	}
#define HISTOGRAM(NAME, BOUNDS, HELP, ...)                             \
	{                                                              \
		.name = NAME, .type = METRIC_HISTOGRAM, .decimals = 6, \
		.help = HELP, .bounds = BOUNDS,                        \
		.bound_count = ARRAY_LEN(BOUNDS), .labels = {          \
			__VA_ARGS__                                    \
		}                                                      \
	}

static const struct metric_row rows[METRICS] = {
	[METRIC_HTTP_REQUESTS] = COUNTER("http_requests_total", 0,
		"HTTP requests answered.", "route", "method", "status"),
	[METRIC_HTTP_DURATION] =
		HISTOGRAM("http_request_duration_seconds", call_bounds,
			"From the arrival of a request to the last byte sent.",
			"route"),
	[METRIC_ACTIVE_CONNECTIONS] = GAUGE("active_connections", METRIC_GAUGE,
		0, "HTTP requests that are being served."),
	[METRIC_LLM_REQUESTS] = COUNTER("llm_requests_total", 0,
		"Calls that ended, as in the request log.", "provider", "model",
		"status", "cache"),
	[METRIC_LLM_DURATION] = HISTOGRAM("llm_request_duration_seconds",
		call_bounds, "From the arrival of a call to its end.",
		"provider", "model"),
	[METRIC_LLM_FIRST_TOKEN] = HISTOGRAM("llm_time_to_first_token_seconds",
		call_bounds, "From the arrival of a call to its first token.",
		"provider", "model"),
	[METRIC_LLM_TOKEN_GAP] = HISTOGRAM("llm_inter_token_gap_seconds",
		gap_bounds, "Between two events with content of one stream.",
		"provider", "model"),
	[METRIC_LLM_TOKENS] = COUNTER("llm_tokens_total", 0,
		"Tokens; cached and cache_write are part of prompt, reasoning "
		"of completion.",
		"provider", "model", "kind"),
	[METRIC_LLM_COST] = COUNTER(
		"llm_cost_total", 12, "US dollars.", "provider", "model"),
	[METRIC_LLM_SAVED] = COUNTER("llm_saved_cost_total", 12,
		"US dollars that answers from the cache did not cost.",
		"provider", "model"),
	[METRIC_CACHE_REQUESTS] = COUNTER("cache_requests_total", 0,
		"Calls by what the response cache did for them.", "result"),
	[METRIC_CACHE_HIT_RATIO] = GAUGE("cache_hit_ratio", METRIC_GAUGE, 6,
		"Hits among the calls that looked into the response cache."),
	[METRIC_CACHE_ANSWERS] = GAUGE("gateway_cache_answers", METRIC_GAUGE, 0,
		"Answers in this machine's response cache.", "strategy"),
	[METRIC_CACHE_BYTES] = GAUGE("gateway_cache_bytes", METRIC_GAUGE, 0,
		"Bytes in use of this machine's response cache.", "strategy"),
	[METRIC_CACHE_MAX_BYTES] = GAUGE("gateway_cache_max_bytes",
		METRIC_GAUGE, 0,
		"Bytes above which answers that are not used go.", "strategy"),
	[METRIC_ERRORS] = COUNTER("error_rate_total", 0,
		"Calls that failed, by the error of the request log.", "kind"),
	[METRIC_REFUSALS] = COUNTER("gateway_limit_refusals_total", 0,
		"Calls refused for a limit, quota or budget.", "kind"),
	[METRIC_QUEUE] = HISTOGRAM("gateway_queue_seconds", queue_bounds,
		"From the arrival of a call to its first stage."),
	[METRIC_ATTEMPTS] = COUNTER("gateway_upstream_attempts_total", 0,
		"Attempts at providers.", "provider", "outcome"),
	[METRIC_AFFINITY] = COUNTER("gateway_prompt_affinity_total", 0,
		"Calls with a long prompt where there was a choice: by why "
		"they went there, and whether the provider had some of it in "
		"its cache.",
		"provider", "choice", "cached"),
	[METRIC_BREAKER_STATE] = GAUGE("gateway_breaker_state", METRIC_GAUGE, 0,
		"Circuit breakers: 0 closed, 1 half open, 2 open.", "provider",
		"model"),
	[METRIC_PROVIDER_SUCCESS] = GAUGE(
		"gateway_provider_last_success_timestamp_seconds",
		METRIC_NEWEST, 3, "When a provider last answered a call well.",
		"provider"),
	[METRIC_PROVIDER_FAILURE] =
		GAUGE("gateway_provider_last_failure_timestamp_seconds",
			METRIC_NEWEST, 3, "When a provider last failed a call.",
			"provider"),
	[METRIC_JOURNAL_BYTES] = GAUGE("gateway_journal_bytes", METRIC_GAUGE, 0,
		"Bytes of finished calls that are not yet in MariaDB."),
	[METRIC_LOG_DROPPED] = COUNTER("gateway_log_lines_dropped_total", 0,
		"Log lines that could not be written."),
	[METRIC_OVERFLOW] = COUNTER("gateway_metrics_overflow_total", 0,
		"Counted under \"other\" because there was no room for a "
		"series."),
	[METRIC_INFO] = GAUGE("gateway_info", METRIC_GAUGE, 0,
		"The version that answers.", "version"),
	[METRIC_UPTIME] = GAUGE("gateway_uptime_seconds", METRIC_GAUGE, 3,
		"Since the oldest process started."),
	[METRIC_PROCESSES] = GAUGE("gateway_processes", METRIC_GAUGE, 0,
		"Processes of this machine that serve."),
	[METRIC_LOOPS] = GAUGE("gateway_loops", METRIC_GAUGE, 0,
		"Event loops of all processes."),
	[METRIC_WORKER_QUEUE] = GAUGE("gateway_worker_queue", METRIC_GAUGE, 0,
		"Requests that wait for a worker."),
	[METRIC_RESIDENT_BYTES] = GAUGE("gateway_resident_memory_bytes",
		METRIC_GAUGE, 0, "Resident memory of all processes."),
};

const struct metric_row *metric_row(enum metric metric)
{
	assert(metric < METRICS);
	return &rows[metric];
}

enum metric metric_find(struct str name)
{
	for (size_t i = 0; i < METRICS; i++) {
		if (str_equal(name, str_of(rows[i].name)))
			return (enum metric)i;
	}
	return METRICS;
}

size_t metric_label_count(enum metric metric)
{
	const struct metric_row *row = metric_row(metric);
	size_t count = 0;

	while (count < METRIC_MAX_LABELS && row->labels[count])
		count++;
	return count;
}

size_t metric_value_count(enum metric metric)
{
	const struct metric_row *row = metric_row(metric);

	return row->type == METRIC_HISTOGRAM ? row->bound_count + 2 : 1;
}
