/*
 * limit_doubts.c - see limit_doubts.h.
 */
#include "hot/limit_doubts.h"

#include "base/clock.h"
#include "base/log.h"

static void remove_at(struct doubts *doubts, size_t at);

void doubts_init(struct doubts *doubts)
{
	pthread_mutex_init(&doubts->lock, NULL);
	doubts->count = 0;
}

void doubts_release(struct doubts *doubts)
{
	pthread_mutex_destroy(&doubts->lock);
}

void doubts_add(struct doubts *doubts, struct str id)
{
	struct doubt *doubt;
	bool full;

	assert(id.n <= LIMIT_ID_MAX_BYTES);
	pthread_mutex_lock(&doubts->lock);
	full = doubts->count == DOUBTS_MAX;
	if (full)
		remove_at(doubts, 0);
	doubt = &doubts->list[doubts->count++];
	memcpy(doubt->bytes, id.p, id.n);
	doubt->n = id.n;
	doubt->since_ms = clock_monotonic_ms();
	pthread_mutex_unlock(&doubts->lock);
	if (full)
		log_warn("limits: more than %d reservations are in doubt; the "
			 "oldest is not looked for any more and may count "
			 "until it expires",
			DOUBTS_MAX);
}

size_t doubts_copy(struct doubts *doubts, struct doubt out[DOUBTS_MAX])
{
	size_t count;

	pthread_mutex_lock(&doubts->lock);
	count = doubts->count;
	memcpy(out, doubts->list, count * sizeof(out[0]));
	pthread_mutex_unlock(&doubts->lock);
	return count;
}

void doubts_remove(struct doubts *doubts, struct str id)
{
	pthread_mutex_lock(&doubts->lock);
	for (size_t i = 0; i < doubts->count; i++) {
		const struct doubt *doubt = &doubts->list[i];

		if (str_equal((struct str){ doubt->bytes, doubt->n }, id))
			remove_at(doubts, i--);
	}
	pthread_mutex_unlock(&doubts->lock);
}

void doubts_expire(struct doubts *doubts)
{
	int64_t oldest_ms = clock_monotonic_ms() - DOUBT_MS;

	pthread_mutex_lock(&doubts->lock);
	while (doubts->count > 0 && doubts->list[0].since_ms < oldest_ms)
		remove_at(doubts, 0);
	pthread_mutex_unlock(&doubts->lock);
}

/* Under the lock. */
static void remove_at(struct doubts *doubts, size_t at)
{
	doubts->count--;
	memmove(&doubts->list[at], &doubts->list[at + 1],
		(doubts->count - at) * sizeof(doubts->list[0]));
}
