/*
 * worker.c - a bounded queue and the threads that empty it.
 */
#include "server/worker.h"

#include <pthread.h>

#define STACK_BYTES (512 * 1024)

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	struct task *first;
	struct task *last;
	size_t waiting;
	size_t max_waiting;
	int64_t *told; /* the number of those that wait, for others; or NULL */
	bool stopping;
	size_t thread_count;
	pthread_t threads[];
};

static void *worker_main(void *context);
static struct task *next_task(struct workers *workers);
static void tell_waiting(struct workers *workers);

bool workers_start(
	size_t threads, size_t queue, struct workers **out, struct error *err)
{
	struct workers *workers =
		calloc(1, sizeof(*workers) + threads * sizeof(pthread_t));
	pthread_attr_t attributes;

	if (!workers)
		abort();
	pthread_mutex_init(&workers->lock, NULL);
	pthread_cond_init(&workers->posted, NULL);
	workers->max_waiting = queue;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (workers->thread_count < threads) {
		int failed =
			pthread_create(&workers->threads[workers->thread_count],
				&attributes, worker_main, workers);

		if (failed) {
			pthread_attr_destroy(&attributes);
			workers_stop(workers);
			return error_set(err, ERR_IO,
				"cannot start a worker: %s", strerror(failed));
		}
		workers->thread_count++;
	}
	pthread_attr_destroy(&attributes);
	*out = workers;
	return true;
}

void workers_stop(struct workers *workers)
{
	pthread_mutex_lock(&workers->lock);
	workers->stopping = true;
	pthread_cond_broadcast(&workers->posted);
	pthread_mutex_unlock(&workers->lock);
	for (size_t i = 0; i < workers->thread_count; i++)
		pthread_join(workers->threads[i], NULL);
	pthread_cond_destroy(&workers->posted);
	pthread_mutex_destroy(&workers->lock);
	free(workers);
}

void workers_tell_waiting(struct workers *workers, int64_t *waiting)
{
	workers->told = waiting;
}

bool workers_post(struct workers *workers, struct task *task)
{
	bool taken;

	task->next = NULL;
	pthread_mutex_lock(&workers->lock);
	taken = workers->waiting < workers->max_waiting;
	if (taken) {
		if (workers->first)
			workers->last->next = task;
		else
			workers->first = task;
		workers->last = task;
		workers->waiting++;
		tell_waiting(workers);
		pthread_cond_signal(&workers->posted);
	}
	pthread_mutex_unlock(&workers->lock);
	return taken;
}

static void *worker_main(void *context)
{
	struct workers *workers = context;
	struct task *task;

	pthread_setname_np(pthread_self(), "worker");
	while ((task = next_task(workers)))
		task->run(task);
	return NULL;
}

/* NULL: nothing is left and nothing will come. */
static struct task *next_task(struct workers *workers)
{
	struct task *task;

	pthread_mutex_lock(&workers->lock);
	while (!workers->first && !workers->stopping)
		pthread_cond_wait(&workers->posted, &workers->lock);
	task = workers->first;
	if (task) {
		workers->first = task->next;
		workers->waiting--;
		tell_waiting(workers);
	}
	pthread_mutex_unlock(&workers->lock);
	return task;
}

static void tell_waiting(struct workers *workers)
{
	if (workers->told)
		__atomic_store_n(workers->told, (int64_t)workers->waiting,
			__ATOMIC_RELAXED);
}
