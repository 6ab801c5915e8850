/*
 * limit_doubts.h - reservations of which nobody knows whether they were made:
 * they were asked for, and no answer came. Each is looked for until it is
 * found or was long ago: a command may wait in the network, or in a store
 * that stands still. Any thread may use it.
 */
#ifndef HOT_LIMIT_DOUBTS_H
#define HOT_LIMIT_DOUBTS_H

#include <pthread.h>

#include "hot/limit.h"

/* Of more, the oldest are given up. */
#define DOUBTS_MAX 256
/* Nothing is looked for any longer. */
#define DOUBT_MS 60000

struct doubt {
	char bytes[LIMIT_ID_MAX_BYTES];
	size_t n;
	int64_t since_ms; /* monotonic */
};

struct doubts {
	pthread_mutex_t lock;
	struct doubt list[DOUBTS_MAX]; /* the oldest first */
	size_t count;
};

void doubts_init(struct doubts *doubts);
void doubts_release(struct doubts *doubts);

void doubts_add(struct doubts *doubts, struct str id);
/* A copy of them all; how many. */
size_t doubts_copy(struct doubts *doubts, struct doubt out[DOUBTS_MAX]);
/* It is none any more. */
void doubts_remove(struct doubts *doubts, struct str id);
/* Give up the old ones. After they were looked for once more. */
void doubts_expire(struct doubts *doubts);

#endif
