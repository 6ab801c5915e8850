/*
 * call_log.c - one batch of lines for each stream and thread.
 */
#include "gateway/call_log.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/money.h"

/* Lines of this loop's calls that are not yet written. */
struct log_batch {
	struct buf lines[LOG_STREAMS];
	struct task write;
	bool is_deferred;
};

static _Thread_local struct log_batch log_batch;

static void add_line(
	struct call *call, enum log_stream stream, struct str line);
static void write_now(enum log_stream stream, struct str line);
static void write_batch(struct task *task);
static void write_cost(const struct usage_record *usage, struct buf *line);

void call_log(struct call *call, struct str line)
{
	add_line(call, LOG_STREAM_LLM, line);
}

void call_log_cost(struct call *call, const struct usage_record *usage)
{
	struct buf line = BUF_INIT(16384);

	if (!log_wants(LOG_STREAM_COSTS))
		return;
	write_cost(usage, &line);
	add_line(call, LOG_STREAM_COSTS, buf_str(&line));
	buf_release(&line);
}

static void add_line(struct call *call, enum log_stream stream, struct str line)
{
	struct log_batch *batch = &log_batch;
	struct buf *lines = &batch->lines[stream];

	if (call->x->on_worker || line.n >= LOG_TOGETHER_BYTES) {
		write_now(stream, line);
		return;
	}
	if (lines->n + line.n >= LOG_TOGETHER_BYTES) {
		log_lines(stream, buf_str(lines));
		buf_clear(lines);
	}
	lines->max = LOG_TOGETHER_BYTES;
	buf_append(lines, line);
	buf_append_char(lines, '\n');
	if (!batch->is_deferred) {
		batch->is_deferred = true;
		batch->write.run = write_batch;
		loop_defer(call->x->loop, &batch->write);
	}
}

static void write_now(enum log_stream stream, struct str line)
{
	struct buf whole = BUF_INIT(line.n + 1);

	buf_append(&whole, line);
	buf_append_char(&whole, '\n');
	assert(!whole.failed);
	log_lines(stream, buf_str(&whole));
	buf_release(&whole);
}

static void write_batch(struct task *task)
{
	struct log_batch *batch = CONTAINER_OF(task, struct log_batch, write);

	for (size_t i = 0; i < LOG_STREAMS; i++) {
		if (batch->lines[i].n > 0)
			log_lines(
				(enum log_stream)i, buf_str(&batch->lines[i]));
		buf_release(&batch->lines[i]);
	}
	batch->is_deferred = false;
}

static void write_cost(const struct usage_record *usage, struct buf *line)
{
	char text[CLOCK_TEXT_BYTES > MONEY_TEXT_BYTES ? CLOCK_TEXT_BYTES
						      : MONEY_TEXT_BYTES];
	struct json_writer w;

	clock_format(usage->started_unix_ms, text);
	json_writer_init(&w, line);
	json_begin_object(&w);
	json_member_str(&w, "time", str_of(text));
	json_member_str(&w, "request_id", usage->request_id);
	json_member_int(&w, "organisation_id", usage->organisation_id);
	json_member_int(&w, "project_id", usage->project_id);
	json_member_int(&w, "key_id", usage->key_id);
	json_member_str(&w, "user", str_head(usage->user, 255));
	json_member_str(&w, "provider", usage->provider);
	json_member_str(&w, "model", usage->model_used);
	json_member_int(&w, "prompt_tokens", usage->tokens.prompt);
	json_member_int(&w, "completion_tokens", usage->tokens.completion);
	json_member_int(&w, "cached_tokens", usage->tokens.cached);
	json_member_int(&w, "cache_write_tokens", usage->tokens.cache_write);
	json_member_int(&w, "reasoning_tokens", usage->tokens.reasoning);
	if (usage->priced) {
		money_format_usd(usage->cost_picousd, text);
		json_member_str(&w, "cost_usd", str_of(text));
	} else {
		json_member_null(&w, "cost_usd");
	}
	money_format_usd(usage->saved_picousd, text);
	json_member_str(&w, "saved_usd", str_of(text));
	json_end_object(&w);
}
