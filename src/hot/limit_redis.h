/*
 * limit_redis.h - what limit_redis.c has beside its row of limit_body.h.
 */
#ifndef HOT_LIMIT_REDIS_H
#define HOT_LIMIT_REDIS_H

#include "hot/limit_body.h"

/*
 * Believe the callers' now_ms instead of Redis' own time: for one who counts
 * in a time that is not the calendar's, and alone. `store` is what open()
 * gave. Functions that are told no time take the latest they have heard of.
 */
void limit_redis_follow_callers(void *store);

#endif
