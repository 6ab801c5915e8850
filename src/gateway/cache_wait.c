/*
 * cache_wait.c - equal calls at the same time make one upstream call.
 *
 * The first that finds no answer becomes the owner of its fetch, in a store
 * that all processes of the machine share, and says again and again that it
 * lives. The others look at a growing interval: the answer is there (a hit),
 * the owner is gone without one (one of them takes over), or its answer may
 * not be kept (then each fetches its own: to queue for what everybody must
 * fetch alone would only make them slow).
 *
 * All of this happens on the loop of the call, for it lives from timers.
 */
#include "gateway/cache.h"

#include "base/clock.h"

#define FIRST_LOOK_MS 4
#define LAST_LOOK_MS 50
#define CONFIRM_MS (CACHE_FILL_MS / 4)

static enum verdict wait_for_other(struct call *call);
static void on_look(struct timer *timer);
static void look_again(struct call *call);
static bool is_too_late(const struct call *call);
static void go_on_alone(struct call *call);
static void own(struct call *call);
static void on_confirm(struct timer *timer);
static struct call *call_of(struct timer *timer);

enum verdict cache_join(struct call *call)
{
	struct call_cache *cache = call->cache;
	struct http_exchange *x = call->x;

	if (!cache->may_wait)
		return GO_ON;
	if (x->on_worker) {
		x->server->to_loop(x, call_run_stages, call);
		return WAITING;
	}
	cache->call = call;
	cache->owner = cache_fill_owner(call->gateway->cache);
	switch (cache_fill_take(call->gateway->cache, cache->key, cache->owner,
		clock_unix_ms())) {
	case CACHE_FILL_MINE: own(call); return GO_ON;
	case CACHE_FILL_OTHERS: return wait_for_other(call);
	case CACHE_FILL_DONE: /* but not for this key */
	case CACHE_FILL_FREE:
	case CACHE_FILL_REFUSED: break;
	}
	return GO_ON;
}

static void own(struct call *call)
{
	struct call_cache *cache = call->cache;

	cache->is_owner = true;
	cache->timer.expired = on_confirm;
	loop_timer_set(call->x->loop, &cache->timer, CONFIRM_MS);
}

/* An owner that was thought dead and replaced is one no more; its answer is
 * as good. */
static void on_confirm(struct timer *timer)
{
	struct call *call = call_of(timer);
	struct call_cache *cache = call->cache;

	cache->is_owner =
		cache_fill_take(call->gateway->cache, cache->key, cache->owner,
			clock_unix_ms()) == CACHE_FILL_MINE;
	if (cache->is_owner)
		loop_timer_set(call->x->loop, timer, CONFIRM_MS);
}

static enum verdict wait_for_other(struct call *call)
{
	struct call_cache *cache = call->cache;
	struct http_exchange *x = call->x;

	if (!cache->has_waited) {
		cache->has_waited = true;
		cache->wait_began_ms = loop_now_ms(x->loop);
		/* It may take as long as a call of its own. */
		if (call->head.stream)
			relay_start_keepalive(call);
	}
	x->waiter = &relay_waiter;
	x->owner = call;
	cache->wait_ms = FIRST_LOOK_MS;
	cache->timer.expired = on_look;
	loop_timer_set(x->loop, &cache->timer, cache->wait_ms);
	return WAITING;
}

static void on_look(struct timer *timer)
{
	struct call *call = call_of(timer);
	struct call_cache *cache = call->cache;

	switch (cache_fill_look(
		call->gateway->cache, cache->key, clock_unix_ms())) {
	case CACHE_FILL_OTHERS:
		if (is_too_late(call))
			go_on_alone(call);
		else
			look_again(call);
		return;
	case CACHE_FILL_REFUSED: go_on_alone(call); return;
	case CACHE_FILL_MINE:
	case CACHE_FILL_FREE:
	case CACHE_FILL_DONE: call_run_stages(call->x, call); return;
	}
}

static void look_again(struct call *call)
{
	struct call_cache *cache = call->cache;

	cache->wait_ms += cache->wait_ms / 2;
	if (cache->wait_ms > LAST_LOOK_MS)
		cache->wait_ms = LAST_LOOK_MS;
	loop_timer_set(call->x->loop, &cache->timer, cache->wait_ms);
}

/* Longer than any call may take, one does not wait for another's. */
static bool is_too_late(const struct call *call)
{
	int64_t waited =
		loop_now_ms(call->x->loop) - call->cache->wait_began_ms;

	return waited >= call->gateway->settings->total_timeout_ms;
}

static void go_on_alone(struct call *call)
{
	call->cache->may_wait = false;
	call_run_stages(call->x, call);
}

void cache_leave(struct call *call, bool may_not_be_kept)
{
	struct call_cache *cache = call->cache;

	/* One that never waited nor owned may be on a worker. */
	if (cache->timer.expired)
		loop_timer_clear(call->x->loop, &cache->timer);
	if (cache->is_owner)
		cache_fill_end(call->gateway->cache, cache->key, cache->owner,
			may_not_be_kept, clock_unix_ms());
	cache->is_owner = false;
}

static struct call *call_of(struct timer *timer)
{
	return CONTAINER_OF(timer, struct call_cache, timer)->call;
}
