/*
 * loop.c - epoll, a heap of timers, and a list of posted tasks.
 *
 * The one hard thing: a callback may unwatch a descriptor, and free its
 * owner, that has another event waiting in the batch just taken. So
 * loop_unwatch() also strikes the watch out of that batch.
 */
#include "net/loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define BATCH 128

struct loop {
	int epoll_fd;
	struct watch wake; /* an eventfd */
	int64_t now_ms;
	struct epoll_event batch[BATCH];
	int batch_count; /* of the batch in hand; 0 between batches */

	struct task *deferred; /* newest first */

	struct timer **timers; /* a binary heap; [0] is not used */
	size_t timer_count;
	size_t timer_capacity;

	pthread_mutex_t lock; /* guards what follows */
	struct task *first_task;
	struct task *last_task;
	bool stopping;
};

/* The loop that the calling thread runs. */
static _Thread_local struct loop *current;

static void wake_up(struct loop *loop);
static void on_wake(struct watch *watch, uint32_t events);
static bool run_tasks(struct loop *loop);
static void run_timers(struct loop *loop);
static void run_deferred(struct loop *loop);
static int next_timeout_ms(const struct loop *loop);
static void run_events(struct loop *loop);
static void timer_place(struct loop *loop, struct timer *timer, size_t place);
static void timer_sift_up(struct loop *loop, struct timer *timer);
static void timer_sift_down(struct loop *loop, struct timer *timer);

bool loop_new(struct loop **out, struct error *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		abort();
	pthread_mutex_init(&loop->lock, NULL);
	loop->now_ms = clock_monotonic_ms();
	loop->wake.ready = on_wake;
	loop->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->wake.fd < 0 || loop->epoll_fd < 0 ||
		!loop_watch(loop, &loop->wake, EPOLLIN, err)) {
		error_set(err, ERR_IO, "cannot make an event loop: %s",
			strerror(errno));
		loop_free(loop);
		return false;
	}
	*out = loop;
	return true;
}

void loop_free(struct loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->wake.fd >= 0)
		close(loop->wake.fd);
	pthread_mutex_destroy(&loop->lock);
	free(loop->timers);
	free(loop);
}

void loop_run(struct loop *loop)
{
	current = loop;
	loop->now_ms = clock_monotonic_ms();
	while (run_tasks(loop)) {
		run_deferred(loop);
		loop->batch_count = epoll_wait(loop->epoll_fd, loop->batch,
			BATCH, next_timeout_ms(loop));
		loop->now_ms = clock_monotonic_ms();
		run_events(loop);
		run_timers(loop);
	}
	run_deferred(loop);
	current = NULL;
}

void loop_stop(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	loop->stopping = true;
	pthread_mutex_unlock(&loop->lock);
	wake_up(loop);
}

bool loop_watch(struct loop *loop, struct watch *watch, uint32_t events,
	struct error *err)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0)
		return error_set(err, ERR_IO, "cannot watch descriptor %d: %s",
			watch->fd, strerror(errno));
	return true;
}

void loop_rewatch(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };
	int failed =
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);

	assert(!failed);
}

void loop_unwatch(struct loop *loop, struct watch *watch)
{
	struct epoll_event unused = { 0 };

	/* It fails when the descriptor is closed already: fine, it is out. */
	epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, &unused);
	for (int i = 0; i < loop->batch_count; i++) {
		if (loop->batch[i].data.ptr == watch)
			loop->batch[i].data.ptr = NULL;
	}
}

void loop_timer_set(struct loop *loop, struct timer *timer, int64_t delay_ms)
{
	loop_timer_clear(loop, timer);
	if (loop->timer_count + 1 >= loop->timer_capacity) {
		size_t capacity = loop->timer_capacity * 2 + 64;

		loop->timers =
			realloc(loop->timers, capacity * sizeof(*loop->timers));
		if (!loop->timers)
			abort();
		loop->timer_capacity = capacity;
	}
	timer->due_ms = loop->now_ms + delay_ms;
	timer_place(loop, timer, ++loop->timer_count);
	timer_sift_up(loop, timer);
}

void loop_timer_clear(struct loop *loop, struct timer *timer)
{
	size_t place = timer->place;
	struct timer *last;

	if (place == 0)
		return;
	timer->place = 0;
	last = loop->timers[loop->timer_count--];
	if (last == timer)
		return;
	timer_place(loop, last, place);
	timer_sift_up(loop, last);
	timer_sift_down(loop, last);
}

int64_t loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

void loop_post(struct loop *loop, struct task *task)
{
	bool was_empty;

	task->next = NULL;
	pthread_mutex_lock(&loop->lock);
	was_empty = !loop->first_task;
	if (was_empty)
		loop->first_task = task;
	else
		loop->last_task->next = task;
	loop->last_task = task;
	pthread_mutex_unlock(&loop->lock);
	if (was_empty)
		wake_up(loop);
}

void loop_run_in(struct loop *loop, struct task *task)
{
	if (loop_is_current(loop))
		task->run(task);
	else
		loop_post(loop, task);
}

bool loop_is_current(const struct loop *loop)
{
	return current == loop;
}

void loop_defer(struct loop *loop, struct task *task)
{
	assert(loop_is_current(loop));
	task->next = loop->deferred;
	loop->deferred = task;
}

static void run_deferred(struct loop *loop)
{
	while (loop->deferred) {
		struct task *task = loop->deferred;

		loop->deferred = task->next;
		task->run(task);
	}
}

static void wake_up(struct loop *loop)
{
	/* A full counter wakes as well: the result does not matter. */
	eventfd_write(loop->wake.fd, 1);
}

static void on_wake(struct watch *watch, uint32_t events)
{
	eventfd_t count;

	(void)events;
	eventfd_read(watch->fd, &count);
}

/* False when the loop is to stop. */
static bool run_tasks(struct loop *loop)
{
	struct task *task;
	bool stopping;

	pthread_mutex_lock(&loop->lock);
	task = loop->first_task;
	loop->first_task = NULL;
	stopping = loop->stopping;
	pthread_mutex_unlock(&loop->lock);
	while (task) {
		/* Read first: a task may be gone after it ran. */
		struct task *next = task->next;

		task->run(task);
		task = next;
	}
	return !stopping;
}

static void run_events(struct loop *loop)
{
	for (int i = 0; i < loop->batch_count; i++) {
		struct watch *watch = loop->batch[i].data.ptr;

		if (watch)
			watch->ready(watch, loop->batch[i].events);
	}
	loop->batch_count = 0;
}

/* No more than there were: one that is set again at once takes its turn. */
static void run_timers(struct loop *loop)
{
	size_t left = loop->timer_count;

	while (left-- > 0 && loop->timer_count > 0 &&
		loop->timers[1]->due_ms <= loop->now_ms) {
		struct timer *timer = loop->timers[1];

		loop_timer_clear(loop, timer);
		timer->expired(timer);
	}
}

static int next_timeout_ms(const struct loop *loop)
{
	int64_t left_ms;

	if (loop->timer_count == 0)
		return -1;
	left_ms = loop->timers[1]->due_ms - clock_monotonic_ms();
	if (left_ms < 0)
		return 0;
	return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

static void timer_place(struct loop *loop, struct timer *timer, size_t place)
{
	loop->timers[place] = timer;
	timer->place = place;
}

static void timer_sift_up(struct loop *loop, struct timer *timer)
{
	size_t place = timer->place;

	while (place > 1 && loop->timers[place / 2]->due_ms > timer->due_ms) {
		timer_place(loop, loop->timers[place / 2], place);
		place /= 2;
	}
	timer_place(loop, timer, place);
}

static void timer_sift_down(struct loop *loop, struct timer *timer)
{
	size_t place = timer->place;

	for (;;) {
		size_t child = place * 2;

		if (child > loop->timer_count)
			break;
		if (child < loop->timer_count &&
			loop->timers[child + 1]->due_ms <
				loop->timers[child]->due_ms)
			child++;
		if (loop->timers[child]->due_ms >= timer->due_ms)
			break;
		timer_place(loop, loop->timers[child], place);
		place = child;
	}
	timer_place(loop, timer, place);
}
