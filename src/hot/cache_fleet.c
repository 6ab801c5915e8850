/*
 * cache_fleet.c - answers in Redis, and the queue of those on their way.
 *
 * A value is the row and texts of cache_answers.c with the bytes behind them.
 */
#include "hot/cache_fleet.h"

#include <pthread.h>

#include "hot/cache_tables.h"
#include "hot/redis.h"

#define PREFIX "cache/"
#define NAME_BYTES 128
/* What may be on its way. */
#define QUEUE_BYTES (32u << 20)

struct waiting {
	struct waiting *next;
	char name[NAME_BYTES];
	struct buf value;
	int64_t expires_unix_ms;
};

struct cache_fleet {
	struct redis *redis;
	size_t max_value_bytes;
	pthread_mutex_t lock; /* guards the queue */
	struct waiting *first;
	struct waiting **end;
	size_t bytes;
};

static void name_of(
	int64_t project_id, const uint8_t *key, char out[NAME_BYTES]);
static struct waiting *take_all(struct cache_fleet *fleet);
static bool write_one(struct cache_fleet *fleet, const struct waiting *waiting,
	int64_t now_unix_ms, struct error *err);
static void waiting_free(struct waiting *waiting);

bool cache_fleet_open(const struct settings *settings, struct cache_fleet **out,
	struct error *err)
{
	struct cache_fleet *fleet;

	*out = NULL;
	if (str_equal(settings->cache_strategy, S("memory")))
		return true;
	if (settings->redis_url.n == 0)
		return error_refuse(err, ERR_CONFIG, "cache.strategy",
			"cache.strategy = %.*s: set redis.url, too",
			STR_ARG(settings->cache_strategy));
	fleet = calloc(1, sizeof(*fleet));
	if (!fleet)
		abort();
	if (!redis_open(settings, &fleet->redis, err)) {
		free(fleet);
		return false;
	}
	pthread_mutex_init(&fleet->lock, NULL);
	fleet->end = &fleet->first;
	fleet->max_value_bytes =
		(size_t)settings->cache_max_answer_bytes + 65536;
	*out = fleet;
	return true;
}

void cache_fleet_close(struct cache_fleet *fleet)
{
	if (!fleet)
		return;
	for (struct waiting *w = take_all(fleet), *next; w; w = next) {
		next = w->next;
		waiting_free(w);
	}
	redis_close(fleet->redis);
	pthread_mutex_destroy(&fleet->lock);
	free(fleet);
}

bool cache_fleet_find(struct cache_fleet *fleet, int64_t project_id,
	const uint8_t key[CACHE_KEY_BYTES], int64_t now_unix_ms,
	struct buf *memory, struct cache_answer *out, bool *found,
	struct error *err)
{
	char name[NAME_BYTES];

	buf_init(memory, fleet->max_value_bytes);
	name_of(project_id, key, name);
	if (!redis_get(fleet->redis, str_of(name), memory, found, err))
		return false;
	*found = *found && cache_unpack(buf_str(memory), out) &&
		 out->project_id == project_id &&
		 out->expires_unix_ms > now_unix_ms;
	return true;
}

void cache_fleet_put(struct cache_fleet *fleet,
	const uint8_t key[CACHE_KEY_BYTES], const struct cache_answer *answer)
{
	struct waiting *waiting = calloc(1, sizeof(*waiting));
	bool fits;

	if (!waiting)
		abort();
	name_of(answer->project_id, key, waiting->name);
	waiting->expires_unix_ms = answer->expires_unix_ms;
	buf_init(&waiting->value, fleet->max_value_bytes);
	cache_pack(answer, &waiting->value);
	pthread_mutex_lock(&fleet->lock);
	fits = !waiting->value.failed &&
	       fleet->bytes + waiting->value.n <= QUEUE_BYTES;
	if (fits) {
		fleet->bytes += waiting->value.n;
		*fleet->end = waiting;
		fleet->end = &waiting->next;
	}
	pthread_mutex_unlock(&fleet->lock);
	if (!fits)
		waiting_free(waiting);
}

bool cache_fleet_flush(
	struct cache_fleet *fleet, int64_t now_unix_ms, struct error *err)
{
	bool ok = true;

	for (struct waiting *w = take_all(fleet), *next; w; w = next) {
		next = w->next;
		ok = ok && write_one(fleet, w, now_unix_ms, err);
		waiting_free(w);
	}
	return ok;
}

static bool write_one(struct cache_fleet *fleet, const struct waiting *waiting,
	int64_t now_unix_ms, struct error *err)
{
	int64_t left_ms = waiting->expires_unix_ms - now_unix_ms;

	return left_ms < 1 ||
	       redis_set_with_ttl(fleet->redis, str_of(waiting->name),
		       buf_str(&waiting->value), left_ms, err);
}

bool cache_fleet_clear(
	struct cache_fleet *fleet, int64_t project_id, struct error *err)
{
	char prefix[NAME_BYTES] = PREFIX;
	int64_t count;

	if (project_id != CACHE_ALL_PROJECTS)
		snprintf(prefix, sizeof(prefix), PREFIX "%" PRId64 "/",
			project_id);
	return redis_scan_del(fleet->redis, str_of(prefix), &count, err);
}

static void name_of(
	int64_t project_id, const uint8_t *key, char out[NAME_BYTES])
{
	int n = snprintf(out, NAME_BYTES, PREFIX "%" PRId64 "/", project_id);

	for (size_t i = 0; i < CACHE_KEY_BYTES; i++)
		n += snprintf(out + n, NAME_BYTES - (size_t)n, "%02x", key[i]);
}

static struct waiting *take_all(struct cache_fleet *fleet)
{
	struct waiting *first;

	pthread_mutex_lock(&fleet->lock);
	first = fleet->first;
	fleet->first = NULL;
	fleet->end = &fleet->first;
	fleet->bytes = 0;
	pthread_mutex_unlock(&fleet->lock);
	return first;
}

static void waiting_free(struct waiting *waiting)
{
	buf_release(&waiting->value);
	free(waiting);
}
