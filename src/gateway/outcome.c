/*
 * outcome.c - how an attempt ended, and who learns of it: the breaker of its
 * model, its key, the balance, and the call's own list of attempts.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "gateway/affinity.h"
#include "hot/breaker.h"
#include "hot/key_rest.h"

/* What an attempt says of its provider. */
enum verdict_on { WELL, ILL, NOTHING };

static struct attempt_record *add_record(
	struct call *call, const struct model *model);
static void end_record(struct call *call, enum failure_advice advice);
static struct str request_id_of(struct call *call);
static const char *advice_name(enum failure_advice advice);
static enum verdict_on judge(const struct call *call);
static bool was_patient(const struct call *call);
static bool has_other_host(const struct call *call);
static void rest_key(struct call *call, const struct failure *failure);
static bool is_about_key(const struct failure *failure);
static struct breaker breaker_of(
	const struct call *call, const struct model *model);
static int64_t attempt_us(const struct call *call);

bool outcome_may_begin(
	struct call *call, const struct model *model, int64_t *wait_ms)
{
	struct breaker breaker = breaker_of(call, model);

	call->pass = breaker_ask(&breaker, clock_unix_ms());
	*wait_ms = call->pass.wait_ms;
	return call->pass.may_go;
}

void outcome_let_go(struct call *call, const struct model *model)
{
	struct breaker breaker = breaker_of(call, model);

	breaker_let_go(&breaker, &call->pass);
}

void outcome_begin(struct call *call)
{
	call->attempt_ns = clock_monotonic_ns();
	call->attempt = add_record(call, call->target);
	if (call->provider_key)
		call->attempt->provider_key_id = call->provider_key->id;
	call->attempt->affinity = affinity_begin(call);
	latencies_begin(call->gateway->latencies, call->target->id);
}

void outcome_skip(struct call *call, const struct model *model, const char *why,
	struct str detail)
{
	struct attempt_record *record = add_record(call, model);

	record->error = str_of(why);
	record->error_detail = arena_copy(call->arena, detail);
}

void outcome_head(struct call *call)
{
	if (call->attempt && call->attempt->first_byte_us < 0)
		call->attempt->first_byte_us = attempt_us(call);
}

void outcome_content(struct call *call)
{
	struct breaker breaker = breaker_of(call, call->target);

	if (!call->pass.probe)
		return;
	breaker_succeeded(&breaker, &call->pass);
	call->pass.probe = 0;
}

void outcome_end(struct call *call, const struct failure *failure,
	enum failure_advice advice)
{
	struct latencies *latencies = call->gateway->latencies;
	struct breaker breaker = breaker_of(call, call->target);
	int64_t now_ms = clock_monotonic_ms();
	enum verdict_on verdict;

	if (!call->attempt)
		return;
	verdict = judge(call);
	if (verdict == ILL)
		breaker_failed(&breaker, &call->pass, clock_unix_ms());
	else if (verdict == WELL)
		breaker_succeeded(&breaker, &call->pass);
	else
		breaker_let_go(&breaker, &call->pass);
	if (failure && call->provider_key && is_about_key(failure))
		rest_key(call, failure);
	if (verdict == ILL)
		latencies_fail(latencies, call->target->id, now_ms);
	else
		latencies_end(latencies, call->target->id,
			verdict == WELL ? call->attempt->first_byte_us : -1,
			now_ms);
	affinity_end(call);
	end_record(call, advice);
}

static struct attempt_record *add_record(
	struct call *call, const struct model *model)
{
	struct attempt_record *record =
		ARENA_NEW(call->arena, struct attempt_record);

	attempt_record_init(record);
	record->model_used = model->name;
	record->model_id = model->id;
	record->provider = model->provider->name;
	record->provider_id = model->provider->id;
	record->offset_us = (clock_monotonic_ns() - call->x->arrived_ns) / 1000;
	if (call->last_attempt)
		call->last_attempt->next = record;
	else
		call->attempt_list = record;
	call->last_attempt = record;
	return record;
}

static void end_record(struct call *call, enum failure_advice advice)
{
	struct attempt_record *record = call->attempt;
	const struct error *error = &call->error;

	call->attempt = NULL;
	record->status = call->upstream_status;
	record->total_us = attempt_us(call);
	if (call->upstream) {
		record->connect_us = upstream_connect_us(call->upstream);
		record->upstream_request_id = request_id_of(call);
	}
	if (error->kind == ERR_NONE)
		return;
	record->error = str_of(error_name(error->kind));
	record->error_detail =
		arena_copy(call->arena, str_of(error_detail(error)));
	if (error->kind != ERR_CLIENT_GONE)
		record->advice = str_of(advice_name(advice));
}

static struct str request_id_of(struct call *call)
{
	static const char *const names[] = { "x-request-id", "request-id",
		"x-amzn-requestid", "apim-request-id" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str id =
			upstream_header(call->upstream, str_of(names[i]));

		if (id.n > 0)
			return arena_copy(call->arena, str_head(id, 128));
	}
	return S("");
}

static const char *advice_name(enum failure_advice advice)
{
	static const char *const names[] = {
		[ADVICE_RETRY] = "retry",
		[ADVICE_NEXT_TARGET] = "next_target",
		[ADVICE_GIVE_UP] = "give_up",
	};

	return names[advice];
}

/* A provider that refuses what is wrong with the request is well; what is
 * wrong with the key, or how much it is used, says nothing. */
static enum verdict_on judge(const struct call *call)
{
	int status = call->upstream_status;

	switch (call->error.kind) {
	case ERR_NONE: return WELL;
	case ERR_UPSTREAM_CONNECT:
	case ERR_UPSTREAM_RESET:
	case ERR_UPSTREAM_GARBAGE:
	case ERR_UPSTREAM_CUT: return has_other_host(call) ? NOTHING : ILL;
	case ERR_UPSTREAM_TIMEOUT:
		return has_other_host(call) || !was_patient(call) ? NOTHING
								  : ILL;
	case ERR_UPSTREAM_STATUS:
		if (status < 400)
			status = call->facts.failure.status;
		if (status >= 500)
			return has_other_host(call) ? NOTHING : ILL;
		return status == 401 || status == 402 || status == 403 ||
				       status == 408 || status == 429
			       ? NOTHING
			       : WELL;
	default: return NOTHING;
	}
}

/* A key whose own time-outs are short shall not close a provider to all. */
static bool was_patient(const struct call *call)
{
	struct upstream_limits limits =
		attempt_general_limits(call->gateway, call->target->provider);
	int64_t least_ms = limits.connect_timeout_ms;

	if (limits.first_byte_timeout_ms < least_ms)
		least_ms = limits.first_byte_timeout_ms;
	if (limits.idle_timeout_ms < least_ms)
		least_ms = limits.idle_timeout_ms;
	return attempt_us(call) / 1000 + 1 >= least_ms;
}

/* One machine of a pool says nothing of the others: pool.c knows each. */
static bool has_other_host(const struct call *call)
{
	for (size_t i = 0; i < call->target_count; i++) {
		const struct target *target = &call->targets[i];

		if (target != call->current && !target->was_seen &&
			target->model == call->target)
			return true;
	}
	return false;
}

/* 401 and 402 are about the key alone, the others about it and the model. */
static void rest_key(struct call *call, const struct failure *failure)
{
	const struct settings *settings = call->gateway->settings;
	bool is_limited =
		failure->status == 429 && failure->advice == ADVICE_RETRY;
	bool is_for_model = failure->status == 403 || failure->status == 429;
	int64_t rest_ms = is_limited ? settings->key_limited_ms
				     : settings->key_refused_ms;
	struct key_of_rest key = { call->provider_key->id,
		call->provider_key->sealed };
	struct key_rest rest = { .status = failure->status };

	if (rest_ms == 0)
		return;
	if (is_limited && failure->retry_after_ms >= 0)
		rest_ms = failure->retry_after_ms;
	rest.until_ms = clock_unix_ms() + rest_ms;
	key_rest_set(call->gateway->hot, &key,
		is_for_model ? call->target->id : 0, &rest);
}

static bool is_about_key(const struct failure *failure)
{
	return failure->status == 401 || failure->status == 402 ||
	       failure->status == 403 || failure->status == 429 ||
	       strcmp(failure->code, "API_KEY_INVALID") == 0; /* Google's 400 */
}

static struct breaker breaker_of(
	const struct call *call, const struct model *model)
{
	return (struct breaker){
		.hot = call->gateway->hot,
		.rules = &call->gateway->breaker_rules,
		.provider_id = model ? model->provider->id : 0,
		.model_id = model ? model->id : 0,
	};
}

static int64_t attempt_us(const struct call *call)
{
	return (clock_monotonic_ns() - call->attempt_ns) / 1000;
}
