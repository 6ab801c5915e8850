/*
 * retry.c - waiting times, and a bucket of tokens for each provider.
 *
 * A retry costs a hundred parts, so that a call pays in its percentage.
 */
#include "gateway/retry.h"

#include <pthread.h>

#include "crypto/random.h"

#define RETRY 100
/* What a provider starts with, and what it may save up. */
#define START (10 * RETRY)
#define MOST (100 * RETRY)
#define PARTS_PER_SECOND RETRY

struct budget {
	struct budget *next;
	int64_t provider_id;
	int64_t parts;
	int64_t filled_ms; /* up to then; 0: not yet */
};

struct retry_budgets {
	pthread_mutex_t lock;
	int64_t percent;
	struct budget *first;
};

static int64_t random_up_to(int64_t most);
static struct budget *find(struct retry_budgets *budgets, int64_t provider_id);
static void fill(struct budget *budget, int64_t now_ms);
static void add(struct budget *budget, int64_t parts);

int64_t retry_wait_ms(
	const struct settings *settings, unsigned tries, int64_t hint_ms)
{
	int64_t bound = settings->retry_base_ms;

	if (hint_ms >= 0)
		return hint_ms + 1 + random_up_to(bound);
	while (--tries > 0 && bound < settings->retry_max_ms)
		bound *= 2;
	if (bound > settings->retry_max_ms)
		bound = settings->retry_max_ms;
	return random_up_to(bound);
}

static int64_t random_up_to(int64_t most)
{
	uint64_t random;

	random_draw(&random, sizeof(random));
	return (int64_t)(random % ((uint64_t)most + 1));
}

struct retry_budgets *retry_budgets_new(int64_t percent)
{
	struct retry_budgets *budgets = calloc(1, sizeof(*budgets));

	if (!budgets)
		abort();
	pthread_mutex_init(&budgets->lock, NULL);
	budgets->percent = percent;
	return budgets;
}

void retry_budgets_free(struct retry_budgets *budgets)
{
	if (!budgets)
		return;
	while (budgets->first) {
		struct budget *budget = budgets->first;

		budgets->first = budget->next;
		free(budget);
	}
	pthread_mutex_destroy(&budgets->lock);
	free(budgets);
}

void retry_budgets_note_call(struct retry_budgets *budgets, int64_t provider_id)
{
	pthread_mutex_lock(&budgets->lock);
	add(find(budgets, provider_id), budgets->percent);
	pthread_mutex_unlock(&budgets->lock);
}

bool retry_budgets_take(
	struct retry_budgets *budgets, int64_t provider_id, int64_t now_ms)
{
	struct budget *budget;
	bool taken;

	pthread_mutex_lock(&budgets->lock);
	budget = find(budgets, provider_id);
	fill(budget, now_ms);
	taken = budgets->percent > 0 && budget->parts >= RETRY;
	if (taken)
		budget->parts -= RETRY;
	pthread_mutex_unlock(&budgets->lock);
	return taken;
}

/* There are as many as providers: a handful. */
static struct budget *find(struct retry_budgets *budgets, int64_t provider_id)
{
	struct budget *budget = budgets->first;

	while (budget && budget->provider_id != provider_id)
		budget = budget->next;
	if (budget)
		return budget;
	budget = calloc(1, sizeof(*budget));
	if (!budget)
		abort();
	budget->provider_id = provider_id;
	budget->parts = START;
	budget->next = budgets->first;
	budgets->first = budget;
	return budget;
}

static void fill(struct budget *budget, int64_t now_ms)
{
	if (budget->filled_ms)
		add(budget,
			(now_ms - budget->filled_ms) * PARTS_PER_SECOND / 1000);
	budget->filled_ms = now_ms;
}

static void add(struct budget *budget, int64_t parts)
{
	budget->parts += parts;
	if (budget->parts > MOST)
		budget->parts = MOST;
}
