/*
 * timer.h - moments to come back to, earliest first.
 *
 * A timer is a member of the thing that waits; the set keeps pointers in a
 * binary heap, so that thousands of waiting streams cost one comparison path
 * each. A set belongs to one thread.
 */
#ifndef SIMULATOR_TIMER_H
#define SIMULATOR_TIMER_H

#include "base/base.h"

struct timer {
	int64_t due_ns; /* on the monotonic clock; valid while set */
	size_t place;   /* in the heap, from 1 on; 0 when not set */
};

struct timers {
	struct timer **heap;
	size_t count;
	size_t capacity;
};

void timers_init(struct timers *timers);
void timers_release(struct timers *timers);

/* Set, or move, a timer. */
void timers_set(struct timers *timers, struct timer *timer, int64_t due_ns);
/* Harmless on a timer that is not set. */
void timers_cancel(struct timers *timers, struct timer *timer);
/* The earliest timer, NULL when none is set. */
struct timer *timers_first(const struct timers *timers);

#endif
