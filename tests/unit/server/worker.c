/* worker.c - order, a full queue, several threads, and an end that loses
 * nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdatomic.h>

#include "../net/loop_thread.h"
#include "server/worker.h"

#define MANY 2000
#define POSTERS 4

static struct workers *workers;
static struct error err;
static sem_t gate;    /* what `wait_at_gate` waits for */
static sem_t arrived; /* and how it tells that it does */
static atomic_int run_count;

static int start(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	atomic_store(&run_count, 0);
	sem_init(&gate, 0, 0);
	sem_init(&arrived, 0, 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	sem_destroy(&gate);
	sem_destroy(&arrived);
	return 0;
}

static void count(struct task *task)
{
	(void)task;
	atomic_fetch_add(&run_count, 1);
}

static void wait_at_gate(struct task *task)
{
	sem_post(&arrived);
	if (wait_posted(&gate))
		count(task);
}

struct numbered {
	struct task task;
	int number;
};

static int order[MANY];

static void note_number(struct task *task)
{
	int at = atomic_fetch_add(&run_count, 1);

	order[at] = CONTAINER_OF(task, struct numbered, task)->number;
}

static void one_thread_keeps_the_order(void **state)
{
	static struct numbered tasks[MANY];

	(void)state;
	assert_true(workers_start(1, MANY, &workers, &err));
	for (int i = 0; i < MANY; i++) {
		tasks[i] = (struct numbered){ { .run = note_number }, i };
		assert_true(workers_post(workers, &tasks[i].task));
	}
	workers_stop(workers);
	assert_int_equal(atomic_load(&run_count), MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(order[i], i);
}

static void a_full_queue_refuses(void **state)
{
	struct task blocker = { .run = wait_at_gate };
	struct task queued[3];
	struct task refused = { .run = count };
	int64_t waiting = -1;

	(void)state;
	assert_true(workers_start(1, 3, &workers, &err));
	workers_tell_waiting(workers, &waiting);
	assert_true(workers_post(workers, &blocker));
	assert_true(wait_posted(&arrived));
	/* What runs does not count: three more may wait. */
	for (size_t i = 0; i < ARRAY_LEN(queued); i++) {
		queued[i] = (struct task){ .run = i ? count : wait_at_gate };
		assert_true(workers_post(workers, &queued[i]));
	}
	assert_false(workers_post(workers, &refused));
	assert_false(workers_post(workers, &refused));
	assert_int_equal(__atomic_load_n(&waiting, __ATOMIC_RELAXED), 3);
	sem_post(&gate);
	assert_true(wait_posted(&arrived));
	/* One has left the queue. */
	assert_true(workers_post(workers, &refused));
	sem_post(&gate);
	workers_stop(workers);
	assert_int_equal(waiting, 0);
	assert_int_equal(atomic_load(&run_count), 5);
}

static void stop_lets_the_queue_finish(void **state)
{
	static struct task tasks[100];
	struct task blockers[2] = { { .run = wait_at_gate },
		{ .run = wait_at_gate } };

	(void)state;
	assert_true(workers_start(2, 200, &workers, &err));
	for (size_t i = 0; i < ARRAY_LEN(blockers); i++) {
		assert_true(workers_post(workers, &blockers[i]));
		assert_true(wait_posted(&arrived));
	}
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i].run = count;
		assert_true(workers_post(workers, &tasks[i]));
	}
	assert_int_equal(atomic_load(&run_count), 0);
	sem_post(&gate);
	sem_post(&gate);
	workers_stop(workers);
	assert_int_equal(atomic_load(&run_count), 102);
}

static pthread_barrier_t all_there;

static void meet(struct task *task)
{
	pthread_barrier_wait(&all_there);
	count(task);
}

/* Each of them can end only while all the others run. */
static void threads_work_side_by_side(void **state)
{
	struct task tasks[4];

	(void)state;
	pthread_barrier_init(&all_there, NULL, ARRAY_LEN(tasks));
	assert_true(workers_start(ARRAY_LEN(tasks), 10, &workers, &err));
	for (size_t i = 0; i < ARRAY_LEN(tasks); i++) {
		tasks[i] = (struct task){ .run = meet };
		assert_true(workers_post(workers, &tasks[i]));
	}
	workers_stop(workers);
	assert_int_equal(atomic_load(&run_count), ARRAY_LEN(tasks));
	pthread_barrier_destroy(&all_there);
}

static struct counted {
	struct task task;
	atomic_int runs;
} counted[POSTERS][MANY];

static void count_once(struct task *task)
{
	atomic_fetch_add(&CONTAINER_OF(task, struct counted, task)->runs, 1);
}

static void *post_all(void *context)
{
	struct counted *own = context;

	for (int i = 0; i < MANY; i++) {
		own[i].task.run = count_once;
		while (!workers_post(workers, &own[i].task))
			sched_yield();
	}
	return NULL;
}

static void many_posters_lose_nothing(void **state)
{
	pthread_t threads[POSTERS];

	(void)state;
	assert_true(workers_start(3, 50, &workers, &err));
	for (int i = 0; i < POSTERS; i++)
		pthread_create(&threads[i], NULL, post_all, counted[i]);
	for (int i = 0; i < POSTERS; i++)
		pthread_join(threads[i], NULL);
	workers_stop(workers);
	for (int i = 0; i < POSTERS; i++) {
		for (int j = 0; j < MANY; j++)
			assert_int_equal(atomic_load(&counted[i][j].runs), 1);
	}
}

static void stop_without_work(void **state)
{
	(void)state;
	assert_true(workers_start(4, 1, &workers, &err));
	workers_stop(workers);
	assert_true(workers_start(1, 1, &workers, &err));
	workers_stop(workers);
}

#define WORKER_TEST(function) \
	cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORKER_TEST(one_thread_keeps_the_order),
		WORKER_TEST(a_full_queue_refuses),
		WORKER_TEST(stop_lets_the_queue_finish),
		WORKER_TEST(threads_work_side_by_side),
		WORKER_TEST(many_posters_lose_nothing),
		WORKER_TEST(stop_without_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
