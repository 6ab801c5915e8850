/*
 * grants_return.c - giving back what this machine was granted and will not
 * spend: all of it when its last process stops, and what lies idle.
 *
 * The store's grant is lowered first, as far as nothing is reserved of it,
 * then the one in the database: a process that dies in between leaves some of
 * it unused, but nobody spends it twice.
 *
 * Each process that serves holds a lock together with the others; one that
 * stops and can have it alone was the last. A process that was killed holds
 * none.
 */
#include "gateway/grants_own.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "accounts/counter_name.h"
#include "base/clock.h"
#include "base/log.h"

#define LEASES_AT_ONCE 64
#define ARENA_BYTES 16384
/* Other jobs wait, and a server that stops. */
#define MOST_MS 2000

static bool give_back(
	struct gateway *gateway, int64_t idle_since_ms, struct error *err);
static bool find(struct gateway *gateway, struct budget_lease *leases,
	const struct budget_lease *after, struct arena *arena, size_t *count,
	struct error *err);
static bool give_back_one(struct gateway *gateway,
	const struct budget_lease *lease, int64_t idle_since_ms,
	struct arena *arena, struct error *err);
static bool lower(struct gateway *gateway, const struct budget_lease *lease,
	const struct late *amount, int64_t idle_since_ms, struct error *err);
static bool tell_database(struct gateway *gateway,
	const struct budget_lease *lease, int64_t picousd, struct error *err);
static struct late amount_of(const struct gateway *gateway,
	const struct budget_lease *lease, struct arena *arena);

void grants_serve(struct gateway *gateway)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.*s/grants.serving",
		STR_ARG(gateway->settings->hot_dir));
	gateway->grants_file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (gateway->grants_file >= 0 &&
		flock(gateway->grants_file, LOCK_SH) == 0)
		return;
	log_warn("%s cannot be locked, grants of budgets will not go back at "
		 "the end: %s",
		path, strerror(errno));
	if (gateway->grants_file >= 0)
		close(gateway->grants_file);
	gateway->grants_file = -1;
}

void grants_close(struct gateway *gateway)
{
	struct error err;

	/* It may never have been opened. */
	if (!gateway->hot || gateway->grants_file < 0)
		return;
	if (flock(gateway->grants_file, LOCK_EX | LOCK_NB) == 0 &&
		!give_back(gateway, INT64_MAX, &err))
		log_warn("grants of budgets could not be given back, and stay "
			 "unused for up to ten minutes: %s",
			error_detail(&err));
	close(gateway->grants_file);
	gateway->grants_file = -1;
}

bool grants_return_idle(struct gateway *gateway, struct error *err)
{
	return !grants_are_on(gateway) ||
	       give_back(gateway,
		       clock_unix_ms() - gateway->settings->slice_idle_ms, err);
}

/* What was not touched after that time. */
static bool give_back(
	struct gateway *gateway, int64_t idle_since_ms, struct error *err)
{
	int64_t end_ms = clock_monotonic_ms() + MOST_MS;
	struct budget_lease leases[LEASES_AT_ONCE];
	const struct budget_lease *last = NULL;
	size_t count = LEASES_AT_ONCE;
	struct arena arena;
	bool ok = true;

	grants_give_up_if_late(gateway);
	arena_init(&arena, ARENA_BYTES);
	while (ok && count == LEASES_AT_ONCE && clock_monotonic_ms() < end_ms) {
		ok = find(gateway, leases, last, &arena, &count, err);
		for (size_t i = 0; ok && i < count; i++)
			ok = give_back_one(gateway, &leases[i], idle_since_ms,
				&arena, err);
		last = &leases[LEASES_AT_ONCE - 1];
	}
	arena_release(&arena);
	return ok;
}

static bool find(struct gateway *gateway, struct budget_lease *leases,
	const struct budget_lease *after, struct arena *arena, size_t *count,
	struct error *err)
{
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = budget_lease_held(db, gateway->host_name, clock_unix_ms(), after,
		arena, leases, LEASES_AT_ONCE, count, err);
	db_give(gateway->db, db);
	return ok;
}

static bool give_back_one(struct gateway *gateway,
	const struct budget_lease *lease, int64_t idle_since_ms,
	struct arena *arena, struct error *err)
{
	struct late amount = amount_of(gateway, lease, arena);
	struct limit limit = grants_limit(&amount);
	struct limit_state state;
	int file;
	bool ok;

	if (!limits_peek(gateway->limits, &limit, clock_unix_ms(), &state, err))
		return false;
	/* After a reboot nobody may have asked for it yet. */
	if (state.used < 0 &&
		!grants_begin_part(gateway, &lease->part, &amount, arena, err))
		return false;
	if (state.used >= 0 && (state.granted <= state.used ||
				       state.touched_ms > idle_since_ms))
		return true;
	if (!grants_lock(gateway, &file, err))
		return false;
	ok = lower(gateway, lease, &amount, idle_since_ms, err);
	close(file);
	return ok;
}

static bool lower(struct gateway *gateway, const struct budget_lease *lease,
	const struct late *amount, int64_t idle_since_ms, struct error *err)
{
	struct limit limit = grants_limit(amount);
	struct limit_state state;
	struct error ignored;
	int64_t granted;

	if (!limits_peek(gateway->limits, &limit, clock_unix_ms(), &state, err))
		return false;
	if (state.granted <= state.used || state.touched_ms > idle_since_ms)
		return true;
	/* Calls that came meanwhile keep what they reserved. */
	if (!limits_grant(gateway->limits, amount->name,
		    state.used - state.granted, amount->ends_ms, &granted, err))
		return false;
	if (granted == state.granted ||
		tell_database(gateway, lease, state.granted - granted, err))
		return true;
	if (!limits_grant(gateway->limits, amount->name,
		    state.granted - granted, amount->ends_ms, &granted,
		    &ignored))
		log_warn("a part of budget %" PRId64 " stays unused: %s",
			lease->part.budget_id, error_detail(&ignored));
	return false;
}

static bool tell_database(struct gateway *gateway,
	const struct budget_lease *lease, int64_t picousd, struct error *err)
{
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = budget_lease_return(
		db, &lease->part, gateway->host_name, picousd, err);
	db_give(gateway->db, db);
	return ok;
}

static struct late amount_of(const struct gateway *gateway,
	const struct budget_lease *lease, struct arena *arena)
{
	const struct budget_part *part = &lease->part;
	const struct budget budget = { .id = part->budget_id,
		.owner = lease->owner };

	return (struct late){
		.name = counter_name_of_budget(arena, &budget,
			part->period_start_ms, part->period_end_ms,
			grants_suffix(gateway, arena), lease->owner.user),
		.unit = LIMIT_PICOUSD,
		.starts_ms = part->period_start_ms,
		.ends_ms = part->period_end_ms,
		.of = late_spend_of(&lease->owner),
	};
}
