/*
 * worker.h - a few threads for what may block: SQL, slow uploads, hashing.
 *
 * Work that does not find a place in the queue is refused at once, so that an
 * overload shows as a quick 503 and not as a growing wait.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "net/loop.h"

struct workers;

/* ERR_IO when threads cannot be made. */
MUST_USE bool workers_start(
	size_t threads, size_t queue, struct workers **out, struct error *err);
/* Lets what is queued finish, then ends the threads. */
void workers_stop(struct workers *workers);

/* Keep the number of those that wait in *waiting from now on (atomic); before
 * anything is posted. It outlives the workers. */
void workers_tell_waiting(struct workers *workers, int64_t *waiting);

/* False: the queue is full. */
MUST_USE bool workers_post(struct workers *workers, struct task *task);

#endif
