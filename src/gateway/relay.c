/*
 * relay.c - the provider's answer on its way to the client.
 *
 * A stream goes on event by event, each as the bytes that came: it is read
 * only for its usage and its end. Anything else is collected whole. Until the
 * first byte is written to the client, status and choice of target are open;
 * afterwards a failure can only be an event of the stream.
 *
 * The one hard thing: every function here may be called by libcurl. What ends
 * the call (an answer_ function) frees it, so nothing follows such a call.
 */
#include "gateway/stages.h"

#include "base/clock.h"
#include "gateway/observe.h"

/* A client that has this much to read yet holds its provider back. */
#define MAX_PENDING_BYTES 65536
/*
 * A client that has read the last event may count on the call being in the
 * journal. So that event waits for the end of the call, which comes with it
 * as a rule, but for no longer than this.
 */
#define LINGER_MS 50

static void on_head(void *owner, int status);
static enum upstream_flow on_body(void *owner, struct str bytes);
static void on_done(void *owner, const struct upstream_result *result);
static void begin_frames(struct call *call, enum framing framing);
static bool find_framing(const struct call *call, enum framing *out);
static void on_client_gone(struct http_exchange *x, void *owner);
static bool may_abandon(const struct call *call);
static void abandon(struct http_exchange *x, struct call *call);
static void on_client_drained(struct http_exchange *x, void *owner);
static void collect(struct call *call, struct str bytes);
static void relay_events_of(struct call *call, struct str bytes);
static bool relay_frame(struct call *call, const struct frame *frame);
static void flush_written(struct call *call);
static void write_frame(struct call *call, const struct frame *frame);
static void tell(struct call *call, struct str bytes);
static void begin_if_first(struct call *call);
static void write_usage_frame(struct call *call, const struct frame *frame);
static void end_stream(struct call *call);
static void end_whole(struct call *call);
static void end_service(struct call *call);
static void end_translated(struct call *call);
static void end_refused(struct call *call);
static void tell_pool(struct call *call, int status);
static void fail(struct call *call);
static enum failure_advice advise(const struct call *call);
static void on_silence(struct timer *timer);
static void write_keepalive(struct call *call);
static int64_t keepalive_ms(const struct call *call);
static void release(void *thing);

const struct upstream_events relay_events = {
	.head = on_head,
	.body = on_body,
	.done = on_done,
};

const struct http_waiter relay_waiter = {
	.gone = on_client_gone,
	.drained = on_client_drained,
};

void relay_init(struct call *call)
{
	const struct settings *settings = call->gateway->settings;

	buf_init(&call->reply, (size_t)settings->max_answer_bytes);
	buf_init(&call->translated, 0);
	buf_init(&call->written, (size_t)settings->max_answer_bytes);
	chat_losses_init(&call->losses, call->dialect);
	frames_init(
		&call->frames, FRAMING_SSE, (size_t)settings->max_frame_bytes);
	chat_facts_init(&call->facts);
	call->keepalive.expired = on_silence;
	arena_defer(call->arena, release, call);
}

void relay_reset(struct call *call)
{
	call->upstream_status = 0;
	call->is_stream_reply = false;
	buf_clear(&call->reply);
	call->reader = NULL;
	call->writer = NULL;
	call->stream_is_closed = false;
	cache_forget(call);
	/* The beginning of an event is not to be continued by another's. */
	begin_frames(call, FRAMING_SSE);
	chat_facts_init(&call->facts);
}

static void begin_frames(struct call *call, enum framing framing)
{
	frames_release(&call->frames);
	frames_init(&call->frames, framing,
		(size_t)call->gateway->settings->max_frame_bytes);
}

void relay_begin_kept(struct call *call, enum framing framing)
{
	begin_frames(call, framing);
	translate_begin_stream(call);
}

void relay_kept(struct call *call, struct str bytes)
{
	relay_events_of(call, bytes);
}

void relay_end_kept(struct call *call)
{
	end_stream(call);
}

void relay_start_keepalive(struct call *call)
{
	call->last_write_ms = loop_now_ms(call->x->loop);
	loop_timer_set(call->x->loop, &call->keepalive, keepalive_ms(call));
}

static void on_head(void *owner, int status)
{
	struct call *call = owner;
	enum framing framing;

	call->upstream_status = status;
	call->connect_us = upstream_connect_us(call->upstream);
	call->reply_type = arena_copy(call->arena,
		upstream_header(call->upstream, S("content-type")));
	outcome_head(call);
	if (call->target->provider->host_count > 0 && status < 400)
		pool_succeeded(call->gateway->pool, call->base_url);
	call->is_stream_reply =
		status >= 200 && status < 300 && find_framing(call, &framing);
	if (!call->is_stream_reply)
		return;
	if (call->service) /* only passed through */
		return;
	if (framing != FRAMING_SSE)
		begin_frames(call, framing);
	translate_begin_stream(call);
}

/* A JSON array is a stream only where one was asked for as such. */
static bool find_framing(const struct call *call, enum framing *out)
{
	struct str type = upstream_header(call->upstream, S("content-type"));

	if (framing_of(type, out))
		return true;
	*out = FRAMING_JSON_ARRAY;
	return call->as_array && !is_translated(call) && call->head.stream;
}

static enum upstream_flow on_body(void *owner, struct str bytes)
{
	struct call *call = owner;

	if (http_pending(call->x) > MAX_PENDING_BYTES)
		return UPSTREAM_PAUSE;
	if (call->is_stream_reply)
		relay_events_of(call, bytes);
	else
		collect(call, bytes);
	return UPSTREAM_GO_ON;
}

static void on_done(void *owner, const struct upstream_result *result)
{
	struct call *call = owner;

	if (!result->ok) {
		call->error = result->error;
		fail(call);
	} else if (call->is_stream_reply) {
		end_stream(call);
	} else {
		end_whole(call);
	}
}

static void on_client_gone(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	if (may_abandon(call)) {
		abandon(x, call);
		return;
	}
	error_set(&call->error, ERR_CLIENT_GONE, "%s", "");
	call->status = error_http_status(&call->error);
	call_end(call);
}

/* The provider counts to the end, for nobody but the request log. Told a
 * second time, it is the server that wants to end. */
static bool may_abandon(const struct call *call)
{
	return !call->is_abandoned && call->upstream &&
	       call->target->provider->quirks.on_disconnect == DISCONNECT_DRAIN;
}

static void abandon(struct http_exchange *x, struct call *call)
{
	call->is_abandoned = true;
	buf_release(&x->out);
	x->out_sent = 0;
	x->waiter = &relay_waiter;
	upstream_resume(call->upstream);
}

static void on_client_drained(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	(void)x;
	if (call->upstream)
		upstream_resume(call->upstream);
}

static void collect(struct call *call, struct str bytes)
{
	buf_append(&call->reply, bytes);
	if (!call->reply.failed)
		return;
	error_set(&call->error, ERR_UPSTREAM_TOO_LARGE,
		"the answer is larger than upstream.max_answer_bytes");
	fail(call);
}

static void relay_events_of(struct call *call, struct str bytes)
{
	struct frame frame;
	enum frames_state state;

	cache_collect(call, bytes);
	frames_feed(&call->frames, bytes);
	while ((state = frames_next(&call->frames, &frame, &call->error)) ==
		FRAMES_EVENT) {
		if (!relay_frame(call, &frame)) {
			fail(call);
			return;
		}
	}
	if (state == FRAMES_FAILED)
		fail(call);
	else if (call->facts.done)
		loop_timer_set(call->x->loop, &call->keepalive, LINGER_MS);
	else if (http_pending(call->x) > 0)
		http_push(call->x);
}

static bool relay_frame(struct call *call, const struct frame *frame)
{
	struct arena_mark mark = arena_mark(call->arena);
	bool ok;

	if (call->service)
		ok = call_service_read_frame(call, frame);
	else if (is_translated(call))
		ok = translate_frame(call, frame, &call->written);
	else
		ok = facts_read_frame(call->dialect, frame, call->reader,
			&call->facts, call->arena, &call->error);
	if (ok && call->facts.frame == FRAME_CONTENT && !call->first_token_ns) {
		call->first_token_ns = clock_monotonic_ns();
		outcome_content(call);
	}
	if (ok && call->facts.frame == FRAME_CONTENT)
		observe_token(call);
	if (ok && is_translated(call))
		flush_written(call);
	else if (ok && call->facts.frame == FRAME_USAGE_ONLY)
		write_usage_frame(call, frame);
	else if (ok)
		write_frame(call, frame);
	arena_rewind(call->arena, mark);
	return ok;
}

/* What was translated goes to the client. */
static void flush_written(struct call *call)
{
	struct str bytes = buf_str(&call->written);

	if (bytes.n == 0)
		return;
	tell(call, call->facts.frame == FRAME_ERROR
			   ? answer_without_key(call, bytes)
			   : bytes);
	buf_clear(&call->written);
}

static void write_frame(struct call *call, const struct frame *frame)
{
	bool is_error = call->facts.frame == FRAME_ERROR;

	tell(call,
		is_error ? answer_without_key(call, frame->raw) : frame->raw);
}

static void tell(struct call *call, struct str bytes)
{
	if (call->is_abandoned)
		return;
	begin_if_first(call);
	http_body(call->x, bytes);
}

/* With the first byte the target is chosen for good: the request's body has
 * done its work, and a stream may live long. */
static void begin_if_first(struct call *call)
{
	call->last_write_ms = loop_now_ms(call->x->loop);
	call->has_told = true;
	if (!call->x->began)
		answer_begin_stream(call);
	if (call->x->body.n > 0 && call->upstream &&
		upstream_body_is_sent(call->upstream))
		buf_release(&call->x->body);
}

/* The chunk that tells the usage: withheld when only we asked for it. */
static void write_usage_frame(struct call *call, const struct frame *frame)
{
	bool ours =
		call->target->provider->quirks.stream_usage == STREAM_USAGE_ASK;
	struct splice splice;

	if (!call->head.wants_usage && ours)
		return;
	if (!answer_wants_metadata(call)) {
		write_frame(call, frame);
		return;
	}
	meter(call);
	facts_splice_frame(frame, &call->facts, answer_metadata(call), &splice);
	for (unsigned i = 0; i < splice.count; i++)
		tell(call, splice.pieces[i]);
}

static void end_stream(struct call *call)
{
	struct frame frame;
	bool is_unfinished = frames_finish(&call->frames, &frame);

	if (is_unfinished && !relay_frame(call, &frame)) {
		fail(call);
		return;
	}
	if (call->facts.failed) {
		/* The provider's own error event has gone to the client. */
		error_set(&call->error, ERR_UPSTREAM_STATUS, "%s",
			call->facts.failure.message);
	} else if (call->facts.done || call->facts.finish_reason[0] ||
		   call_service_ends_unmarked(call)) {
		call->complete = true;
	} else {
		error_set(&call->error, ERR_UPSTREAM_CUT,
			"the stream ended before it was complete");
		/* The error is an event of its own, not a line of this one. */
		if (is_unfinished && call->has_told && !is_translated(call))
			tell(call, S("\n\n"));
		fail(call);
		return;
	}
	if (is_translated(call)) {
		translate_end(call, &call->written);
		flush_written(call);
	}
	if (!call->x->began)
		answer_begin_stream(call);
	call_end(call);
}

static void end_whole(struct call *call)
{
	int status = call->upstream_status;

	if (status >= 400) {
		end_refused(call);
	} else if (status < 200 || status >= 300) {
		error_set(&call->error, ERR_UPSTREAM_GARBAGE,
			"an answer with status %d", status);
		fail(call);
	} else if (call->is_count) {
		answer_whole(call, buf_str(&call->reply));
	} else if (call->service) {
		end_service(call);
	} else if (is_translated(call)) {
		end_translated(call);
	} else if (call->x->began) {
		error_set(&call->error, ERR_UPSTREAM_GARBAGE,
			"not a stream, though one was asked for");
		fail(call);
	} else if (facts_read_reply(call->dialect, buf_str(&call->reply),
			   call->arena, &call->facts, &call->error)) {
		if (call->facts.failed)
			error_set(&call->error, ERR_UPSTREAM_STATUS, "%s",
				call->facts.failure.message);
		answer_whole(call, buf_str(&call->reply));
	} else {
		fail(call);
	}
}

static void end_service(struct call *call)
{
	struct splice answer;

	if (!call->x->began && call_service_read_reply(call, &answer))
		answer_whole(call, splice_join(&answer, call->arena));
	else
		fail(call);
}

/* Some providers answer whole though a stream was asked for. */
static void end_translated(struct call *call)
{
	if (!call->head.stream) {
		if (translate_reply(call, &call->written))
			answer_whole(call, buf_str(&call->written));
		else
			fail(call);
	} else if (translate_reply_to_stream(call, &call->written)) {
		call->complete = true;
		flush_written(call);
		call_end(call);
	} else {
		fail(call);
	}
}

/* The provider said no: another target may say yes, or the client reads it. */
static void end_refused(struct call *call)
{
	struct failure failure;
	struct upstream *ended = call->upstream;
	struct str provider = call->target->provider->name;

	failure_read(call->upstream_status,
		upstream_header(call->upstream, S("retry-after")),
		buf_str(&call->reply), &failure);
	failure_read_wait_ms(
		upstream_header(call->upstream, S("retry-after-ms")), &failure);
	error_refuse(&call->error, ERR_UPSTREAM_STATUS, NULL,
		"The provider answered %d%s%s", call->upstream_status,
		failure.message[0] ? ": " : ".", failure.message);
	snprintf(call->error.detail, sizeof(call->error.detail),
		"%.*s answered %d: %.*s", STR_ARG(str_head(provider, 64)),
		call->upstream_status,
		STR_ARG(str_head(str_of(failure.message), 160)));
	call->error.http_status = call->upstream_status;
	snprintf(call->error.param, sizeof(call->error.param), "%s",
		failure.param);
	if (failure.retry_after_ms > 0)
		call->error.retry_after_seconds =
			(unsigned)((failure.retry_after_ms + 999) / 1000);
	if (call->target->provider->host_count > 0)
		tell_pool(call, call->upstream_status);
	call_attempt_failed(
		call, &failure, failure.advice, failure.retry_after_ms);
	call->upstream = NULL;
	if (failure.advice != ADVICE_GIVE_UP && call_goes_on(call))
		return;
	/* It lives until libcurl's call of us returns. */
	call->upstream = ended;
	answer_refusal(call);
}

/* A host that fails rests; one that lacks the model has others. */
static void tell_pool(struct call *call, int status)
{
	struct pool *pool = call->gateway->pool;

	if (status == 404)
		pool_lacks(pool, call->base_url, call->target->upstream_name);
	else if (status == 0 || status >= 500 || status == 429)
		pool_failed(pool, call->base_url);
}

/* The attempt failed as call->error says: the next one, or the end. */
static void fail(struct call *call)
{
	if (cache_replay_failed(call))
		return;
	if (call->target->provider->host_count > 0)
		tell_pool(call, 0);
	call_attempt_failed(call, NULL, advise(call), -1);
	if (call->upstream)
		upstream_cancel(call->upstream);
	call->upstream = NULL;
	if (!call_goes_on(call))
		answer_failure(call);
}

/* Only what surely produced nothing is asked for again of the same target. */
static enum failure_advice advise(const struct call *call)
{
	return call->error.kind == ERR_UPSTREAM_CONNECT ||
			       call->error.kind == ERR_UPSTREAM_RESET
		       ? ADVICE_RETRY
		       : ADVICE_NEXT_TARGET;
}

/* Nothing was written for a while: keep the connection alive, and find out
 * whether the client still is. Or the provider lingers after its last event. */
static void on_silence(struct timer *timer)
{
	struct call *call = CONTAINER_OF(timer, struct call, keepalive);
	struct http_exchange *x = call->x;
	int64_t interval = keepalive_ms(call);
	int64_t quiet = loop_now_ms(x->loop) - call->last_write_ms;

	if (call->facts.done) {
		end_stream(call);
		return;
	}
	if (call->is_abandoned)
		return;
	if (quiet >= interval) {
		quiet = 0;
		call->last_write_ms = loop_now_ms(x->loop);
		if (http_pending(x) == 0) {
			if (!x->began)
				answer_begin_stream(call);
			write_keepalive(call);
		}
	}
	loop_timer_set(x->loop, timer, interval - quiet);
}

/* Bytes that mean nothing in the client's framing. */
static void write_keepalive(struct call *call)
{
	if (call->as_array)
		http_body(call->x, S("\n"));
	else if (call->dialect->framing == FRAMING_SSE)
		http_body(call->x, S(": keep-alive\n\n"));
	http_push(call->x);
}

static int64_t keepalive_ms(const struct call *call)
{
	const struct settings *settings = call->gateway->settings;

	return call->x->behind_apache ? settings->keepalive_apache_ms
				      : settings->keepalive_ms;
}

static void release(void *thing)
{
	struct call *call = thing;

	buf_release(&call->reply);
	buf_release(&call->written);
	buf_release(&call->translated);
	chat_losses_release(&call->losses);
	frames_release(&call->frames);
}
