/*
 * pool.h - several hosts as one provider: which are up, and what each has.
 *
 * Hosts of a pool come and go, and they do not all have the same models. Each
 * process learns about them by use (a host that fails is left alone for a
 * while, longer each time) and by asking each for its list now and then. What
 * it knows is a hint: it is lost at a restart and learnt again, so it lives in
 * the process.
 */
#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H

#include "catalog/model.h"
#include "crypto/seal.h"
#include "gateway/snapshot.h"
#include "net/upstream.h"

struct call;
struct pool;

struct pool *pool_new(void);
void pool_free(struct pool *pool);

/*
 * The hosts that may serve the model, best first: those that list it, those
 * whose list is not known, those that failed lately; within each kind the one
 * that has the call's prompt in its cache (affinity.h), else by weight. A host
 * that lists other models alone is left out. `out` has room for 1 + host_count
 * addresses; returns how many were written.
 */
size_t pool_order(
	struct call *call, const struct model *model, struct str *out);

/* How a call to that host went. */
void pool_succeeded(struct pool *pool, struct str base_url);
void pool_failed(struct pool *pool, struct str base_url);
/* It said that it does not have the model. */
void pool_lacks(struct pool *pool, struct str base_url, struct str model);

/* What a host answered when it was asked for its models: Ollama's /api/tags
 * or OpenAI's /models. ERR_UPSTREAM_GARBAGE: then nothing changes. */
MUST_USE bool pool_take_list(struct pool *pool, struct str base_url,
	struct str body, struct error *err);

/* Asks all hosts of all pools for their models, now and every interval_ms; on
 * the loop. */
struct pool_watch;

struct pool_setup {
	struct pool *pool;
	struct snapshots *snapshots;
	struct vault *vault;
	struct loop *loop;
	struct upstream_pool *upstreams;
	int64_t interval_ms;
	int64_t timeout_ms;
	bool allow_private;
};

/* Before the loop runs. */
struct pool_watch *pool_watch_new(const struct pool_setup *setup);
/* After the loop has ended. Safe with NULL. */
void pool_watch_free(struct pool_watch *watch);

#endif
