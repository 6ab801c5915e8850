/*
 * balance.c - draws by weight, and a table of latencies by model.
 */
#include "gateway/balance.h"

#include <math.h>
#include <pthread.h>

#include "crypto/random.h"

/* Of a share of what is under way. */
#define BOUND 1.25

#define BUCKETS 256
/* A worse latency counts at once; it is forgotten with these half-lives, by
 * the calls that are better and while there are none. */
#define LEARN_MS 10000.0
#define FORGET_MS 60000.0
/* What a failure stands for, and one that nobody has measured yet. */
#define FAILURE_US 5e6
#define UNKNOWN_US 1e6

struct latency {
	struct latency *next;
	int64_t model_id;
	int64_t outstanding;
	double average_us; /* 0: unknown */
	int64_t at_ms;     /* of the last sample */
};

struct latencies {
	pthread_mutex_t lock;
	struct latency *buckets[BUCKETS];
};

static struct latency *find(struct latencies *latencies, int64_t model_id);
static void take_sample(
	struct latency *latency, double sample_us, int64_t now_ms);

double balance_draw(double weight)
{
	uint64_t random;

	random_draw(&random, sizeof(random));
	return balance_draw_by(weight, random);
}

/* Exponentials race: the least of them is each one's in proportion to its
 * rate, and what is left is such a race again. */
double balance_draw_by(double weight, uint64_t bits)
{
	double unit = ((double)(bits >> 11) + 0.5) * 0x1p-53; /* never 0, 1 */

	return weight > 0 ? -log(unit) / weight : 1e300 * (1 + unit);
}

bool balance_is_over(int64_t here, int64_t everywhere, double share)
{
	return (double)(here + 1) >
	       ceil(BOUND * share * (double)(everywhere + 1));
}

struct latencies *latencies_new(void)
{
	struct latencies *latencies = calloc(1, sizeof(*latencies));

	if (!latencies)
		abort();
	pthread_mutex_init(&latencies->lock, NULL);
	return latencies;
}

void latencies_free(struct latencies *latencies)
{
	if (!latencies)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while (latencies->buckets[i]) {
			struct latency *latency = latencies->buckets[i];

			latencies->buckets[i] = latency->next;
			free(latency);
		}
	}
	pthread_mutex_destroy(&latencies->lock);
	free(latencies);
}

void latencies_begin(struct latencies *latencies, int64_t model_id)
{
	pthread_mutex_lock(&latencies->lock);
	find(latencies, model_id)->outstanding++;
	pthread_mutex_unlock(&latencies->lock);
}

void latencies_end(struct latencies *latencies, int64_t model_id,
	int64_t first_byte_us, int64_t now_ms)
{
	struct latency *latency;

	pthread_mutex_lock(&latencies->lock);
	latency = find(latencies, model_id);
	latency->outstanding--;
	assert(latency->outstanding >= 0);
	if (first_byte_us >= 0)
		take_sample(latency, (double)first_byte_us, now_ms);
	pthread_mutex_unlock(&latencies->lock);
}

void latencies_fail(
	struct latencies *latencies, int64_t model_id, int64_t now_ms)
{
	latencies_end(latencies, model_id, (int64_t)FAILURE_US, now_ms);
}

double latencies_score(
	struct latencies *latencies, int64_t model_id, int64_t now_ms)
{
	const struct latency *latency;
	double expected_us;
	double score;

	pthread_mutex_lock(&latencies->lock);
	latency = find(latencies, model_id);
	expected_us = latency->average_us *
		      exp2((double)(latency->at_ms - now_ms) / FORGET_MS);
	if (latency->average_us == 0 && latency->outstanding > 0)
		expected_us = UNKNOWN_US;
	score = expected_us * (double)(latency->outstanding + 1);
	pthread_mutex_unlock(&latencies->lock);
	return score;
}

static struct latency *find(struct latencies *latencies, int64_t model_id)
{
	struct latency **bucket =
		&latencies->buckets[(uint64_t)model_id % BUCKETS];
	struct latency *latency = *bucket;

	while (latency && latency->model_id != model_id)
		latency = latency->next;
	if (latency)
		return latency;
	latency = calloc(1, sizeof(*latency));
	if (!latency)
		abort();
	latency->model_id = model_id;
	latency->next = *bucket;
	*bucket = latency;
	return latency;
}

static void take_sample(
	struct latency *latency, double sample_us, int64_t now_ms)
{
	double kept = exp2((double)(latency->at_ms - now_ms) / LEARN_MS);

	/* A sample that took no time is not one of which nothing is known. */
	if (sample_us < 1)
		sample_us = 1;
	if (latency->average_us == 0 || sample_us > latency->average_us)
		latency->average_us = sample_us;
	else
		latency->average_us =
			latency->average_us * kept + sample_us * (1 - kept);
	latency->at_ms = now_ms;
}
