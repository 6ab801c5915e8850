/*
 * cache_keep.c - the closing step that keeps an answer.
 *
 * Only what is complete and would be the same for whoever asks: an answer
 * that ended by itself or at the length that was asked for. Where the relay
 * could not tell, it is read once more for that, by way of the neutral form.
 * Embeddings are kept as the client got them.
 */
#include "gateway/cache.h"

#include "base/clock.h"
#include "base/log.h"
#include "dialect/embed/embed.h"
#include "dialect/gather.h"

/* Where answers are in Redis alone: for those who wait for it, until it is
 * there. */
#define BRIEF_MS 2000

static bool keep(struct call *call);
static bool has_all_vectors(struct call *call, struct str bytes);
static bool is_whole_answer(struct call *call, struct str bytes);
static void fill(
	const struct call *call, struct str bytes, struct cache_answer *out);
static void count_hit(struct call *call);
static void count_miss(struct call *call);
static void count(struct call *call, const struct cache_counts *more);

void cache_collect(struct call *call, struct str bytes)
{
	if (call->cache && call->cache_state != CACHE_HIT)
		buf_append(&call->cache->bytes, bytes);
}

void cache_forget(struct call *call)
{
	if (call->cache)
		buf_clear(&call->cache->bytes);
}

void cache_store(struct call *call)
{
	struct call_cache *cache = call->cache;
	bool has_answer = call->upstream_status != 0 || call->attempts > 0;
	bool has_left = call->error.kind == ERR_CLIENT_GONE;
	bool is_kept;

	if (!cache)
		return;
	if (cache->is_gone)
		*cache->is_gone = true;
	cache->is_gone = NULL;
	if (call->cache_state == CACHE_HIT) {
		count_hit(call);
		cache_leave(call, false);
		return;
	}
	is_kept = keep(call);
	cache_leave(call, has_answer && !has_left && !is_kept);
	if (call->target && cache->may_read && !is_kept)
		count_miss(call);
}

static bool keep(struct call *call)
{
	struct call_cache *cache = call->cache;
	struct str bytes =
		buf_str(call->is_stream_reply || call->service ? &cache->bytes
							       : &call->reply);
	struct cache_item item = { .is_miss = cache->may_read };

	if (!call->complete || call->error.kind != ERR_NONE ||
		call->facts.failed || !call->target ||
		call->upstream_status != 200 || cache->bytes.failed ||
		bytes.n == 0 ||
		bytes.n > (size_t)call->gateway->settings
				  ->cache_max_answer_bytes ||
		!(call->service ? has_all_vectors(call, bytes)
				: is_whole_answer(call, bytes)))
		return false;
	memcpy(item.key, cache->key, sizeof(item.key));
	fill(call, bytes, &item.answer);
	if (call->gateway->cache_fleet) {
		cache_fleet_put(
			call->gateway->cache_fleet, cache->key, &item.answer);
		if (!cache_is_hybrid(call->gateway->settings) &&
			cache->ttl_ms > BRIEF_MS)
			item.answer.expires_unix_ms =
				item.answer.stored_unix_ms + BRIEF_MS;
	}
	cache_batch_add(call, &item, cache->is_owner ? cache->owner : 0);
	cache->is_owner = false;
	return true;
}

/* As the client got it: for each of its texts one. */
static bool has_all_vectors(struct call *call, struct str bytes)
{
	int64_t wanted = call->service_input.item_count;
	struct embed_response response;
	struct error ignored;
	struct json root;

	return facts_check(bytes, &root, &ignored) &&
	       call->service->embed->read_response(
		       bytes, EMBED_BASE64, call->arena, &response, &ignored) &&
	       response.count > 0 &&
	       (wanted < 0 || response.count == (size_t)wanted);
}

/* A refusal may be a matter of chance, or of a rule that changes. */
static bool is_whole_answer(struct call *call, struct str bytes)
{
	const struct dialect *dialect = call->upstream_dialect;
	struct chat_response response;
	struct error ignored;
	struct json root;

	if (call->facts.is_plain)
		return true;
	if (call->is_stream_reply
			? !gather_stream(dialect, call->frames.framing, bytes,
				  call->arena, &response, &ignored)
			: !facts_check(bytes, &root, &ignored) ||
				  !dialect->read_response(bytes, call->arena,
					  &response, &ignored))
		return false;
	return chat_response_is_plain(&response);
}

static void fill(
	const struct call *call, struct str bytes, struct cache_answer *out)
{
	int64_t now = clock_unix_ms();

	*out = (struct cache_answer){
		.project_id = call->key->project_id,
		.stored_unix_ms = now,
		.expires_unix_ms = now + call->cache->ttl_ms,
		.cost_picousd = call->cost_picousd,
		.is_priced = call->price != NULL,
		.tokens = {
			[CACHE_TOKENS_PROMPT] = call->tokens.prompt,
			[CACHE_TOKENS_COMPLETION] = call->tokens.completion,
			[CACHE_TOKENS_CACHED] = call->tokens.cached,
			[CACHE_TOKENS_CACHE_WRITE] = call->tokens.cache_write,
			[CACHE_TOKENS_REASONING] = call->tokens.reasoning,
		},
		.tokens_source = call->usage_source,
		.is_stream = call->is_stream_reply,
		.provider = call->target->provider->name,
		.model = call->target->name,
		.dialect = str_of(call->service ? call->dialect->name
						: call->upstream_dialect->name),
		.content_type = call->reply_type,
		.dropped = buf_str(&call->losses.names),
		.bytes = bytes,
	};
}

static void count_hit(struct call *call)
{
	struct error err;

	count(call, &(struct cache_counts){
			    .hits = 1,
			    .coalesced = call->cache->has_waited,
			    .saved_picousd = call->cache->answer.cost_picousd,
		    });
	if (!cache_touch(call->gateway->cache, call->cache->key,
		    clock_unix_ms(), &err))
		log_warn("%s", error_detail(&err));
}

static void count_miss(struct call *call)
{
	count(call, &(struct cache_counts){ .misses = 1 });
}

static void count(struct call *call, const struct cache_counts *more)
{
	struct error err;

	if (!cache_count(call->gateway->cache, call->key->project_id,
		    call->target->provider->name, call->target->name, more,
		    &err))
		log_warn("%s", error_detail(&err));
}
