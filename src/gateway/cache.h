/*
 * cache.h - what a call has to do with the response cache, for the files that
 * see to it:
 *
 *	cache.c         the stage: look for an answer; headers and counts
 *	cache_policy.c  may this call be answered so, and what is its key
 *	cache_replay.c  an answer that was kept, on its way to the client
 *	cache_wait.c    equal calls at the same time: one fetches, others wait
 *	cache_keep.c    the closing step: keep what came
 *	cache_batch.c   what a turn of a loop brought is kept at once
 */
#ifndef GATEWAY_CACHE_H
#define GATEWAY_CACHE_H

#include "gateway/stages.h"
#include "hot/cache.h"

/* Of a call that may read answers, or leave one. */
struct call_cache {
	uint8_t key[CACHE_KEY_BYTES];
	bool may_read;
	bool may_wait; /* for an equal call, or be waited for */
	bool has_waited;
	bool has_asked_fleet;
	int64_t max_age_ms; /* -1: the client did not say */
	int64_t ttl_ms;
	struct buf bytes; /* of a provider's stream, to be kept */

	/* cache_wait.c */
	struct call *call; /* whose it is, once it waits or is waited for */
	uint32_t owner;
	bool is_owner; /* others may be waiting for this call */
	struct timer timer;
	int64_t wait_ms; /* until the next look */
	int64_t wait_began_ms;

	/* cache_replay.c */
	struct cache_answer answer;
	struct buf memory; /* of its texts */
	struct str rest;   /* of its bytes: to be given yet */
	enum framing framing;
	bool *is_gone; /* where to tell that the call has ended; or NULL */
};

/* Are answers in Redis kept on this machine, too? */
static inline bool cache_is_hybrid(const struct settings *settings)
{
	return str_equal(settings->cache_strategy, S("hybrid"));
}

/* cache_policy.c: decide, and make call->cache with the key. False: the call
 * has nothing to do with the cache; call->cache_state says why. */
MUST_USE bool cache_allows(struct call *call);

/* cache_replay.c: give call->cache->answer to the client. */
enum verdict cache_replay(struct call *call);

/* cache_wait.c: fetch the answer, or wait for who does. */
enum verdict cache_join(struct call *call);
/* cache_batch.c: keep it, and end the fetch of `owner` (0: nobody's), when the
 * loop's turn ends; on a worker at once. What cannot be kept is said in the
 * log, and those who wait for it fetch their own. */
void cache_batch_add(
	struct call *call, const struct cache_item *item, uint32_t owner);

/* The call has ended: let others go on. */
void cache_leave(struct call *call, bool may_not_be_kept);

#endif
