/*
 * loop.h - one thread's event loop: descriptors, timers, and work that other
 * threads hand over.
 *
 * Everything but loop_post(), loop_run_in() and loop_stop() belongs to the
 * loop's own thread. A callback never blocks. Watches, timers and tasks are
 * embedded in their owner's struct (CONTAINER_OF gives the owner back), so
 * the loop allocates nothing per event; the owner unwatches, clears and waits
 * for its tasks before it goes.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/error.h"

struct loop;

/* A descriptor and what to call when it is ready (EPOLLIN, EPOLLOUT...). */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
};

/* Zeroed: not set. */
struct timer {
	void (*expired)(struct timer *timer);
	int64_t due_ms;
	size_t place; /* in the loop's heap, from 1; 0: not set */
};

/* Work for a loop's thread; may be posted again once it runs. */
struct task {
	void (*run)(struct task *task);
	struct task *next;
};

/* ERR_IO: no descriptors left. */
MUST_USE bool loop_new(struct loop **out, struct error *err);
/* After its thread has ended. */
void loop_free(struct loop *loop);

/* Serve events on the calling thread until loop_stop(). */
void loop_run(struct loop *loop);
/* From any thread, also from a signal's thread. */
void loop_stop(struct loop *loop);

/* Edge- or level-triggered as the caller's events say. ERR_IO. */
MUST_USE bool loop_watch(struct loop *loop, struct watch *watch,
	uint32_t events, struct error *err);
/* Other events for a watched descriptor. */
void loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events);
/* No callback comes after this, also not from the batch in hand. */
void loop_unwatch(struct loop *loop, struct watch *watch);

/* (Re)start the timer; `expired` is set by the owner beforehand. */
void loop_timer_set(struct loop *loop, struct timer *timer, int64_t delay_ms);
/* Safe when it is not set. */
void loop_timer_clear(struct loop *loop, struct timer *timer);

/* The time when the current batch of events was taken. */
int64_t loop_now_ms(const struct loop *loop);

/* From any thread: run the task on the loop's thread, in order of posting. */
void loop_post(struct loop *loop, struct task *task);
/* The same, but at once when the caller is on that thread already. */
void loop_run_in(struct loop *loop, struct task *task);
bool loop_is_current(const struct loop *loop);

/* On the loop's thread: run the task once, after all that is at hand and
 * before the loop waits again or ends. Not while it is deferred already. */
void loop_defer(struct loop *loop, struct task *task);

#endif
