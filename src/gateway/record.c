/*
 * record.c - the closing step that remembers: one journal record and one log
 * line for every call, good or bad.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/affinity.h"
#include "gateway/call_log.h"
#include "gateway/capture.h"
#include "gateway/observe.h"

static bool journal(struct call *call, struct usage_record *usage,
	struct str line, struct error *err);
static void note_abandoned(struct call *call);
static void fill_who(const struct call *call, struct usage_record *record);
static void fill_target(const struct call *call, struct usage_record *record);
static void fill_price(const struct call *call, struct usage_record *record);
static void fill_times(const struct call *call, struct usage_record *record);
static int64_t since_arrival_us(const struct call *call, int64_t ns);

void record(struct call *call)
{
	struct http_exchange *x = call->x;
	struct usage_record usage;
	struct buf line = BUF_INIT(65536);
	struct error err;
	bool written;

	usage_record_init(&usage);
	fill_who(call, &usage);
	fill_target(call, &usage);
	fill_times(call, &usage);
	usage.started_unix_ms = x->arrived_unix_ms;
	call->ended_unix_ms = usage_record_ended_ms(&usage);
	usage.route = x->path;
	usage.dialect = str_of(call->dialect->name);
	usage.model_asked = call->head.model;
	usage.streamed = call->head.stream;
	usage.status = call->status;
	usage.complete = call->complete;
	if (call->error.kind != ERR_NONE) {
		usage.error = str_of(error_name(call->error.kind));
		usage.error_detail = str_of(error_detail(&call->error));
	}
	usage.tokens = call->tokens;
	usage.usage_source = call->usage_source;
	usage.billing = call->billing;
	usage.billing_reason = str_of(call->billing_reason);
	usage.priced = call->price != NULL;
	usage.cost_picousd = call->cost_picousd;
	fill_price(call, &usage);
	usage.charged_picousd = call->charged_picousd;
	usage.admitted = call->admission && call->admission->is_admitted;
	cache_record(call, &usage);
	route_record(call, &usage);
	usage.request_bytes = (int64_t)call->request_bytes;
	usage.response_bytes = x->body_bytes;
	usage_record_write(&usage, &line);
	written = journal(call, &usage, buf_str(&line), &err);
	/* Without the journal the log is the only place left; bodies, sealed
	 * as they are, are none of its business. */
	if (!written || call->gateway->settings->log_requests)
		call_log(call, buf_str(&line));
	call_log_cost(call, &usage);
	observe_call(call, &usage);
	if (!written)
		log_error("the journal did not take the call above: %s",
			error_detail(&err));
	buf_release(&line);
}

/* The line says all but the bodies, which few calls have. */
static bool journal(struct call *call, struct usage_record *usage,
	struct str line, struct error *err)
{
	struct journal *journal = call->gateway->journal;

	if (!call->capture)
		return journal_append_text(journal, line, err);
	capture_record(call, usage);
	return journal_append(journal, usage, err);
}

void call_end(struct call *call)
{
	struct http_exchange *x = call->x;

	loop_timer_clear(x->loop, &call->keepalive);
	loop_timer_clear(x->loop, &call->retry);
	outcome_end(call, NULL, ADVICE_GIVE_UP);
	if (call->upstream)
		upstream_cancel(call->upstream);
	call->upstream = NULL;
	meter(call);
	affinity_learn(call);
	cache_store(call);
	if (call->is_abandoned)
		note_abandoned(call);
	if (call->is_recorded)
		record(call);
	settle(call);
	x->waiter = NULL;
	http_end(x);
	http_push(x);
}

/* However the provider went on, nobody got it. */
static void note_abandoned(struct call *call)
{
	error_set(&call->error, ERR_CLIENT_GONE, "%s",
		call->facts.done || call->complete
			? "the provider went on to the end"
			: "the provider went on for a while");
	call->status = error_http_status(&call->error);
	call->complete = false;
}

static void fill_who(const struct call *call, struct usage_record *usage)
{
	usage->request_id = str_of(call->request_id);
	usage->client_ip = call->x->client_ip;
	usage->host = call->gateway->host_name;
	usage->user = call->head.user;
	if (!call->key)
		return;
	usage->organisation_id = call->key->organisation_id;
	usage->project_id = call->key->project_id;
	usage->key_id = call->key->id;
}

static void fill_target(const struct call *call, struct usage_record *usage)
{
	usage->attempts = (int64_t)call->attempts;
	/* One that did well is all in the row itself. */
	if (call->attempt_list &&
		(call->attempt_list->next || call->attempt_list->error.n > 0))
		usage->attempt_list = call->attempt_list;
	usage->affinity = affinity_why(call);
	usage->finish_reason = str_of(call->facts.finish_reason);
	if (call->alias)
		usage->alias = call->alias->name;
	if (!call->target)
		return;
	usage->model_used = call->target->name;
	usage->model_id = call->target->id;
	usage->provider = call->target->provider->name;
	usage->provider_id = call->target->provider->id;
	if (call->upstream_dialect)
		usage->provider_dialect = str_of(call->upstream_dialect->name);
	usage->dropped = buf_str(&call->losses.names);
	if (call->provider_key)
		usage->provider_key_id = call->provider_key->id;
}

/* What the cache gave was charged by none. */
static void fill_price(const struct call *call, struct usage_record *usage)
{
	if (!call->price || call->cache_state == CACHE_HIT)
		return;
	usage->price_from_ms = call->price->valid_from_ms;
	usage->price_tier = str_of(price_tier_name(call->price->tier));
	usage->price_above_tokens = call->price->above_prompt_tokens;
}

static void fill_times(const struct call *call, struct usage_record *usage)
{
	usage->queue_us = since_arrival_us(call, call->started_ns);
	usage->total_us = since_arrival_us(call, clock_monotonic_ns());
	usage->connect_us = call->connect_us;
	if (call->called_ns)
		usage->gateway_us = (call->called_ns - call->started_ns) / 1000;
	if (call->first_token_ns)
		usage->first_token_us =
			since_arrival_us(call, call->first_token_ns);
}

static int64_t since_arrival_us(const struct call *call, int64_t ns)
{
	return (ns - call->x->arrived_ns) / 1000;
}
