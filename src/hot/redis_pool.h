/*
 * redis_pool.h - the connections of one process to Redis, and what is known
 * of a Redis that is away. For redis.c and redis_eval.c; everybody else has
 * redis.h.
 */
#ifndef HOT_REDIS_POOL_H
#define HOT_REDIS_POOL_H

#include <pthread.h>

#include "hot/redis.h"
#include "hot/redis_connection.h"

/* Scripts that one process uses. */
#define REDIS_SCRIPTS_MAX 16
#define REDIS_SHA_BYTES 40

struct redis_script {
	const char *text; /* its address is its name; NULL: none yet */
	char sha[REDIS_SHA_BYTES + 1]; /* "": Redis has not told it yet */
};

struct redis {
	struct arena arena; /* the texts of target and prefix */
	struct redis_target target;
	struct str prefix;
	pthread_mutex_t lock;          /* guards what follows */
	struct redis_connection *idle; /* the last one given back is first */
	unsigned era; /* ends whenever Redis is found to be away */
	bool away;
	bool trying;         /* a thread looks whether it is back */
	unsigned failures;   /* one after the other */
	int64_t retry_at_ms; /* monotonic; while away */
	char why[160];       /* it is away */
	bool warned_of_eviction;
	struct redis_script scripts[REDIS_SCRIPTS_MAX];
};

/* A connection of the caller's own until he gives it back. ERR_IO, at once
 * while Redis is away and it is not this thread's turn to try. */
MUST_USE bool redis_take(
	struct redis *redis, struct redis_connection **out, struct error *err);
/* `err` is that of what was asked last: why it is broken, if it is. */
void redis_give(struct redis *redis, struct redis_connection *connection,
	const struct error *err);

/* Take, ask and give back. */
MUST_USE bool redis_ask(struct redis *redis, const struct str *words,
	size_t count, redisReply **reply, struct error *err);

#endif
