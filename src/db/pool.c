/*
 * pool.c - the pool. The lock guards counters and the list of idle
 * connections alone; connecting, asking and closing happen outside of it.
 */
#include "base/clock.h"
#include "db/connection.h"

#include <pthread.h>

#define TAKE_TIMEOUT_MS 5000
#define READ_TIMEOUT_S 30

struct db_pool {
	struct arena arena;
	struct db_target target;
	pthread_mutex_t lock;
	pthread_cond_t given;
	unsigned max;
	unsigned opened; /* idle, taken, or being opened now */
	unsigned idle_count;
	struct db **idle; /* the one given back last is taken first */
};

static void library_start(void);
static bool target_load(const struct settings *settings, struct db_pool *pool,
	struct error *err);
static bool target_load_tls(const struct settings *settings,
	struct db_pool *pool, struct error *err);
static bool slot_take(struct db_pool *pool, struct db **idle);
static void slot_free(struct db_pool *pool);
static struct timespec deadline_in(int64_t ms);
static void wipe(const char *text);

bool db_pool_new(const struct settings *settings, struct db_pool **out,
	struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db_pool *pool = calloc(1, sizeof(*pool));
	pthread_condattr_t attributes;

	if (!pool)
		abort();
	pthread_once(&once, library_start);
	arena_init(&pool->arena, 1024);
	if (!target_load(settings, pool, err)) {
		arena_release(&pool->arena);
		free(pool);
		return false;
	}
	pool->max = (unsigned)settings->database_connections;
	pool->idle = ARENA_ARRAY(&pool->arena, struct db *, pool->max);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->given, &attributes);
	pthread_condattr_destroy(&attributes);
	*out = pool;
	return true;
}

void db_pool_free(struct db_pool *pool)
{
	if (!pool)
		return;
	assert(pool->idle_count == pool->opened);
	while (pool->idle_count > 0)
		connection_close(pool->idle[--pool->idle_count]);
	pthread_cond_destroy(&pool->given);
	pthread_mutex_destroy(&pool->lock);
	wipe(pool->target.password);
	arena_release(&pool->arena);
	free(pool);
}

bool db_take(struct db_pool *pool, struct db **out, struct error *err)
{
	struct db *db;

	if (!slot_take(pool, &db))
		return error_set(err, ERR_DATABASE,
			"all %u database connections were busy for %d ms",
			pool->max, TAKE_TIMEOUT_MS);
	if (db && !connection_answers(db)) {
		connection_close(db);
		db = NULL;
	}
	if (!db && !connection_open(&pool->target, READ_TIMEOUT_S, &db, err)) {
		slot_free(pool);
		return false;
	}
	*out = db;
	return true;
}

void db_give(struct db_pool *pool, struct db *db)
{
	db_rollback(db);
	statements_end(db);
	if (db->broken) {
		connection_close(db);
		slot_free(pool);
		return;
	}
	db->idle_since_ms = clock_monotonic_ms();
	pthread_mutex_lock(&pool->lock);
	assert(pool->idle_count < pool->opened);
	pool->idle[pool->idle_count++] = db;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->lock);
}

bool db_begin(struct db *db, struct error *err)
{
	assert(!db->in_transaction);
	db->in_transaction = connection_query(db, S("START TRANSACTION"), err);
	return db->in_transaction;
}

bool db_begin_snapshot(struct db *db, struct error *err)
{
	assert(!db->in_transaction);
	db->in_transaction =
		connection_query(db,
			S("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"),
			err) &&
		connection_query(db,
			S("START TRANSACTION WITH CONSISTENT SNAPSHOT,"
			  " READ ONLY"),
			err);
	return db->in_transaction;
}

bool db_commit(struct db *db, struct error *err)
{
	assert(db->in_transaction);
	if (!connection_query(db, S("COMMIT"), err)) {
		db_rollback(db);
		return false;
	}
	db->in_transaction = false;
	return true;
}

void db_rollback(struct db *db)
{
	struct error err = ERROR_INIT;

	if (!db->in_transaction)
		return;
	db->doomed = false;
	db->in_transaction = false;
	if (!connection_query(db, S("ROLLBACK"), &err))
		db->broken = true;
}

static void library_start(void)
{
	/* Not safe to be left to the first connections of two threads. */
	if (mysql_library_init(0, NULL, NULL) != 0)
		abort();
}

static bool target_load(const struct settings *settings, struct db_pool *pool,
	struct error *err)
{
	const char *environment = getenv("LLM_GATEWAY_DB_PASSWORD");
	struct arena *arena = &pool->arena;
	struct str password = str_of(environment);

	if (!environment && settings->database_password_file.n > 0 &&
		!settings_read_secret(settings->database_password_file, arena,
			&password, err))
		return false;
	pool->target = (struct db_target){
		.socket = settings_path(arena, settings->database_socket),
		.host = arena_cstr(arena, settings->database_host),
		.port = (unsigned)settings->database_port,
		.name = arena_cstr(arena, settings->database_name),
		.user = arena_cstr(arena, settings->database_user),
		.password = environment ? arena_cstr(arena, password)
					: (password.p ? password.p : ""),
	};
	return target_load_tls(settings, pool, err);
}

static bool target_load_tls(const struct settings *settings,
	struct db_pool *pool, struct error *err)
{
	struct arena *arena = &pool->arena;
	struct db_target *target = &pool->target;

	target->tls = settings->database_tls;
	target->ca_file = settings_path(arena, settings->database_ca_file);
	target->certificate_file =
		settings_path(arena, settings->database_certificate_file);
	target->key_file = settings_path(arena, settings->database_key_file);
	if (target->tls && target->socket)
		return error_refuse(err, ERR_CONFIG, "database.tls",
			"database.tls is of no use while database.socket is "
			"set; make that empty to reach database.host");
	if (!target->tls && (target->ca_file || target->certificate_file ||
				    target->key_file))
		return error_refuse(err, ERR_CONFIG, "database.tls",
			"database.ca_file, database.certificate_file and "
			"database.key_file are of use with database.tls alone");
	return true;
}

/*
 * The right to have one connection: an idle one, or *idle is NULL and the
 * caller opens it. False when none came free in time.
 */
static bool slot_take(struct db_pool *pool, struct db **idle)
{
	struct timespec deadline = deadline_in(TAKE_TIMEOUT_MS);
	bool waiting = true;
	bool taken = true;

	*idle = NULL;
	pthread_mutex_lock(&pool->lock);
	while (waiting && pool->idle_count == 0 && pool->opened == pool->max)
		waiting = pthread_cond_timedwait(
				  &pool->given, &pool->lock, &deadline) == 0;
	if (pool->idle_count > 0)
		*idle = pool->idle[--pool->idle_count];
	else if (pool->opened < pool->max)
		pool->opened++;
	else
		taken = false;
	pthread_mutex_unlock(&pool->lock);
	return taken;
}

static void slot_free(struct db_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	assert(pool->opened > 0);
	pool->opened--;
	pthread_cond_signal(&pool->given);
	pthread_mutex_unlock(&pool->lock);
}

static struct timespec deadline_in(int64_t ms)
{
	int64_t at_ms = clock_monotonic_ms() + ms;

	return (struct timespec){ .tv_sec = at_ms / 1000,
		.tv_nsec = at_ms % 1000 * 1000000 };
}

static void wipe(const char *text)
{
	if (*text)
		explicit_bzero((void *)(uintptr_t)text, strlen(text));
}
