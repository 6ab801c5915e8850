/*
 * settler.c - a queue and its thread.
 */
#include "gateway/settler.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "hot/limit.h"

#define MOST_WAITING 100000
#define CALM_WAITING 1000
#define BEAT_MS 1000
#define COMPLAINT_MS 30000
/* A store that is away is asked again after this, and at the end no longer
 * than that. */
#define PAUSE_MS 200
#define LAST_TRIES_MS 2000

struct settler {
	struct gateway *gateway;
	pthread_t thread;
	pthread_mutex_t slow; /* settler_lock(); the outer one of the two */
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t posted;
	struct settlement *first;
	struct settlement *last;
	size_t waiting;
	bool stopping;
	int64_t complained_ms;
};

static void *settler_main(void *context);
static struct settlement *wait_for_one(
	struct settler *settler, int64_t until_ms, bool *stopping);
static void put_back(struct settler *settler, struct settlement *settlement);
static bool settle_one(struct settler *settler, struct settlement *settlement);
static bool settle_or_lose(
	const struct settlement *settlement, bool *lost, struct error *err);
static void beat(struct settler *settler);
static struct settlement *settlement_new(struct str id, struct limits *store,
	const struct limit_use *use, const struct late *late,
	size_t late_count);
static struct str copy_text(char **at, struct str text);

bool settler_start(
	struct gateway *gateway, struct settler **out, struct error *err)
{
	struct settler *settler = calloc(1, sizeof(*settler));
	pthread_condattr_t attributes;
	int failed;

	if (!settler)
		abort();
	settler->gateway = gateway;
	settler->complained_ms = -COMPLAINT_MS;
	pthread_mutex_init(&settler->slow, NULL);
	pthread_mutex_init(&settler->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&settler->posted, &attributes);
	pthread_condattr_destroy(&attributes);
	beat(settler);
	failed = pthread_create(&settler->thread, NULL, settler_main, settler);
	if (failed) {
		free(settler);
		return error_set(err, ERR_IO, "cannot start the settler: %s",
			strerror(failed));
	}
	*out = settler;
	return true;
}

void settler_stop(struct settler *settler)
{
	struct settlement *next;

	if (!settler)
		return;
	pthread_mutex_lock(&settler->lock);
	settler->stopping = true;
	pthread_cond_signal(&settler->posted);
	pthread_mutex_unlock(&settler->lock);
	pthread_join(settler->thread, NULL);
	if (settler->waiting > 0)
		log_warn("%zu calls could not be settled; another process will "
			 "find them",
			settler->waiting);
	for (struct settlement *s = settler->first; s; s = next) {
		next = s->next;
		free(s);
	}
	pthread_cond_destroy(&settler->posted);
	pthread_mutex_destroy(&settler->lock);
	pthread_mutex_destroy(&settler->slow);
	free(settler);
}

void settler_post(struct settler *settler, struct str id, struct limits *store,
	const struct limit_use *use, int64_t since_ms, const struct late *late,
	size_t late_count)
{
	struct settlement *settlement =
		settlement_new(id, store, use, late, late_count);
	bool taken;

	settlement->since_ms = since_ms;
	pthread_mutex_lock(&settler->lock);
	taken = settler->waiting < MOST_WAITING;
	if (taken) {
		if (settler->first)
			settler->last->next = settlement;
		else
			settler->first = settlement;
		settler->last = settlement;
		settler->waiting++;
		pthread_cond_signal(&settler->posted);
	}
	pthread_mutex_unlock(&settler->lock);
	if (taken)
		return;
	if (settler_may_complain(settler))
		log_error("too many calls wait to be settled: %.*s and others "
			  "stay reserved",
			STR_ARG(id));
	free(settlement);
}

void settler_post_if_calm(
	struct settler *settler, struct str id, struct limits *store)
{
	const struct limit_use nothing = { 0, 0 };
	bool is_calm;

	pthread_mutex_lock(&settler->lock);
	is_calm = settler->waiting < CALM_WAITING;
	pthread_mutex_unlock(&settler->lock);
	if (is_calm)
		settler_post(settler, id, store, &nothing, 0, NULL, 0);
}

void settler_lock(struct settler *settler)
{
	pthread_mutex_lock(&settler->slow);
}

void settler_unlock(struct settler *settler)
{
	pthread_mutex_unlock(&settler->slow);
}

bool settler_may_complain(struct settler *settler)
{
	int64_t now = clock_monotonic_ms();
	bool may;

	pthread_mutex_lock(&settler->lock);
	may = now - settler->complained_ms >= COMPLAINT_MS;
	if (may)
		settler->complained_ms = now;
	pthread_mutex_unlock(&settler->lock);
	return may;
}

static void *settler_main(void *context)
{
	struct settler *settler = context;
	int64_t beat_ms = clock_monotonic_ms() + BEAT_MS;
	int64_t pause_ms = 0; /* until then the store is left alone */
	int64_t end_ms = INT64_MAX;
	bool stopping = false;

	pthread_setname_np(pthread_self(), "settler");
	for (;;) {
		struct settlement *settlement;
		int64_t now = clock_monotonic_ms();

		if (now >= beat_ms) {
			beat(settler);
			beat_ms = now + BEAT_MS;
		}
		if (stopping && end_ms == INT64_MAX)
			end_ms = now + LAST_TRIES_MS;
		if (now < pause_ms)
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 },
				NULL);
		settlement = now < pause_ms ? NULL
					    : wait_for_one(settler, beat_ms,
						      &stopping);
		if (settlement && settle_one(settler, settlement)) {
			free(settlement);
		} else if (settlement) {
			put_back(settler, settlement);
			pause_ms = clock_monotonic_ms() + PAUSE_MS;
		} else if (stopping && now >= pause_ms) {
			return NULL;
		}
		if (now > end_ms)
			return NULL;
	}
}

/* NULL: none came until then, or none will. */
static struct settlement *wait_for_one(
	struct settler *settler, int64_t until_ms, bool *stopping)
{
	struct timespec until = { .tv_sec = until_ms / 1000,
		.tv_nsec = until_ms % 1000 * 1000000 };
	struct settlement *settlement;
	int timed_out = 0;

	pthread_mutex_lock(&settler->lock);
	while (!settler->first && !settler->stopping && !timed_out)
		timed_out = pthread_cond_timedwait(
			&settler->posted, &settler->lock, &until);
	settlement = settler->first;
	if (settlement) {
		settler->first = settlement->next;
		settler->waiting--;
	}
	*stopping = settler->stopping;
	pthread_mutex_unlock(&settler->lock);
	return settlement;
}

static void put_back(struct settler *settler, struct settlement *settlement)
{
	pthread_mutex_lock(&settler->lock);
	settlement->next = settler->first;
	if (!settler->first)
		settler->last = settlement;
	settler->first = settlement;
	settler->waiting++;
	pthread_mutex_unlock(&settler->lock);
}

static bool settle_one(struct settler *settler, struct settlement *settlement)
{
	struct error err;
	bool lost;

	if (!settle_or_lose(settlement, &lost, &err)) {
		if (settler_may_complain(settler))
			log_warn("calls cannot be settled, will try again: %s",
				error_detail(&err));
		return false;
	}
	for (size_t i = 0; lost && i < settlement->late_count; i++)
		late_count(settler->gateway, &settlement->late[i],
			late_use(&settlement->use, settlement->late[i].unit));
	return true;
}

/* What is not there was settled already, unless the store is another one. */
static bool settle_or_lose(
	const struct settlement *settlement, bool *lost, struct error *err)
{
	struct str id = { settlement->id, settlement->id_bytes };
	int64_t since;
	bool found;

	*lost = false;
	if (!limits_settle_found(settlement->store, id, &settlement->use,
		    clock_unix_ms(), &found, err))
		return false;
	if (found || settlement->since_ms == 0)
		return true;
	if (!limits_since(settlement->store, &since, err))
		return false;
	*lost = since != settlement->since_ms;
	return true;
}

static void beat(struct settler *settler)
{
	struct gateway *gateway = settler->gateway;
	int64_t now = clock_unix_ms();
	struct error err;
	/* The one that may wait comes last. */
	bool alive = limits_beat(gateway->local_limits, now, &err);

	if (gateway->local_limits != gateway->limits)
		alive = limits_beat(gateway->limits, now, &err) && alive;
	if (!alive && settler_may_complain(settler))
		log_warn("the store of limits is away, will try again: %s",
			error_detail(&err));
}

static struct settlement *settlement_new(struct str id, struct limits *store,
	const struct limit_use *use, const struct late *late, size_t late_count)
{
	struct settlement *settlement;
	size_t bytes = sizeof(*settlement) + late_count * sizeof(*late);
	char *texts;

	for (size_t i = 0; i < late_count; i++)
		bytes += late[i].name.n + late[i].of.user.n;
	settlement = calloc(1, bytes);
	if (!settlement)
		abort();
	assert(id.n <= sizeof(settlement->id));
	memcpy(settlement->id, id.p, id.n);
	settlement->id_bytes = id.n;
	settlement->store = store;
	settlement->use = *use;
	settlement->late_count = late_count;
	texts = (char *)&settlement->late[late_count];
	for (size_t i = 0; i < late_count; i++) {
		settlement->late[i] = late[i];
		settlement->late[i].name = copy_text(&texts, late[i].name);
		settlement->late[i].of.user =
			copy_text(&texts, late[i].of.user);
	}
	return settlement;
}

static struct str copy_text(char **at, struct str text)
{
	struct str copy = { *at, text.n };

	if (text.n > 0)
		memcpy(*at, text.p, text.n);
	*at += text.n;
	return copy;
}
