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
#include "gateway/relay_own.h"

#include "base/clock.h"
#include "gateway/cascade.h"
#include "gateway/observe.h"
#include "gateway/output_tokens.h"

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
static void write_frame(struct call *call, const struct frame *frame);
static void begin_if_first(struct call *call);
static void write_usage_frame(struct call *call, const struct frame *frame);
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
	cascade_attempt(call);
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
	relay_end_stream(call);
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
	output_tokens_begin(call);
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
		relay_fail(call);
	} else if (call->is_stream_reply) {
		relay_end_stream(call);
	} else {
		relay_end_whole(call);
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
	relay_fail(call);
}

static void relay_events_of(struct call *call, struct str bytes)
{
	struct frame frame;
	enum frames_state state;

	cache_collect(call, bytes);
	cascade_collect(call, bytes);
	frames_feed(&call->frames, bytes);
	while ((state = frames_next(&call->frames, &frame, &call->error)) ==
		FRAMES_EVENT) {
		if (!relay_frame(call, &frame)) {
			relay_fail(call);
			return;
		}
	}
	if (state == FRAMES_FAILED)
		relay_fail(call);
	else if (call->facts.done)
		loop_timer_set(call->x->loop, &call->keepalive, LINGER_MS);
	else if (http_pending(call->x) > 0)
		http_push(call->x);
}

bool relay_frame(struct call *call, const struct frame *frame)
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
		relay_flush(call);
	else if (ok && call->facts.frame == FRAME_USAGE_ONLY)
		write_usage_frame(call, frame);
	else if (ok)
		write_frame(call, frame);
	arena_rewind(call->arena, mark);
	return ok;
}

/* What was translated goes to the client. */
void relay_flush(struct call *call)
{
	struct str bytes = buf_str(&call->written);

	if (bytes.n == 0)
		return;
	relay_tell(call, call->facts.frame == FRAME_ERROR
				 ? answer_without_key(call, bytes)
				 : bytes);
	buf_clear(&call->written);
}

static void write_frame(struct call *call, const struct frame *frame)
{
	bool is_error = call->facts.frame == FRAME_ERROR;

	relay_tell(call,
		is_error ? answer_without_key(call, frame->raw) : frame->raw);
}

void relay_tell(struct call *call, struct str bytes)
{
	struct str held = S("");

	if (call->is_abandoned || cascade_holds(call, bytes))
		return;
	if (call->cascade && !call->has_told)
		held = buf_str(&call->cascade->held);
	begin_if_first(call);
	if (held.n > 0)
		http_body(call->x, held);
	if (bytes.n > 0)
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
		relay_tell(call, splice.pieces[i]);
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
		relay_end_stream(call);
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
