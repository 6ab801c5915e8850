/*
 * record.c - the closing step that remembers: one journal record and one log
 * line for every call, good or bad.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "base/log.h"

/* The log lines of a loop's calls, written together before it waits. */
struct log_batch {
	struct buf lines;
	struct task write;
	bool is_deferred;
};

static _Thread_local struct log_batch log_batch;

static void log_call(struct call *call, struct str line);
static void write_log_batch(struct task *task);
static void fill_who(const struct call *call, struct usage_record *record);
static void fill_target(const struct call *call, struct usage_record *record);
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
	usage.priced = call->price != NULL;
	usage.cost_picousd = call->cost_picousd;
	usage.request_bytes = (int64_t)call->request_bytes;
	usage.response_bytes = x->body_bytes;
	usage_record_write(&usage, &line);
	written = journal_append_text(
		call->gateway->journal, buf_str(&line), &err);
	/* Without the journal the log is the only place left. */
	if (!written || call->gateway->settings->log_requests)
		log_call(call, buf_str(&line));
	if (!written)
		log_error("the journal did not take the call above: %s",
			error_detail(&err));
	buf_release(&line);
}

void call_end(struct call *call)
{
	struct http_exchange *x = call->x;

	loop_timer_clear(x->loop, &call->keepalive);
	if (call->upstream)
		upstream_cancel(call->upstream);
	call->upstream = NULL;
	meter(call);
	if (call->is_recorded)
		record(call);
	x->waiter = NULL;
	http_end(x);
	http_push(x);
}

/* One system call for each line is a good part of what a call costs. */
static void log_call(struct call *call, struct str line)
{
	struct log_batch *batch = &log_batch;

	if (call->x->on_worker || line.n >= LOG_TOGETHER_BYTES) {
		log_line(line);
		return;
	}
	if (batch->lines.n + line.n >= LOG_TOGETHER_BYTES) {
		log_lines(buf_str(&batch->lines));
		buf_clear(&batch->lines);
	}
	batch->lines.max = LOG_TOGETHER_BYTES;
	buf_append(&batch->lines, line);
	buf_append_char(&batch->lines, '\n');
	if (!batch->is_deferred) {
		batch->is_deferred = true;
		batch->write.run = write_log_batch;
		loop_defer(call->x->loop, &batch->write);
	}
}

static void write_log_batch(struct task *task)
{
	struct log_batch *batch = CONTAINER_OF(task, struct log_batch, write);

	log_lines(buf_str(&batch->lines));
	buf_release(&batch->lines);
	batch->is_deferred = false;
}

static void fill_who(const struct call *call, struct usage_record *usage)
{
	usage->request_id = str_of(call->request_id);
	usage->client_ip = call->x->client_ip;
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
