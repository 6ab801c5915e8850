/*
 * grants.c - taking, keeping and taking back parts of budgets.
 *
 * The hard thing is that the grant in the database and the one in the store
 * of this machine change one after the other. A lock between the processes of
 * the machine keeps others from looking at them in between; a process that
 * dies there leaves a grant unused, until its lease is brought in order.
 */
#include "gateway/grants_own.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/log_rows.h"

/* What is not renewed by then is given up, before others may take it. */
#define LOST_AFTER_MS (BUDGET_LEASE_MS - 120000)
#define MOST_RECLAIMED 32
#define ARENA_BYTES 16384

static bool begin(struct gateway *gateway, const struct budget_part *part,
	const struct late *amount, struct arena *arena, struct db *db,
	struct error *err);
static bool take(
	struct call *call, size_t at, int64_t *missing, struct error *err);
static bool take_from_database(struct call *call, size_t at, int64_t wanted,
	int64_t *granted, struct error *err);
static struct budget_part part_of(const struct call *call, size_t at);
static bool reclaim(struct db *db, struct error *err);
static bool reclaim_one(struct db *db, const struct budget_lease *lease,
	struct arena *arena, struct error *err);
static int64_t spent_by(
	struct str host, const struct spend_host *hosts, size_t count);
static bool set_number(struct str old, struct buf *now, void *context);

bool grants_are_on(const struct gateway *gateway)
{
	return str_equal(gateway->settings->limits_shared, S("mariadb"));
}

struct str grants_suffix(const struct gateway *gateway, struct arena *arena)
{
	if (!grants_are_on(gateway))
		return S("");
	return arena_printf(
		arena, "/%" PRId64, hot_get(gateway->hot, HOT_GRANTS_LOST));
}

void grants_open(struct gateway *gateway)
{
	if (!grants_are_on(gateway))
		return;
	grants_give_up_if_late(gateway);
	grants_serve(gateway);
}

bool grants_begin(struct call *call, size_t at, const struct late *amount,
	struct error *err)
{
	struct budget_part part = part_of(call, at);

	return grants_begin_part(
		call->gateway, &part, amount, call->arena, err);
}

bool grants_begin_part(struct gateway *gateway, const struct budget_part *part,
	const struct late *amount, struct arena *arena, struct error *err)
{
	struct db *db;
	int file;
	bool ok;

	if (!log_rows_all(gateway, err) || !grants_lock(gateway, &file, err))
		return false;
	ok = db_take(gateway->db, &db, err);
	if (ok) {
		ok = begin(gateway, part, amount, arena, db, err);
		db_give(gateway->db, db);
	}
	close(file);
	return ok;
}

static bool begin(struct gateway *gateway, const struct budget_part *part,
	const struct late *amount, struct arena *arena, struct db *db,
	struct error *err)
{
	struct limit limit = grants_limit(amount);
	struct limit_state state;
	struct spend_host *hosts;
	struct budget_share *shares;
	size_t count;
	bool begun;
	int64_t granted, spent;

	if (!limits_peek(gateway->limits, &limit, clock_unix_ms(), &state, err))
		return false;
	if (state.used >= 0) /* another process was quicker */
		return true;
	if (!spend_by_host(db, amount->of, amount->starts_ms, arena, &hosts,
		    &count, err))
		return false;
	shares = ARENA_ARRAY(arena, struct budget_share, count);
	for (size_t i = 0; i < count; i++)
		shares[i] = (struct budget_share){ hosts[i].host,
			hosts[i].charged_picousd };
	spent = spent_by(gateway->host_name, hosts, count);
	if (!budget_lease_begin(
		    db, part, shares, count, clock_unix_ms(), err) ||
		!budget_lease_find(
			db, part, gateway->host_name, &begun, &granted, err) ||
		!limits_begin_amount(gateway->limits, amount->name, spent,
			amount->ends_ms, err))
		return false;
	/* The first grant comes on top of what was spent. */
	return limits_grant(gateway->limits, amount->name, granted - spent,
		amount->ends_ms, &granted, err);
}

enum verdict grants_take(struct call *call, size_t at)
{
	int64_t missing = 0;
	struct error why;

	if (!call->x->on_worker)
		return NEEDS_WORKER;
	if (!take(call, at, &missing, &why)) {
		/* Begun when it was no hard budget: to be begun as one. */
		if (why.kind == ERR_NOT_FOUND &&
			limits_forget(call->gateway->limits,
				call->admission->limits[at].name, &why))
			return GO_ON;
		call->error = why;
		call->error.kind = ERR_LIMITS_UNKNOWN;
		return FAILED;
	}
	if (missing == 0)
		return GO_ON;
	admission_refuse(call, at);
	return FAILED;
}

/* *missing: what it wants and cannot get. */
static bool take(
	struct call *call, size_t at, int64_t *missing, struct error *err)
{
	struct limits *limits = call->gateway->limits;
	const struct limit *limit = &call->admission->limits[at];
	struct limit_state state;
	int64_t granted = 0;
	int64_t wanted;
	int file;
	bool ok;

	if (!grants_lock(call->gateway, &file, err))
		return false;
	ok = limits_peek(limits, limit, clock_unix_ms(), &state, err);
	wanted = ok ? limit->amount - (state.granted - state.used) : 0;
	if (wanted > 0) {
		ok = take_from_database(call, at, wanted, &granted, err) &&
		     (granted == 0 ||
			     limits_grant(limits, limit->name, granted,
				     limit->ends_ms, &state.granted, err));
		*missing = granted < wanted ? wanted - granted : 0;
	}
	close(file);
	return ok;
}

static bool take_from_database(struct call *call, size_t at, int64_t wanted,
	int64_t *granted, struct error *err)
{
	struct gateway *gateway = call->gateway;
	struct budget_part part = part_of(call, at);
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = budget_lease_take(db, &part, gateway->host_name, wanted,
		gateway->settings->slice_picousd, clock_unix_ms(), granted,
		err);
	db_give(gateway->db, db);
	return ok;
}

struct limit grants_limit(const struct late *amount)
{
	return (struct limit){
		.kind = LIMIT_AMOUNT,
		.unit = amount->unit,
		.name = amount->name,
		.max = -1,
		.ends_ms = amount->ends_ms,
		.must_be_begun = true,
		.by_grant = true,
	};
}

static struct budget_part part_of(const struct call *call, size_t at)
{
	const struct admission_reason *reason = &call->admission->reasons[at];
	bool each_user = reason->owner.scope == SCOPE_USER &&
			 reason->budget->owner.user.n == 0;

	return (struct budget_part){
		.budget_id = reason->budget->id,
		.limit_picousd = reason->budget->limit_picousd,
		.period_start_ms = reason->starts_ms,
		.period_end_ms = reason->ends_ms,
		.user = each_user ? reason->owner.user : S(""),
	};
}

bool grants_renew(struct gateway *gateway, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct db *db;
	bool ok;

	if (!grants_are_on(gateway))
		return true;
	grants_give_up_if_late(gateway);
	if (!db_take(gateway->db, &db, err))
		return false;
	ok = budget_lease_renew(db, gateway->host_name, now, err) &&
	     hot_change(
		     gateway->hot, HOT_GRANTS_RENEWED, set_number, &now, err) &&
	     reclaim(db, err) && budget_lease_forget_old(db, now, err);
	db_give(gateway->db, db);
	return ok;
}

static bool reclaim(struct db *db, struct error *err)
{
	struct budget_lease leases[MOST_RECLAIMED];
	int64_t now = clock_unix_ms();
	struct arena arena;
	size_t count = 0;
	bool ok;

	arena_init(&arena, ARENA_BYTES);
	ok = budget_lease_expired(
		db, now, &arena, leases, ARRAY_LEN(leases), &count, err);
	for (size_t i = 0; ok && i < count; i++)
		ok = reclaim_one(db, &leases[i], &arena, err);
	arena_release(&arena);
	return ok;
}

static bool reclaim_one(struct db *db, const struct budget_lease *lease,
	struct arena *arena, struct error *err)
{
	struct spend_host *hosts;
	size_t count;
	int64_t reclaimed;

	return spend_by_host(db, late_spend_of(&lease->owner),
		       lease->part.period_start_ms, arena, &hosts, &count,
		       err) &&
	       budget_lease_reclaim(db, lease,
		       spent_by(lease->host, hosts, count), clock_unix_ms(),
		       &reclaimed, err);
}

static int64_t spent_by(
	struct str host, const struct spend_host *hosts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_equal(hosts[i].host, host))
			return hosts[i].charged_picousd;
	return 0;
}

bool grants_lock(const struct gateway *gateway, int *file, struct error *err)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.*s/grants.lock",
		STR_ARG(gateway->settings->hot_dir));
	*file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0660);
	if (*file >= 0 && flock(*file, LOCK_EX) == 0)
		return true;
	if (*file >= 0)
		close(*file);
	return error_set(
		err, ERR_IO, "%s cannot be locked: %s", path, strerror(errno));
}

void grants_give_up_if_late(struct gateway *gateway)
{
	int64_t now = clock_unix_ms();
	int64_t renewed = hot_get(gateway->hot, HOT_GRANTS_RENEWED);
	int64_t lost;
	struct error err;

	if (renewed > now - LOST_AFTER_MS)
		return;
	if (!hot_add(gateway->hot, HOT_GRANTS_LOST, 1, &lost, &err) ||
		!hot_change(gateway->hot, HOT_GRANTS_RENEWED, set_number, &now,
			&err))
		log_error("grants of budgets may be used though they are lost: "
			  "%s",
			error_detail(&err));
}

static bool set_number(struct str old, struct buf *now, void *context)
{
	(void)old;
	buf_append(now, (struct str){ context, sizeof(int64_t) });
	return true;
}
