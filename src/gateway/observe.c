/*
 * observe.c - counting.
 */
#include "gateway/observe.h"

#include "base/clock.h"
#include "hot/metrics.h"

#define STATUS_TEXT_BYTES 12

/* A request that runs; in its exchange's arena. */
struct observed {
	struct http_exchange *x;
	struct str route;
};

static void observe_end(void *thing);
static struct str method_of(const struct http_exchange *x);
static struct str status_text(int status, char out[STATUS_TEXT_BYTES]);
static void observe_outcome(struct call *call, const struct str *target);
static void observe_times(struct call *call, const struct usage_record *usage,
	const struct str *target);
static void observe_tokens(struct call *call, const struct usage_record *usage,
	const struct str *target);
static void observe_error(struct call *call);
static void observe_provider(struct call *call);
static void observe_attempts(
	struct call *call, const struct usage_record *usage);
static bool is_limit(enum error_kind kind);
static bool is_providers_fault(const struct call *call);
static struct str or_unknown(struct str name);
static int64_t since_us(int64_t from_ns, int64_t to_ns);

void observe_exchange(struct http_exchange *x, struct str route)
{
	struct gateway *gateway = x->app;
	struct observed *observed = ARENA_NEW(&x->arena, struct observed);

	observed->x = x;
	observed->route = route;
	metrics_add(gateway->metrics, METRIC_ACTIVE_CONNECTIONS, NULL, 1);
	arena_defer(&x->arena, observe_end, observed);
}

static void observe_end(void *thing)
{
	const struct observed *observed = thing;
	const struct http_exchange *x = observed->x;
	struct gateway *gateway = x->app;
	char status[STATUS_TEXT_BYTES];

	metrics_add(gateway->metrics, METRIC_ACTIVE_CONNECTIONS, NULL, -1);
	metrics_add(gateway->metrics, METRIC_HTTP_REQUESTS,
		METRIC_LABELS(observed->route, method_of(x),
			status_text(x->status, status)),
		1);
	metrics_observe(gateway->metrics, METRIC_HTTP_DURATION,
		METRIC_LABELS(observed->route),
		since_us(x->arrived_ns, clock_monotonic_ns()));
}

void observe_call(struct call *call, const struct usage_record *usage)
{
	const struct str target[] = { or_unknown(usage->provider),
		or_unknown(usage->model_used) };

	observe_outcome(call, target);
	observe_times(call, usage, target);
	observe_tokens(call, usage, target);
	if (call->error.kind != ERR_NONE)
		observe_error(call);
	if (call->target && call->cache_state != CACHE_HIT)
		observe_provider(call);
	observe_attempts(call, usage);
}

void observe_lost_call(
	struct gateway *gateway, const struct usage_record *usage)
{
	struct str unknown = or_unknown(S(""));
	char status[STATUS_TEXT_BYTES];

	metrics_add(gateway->metrics, METRIC_LLM_REQUESTS,
		METRIC_LABELS(unknown, unknown,
			status_text((int)usage->status, status), S("off")),
		1);
	metrics_add(gateway->metrics, METRIC_ERRORS,
		METRIC_LABELS(usage->error), 1);
}

void observe_token(struct call *call)
{
	int64_t now = clock_monotonic_ns();

	if (call->last_token_ns && !call->token_gaps)
		call->token_gaps = metrics_find(call->gateway->metrics,
			METRIC_LLM_TOKEN_GAP,
			METRIC_LABELS(call->target->provider->name,
				call->target->name));
	if (call->last_token_ns)
		metrics_observe_in(call->token_gaps, METRIC_LLM_TOKEN_GAP,
			since_us(call->last_token_ns, now));
	call->last_token_ns = now;
}

static struct str method_of(const struct http_exchange *x)
{
	static const struct str known[] = { STR("GET"), STR("POST"),
		STR("HEAD"), STR("PUT"), STR("PATCH"), STR("DELETE"),
		STR("OPTIONS") };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (str_equal(x->method, known[i]))
			return known[i];
	}
	return S("other");
}

/* The client of an answer that never began was gone. */
static struct str status_text(int status, char out[STATUS_TEXT_BYTES])
{
	if (status < 100 || status > 999)
		status = 499;
	snprintf(out, STATUS_TEXT_BYTES, "%d", status);
	return str_of(out);
}

static void observe_outcome(struct call *call, const struct str *target)
{
	struct metrics *metrics = call->gateway->metrics;
	static const struct str results[] = {
		[CACHE_OFF] = STR("off"),
		[CACHE_BYPASS] = STR("bypass"),
		[CACHE_MISS] = STR("miss"),
		[CACHE_HIT] = STR("hit"),
	};
	struct str cache = results[call->cache_state];
	char status[STATUS_TEXT_BYTES];

	metrics_add(metrics, METRIC_LLM_REQUESTS,
		METRIC_LABELS(target[0], target[1],
			status_text(call->status, status), cache),
		1);
	metrics_add(metrics, METRIC_CACHE_REQUESTS, METRIC_LABELS(cache), 1);
}

static void observe_times(struct call *call, const struct usage_record *usage,
	const struct str *target)
{
	struct metrics *metrics = call->gateway->metrics;

	metrics_observe(metrics, METRIC_LLM_DURATION, target, usage->total_us);
	metrics_observe(metrics, METRIC_QUEUE, NULL, usage->queue_us);
	if (usage->first_token_us >= 0)
		metrics_observe(metrics, METRIC_LLM_FIRST_TOKEN, target,
			usage->first_token_us);
}

static void observe_tokens(struct call *call, const struct usage_record *usage,
	const struct str *target)
{
	struct metrics *metrics = call->gateway->metrics;
	const struct {
		struct str kind;
		int64_t count;
	} tokens[] = {
		{ STR("prompt"), usage->tokens.prompt },
		{ STR("completion"), usage->tokens.completion },
		{ STR("cached"), usage->tokens.cached },
		{ STR("cache_write"), usage->tokens.cache_write },
		{ STR("reasoning"), usage->tokens.reasoning },
	};

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		if (tokens[i].count > 0)
			metrics_add(metrics, METRIC_LLM_TOKENS,
				METRIC_LABELS(
					target[0], target[1], tokens[i].kind),
				tokens[i].count);
	}
	if (usage->cost_picousd > 0)
		metrics_add(
			metrics, METRIC_LLM_COST, target, usage->cost_picousd);
	if (usage->saved_picousd > 0)
		metrics_add(metrics, METRIC_LLM_SAVED, target,
			usage->saved_picousd);
}

static void observe_error(struct call *call)
{
	struct metrics *metrics = call->gateway->metrics;
	struct str kind = str_of(error_name(call->error.kind));

	metrics_add(metrics, METRIC_ERRORS, METRIC_LABELS(kind), 1);
	if (is_limit(call->error.kind))
		metrics_add(metrics, METRIC_REFUSALS, METRIC_LABELS(kind), 1);
}

static void observe_provider(struct call *call)
{
	struct metrics *metrics = call->gateway->metrics;
	struct str provider = call->target->provider->name;
	enum metric metric = METRIC_PROVIDER_SUCCESS;

	if (is_providers_fault(call))
		metric = METRIC_PROVIDER_FAILURE;
	else if (call->error.kind != ERR_NONE)
		return;
	metrics_raise(
		metrics, metric, METRIC_LABELS(provider), clock_unix_ms());
}

/* An only one that went well is not in the list. */
static void observe_attempts(
	struct call *call, const struct usage_record *usage)
{
	struct metrics *metrics = call->gateway->metrics;
	const struct attempt_record *attempt = usage->attempt_list;
	struct str outcome = S("ok");

	if (!attempt && call->target && call->attempts > 0) {
		if (call->error.kind != ERR_NONE)
			outcome = str_of(error_name(call->error.kind));
		metrics_add(metrics, METRIC_ATTEMPTS,
			METRIC_LABELS(call->target->provider->name, outcome),
			1);
	}
	for (; attempt; attempt = attempt->next)
		metrics_add(metrics, METRIC_ATTEMPTS,
			METRIC_LABELS(attempt->provider,
				attempt->error.n ? attempt->error : S("ok")),
			1);
}

static bool is_limit(enum error_kind kind)
{
	return kind == ERR_RATE_LIMITED || kind == ERR_CONCURRENCY ||
	       kind == ERR_QUOTA || kind == ERR_BUDGET;
}

/* A provider that refuses what a client asks for does its work. */
static bool is_providers_fault(const struct call *call)
{
	switch (call->error.kind) {
	case ERR_UPSTREAM_CONNECT:
	case ERR_UPSTREAM_TIMEOUT:
	case ERR_UPSTREAM_RESET:
	case ERR_UPSTREAM_GARBAGE:
	case ERR_UPSTREAM_CUT: return true;
	case ERR_UPSTREAM_STATUS:
		/* 2xx: an error event in a stream. */
		return call->upstream_status >= 500 ||
		       call->upstream_status < 400;
	default: return false;
	}
}

static struct str or_unknown(struct str name)
{
	return name.n > 0 ? name : S("unknown");
}

static int64_t since_us(int64_t from_ns, int64_t to_ns)
{
	return to_ns > from_ns ? (to_ns - from_ns) / 1000 : 0;
}
