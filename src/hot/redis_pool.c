/*
 * redis_pool.c - connections to Redis: taken, given back, and tried again.
 *
 * The lock is never held while the network is waited for.
 */
#include "hot/redis_pool.h"

#include "base/clock.h"
#include "base/log.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 2000
#define MAX_PREFIX_BYTES 200

static bool load_target(const struct settings *settings, struct redis *redis,
	struct error *err);
static bool load_tls(const struct settings *settings, struct redis *redis,
	struct error *err);
static struct redis_connection *take_idle(struct redis *redis);
static bool may_open(struct redis *redis, unsigned *era, struct error *err);
static void note_opened(
	struct redis *redis, const struct redis_connection *connection);
static void note_away(struct redis *redis, unsigned era, bool at_once,
	const struct error *err);
static struct redis_connection *set_away(
	struct redis *redis, bool at_once, const char *why);
static void close_all(struct redis_connection *connections);

bool redis_open(
	const struct settings *settings, struct redis **out, struct error *err)
{
	struct redis *redis = calloc(1, sizeof(*redis));

	if (!redis)
		abort();
	arena_init(&redis->arena, 512);
	if (!load_target(settings, redis, err)) {
		arena_release(&redis->arena);
		free(redis);
		return false;
	}
	redis->prefix = arena_copy(&redis->arena, settings->redis_prefix);
	pthread_mutex_init(&redis->lock, NULL);
	*out = redis;
	return true;
}

void redis_close(struct redis *redis)
{
	const char *password;

	if (!redis)
		return;
	close_all(redis->idle);
	tls_client_close(redis->target.tls);
	pthread_mutex_destroy(&redis->lock);
	password = redis->target.password;
	if (password)
		explicit_bzero((void *)(uintptr_t)password, strlen(password));
	arena_release(&redis->arena);
	free(redis);
}

bool redis_take(
	struct redis *redis, struct redis_connection **out, struct error *err)
{
	struct redis_connection *connection;
	unsigned era;

	while ((connection = take_idle(redis))) {
		if (redis_connection_is_open(connection)) {
			*out = connection;
			return true;
		}
		redis_connection_close(connection);
	}
	if (!may_open(redis, &era, err))
		return false;
	if (!redis_connection_open(&redis->target, &connection, err)) {
		note_away(redis, era, false, err);
		return false;
	}
	connection->era = era;
	note_opened(redis, connection);
	*out = connection;
	return true;
}

void redis_give(struct redis *redis, struct redis_connection *connection,
	const struct error *err)
{
	if (connection->wire.broken) {
		/* One that was closed tells nothing of the next. */
		note_away(redis, connection->era, !connection->wire.timed_out,
			err);
		redis_connection_close(connection);
		return;
	}
	pthread_mutex_lock(&redis->lock);
	connection->next = redis->idle;
	redis->idle = connection;
	pthread_mutex_unlock(&redis->lock);
}

bool redis_ask(struct redis *redis, const struct str *words, size_t count,
	redisReply **reply, struct error *err)
{
	struct redis_connection *connection;
	bool answered;

	if (!redis_take(redis, &connection, err))
		return false;
	answered = redis_connection_ask(
		connection, words, count, reply, NULL, err);
	redis_give(redis, connection, err);
	return answered;
}

static bool load_target(
	const struct settings *settings, struct redis *redis, struct error *err)
{
	const char *environment = getenv("LLM_GATEWAY_REDIS_PASSWORD");
	struct arena *arena = &redis->arena;
	struct str password = str_of(environment);
	struct redis_target *target = &redis->target;

	if (settings->redis_prefix.n == 0 ||
		settings->redis_prefix.n > MAX_PREFIX_BYTES)
		return error_refuse(err, ERR_CONFIG, "redis.prefix",
			"redis.prefix: expected 1 to %d bytes",
			MAX_PREFIX_BYTES);
	if (!redis_url_parse(settings->redis_url, arena, &target->url, err))
		return false;
	if (!environment && settings->redis_password_file.n > 0 &&
		!settings_read_secret(
			settings->redis_password_file, arena, &password, err))
		return false;
	if (password.n > 0)
		target->password = arena_cstr(arena, password);
	if (settings->redis_user.n > 0)
		target->user = arena_cstr(arena, settings->redis_user);
	if (target->user && !target->password)
		return error_refuse(err, ERR_CONFIG, "redis.user",
			"redis.user needs a password: redis.password_file or "
			"LLM_GATEWAY_REDIS_PASSWORD");
	target->timeout_ms = settings->redis_timeout_ms;
	return load_tls(settings, redis, err);
}

static bool load_tls(
	const struct settings *settings, struct redis *redis, struct error *err)
{
	struct arena *arena = &redis->arena;
	struct tls_files files = {
		settings_path(arena, settings->redis_ca_file),
		settings_path(arena, settings->redis_certificate_file),
		settings_path(arena, settings->redis_key_file),
	};

	if (redis->target.url.tls)
		return tls_client_open(&files, &redis->target.tls, err);
	if (files.authorities || files.certificate || files.key)
		return error_refuse(err, ERR_CONFIG, "redis.url",
			"redis.ca_file, redis.certificate_file and "
			"redis.key_file are of use with rediss:// alone");
	return true;
}

static struct redis_connection *take_idle(struct redis *redis)
{
	struct redis_connection *connection;

	pthread_mutex_lock(&redis->lock);
	connection = redis->idle;
	if (connection)
		redis->idle = connection->next;
	pthread_mutex_unlock(&redis->lock);
	return connection;
}

/* While it is away, one thread looks, now and then; it is not told so. */
static bool may_open(struct redis *redis, unsigned *era, struct error *err)
{
	int64_t now_ms = clock_monotonic_ms();
	bool may;

	pthread_mutex_lock(&redis->lock);
	*era = redis->era;
	may = !redis->away || (!redis->trying && now_ms >= redis->retry_at_ms);
	if (may && redis->away)
		redis->trying = true;
	if (!may)
		error_set(err, ERR_IO, "redis is away: %s", redis->why);
	pthread_mutex_unlock(&redis->lock);
	return may;
}

static void note_opened(
	struct redis *redis, const struct redis_connection *connection)
{
	bool was_away, warns;

	pthread_mutex_lock(&redis->lock);
	was_away = redis->away && redis->failures > 0;
	redis->away = redis->trying = false;
	redis->failures = 0;
	warns = connection->may_evict && !redis->warned_of_eviction;
	redis->warned_of_eviction |= warns;
	pthread_mutex_unlock(&redis->lock);
	if (was_away)
		log_info("Redis answers again");
	if (warns)
		log_warn("Redis may drop what limits count before its time: "
			 "its maxmemory-policy is not noeviction");
}

/* Connections that fail together count once: the first ends their era. */
static void note_away(struct redis *redis, unsigned era, bool at_once,
	const struct error *err)
{
	struct redis_connection *idle = NULL;
	bool tells;

	pthread_mutex_lock(&redis->lock);
	tells = redis->era == era && redis->failures == 0;
	if (redis->era == era)
		idle = set_away(redis, at_once, error_detail(err));
	pthread_mutex_unlock(&redis->lock);
	close_all(idle);
	if (tells)
		log_warn(
			"%s; tried again from time to time", error_detail(err));
}

/* Under the lock; the connections that are no good any more. */
static struct redis_connection *set_away(
	struct redis *redis, bool at_once, const char *why)
{
	struct redis_connection *idle = redis->idle;
	int64_t pause_ms = FIRST_PAUSE_MS;

	for (unsigned i = 0; i < redis->failures && pause_ms < LONGEST_PAUSE_MS;
		i++)
		pause_ms *= 2;
	if (pause_ms > LONGEST_PAUSE_MS)
		pause_ms = LONGEST_PAUSE_MS;
	if (at_once && redis->failures == 0)
		pause_ms = 0;
	redis->idle = NULL;
	redis->era++;
	redis->away = true;
	redis->trying = false;
	redis->failures++;
	redis->retry_at_ms = clock_monotonic_ms() + pause_ms;
	snprintf(redis->why, sizeof(redis->why), "%s", why);
	return idle;
}

static void close_all(struct redis_connection *connections)
{
	while (connections) {
		struct redis_connection *next = connections->next;

		redis_connection_close(connections);
		connections = next;
	}
}
