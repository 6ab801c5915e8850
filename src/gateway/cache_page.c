/*
 * cache_page.c - what the cache has and did, and how to empty it. A key sees
 * and removes what its project has, nothing else.
 */
#include "gateway/cache.h"

#include "accounts/names.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/money.h"

#define MAX_PAGE_BYTES (4 << 20)

static bool needs_worker(struct call *call, enum verdict *verdict);
static void write_stats(
	const struct cache_share *shares, struct json_writer *w);
static void write_share(const struct cache_share *share, struct json_writer *w);
static void write_counts(
	const struct cache_share *share, struct json_writer *w);
static bool fits(struct str name, const void *context);

enum verdict cache_stats(struct call *call)
{
	struct buf body = BUF_INIT(MAX_PAGE_BYTES);
	struct cache_share *shares;
	struct json_writer w;
	enum verdict verdict;

	if (needs_worker(call, &verdict))
		return verdict;
	if (!cache_shares(call->gateway->cache, call->key->project_id,
		    clock_unix_ms(), call->arena, &shares, &call->error))
		return FAILED;
	json_writer_init(&w, &body);
	write_stats(shares, &w);
	return answer_json(call, &body);
}

/* All answers of a project may be many. */
static bool needs_worker(struct call *call, enum verdict *verdict)
{
	struct http_exchange *x = call->x;

	if (x->on_worker)
		return false;
	*verdict = WAITING;
	if (x->server->to_worker(x, call_run_stages, call))
		return true;
	error_set(&call->error, ERR_OVERLOADED,
		"no place in the queue for workers");
	*verdict = FAILED;
	return true;
}

/* The sum, and its parts. */
static void write_stats(const struct cache_share *shares, struct json_writer *w)
{
	struct cache_share sum = { .entries = 0 };

	for (const struct cache_share *share = shares; share;
		share = share->next) {
		sum.entries += share->entries;
		sum.bytes += share->bytes;
		sum.counts.hits += share->counts.hits;
		sum.counts.coalesced += share->counts.coalesced;
		sum.counts.misses += share->counts.misses;
		money_add(&sum.counts.saved_picousd, 1,
			share->counts.saved_picousd);
	}
	json_begin_object(w);
	write_counts(&sum, w);
	json_name(w, "models");
	json_begin_array(w);
	for (const struct cache_share *share = shares; share;
		share = share->next)
		write_share(share, w);
	json_end_array(w);
	json_end_object(w);
}

static void write_share(const struct cache_share *share, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "provider", share->provider);
	json_member_str(w, "model", share->model);
	write_counts(share, w);
	json_end_object(w);
}

static void write_counts(const struct cache_share *share, struct json_writer *w)
{
	char saved[MONEY_TEXT_BYTES];

	money_format_usd(share->counts.saved_picousd, saved);
	json_member_int(w, "entries", share->entries);
	json_member_int(w, "bytes", share->bytes);
	json_member_int(w, "hits", share->counts.hits);
	json_member_int(w, "misses", share->counts.misses);
	json_member_int(w, "coalesced", share->counts.coalesced);
	json_member_str(w, "saved_usd", str_of(saved));
}

enum verdict cache_remove(struct call *call)
{
	struct str pattern = call->listed_id;
	struct buf body = BUF_INIT(256);
	struct json_writer w;
	enum verdict verdict;
	size_t removed;

	if (needs_worker(call, &verdict))
		return verdict;
	if (!cache_clear(call->gateway->cache, call->key->project_id,
		    pattern.n ? fits : NULL, &pattern, &removed, &call->error))
		return FAILED;
	/* Names in Redis do not tell the model: all of the project goes. */
	if (call->gateway->cache_fleet &&
		!cache_fleet_clear(call->gateway->cache_fleet,
			call->key->project_id, &call->error))
		return FAILED;
	log_info("%s: key %" PRId64 " removed %zu answers from the cache",
		call->request_id, call->key->id, removed);
	json_writer_init(&w, &body);
	json_begin_object(&w);
	json_member_int(&w, "removed", (int64_t)removed);
	json_end_object(&w);
	return answer_json(call, &body);
}

static bool fits(struct str name, const void *context)
{
	return name_list_allows((struct name_list){ context, 1 }, name);
}
