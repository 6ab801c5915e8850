/*
 * cache_replay.c - an answer that was kept, on its way to another client.
 *
 * It takes the provider's place: its bytes go the way of bytes that come from
 * the network, so that a client cannot tell the difference. Where it was kept
 * as a stream and is wanted whole, or the other way round, it goes through
 * the neutral form.
 *
 * A stream is given in slices, the next one when the client has taken the
 * last. Every answer_ and relay_ function may end the call.
 */
#include "gateway/cache.h"

#include "dialect/gather.h"

#define SLICE_BYTES 16384
/* A client that has this much to read yet waits for the rest. */
#define MAX_PENDING_BYTES 65536

static void begin(struct http_exchange *x, void *owner);
static void begin_stream(struct call *call);
static bool fits_as_stream(const struct call *call);
static void give_slices(struct call *call);
static void give_whole(struct call *call);
static bool read_whole(struct call *call);
static bool gather(struct call *call, struct chat_response *out);
static void give_as_stream(struct call *call);
static void on_gone(struct http_exchange *x, void *owner);
static void on_drained(struct http_exchange *x, void *owner);

static const struct http_waiter waiter = {
	.gone = on_gone,
	.drained = on_drained,
};

enum verdict cache_replay(struct call *call)
{
	struct http_exchange *x = call->x;
	struct call_cache *cache = call->cache;
	struct str type = cache->answer.content_type;

	x->waiter = &waiter;
	x->owner = call;
	call->upstream_dialect = dialect_find(cache->answer.dialect);
	call->upstream_status = 200;
	call->is_stream_reply = cache->answer.is_stream;
	/* It is told when the memory of the answer may be gone. */
	call->reply_type = arena_copy(call->arena, type);
	if (!framing_of(type, &cache->framing))
		cache->framing = FRAMING_JSON_ARRAY;
	chat_losses_release(&call->losses);
	chat_losses_init(&call->losses, call->dialect);
	buf_append(&call->losses.names, cache->answer.dropped);
	/* A worker may not write to a client that it does not finish with. */
	if (x->on_worker)
		x->server->to_loop(x, begin, call);
	else
		begin(x, call);
	return WAITING;
}

static void begin(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	(void)x;
	if (!call->head.stream)
		give_whole(call);
	else if (fits_as_stream(call))
		begin_stream(call);
	else
		give_as_stream(call);
}

/* Frame by frame: as it is, or translated. */
static bool fits_as_stream(const struct call *call)
{
	bool is_array = call->cache->framing == FRAMING_JSON_ARRAY;

	return call->cache->answer.is_stream &&
	       (is_translated(call) || is_array == call->as_array);
}

static void begin_stream(struct call *call)
{
	call->cache->rest = call->cache->answer.bytes;
	relay_begin_kept(call, call->cache->framing);
	give_slices(call);
}

static void give_slices(struct call *call)
{
	struct http_exchange *x = call->x;
	struct call_cache *cache = call->cache;
	bool is_gone = false;

	cache->is_gone = &is_gone;
	while (!is_gone && cache->rest.n > 0 &&
		http_pending(x) <= MAX_PENDING_BYTES) {
		struct str slice = str_head(cache->rest, SLICE_BYTES);

		cache->rest = str_from(cache->rest, slice.n);
		relay_kept(call, slice);
	}
	if (is_gone)
		return;
	cache->is_gone = NULL;
	if (cache->rest.n == 0)
		relay_end_kept(call);
}

static void on_drained(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	(void)x;
	if (call->cache->rest.n > 0)
		give_slices(call);
}

static void on_gone(struct http_exchange *x, void *owner)
{
	relay_waiter.gone(x, owner);
}

static void give_whole(struct call *call)
{
	if (read_whole(call)) {
		call->is_stream_reply = false;
		call->reply_type = S("application/json");
		answer_whole(call, buf_str(&call->written));
	} else {
		cache_replay_failed(call);
	}
}

/* Into call->written, as the client's dialect has it, and the facts. */
static bool read_whole(struct call *call)
{
	const struct cache_answer *answer = &call->cache->answer;
	struct chat_response response;

	if (call->service) {
		buf_append(&call->written, answer->bytes);
		return true;
	}
	if (!answer->is_stream && is_translated(call)) {
		buf_append(&call->reply, answer->bytes);
		return translate_reply(call, &call->written);
	}
	if (!answer->is_stream) {
		buf_append(&call->written, answer->bytes);
	} else {
		if (!gather(call, &response) ||
			!translate_response(call, &response, &call->written))
			return false;
		if (is_translated(call)) {
			chat_facts_add_response(&call->facts, &response);
			return true;
		}
	}
	return facts_read_reply(call->dialect, buf_str(&call->written),
		call->arena, &call->facts, &call->error);
}

static bool gather(struct call *call, struct chat_response *out)
{
	return gather_stream(call->upstream_dialect, call->cache->framing,
		call->cache->answer.bytes, call->arena, out, &call->error);
}

/* A whole answer, or a stream in another framing: one large event. */
static void give_as_stream(struct call *call)
{
	struct chat_response response;
	bool ok;

	if (call->cache->answer.is_stream) {
		ok = gather(call, &response);
		if (ok)
			translate_response_to_stream(
				call, &response, &call->written);
	} else {
		buf_append(&call->reply, call->cache->answer.bytes);
		ok = translate_reply_to_stream(call, &call->written);
	}
	if (!ok) {
		cache_replay_failed(call);
		return;
	}
	call->is_stream_reply = false;
	if (!call->x->began)
		answer_begin_stream(call);
	http_body(call->x, buf_str(&call->written));
	call->complete = true;
	call_end(call);
}

bool cache_replay_failed(struct call *call)
{
	struct call_cache *cache = call->cache;

	if (call->cache_state != CACHE_HIT)
		return false;
	if (call->has_told) {
		answer_failure(call);
		return true;
	}
	/* The provider can still be asked. */
	cache->may_read = cache->may_wait = false;
	if (cache->is_gone)
		*cache->is_gone = true;
	cache->is_gone = NULL;
	call->cache_state = CACHE_MISS;
	call->target = NULL;
	call->error = (struct error)ERROR_INIT;
	relay_reset(call);
	buf_clear(&call->written);
	call_run_stages(call->x, call);
	return true;
}
