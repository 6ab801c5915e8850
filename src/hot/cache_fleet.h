/*
 * cache_fleet.h - the answers of all hosts, in a Redis behind each machine's
 * own store.
 *
 * Looking waits for the network: on workers alone. What is to be kept is
 * queued and written by the janitor; a Redis that is away, or a queue that is
 * full, means that an answer stays on this machine.
 */
#ifndef HOT_CACHE_FLEET_H
#define HOT_CACHE_FLEET_H

#include "hot/cache.h"

struct cache_fleet;

/* NULL where cache.strategy is memory. Opens nothing yet. ERR_CONFIG: redis.url
 * is missing or wrong. */
MUST_USE bool cache_fleet_open(const struct settings *settings,
	struct cache_fleet **out, struct error *err);
/* No thread uses it any more; what is queued is lost. Safe with NULL. */
void cache_fleet_close(struct cache_fleet *fleet);

/* As cache_find(); the project is part of the name. ERR_IO: Redis is away. */
MUST_USE bool cache_fleet_find(struct cache_fleet *fleet, int64_t project_id,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
	struct buf *memory, struct cache_answer *out, bool *found,
	struct error *err);

/* To be kept as soon as the janitor comes by; copies. Never waits. */
void cache_fleet_put(struct cache_fleet *fleet,
	const uint8_t key[CACHE_KEY_BYTES], const struct cache_answer *answer);

/* Write what is queued. ERR_IO: the rest is dropped. */
MUST_USE bool cache_fleet_flush(
	struct cache_fleet *fleet, int64_t now_unix_ms, struct error *err);

/* Remove all of a project, or of all. ERR_IO. */
MUST_USE bool cache_fleet_clear(
	struct cache_fleet *fleet, int64_t project_id, struct error *err);

#endif
