/*
 * alert_watch.c - evaluate, send, wait.
 *
 * No connection to the database is held while a receiver is waited for.
 */
#include "server/alert_watch.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/log.h"
#include "ledger/alert_evaluate.h"
#include "ledger/alert_queue.h"
#include "server/alert_send.h"
#include "server/invitation_mail.h"
#include "server/password_mail.h"

/* A failure is told of once in this time. */
#define COMPLAINT_MS 30000
/* How often the queue is looked at, at least. */
#define TICK_MS 1000
/* Beyond the time-out of sending: for the database, before and after. */
#define LEASE_MARGIN_MS 60000

struct alert_watch {
	const struct gateway *gateway;
	struct alert_sender sender;
	struct arena arena; /* of the sender's texts */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stopping; /* atomic: a message being sent looks at it, too */
	int64_t complained_ms;
};

static void *watch_main(void *context);
static void evaluate(struct alert_watch *watch);
static bool send_next(struct alert_watch *watch);
static bool claim(struct alert_watch *watch, struct arena *arena,
	struct alert_delivery *delivery);
static void send_one(
	struct alert_watch *watch, const struct alert_delivery *delivery);
static void note_result(struct alert_watch *watch,
	const struct alert_delivery *delivery, bool sent,
	const struct error *why);
static bool note_failure(struct alert_watch *watch, struct db *db,
	const struct alert_delivery *delivery, const struct error *why,
	struct error *err);
static struct alert_patience patience_of(const struct alert_watch *watch);
static void complain(
	struct alert_watch *watch, const char *what, const struct error *err);
static bool is_stopping(const struct alert_watch *watch);
static void wait_for(struct alert_watch *watch, int64_t due_ms);

bool alert_watch_start(const struct gateway *gateway, struct alert_watch **out,
	struct error *err)
{
	struct alert_watch *watch = calloc(1, sizeof(*watch));
	pthread_condattr_t attributes;
	int failed;

	if (!watch)
		abort();
	watch->gateway = gateway;
	watch->complained_ms = -COMPLAINT_MS;
	arena_init(&watch->arena, 1024);
	if (!alert_sender_open(&watch->sender, gateway->settings,
		    gateway->vault, &watch->stopping, &watch->arena, err)) {
		arena_release(&watch->arena);
		free(watch);
		return false;
	}
	pthread_mutex_init(&watch->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watch->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	failed = pthread_create(&watch->thread, NULL, watch_main, watch);
	if (failed) {
		arena_release(&watch->arena);
		free(watch);
		return error_set(err, ERR_IO,
			"cannot start the watch for alerts: %s",
			strerror(failed));
	}
	*out = watch;
	return true;
}

void alert_watch_stop(struct alert_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	__atomic_store_n(&watch->stopping, true, __ATOMIC_RELEASE);
	pthread_cond_signal(&watch->wake);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->wake);
	pthread_mutex_destroy(&watch->lock);
	arena_release(&watch->arena);
	free(watch);
}

static void *watch_main(void *context)
{
	struct alert_watch *watch = context;
	int64_t interval_ms = watch->gateway->settings->alerts_interval_ms;
	int64_t tick_ms = interval_ms < TICK_MS ? interval_ms : TICK_MS;
	int64_t evaluate_ms = clock_monotonic_ms();

	pthread_setname_np(pthread_self(), "alerts");
	while (!is_stopping(watch)) {
		if (clock_monotonic_ms() >= evaluate_ms) {
			evaluate(watch);
			evaluate_ms = clock_monotonic_ms() + interval_ms;
		}
		while (!is_stopping(watch) && send_next(watch))
			continue;
		while (!is_stopping(watch) &&
			password_mail_send_next(watch->gateway,
				watch->sender.smtp_password, &watch->stopping))
			continue;
		while (!is_stopping(watch) &&
			invitation_mail_send_next(watch->gateway,
				watch->sender.smtp_password, &watch->stopping))
			continue;
		wait_for(watch, clock_monotonic_ms() + tick_ms);
	}
	return NULL;
}

static void evaluate(struct alert_watch *watch)
{
	const struct gateway *gateway = watch->gateway;
	struct error err;
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, &err)) {
		complain(watch, "look at the rules", &err);
		return;
	}
	ok = alert_evaluate(db, clock_unix_ms(),
		gateway->settings->alerts_interval_ms, &err);
	db_give(gateway->db, db);
	if (!ok)
		complain(watch, "look at all the rules", &err);
}

/* False when nothing is due. */
static bool send_next(struct alert_watch *watch)
{
	struct alert_delivery delivery;
	struct arena arena;
	bool found;

	arena_init(&arena, 16384);
	found = claim(watch, &arena, &delivery);
	if (found)
		send_one(watch, &delivery);
	arena_release(&arena);
	return found;
}

static bool claim(struct alert_watch *watch, struct arena *arena,
	struct alert_delivery *delivery)
{
	const struct gateway *gateway = watch->gateway;
	int64_t now_ms = clock_unix_ms();
	bool found = false;
	struct error err;
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, &err)) {
		complain(watch, "read the queue", &err);
		return false;
	}
	ok = alert_queue_claim(db, now_ms,
		now_ms + gateway->settings->alerts_timeout_ms + LEASE_MARGIN_MS,
		arena, delivery, &found, &err);
	db_give(gateway->db, db);
	if (!ok)
		complain(watch, "read the queue", &err);
	return ok && found;
}

static void send_one(
	struct alert_watch *watch, const struct alert_delivery *delivery)
{
	struct error err = ERROR_INIT;
	bool sent = alert_send(&watch->sender, delivery, &err);

	note_result(watch, delivery, sent, &err);
}

static void note_result(struct alert_watch *watch,
	const struct alert_delivery *delivery, bool sent,
	const struct error *why)
{
	int64_t now_ms = clock_unix_ms();
	struct error err;
	struct db *db;
	bool ok;

	if (!db_take(watch->gateway->db, &db, &err)) {
		complain(watch, "note what became of a message", &err);
		return;
	}
	if (sent)
		ok = alert_queue_sent(db, delivery, now_ms, &err);
	else if (why->kind == ERR_DRAINING)
		ok = alert_queue_release(db, delivery, now_ms, &err);
	else
		ok = note_failure(watch, db, delivery, why, &err);
	db_give(watch->gateway->db, db);
	if (!ok)
		complain(watch, "note what became of a message", &err);
}

static bool note_failure(struct alert_watch *watch, struct db *db,
	const struct alert_delivery *delivery, const struct error *why,
	struct error *err)
{
	struct alert_patience patience = patience_of(watch);
	struct str reason = str_of(error_detail(why));
	bool given_up;

	if (!alert_queue_failed(db, delivery, &patience, reason,
		    clock_unix_ms(), &given_up, err))
		return false;
	if (given_up)
		log_error("alert %" PRId64 " was not told to channel '%.*s', "
			  "given up after %" PRId64 " tries: %.*s",
			delivery->alert.id, STR_ARG(delivery->channel.name),
			delivery->attempts, STR_ARG(reason));
	else
		log_warn("alert %" PRId64 " is not told to channel '%.*s' "
			 "yet, will try again: %.*s",
			delivery->alert.id, STR_ARG(delivery->channel.name),
			STR_ARG(reason));
	return true;
}

static struct alert_patience patience_of(const struct alert_watch *watch)
{
	const struct settings *settings = watch->gateway->settings;

	return (struct alert_patience){ settings->alerts_attempts,
		settings->alerts_retry_ms };
}

static void complain(
	struct alert_watch *watch, const char *what, const struct error *err)
{
	int64_t now = clock_monotonic_ms();

	if (now - watch->complained_ms < COMPLAINT_MS)
		return;
	watch->complained_ms = now;
	log_warn("alerts: could not %s, will try again: %s", what,
		error_detail(err));
}

static bool is_stopping(const struct alert_watch *watch)
{
	return __atomic_load_n(&watch->stopping, __ATOMIC_ACQUIRE);
}

static void wait_for(struct alert_watch *watch, int64_t due_ms)
{
	struct timespec due = { .tv_sec = due_ms / 1000,
		.tv_nsec = due_ms % 1000 * 1000000 };
	int timed_out = 0;

	pthread_mutex_lock(&watch->lock);
	while (!is_stopping(watch) && !timed_out)
		timed_out = pthread_cond_timedwait(
			&watch->wake, &watch->lock, &due);
	pthread_mutex_unlock(&watch->lock);
}
