/*
 * loop_thread.h - a loop that runs on a thread of its own, and how a test
 * does something on it.
 *
 * Callbacks on that thread must not use cmocka's assertions, which jump out
 * of the test: they note what they saw, and the test looks afterwards.
 */
#ifndef TESTS_UNIT_NET_LOOP_THREAD_H
#define TESTS_UNIT_NET_LOOP_THREAD_H

#include <pthread.h>
#include <semaphore.h>

#include "net/loop.h"

/* Nothing that is waited for here takes as long, however busy the machine. */
#define PATIENCE_SECONDS 20

struct loop_thread {
	struct loop *loop;
	pthread_t thread;
};

/* One call of a function on the loop's thread. */
struct loop_visit {
	struct task task;
	void (*visit)(void *argument);
	void *argument;
	sem_t done;
};

static inline void *loop_thread_main(void *context)
{
	struct loop_thread *thread = context;

	loop_run(thread->loop);
	return NULL;
}

static inline void loop_thread_start(struct loop_thread *thread)
{
	struct error err;

	assert_true(loop_new(&thread->loop, &err));
	assert_int_equal(
		pthread_create(&thread->thread, NULL, loop_thread_main, thread),
		0);
}

/* What the loop serves may be closed afterwards; then loop_free(). */
static inline void loop_thread_stop(struct loop_thread *thread)
{
	loop_stop(thread->loop);
	pthread_join(thread->thread, NULL);
}

/* False when it was not posted in time. */
static inline bool wait_posted(sem_t *semaphore)
{
	struct timespec until;
	int failed;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_SECONDS;
	do {
		failed = sem_timedwait(semaphore, &until);
	} while (failed && errno == EINTR);
	return !failed;
}

static inline void loop_visit_run(struct task *task)
{
	struct loop_visit *visit = CONTAINER_OF(task, struct loop_visit, task);

	visit->visit(visit->argument);
	sem_post(&visit->done);
}

/* Call `visit` on the loop's thread and wait for its end. */
static inline void on_loop(struct loop_thread *thread,
	void (*visit)(void *argument), void *argument)
{
	struct loop_visit call = {
		.task.run = loop_visit_run, .visit = visit, .argument = argument
	};

	sem_init(&call.done, 0, 0);
	loop_post(thread->loop, &call.task);
	assert_true(wait_posted(&call.done));
	sem_destroy(&call.done);
}

static inline void sleep_ms(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&time, &time) < 0)
		continue;
}

#endif
