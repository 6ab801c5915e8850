/*
 * dependency.c - each one is asked for what it is there for.
 */
#include "server/dependency.h"

#include <sys/statvfs.h>

#include "base/clock.h"
#include "hot/redis.h"
#include "hot/store.h"

/* The journal takes a few hundred bytes a call. */
#define JOURNAL_MIN_FREE_BYTES (INT64_C(16) << 20)

struct dependency {
	const char *name;
	bool is_needed; /* by calls */
	bool (*ask)(struct gateway *gateway, struct error *err);
};

static bool write_one(struct gateway *gateway,
	const struct dependency *dependency, struct json_writer *w);
static bool ask_database(struct gateway *gateway, struct error *err);
static bool ask_hot_store(struct gateway *gateway, struct error *err);
static bool ask_journal(struct gateway *gateway, struct error *err);
static bool ask_redis(struct gateway *gateway, struct error *err);

static const struct dependency dependencies[] = {
	{ "database", true, ask_database },
	{ "hot_store", true, ask_hot_store },
	{ "journal", true, ask_journal },
	/* Where it is set: the machine's own store is there without it. */
	{ "redis", false, ask_redis },
};

bool dependency_write_all(struct gateway *gateway, struct json_writer *w)
{
	bool all_up = true;

	json_begin_array(w);
	for (size_t i = 0; i < ARRAY_LEN(dependencies); i++) {
		const struct dependency *dependency = &dependencies[i];

		if (dependency->ask == ask_redis &&
			gateway->settings->redis_url.n == 0)
			continue;
		if (!write_one(gateway, dependency, w) && dependency->is_needed)
			all_up = false;
	}
	json_end_array(w);
	return all_up;
}

/* Tells whether it is up. */
static bool write_one(struct gateway *gateway,
	const struct dependency *dependency, struct json_writer *w)
{
	int64_t began_ns = clock_monotonic_ns();
	struct error err = ERROR_INIT;
	bool is_up = dependency->ask(gateway, &err);

	json_begin_object(w);
	json_member_str(w, "name", str_of(dependency->name));
	json_member_str(w, "status", is_up ? S("up") : S("down"));
	json_member_bool(w, "needed", dependency->is_needed);
	json_member_int(
		w, "latency_us", (clock_monotonic_ns() - began_ns) / 1000);
	if (is_up)
		json_member_null(w, "reason");
	else
		json_member_str(w, "reason", str_of(error_detail(&err)));
	json_end_object(w);
	return is_up;
}

static bool ask_database(struct gateway *gateway, struct error *err)
{
	struct db *db;

	/* It has answered just now. */
	if (!db_take(gateway->db, &db, err))
		return false;
	db_give(gateway->db, db);
	return true;
}

static bool ask_hot_store(struct gateway *gateway, struct error *err)
{
	int64_t value;

	return hot_add(gateway->hot, HOT_SNAPSHOT_CHANGES, 0, &value, err);
}

static bool ask_journal(struct gateway *gateway, struct error *err)
{
	struct statvfs status;
	char path[PATH_MAX];
	int64_t free_bytes;

	if (!journal_sync(gateway->journal, err))
		return false;
	snprintf(path, sizeof(path), "%.*s",
		STR_ARG(gateway->settings->state_dir));
	if (statvfs(path, &status) != 0)
		return error_set(
			err, ERR_IO, "server.state_dir: %s", strerror(errno));
	free_bytes = (int64_t)status.f_bavail * (int64_t)status.f_frsize;
	return free_bytes >= JOURNAL_MIN_FREE_BYTES ||
	       error_set(err, ERR_IO,
		       "server.state_dir: only %" PRId64 " bytes are free",
		       free_bytes);
}

/* By a connection of its own: those of calls may be resting after a failure. */
static bool ask_redis(struct gateway *gateway, struct error *err)
{
	struct redis *redis;
	bool answers;

	if (!redis_open(gateway->settings, &redis, err))
		return false;
	answers = redis_check(redis, err);
	redis_close(redis);
	return answers;
}
