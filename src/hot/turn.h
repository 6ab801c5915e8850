/*
 * turn.h - whose turn it is to write: one thread of one process at a time.
 *
 * LMDB has a lock of its own for that, a robust mutex in shared memory, and it
 * can lose a wake-up: when a process is killed in the moment in which it was
 * woken to take the mutex, and another takes it first, nobody wakes those who
 * sleep there, until somebody else has to wait. So writers take turns by a
 * lock of the kernel's, on LMDB's own file, before they come to its mutex,
 * which is then always free. The kernel gives the lock back for the dead.
 */
#ifndef HOT_TURN_H
#define HOT_TURN_H

#include <pthread.h>

#include "base/base.h"

struct turn {
	int file;             /* the environment's; not ours to close */
	pthread_mutex_t lock; /* between the threads of this process */
};

/* `file` is open for writing, and by nobody else: not inherited by fork(). */
void turn_init(struct turn *turn, int file);
void turn_release(struct turn *turn);

void turn_take(struct turn *turn);
void turn_give(struct turn *turn);

#endif
