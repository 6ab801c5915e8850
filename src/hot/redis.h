/*
 * redis.h - a Redis that several hosts share: values by name.
 *
 * One process has a pool of connections to it, opened when they are needed;
 * any thread may use it, but none that must not wait: every function below
 * waits for the network, at most redis.timeout_ms for each exchange. A Redis
 * that does not answer costs the calls that are waiting for it that time,
 * once: until it is tried again (a moment later, then ever more rarely, by
 * one thread at a time) all others fail at once. It comes back by itself.
 *
 * Names and values may hold any byte; each name gets redis.prefix put before
 * it. Nothing is kept without an end: whatever is set has a time to live.
 *
 * Errors are ERR_IO: Redis is away, or refuses; `detail` says why. Values are
 * gone whenever Redis wants: nothing may depend on finding one.
 *
 * Not after a fork().
 */
#ifndef HOT_REDIS_H
#define HOT_REDIS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/settings.h"

/* Of one command: more than the longest script takes (limit_redis.c). */
#define REDIS_WORDS_MAX 1024

struct redis;

/*
 * A pool that has opened nothing yet: a Redis that is away is no error here.
 * ERR_CONFIG: redis.url says nothing that we can use, or the password cannot
 * be read (LLM_GATEWAY_REDIS_PASSWORD, else redis.password_file).
 */
MUST_USE bool redis_open(
	const struct settings *settings, struct redis **out, struct error *err);
/* No thread uses it any more. Safe with NULL. */
void redis_close(struct redis *redis);

/* It answers, and lets us do what we need. */
MUST_USE bool redis_check(struct redis *redis, struct error *err);

/* Append the value to `out`. *found is false, with true, when there is none.
 * ERR_TOO_LARGE: it is longer than `out` may become. */
MUST_USE bool redis_get(struct redis *redis, struct str name, struct buf *out,
	bool *found, struct error *err);

/* Forgotten after ttl_ms (1 or more). */
MUST_USE bool redis_set_with_ttl(struct redis *redis, struct str name,
	struct str value, int64_t ttl_ms, struct error *err);

/* The same when there is no such value yet; *set tells. */
MUST_USE bool redis_set_if_absent(struct redis *redis, struct str name,
	struct str value, int64_t ttl_ms, bool *set, struct error *err);

/* One that is not there is no error. */
MUST_USE bool redis_del(
	struct redis *redis, struct str name, struct error *err);

/* Only when it still has this value: to give back a lease that may be
 * another's by now. */
MUST_USE bool redis_del_if_equal(struct redis *redis, struct str name,
	struct str value, struct error *err);

/*
 * Remove every value whose name begins so, in steps that do not hold up
 * others; one that is set meanwhile may stay. It visits all names of that
 * Redis: not for a call's path. *count says how many were removed.
 */
MUST_USE bool redis_scan_del(struct redis *redis, struct str prefix,
	int64_t *count, struct error *err);

#endif
