/*
 * janitor.c - periodic work.
 */
#include "server/janitor.h"

#include <pthread.h>

#include "accounts/user_session.h"
#include "base/clock.h"
#include "base/log.h"
#include "gateway/grants.h"
#include "gateway/late.h"
#include "gateway/log_rows.h"
#include "gateway/orphans.h"
#include "ledger/partition.h"
#include "server/measure.h"

/* A job that fails is quiet about it for this long. */
#define COMPLAINT_MS 30000

struct job {
	const char *name;
	int64_t interval_ms;
	bool (*run)(struct gateway *gateway, struct error *err);
};

static bool refresh_snapshot(struct gateway *gateway, struct error *err);
static bool sync_journal(struct gateway *gateway, struct error *err);
static bool replay_journal(struct gateway *gateway, struct error *err);
static bool keep_partitions(struct gateway *gateway, struct error *err);
static bool sweep_hot(struct gateway *gateway, struct error *err);
static bool sweep_cache(struct gateway *gateway, struct error *err);
static bool share_answers(struct gateway *gateway, struct error *err);
static bool look_after_logs(struct gateway *gateway, struct error *err);
static bool retire_metrics(struct gateway *gateway, struct error *err);
static bool sweep_sessions(struct gateway *gateway, struct error *err);

static const struct job jobs[] = {
	/* Changes are announced; this finds those that were not. */
	{ "refresh the snapshot", 400, refresh_snapshot },
	{ "sync the journal", 1000, sync_journal },
	{ "replay the journal", 500, replay_journal },
	{ "keep the log's partitions", 3600000, keep_partitions },
	{ "clear places of dead readers", 5000, sweep_hot },
	{ "settle calls of dead processes", 1000, orphans_settle },
	{ "count what was spent in an outage", 1000, late_bring },
	{ "keep the grants of budgets", 20000, grants_renew },
	{ "give back grants that nobody uses", 5000, grants_return_idle },
	{ "remove answers that are over", 5000, sweep_cache },
	{ "share answers by Redis", 100, share_answers },
	{ "look after the log's files", 1000, look_after_logs },
	{ "keep what dead processes counted", 5000, retire_metrics },
	{ "remove logins that are over", 600000, sweep_sessions },
	{ "measure the journal", 2000, measure_process },
	{ "log the minute's metrics", 5000, measure_minute },
};

struct janitor {
	struct gateway *gateway;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop;
	bool stopping;
	int64_t due_ms[ARRAY_LEN(jobs)];
	int64_t complained_ms[ARRAY_LEN(jobs)];
};

static void *janitor_main(void *context);
static bool wait_until(struct janitor *janitor, int64_t due_ms);
static void run_job(struct janitor *janitor, size_t i);

bool janitor_start(
	struct gateway *gateway, struct janitor **out, struct error *err)
{
	struct janitor *janitor = calloc(1, sizeof(*janitor));
	pthread_condattr_t attributes;
	int failed;

	if (!janitor)
		abort();
	janitor->gateway = gateway;
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		janitor->complained_ms[i] = -COMPLAINT_MS;
	pthread_mutex_init(&janitor->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&janitor->stop, &attributes);
	failed = pthread_create(&janitor->thread, NULL, janitor_main, janitor);
	if (failed) {
		free(janitor);
		return error_set(err, ERR_IO, "cannot start the janitor: %s",
			strerror(failed));
	}
	*out = janitor;
	return true;
}

void janitor_stop(struct janitor *janitor)
{
	pthread_mutex_lock(&janitor->lock);
	janitor->stopping = true;
	pthread_cond_signal(&janitor->stop);
	pthread_mutex_unlock(&janitor->lock);
	pthread_join(janitor->thread, NULL);
	pthread_cond_destroy(&janitor->stop);
	pthread_mutex_destroy(&janitor->lock);
	free(janitor);
}

static void *janitor_main(void *context)
{
	struct janitor *janitor = context;
	int64_t next_ms = 0;

	pthread_setname_np(pthread_self(), "janitor");
	do {
		int64_t now = clock_monotonic_ms();

		next_ms = INT64_MAX;
		for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
			if (janitor->due_ms[i] <= now) {
				run_job(janitor, i);
				janitor->due_ms[i] = clock_monotonic_ms() +
						     jobs[i].interval_ms;
			}
			if (janitor->due_ms[i] < next_ms)
				next_ms = janitor->due_ms[i];
		}
	} while (!wait_until(janitor, next_ms));
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++)
		run_job(janitor, i);
	return NULL;
}

/* True when it is time to stop. */
static bool wait_until(struct janitor *janitor, int64_t due_ms)
{
	struct timespec due = { .tv_sec = due_ms / 1000,
		.tv_nsec = due_ms % 1000 * 1000000 };
	bool stopping;
	int timed_out = 0;

	pthread_mutex_lock(&janitor->lock);
	while (!janitor->stopping && !timed_out)
		timed_out = pthread_cond_timedwait(
			&janitor->stop, &janitor->lock, &due);
	stopping = janitor->stopping;
	pthread_mutex_unlock(&janitor->lock);
	return stopping;
}

static void run_job(struct janitor *janitor, size_t i)
{
	int64_t now = clock_monotonic_ms();
	struct error err;

	if (jobs[i].run(janitor->gateway, &err))
		return;
	if (now - janitor->complained_ms[i] < COMPLAINT_MS)
		return;
	janitor->complained_ms[i] = now;
	log_warn("could not %s, will try again: %s", jobs[i].name,
		error_detail(&err));
}

static bool refresh_snapshot(struct gateway *gateway, struct error *err)
{
	return snapshot_refresh(gateway->snapshots, clock_monotonic_ns(), err);
}

static bool sync_journal(struct gateway *gateway, struct error *err)
{
	return journal_sync(gateway->journal, err);
}

static bool replay_journal(struct gateway *gateway, struct error *err)
{
	return log_rows_move(gateway, err);
}

static bool keep_partitions(struct gateway *gateway, struct error *err)
{
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = partition_maintain(
		db, clock_unix_ms(), gateway->settings->log_keep_days, err);
	db_give(gateway->db, db);
	return ok;
}

static bool sweep_hot(struct gateway *gateway, struct error *err)
{
	unsigned freed;

	return hot_sweep(gateway->hot, &freed, err);
}

static bool sweep_cache(struct gateway *gateway, struct error *err)
{
	return cache_sweep(gateway->cache, clock_unix_ms(), err);
}

static bool share_answers(struct gateway *gateway, struct error *err)
{
	return !gateway->cache_fleet ||
	       cache_fleet_flush(gateway->cache_fleet, clock_unix_ms(), err);
}

static bool look_after_logs(struct gateway *gateway, struct error *err)
{
	(void)gateway;
	(void)err;
	log_look_after(false);
	return true;
}

static bool sweep_sessions(struct gateway *gateway, struct error *err)
{
	int64_t removed;
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = user_session_sweep(db, &removed, err);
	db_give(gateway->db, db);
	return ok;
}

static bool retire_metrics(struct gateway *gateway, struct error *err)
{
	return metrics_retire(gateway->metrics, err);
}
