/* loop.c - timers against an oracle, batches, tasks from many threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop_thread.h"

#define MANY_TIMERS 10000
#define MAX_DELAY_MS 150
#define THREADS 4
#define TASKS_PER_THREAD 5000

static struct loop *loop;
static struct error err;

static int make_loop(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	assert_true(loop_new(&loop, &err));
	return 0;
}

static int free_loop(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

/* --- timers */

static char fired[64];

struct named_timer {
	struct timer timer;
	char name;
};

static void note(struct timer *timer)
{
	size_t n = strlen(fired);

	assert(n + 1 < sizeof(fired));
	fired[n] = CONTAINER_OF(timer, struct named_timer, timer)->name;
	fired[n + 1] = '\0';
}

static void note_and_stop(struct timer *timer)
{
	note(timer);
	loop_stop(loop);
}

static struct named_timer named(char name, void (*expired)(struct timer *))
{
	return (struct named_timer){ .timer.expired = expired, .name = name };
}

static void timers_expire_in_the_order_of_their_time(void **state)
{
	struct named_timer a = named('a', note);
	struct named_timer b = named('b', note);
	struct named_timer c = named('c', note);
	struct named_timer last = named('.', note_and_stop);
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	fired[0] = '\0';
	loop_timer_set(loop, &last.timer, 40);
	loop_timer_set(loop, &c.timer, 30);
	loop_timer_set(loop, &a.timer, 0);
	loop_timer_set(loop, &b.timer, 20);
	loop_run(loop);
	assert_string_equal(fired, "abc.");
	assert_true(clock_monotonic_ms() - began_ms >= 40);
}

static void a_timer_is_cleared_and_restarted(void **state)
{
	struct named_timer a = named('a', note);
	struct named_timer b = named('b', note);
	struct named_timer c = named('c', note);
	struct named_timer last = named('.', note_and_stop);

	(void)state;
	fired[0] = '\0';
	loop_timer_clear(loop, &a.timer);
	loop_timer_set(loop, &a.timer, 5);
	loop_timer_set(loop, &b.timer, 10);
	loop_timer_set(loop, &c.timer, 15);
	loop_timer_set(loop, &last.timer, 30);
	loop_timer_set(loop, &a.timer, 20);
	loop_timer_clear(loop, &b.timer);
	loop_timer_clear(loop, &b.timer);
	assert_int_equal(b.timer.place, 0);
	loop_run(loop);
	assert_string_equal(fired, "ca.");
	assert_int_equal(a.timer.place, 0);
}

static struct named_timer victim;
static struct named_timer delayed;
static int rounds;

static void meddle(struct timer *timer)
{
	note(timer);
	loop_timer_clear(loop, &victim.timer);
	loop_timer_set(loop, &delayed.timer, 10);
	if (++rounds < 3)
		loop_timer_set(loop, timer, 1);
}

static void callbacks_set_and_clear_timers(void **state)
{
	struct named_timer m = named('m', meddle);
	struct named_timer last = named('.', note_and_stop);

	(void)state;
	fired[0] = '\0';
	rounds = 0;
	victim = named('v', note);
	delayed = named('d', note);
	loop_timer_set(loop, &m.timer, 2);
	/* Due in the same round as `m`, at a later place. */
	loop_timer_set(loop, &victim.timer, 3);
	loop_timer_set(loop, &delayed.timer, 3);
	loop_timer_set(loop, &last.timer, 50);
	/* Everything is overdue by now. */
	sleep_ms(10);
	loop_run(loop);
	assert_string_equal(fired, "mmmd.");
}

/* A timer that waits no time must not keep the loop from its other work. */
static int64_t eager_count;

static void set_again_at_once(struct timer *timer)
{
	eager_count++;
	/* Without an end of its own the failing test would hang. */
	if (eager_count < 10000000)
		loop_timer_set(loop, timer, 0);
}

static void stop_loop(struct task *task)
{
	(void)task;
	loop_stop(loop);
}

static void *post_stop_soon(void *context)
{
	sleep_ms(20);
	loop_post(loop, context);
	return NULL;
}

static void an_eager_timer_lets_others_through(void **state)
{
	struct timer eager = { .expired = set_again_at_once };
	struct task stop = { .run = stop_loop };
	pthread_t thread;

	(void)state;
	eager_count = 0;
	pthread_create(&thread, NULL, post_stop_soon, &stop);
	loop_timer_set(loop, &eager, 0);
	loop_run(loop);
	pthread_join(thread, NULL);
	assert_true(eager_count > 0);
	assert_true(eager_count < 10000000);
}

static int64_t set_at_ms;
static int64_t expired_at_ms;
static struct named_timer patient;

static void note_time(struct timer *timer)
{
	expired_at_ms = clock_monotonic_ms();
	note_and_stop(timer);
}

static void set_patient(struct task *task)
{
	(void)task;
	set_at_ms = clock_monotonic_ms();
	loop_timer_set(loop, &patient.timer, 40);
}

/* A loop may be made long before its thread runs it. */
static void a_timer_of_the_first_task_is_not_early(void **state)
{
	struct task task = { .run = set_patient };

	(void)state;
	fired[0] = '\0';
	patient = named('p', note_time);
	loop_post(loop, &task);
	sleep_ms(60);
	loop_run(loop);
	assert_string_equal(fired, "p");
	assert_true(expired_at_ms - set_at_ms >= 40);
}

struct numbered_timer {
	struct timer timer;
	int64_t due_ms; /* as it should be; -1: not set */
	int fired;
};

static struct numbered_timer many[MANY_TIMERS];
static int64_t fired_due_ms[MANY_TIMERS];
static size_t fired_count;
static size_t set_count;
static bool was_wrong;
static uint64_t random_state;

/* xorshift: the same numbers in every run. */
static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static void set_number(struct numbered_timer *number, int64_t delay_ms)
{
	set_count += number->due_ms < 0;
	number->due_ms = loop_now_ms(loop) + delay_ms;
	loop_timer_set(loop, &number->timer, delay_ms);
}

static void clear_number(struct numbered_timer *number)
{
	set_count -= number->due_ms >= 0;
	number->due_ms = -1;
	loop_timer_clear(loop, &number->timer);
}

static void note_number(struct timer *timer)
{
	struct numbered_timer *number =
		CONTAINER_OF(timer, struct numbered_timer, timer);

	was_wrong |= number->due_ms < 0 || number->fired > 0 ||
		     number->due_ms > loop_now_ms(loop) ||
		     number->due_ms != timer->due_ms;
	fired_due_ms[fired_count++] = number->due_ms;
	number->fired++;
	number->due_ms = -1;
	if (--set_count == 0)
		loop_stop(loop);
}

static int compare_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void start_numbers(void (*expired)(struct timer *timer))
{
	random_state = 88172645463325252u;
	fired_count = 0;
	set_count = 0;
	was_wrong = false;
	for (size_t i = 0; i < MANY_TIMERS; i++)
		many[i] = (struct numbered_timer){ .timer.expired = expired,
			.due_ms = -1 };
	/* Each is set twice and cleared once on average, in any order. */
	for (size_t i = 0; i < MANY_TIMERS * 3; i++) {
		struct numbered_timer *one = &many[next_random() % MANY_TIMERS];

		if (next_random() % 3 == 0)
			clear_number(one);
		else
			set_number(
				one, (int64_t)(next_random() % MAX_DELAY_MS));
	}
}

static void many_timers_agree_with_a_sorted_list(void **state)
{
	static int64_t expected[MANY_TIMERS];
	size_t expected_count = 0;

	(void)state;
	start_numbers(note_number);
	for (size_t i = 0; i < MANY_TIMERS; i++) {
		if (many[i].due_ms >= 0)
			expected[expected_count++] = many[i].due_ms;
	}
	qsort(expected, expected_count, sizeof(*expected), compare_int64);
	assert_true(expected_count > MANY_TIMERS / 3);
	loop_run(loop);
	assert_false(was_wrong);
	assert_int_equal(fired_count, expected_count);
	assert_memory_equal(
		fired_due_ms, expected, expected_count * sizeof(*expected));
}

/* Every few times another timer is cleared, and another one postponed. */
static void note_and_meddle(struct timer *timer)
{
	struct numbered_timer *other = &many[next_random() % MANY_TIMERS];

	if (fired_count % 3 == 0 && other->due_ms >= 0 &&
		&other->timer != timer)
		clear_number(other);
	other = &many[next_random() % MANY_TIMERS];
	if (fired_count % 3 == 1 && other->due_ms >= 0 &&
		&other->timer != timer)
		set_number(other, 1 + (int64_t)(next_random() % 20));
	note_number(timer);
}

static void many_timers_change_while_they_expire(void **state)
{
	(void)state;
	start_numbers(note_and_meddle);
	loop_run(loop);
	assert_false(was_wrong);
	assert_true(fired_count > MANY_TIMERS / 4);
	for (size_t i = 1; i < fired_count; i++)
		assert_true(fired_due_ms[i - 1] <= fired_due_ms[i]);
	for (size_t i = 0; i < MANY_TIMERS; i++)
		assert_int_equal(many[i].timer.place, 0);
}

/* --- tasks */

struct numbered_task {
	struct task task;
	int thread;
	int number;
};

static struct numbered_task tasks[THREADS][TASKS_PER_THREAD];
static int next_number[THREADS];
static int run_count;

static void note_task(struct task *task)
{
	struct numbered_task *one =
		CONTAINER_OF(task, struct numbered_task, task);

	was_wrong |= one->number != next_number[one->thread]++ ||
		     !loop_is_current(loop);
	if (++run_count == THREADS * TASKS_PER_THREAD)
		loop_stop(loop);
}

static void *post_all(void *context)
{
	struct numbered_task *own = context;

	for (int i = 0; i < TASKS_PER_THREAD; i++)
		loop_post(loop, &own[i].task);
	return NULL;
}

static void tasks_of_many_threads_come_in_order_and_none_is_lost(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	was_wrong = false;
	run_count = 0;
	memset(next_number, 0, sizeof(next_number));
	for (int t = 0; t < THREADS; t++) {
		for (int i = 0; i < TASKS_PER_THREAD; i++)
			tasks[t][i] =
				(struct numbered_task){ { .run = note_task }, t,
					i };
		pthread_create(&threads[t], NULL, post_all, tasks[t]);
	}
	loop_run(loop);
	for (int t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);
	assert_false(was_wrong);
	assert_int_equal(run_count, THREADS * TASKS_PER_THREAD);
}

static void post_again(struct task *task)
{
	if (++run_count == 100)
		loop_stop(loop);
	else
		loop_post(loop, task);
}

static void a_task_posts_itself_again(void **state)
{
	struct task task = { .run = post_again };

	(void)state;
	run_count = 0;
	loop_post(loop, &task);
	loop_run(loop);
	assert_int_equal(run_count, 100);
}

static void count_task(struct task *task)
{
	(void)task;
	run_count++;
}

static void what_is_posted_before_a_stop_still_runs(void **state)
{
	struct task task = { .run = count_task };

	(void)state;
	run_count = 0;
	loop_post(loop, &task);
	loop_stop(loop);
	loop_run(loop);
	assert_int_equal(run_count, 1);
}

static void free_task(struct task *task)
{
	free(task);
	if (++run_count == 2)
		loop_stop(loop);
}

static void a_task_may_be_gone_after_it_ran(void **state)
{
	(void)state;
	run_count = 0;
	for (int i = 0; i < 2; i++) {
		struct task *task = calloc(1, sizeof(*task));

		assert_non_null(task);
		task->run = free_task;
		loop_post(loop, task);
	}
	loop_run(loop);
	assert_int_equal(run_count, 2);
}

static bool was_at_once;
static bool was_current;

static void run_in_from_the_loop(struct task *task)
{
	static struct task inner = { .run = count_task };

	(void)task;
	was_current = loop_is_current(loop);
	loop_run_in(loop, &inner);
	was_at_once = run_count == 1;
	loop_stop(loop);
}

static void run_in_is_at_once_on_the_thread_and_posted_off_it(void **state)
{
	struct task outer = { .run = run_in_from_the_loop };

	(void)state;
	run_count = 0;
	was_at_once = false;
	was_current = false;
	assert_false(loop_is_current(loop));
	loop_run_in(loop, &outer);
	assert_false(was_current);
	loop_run(loop);
	assert_true(was_current);
	assert_true(was_at_once);
	assert_int_equal(run_count, 1);
	assert_false(loop_is_current(loop));
}

static void *stop_soon(void *context)
{
	(void)context;
	sleep_ms(20);
	loop_stop(loop);
	return NULL;
}

static void another_thread_stops_a_loop_that_sleeps(void **state)
{
	pthread_t thread;
	int64_t began_ms = clock_monotonic_ms();

	(void)state;
	pthread_create(&thread, NULL, stop_soon, NULL);
	loop_run(loop);
	pthread_join(thread, NULL);
	assert_true(clock_monotonic_ms() - began_ms >= 20);
}

/* --- descriptors */

struct peer {
	struct watch watch;
	struct peer *other;
	int far_fd;
};

static int ready_count;
static uint32_t last_events;

static struct peer *peer_new(void (*ready)(struct watch *, uint32_t))
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int fds[2];

	assert_non_null(peer);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	peer->watch.fd = fds[0];
	peer->watch.ready = ready;
	peer->far_fd = fds[1];
	return peer;
}

static void peer_free(struct peer *peer)
{
	loop_unwatch(loop, &peer->watch);
	close(peer->watch.fd);
	close(peer->far_fd);
	free(peer);
}

/* Both are ready: whoever comes first takes the other one away. */
static void free_other(struct watch *watch, uint32_t events)
{
	struct peer *peer = CONTAINER_OF(watch, struct peer, watch);

	ready_count++;
	last_events = events;
	peer_free(peer->other);
	peer_free(peer);
}

static void no_event_comes_after_unwatch_in_the_same_batch(void **state)
{
	struct named_timer last = named('.', note_and_stop);
	struct peer *a = peer_new(free_other);
	struct peer *b = peer_new(free_other);

	(void)state;
	fired[0] = '\0';
	ready_count = 0;
	a->other = b;
	b->other = a;
	assert_true(loop_watch(loop, &a->watch, EPOLLIN, &err));
	assert_true(loop_watch(loop, &b->watch, EPOLLIN, &err));
	assert_int_equal(write(a->far_fd, "x", 1), 1);
	assert_int_equal(write(b->far_fd, "x", 1), 1);
	loop_timer_set(loop, &last.timer, 20);
	loop_run(loop);
	assert_int_equal(ready_count, 1);
	assert_int_equal(last_events, EPOLLIN);
}

static void read_then_ask_to_write(struct watch *watch, uint32_t events)
{
	char byte;

	ready_count++;
	last_events = events;
	if (ready_count == 1) {
		was_wrong |= read(watch->fd, &byte, 1) != 1;
		loop_rewatch(loop, watch, EPOLLOUT);
	} else {
		loop_stop(loop);
	}
}

static void rewatch_changes_the_events(void **state)
{
	struct peer *peer = peer_new(read_then_ask_to_write);

	(void)state;
	ready_count = 0;
	was_wrong = false;
	assert_true(loop_watch(loop, &peer->watch, EPOLLIN, &err));
	assert_int_equal(write(peer->far_fd, "x", 1), 1);
	loop_run(loop);
	assert_false(was_wrong);
	assert_int_equal(ready_count, 2);
	assert_int_equal(last_events, EPOLLOUT);
	peer_free(peer);
}

static void count_ready(struct watch *watch, uint32_t events)
{
	ready_count++;
	last_events = events;
	loop_unwatch(loop, watch);
	loop_stop(loop);
}

static void a_hang_up_is_an_event(void **state)
{
	struct peer *peer = peer_new(count_ready);

	(void)state;
	ready_count = 0;
	assert_true(loop_watch(loop, &peer->watch, EPOLLIN | EPOLLRDHUP, &err));
	close(peer->far_fd);
	loop_run(loop);
	assert_int_equal(ready_count, 1);
	assert_true(last_events & EPOLLRDHUP);
	peer->far_fd = -1;
	peer_free(peer);
}

static void what_cannot_be_watched_is_an_error(void **state)
{
	struct watch watch = { .fd = -1, .ready = count_ready };

	(void)state;
	assert_false(loop_watch(loop, &watch, EPOLLIN, &err));
	assert_int_equal(err.kind, ERR_IO);
	assert_non_null(strstr(error_detail(&err), "Bad file descriptor"));
	/* Not watched: nothing to take away, and no harm in it. */
	loop_unwatch(loop, &watch);
}

static void a_loop_without_descriptors_is_an_error(void **state)
{
	struct rlimit old;
	struct rlimit none;
	struct loop *other = NULL;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_false(loop_new(&other, &err));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(err.kind, ERR_IO);
	assert_null(other);
}

#define LOOP_TEST(function) \
	cmocka_unit_test_setup_teardown(function, make_loop, free_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOOP_TEST(timers_expire_in_the_order_of_their_time),
		LOOP_TEST(a_timer_is_cleared_and_restarted),
		LOOP_TEST(callbacks_set_and_clear_timers),
		LOOP_TEST(an_eager_timer_lets_others_through),
		LOOP_TEST(a_timer_of_the_first_task_is_not_early),
		LOOP_TEST(many_timers_agree_with_a_sorted_list),
		LOOP_TEST(many_timers_change_while_they_expire),
		LOOP_TEST(tasks_of_many_threads_come_in_order_and_none_is_lost),
		LOOP_TEST(a_task_posts_itself_again),
		LOOP_TEST(what_is_posted_before_a_stop_still_runs),
		LOOP_TEST(a_task_may_be_gone_after_it_ran),
		LOOP_TEST(run_in_is_at_once_on_the_thread_and_posted_off_it),
		LOOP_TEST(another_thread_stops_a_loop_that_sleeps),
		LOOP_TEST(no_event_comes_after_unwatch_in_the_same_batch),
		LOOP_TEST(rewatch_changes_the_events),
		LOOP_TEST(a_hang_up_is_an_event),
		LOOP_TEST(what_cannot_be_watched_is_an_error),
		LOOP_TEST(a_loop_without_descriptors_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
