/*
 * budget_lease.c - the tables budget_periods and budget_leases.
 *
 * Every change of a grant locks the period's row first: so changes of one
 * period come one after the other, and its sum is always that of its leases.
 */
#include "accounts/budget_lease.h"

#include "accounts/limit_owner.h"
#include "base/money.h"
#include "db/stmt.h"

#define WEEK_MS (7 * INT64_C(86400000))

/* What read_leases() reads, of leases `e` and their periods `t`. */
#define SELECT_LEASES                                              \
	"SELECT " LIMIT_OWNER_COLUMNS ", l.limit_picousd, "        \
	"e.period_start_ms, t.period_end_ms, e.user, "             \
	"e.host, e.granted_picousd FROM budgets" LIMIT_OWNER_JOINS \
	" JOIN budget_leases e ON "                                \
	"e.budget_id = l.id JOIN budget_periods t ON "             \
	"t.budget_id = e.budget_id AND "                           \
	"t.period_start_ms = e.period_start_ms AND "               \
	"t.user = e.user "

/* One change of a grant, within a transaction that holds the period. */
struct change {
	const struct budget_part *part;
	struct str host;
	int64_t period_granted; /* of all hosts, as it is */
	int64_t host_granted;   /* 0: it has no lease yet */
	int64_t expires_ms;     /* of the host's lease; 0: none */
	bool locks_lease;       /* it is there, and must not be renewed now */
};

static bool begin_change(
	struct db *db, struct change *change, struct error *err);
static bool end_change(struct db *db, const struct change *change,
	int64_t granted, int64_t expires_ms, int64_t reclaimed_ms,
	struct error *err);
static bool lock_period(
	struct db *db, struct change *change, struct error *err);
static bool find_lease(struct db *db, struct change *change, struct error *err);
static bool lock_lease(struct db *db, struct change *change, struct error *err);
static bool read_lease(
	struct stmt *stmt, struct change *change, struct error *err);
static bool save_period(struct db *db, const struct change *change,
	int64_t granted, struct error *err);
static bool save_lease(struct db *db, const struct change *change,
	int64_t granted, int64_t expires_ms, int64_t reclaimed_ms,
	struct error *err);
static bool insert_period(struct db *db, const struct budget_part *part,
	int64_t granted, int64_t now_ms, bool *inserted, struct error *err);
static bool begin_shares(struct db *db, const struct budget_part *part,
	const struct budget_share *spent, size_t count, int64_t now_ms,
	struct error *err);
static bool renew_one(struct db *db, struct stmt *lease, struct str host,
	int64_t expires_ms, struct error *err);
static bool read_leases(struct stmt *stmt, struct arena *arena,
	struct budget_lease *out, size_t max, size_t *count, struct error *err);
static bool read_owned(struct stmt *stmt, struct arena *arena,
	struct budget_lease *out, struct error *err);
static void bind_part(struct stmt *stmt, const struct budget_part *part);
static int64_t round_up(int64_t amount, int64_t slice);

bool budget_lease_begin(struct db *db, const struct budget_part *part,
	const struct budget_share *spent, size_t count, int64_t now_ms,
	struct error *err)
{
	if (!db_begin(db, err))
		return false;
	if (begin_shares(db, part, spent, count, now_ms, err))
		return db_commit(db, err);
	db_rollback(db);
	return false;
}

bool budget_lease_take(struct db *db, const struct budget_part *part,
	struct str host, int64_t wanted_picousd, int64_t slice_picousd,
	int64_t now_ms, int64_t *granted_now, struct error *err)
{
	struct change change = { .part = part, .host = host };
	int64_t left;

	assert(wanted_picousd > 0);
	*granted_now = 0;
	if (!begin_change(db, &change, err))
		return false;
	left = part->limit_picousd - change.period_granted;
	if (left <= 0) {
		db_rollback(db);
		return true;
	}
	*granted_now = round_up(wanted_picousd, slice_picousd);
	if (*granted_now > left)
		*granted_now = left;
	return end_change(db, &change, change.host_granted + *granted_now,
		now_ms + BUDGET_LEASE_MS, 0, err);
}

bool budget_lease_return(struct db *db, const struct budget_part *part,
	struct str host, int64_t picousd, struct error *err)
{
	struct change change = { .part = part, .host = host };

	assert(picousd >= 0);
	if (!begin_change(db, &change, err))
		return false;
	if (picousd > change.host_granted)
		picousd = change.host_granted;
	return end_change(db, &change, change.host_granted - picousd,
		change.expires_ms, 0, err);
}

bool budget_lease_find(struct db *db, const struct budget_part *part,
	struct str host, bool *begun, int64_t *granted_picousd,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT l.granted_picousd FROM budget_periods p "
		    "LEFT JOIN budget_leases l ON l.budget_id = p.budget_id "
		    "AND l.period_start_ms = p.period_start_ms AND "
		    "l.user = p.user AND l.host = ? WHERE p.budget_id = ? AND "
		    "p.period_start_ms = ? AND p.user = ?",
		    err))
		return false;
	stmt_bind_str(stmt, host);
	bind_part(stmt, part);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, begun, err))
		return false;
	*granted_picousd = *begun ? stmt_int(stmt, 0) : 0;
	return true;
}

/* One by one, by their keys: a statement for all of them would lock them in
 * another order than the changes do. */
bool budget_lease_renew(
	struct db *db, struct str host, int64_t now_ms, struct error *err)
{
	struct stmt *stmt;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT l.budget_id, l.period_start_ms, l.user FROM "
		    "budget_leases l JOIN budget_periods p ON "
		    "p.budget_id = l.budget_id AND "
		    "p.period_start_ms = l.period_start_ms AND "
		    "p.user = l.user WHERE l.host = ? AND "
		    "p.period_end_ms > ?",
		    err))
		return false;
	stmt_bind_str(stmt, host);
	stmt_bind_int(stmt, now_ms);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (!renew_one(db, stmt, host, now_ms + BUDGET_LEASE_MS, err))
			return false;
	}
	return false;
}

bool budget_lease_held(struct db *db, struct str host, int64_t now_ms,
	const struct budget_lease *after, struct arena *arena,
	struct budget_lease *out, size_t max, size_t *count, struct error *err)
{
	static const struct budget_part first = { .user = STR("") };
	struct stmt *stmt;

	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    SELECT_LEASES "WHERE e.host = ? AND t.period_end_ms > ? "
				  "AND (e.budget_id, e.period_start_ms, "
				  "e.user) > (?, ?, ?) ORDER BY e.budget_id, "
				  "e.period_start_ms, e.user LIMIT ?",
		    err))
		return false;
	stmt_bind_str(stmt, host);
	stmt_bind_int(stmt, now_ms);
	bind_part(stmt, after ? &after->part : &first);
	stmt_bind_int(stmt, (int64_t)max);
	return read_leases(stmt, arena, out, max, count, err);
}

bool budget_lease_expired(struct db *db, int64_t now_ms, struct arena *arena,
	struct budget_lease *out, size_t max, size_t *count, struct error *err)
{
	struct stmt *stmt;

	*count = 0;
	if (!stmt_prepare(db, &stmt,
		    SELECT_LEASES "WHERE e.expires_ms <= ? AND "
				  "t.period_end_ms > ? AND "
				  "COALESCE(e.reclaimed_ms, 0) <= ? "
				  "ORDER BY e.expires_ms LIMIT ?",
		    err))
		return false;
	stmt_bind_int(stmt, now_ms - BUDGET_LEASE_CLOCKS_MS);
	stmt_bind_int(stmt, now_ms);
	stmt_bind_int(stmt, now_ms - BUDGET_LEASE_MS);
	stmt_bind_int(stmt, (int64_t)max);
	return read_leases(stmt, arena, out, max, count, err);
}

bool budget_lease_reclaim(struct db *db, const struct budget_lease *lease,
	int64_t spent_picousd, int64_t now_ms, int64_t *reclaimed,
	struct error *err)
{
	struct change change = {
		.part = &lease->part, .host = lease->host, .locks_lease = true
	};

	assert(spent_picousd >= 0);
	*reclaimed = 0;
	if (!begin_change(db, &change, err))
		return false;
	if (change.expires_ms == 0 ||
		change.expires_ms > now_ms - BUDGET_LEASE_CLOCKS_MS) {
		db_rollback(db);
		return true;
	}
	*reclaimed = change.host_granted - spent_picousd;
	return end_change(
		db, &change, spent_picousd, change.expires_ms, now_ms, err);
}

bool budget_lease_forget_old(struct db *db, int64_t now_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "DELETE FROM budget_periods WHERE period_end_ms < ?", err))
		return false;
	stmt_bind_int(stmt, now_ms - WEEK_MS);
	return stmt_run(stmt, err);
}

/* On failure nothing is left open. */
static bool begin_change(
	struct db *db, struct change *change, struct error *err)
{
	if (!db_begin(db, err))
		return false;
	if (lock_period(db, change, err) &&
		(change->locks_lease ? lock_lease(db, change, err)
				     : find_lease(db, change, err)))
		return true;
	db_rollback(db);
	return false;
}

static bool end_change(struct db *db, const struct change *change,
	int64_t granted, int64_t expires_ms, int64_t reclaimed_ms,
	struct error *err)
{
	int64_t sum = change->period_granted;

	money_add(&sum, 1, granted - change->host_granted);
	if (save_period(db, change, sum, err) &&
		save_lease(db, change, granted, expires_ms, reclaimed_ms, err))
		return db_commit(db, err);
	db_rollback(db);
	return false;
}

static bool lock_period(struct db *db, struct change *change, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT granted_picousd FROM budget_periods WHERE "
		    "budget_id = ? AND period_start_ms = ? AND user = ? "
		    "FOR UPDATE",
		    err))
		return false;
	bind_part(stmt, change->part);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_set(err, ERR_NOT_FOUND,
			"budget %" PRId64 ": the period of %" PRId64
			" is not begun",
			change->part->budget_id, change->part->period_start_ms);
	change->period_granted = stmt_int(stmt, 0);
	return true;
}

/* Without a lock: of a row that is not there it would be one of its
 * neighbourhood, in the way of other periods. */
static bool find_lease(struct db *db, struct change *change, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT granted_picousd, expires_ms FROM budget_leases "
		       "WHERE budget_id = ? AND period_start_ms = ? AND "
		       "user = ? AND host = ?",
		       err) &&
	       read_lease(stmt, change, err);
}

static bool lock_lease(struct db *db, struct change *change, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT granted_picousd, expires_ms FROM budget_leases "
		       "WHERE budget_id = ? AND period_start_ms = ? AND "
		       "user = ? AND host = ? FOR UPDATE",
		       err) &&
	       read_lease(stmt, change, err);
}

static bool read_lease(
	struct stmt *stmt, struct change *change, struct error *err)
{
	bool found;

	bind_part(stmt, change->part);
	stmt_bind_str(stmt, change->host);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	change->host_granted = found ? stmt_int(stmt, 0) : 0;
	change->expires_ms = found ? stmt_int(stmt, 1) : 0;
	return true;
}

static bool save_period(struct db *db, const struct change *change,
	int64_t granted, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE budget_periods SET granted_picousd = ? WHERE "
		    "budget_id = ? AND period_start_ms = ? AND user = ?",
		    err))
		return false;
	stmt_bind_int(stmt, granted);
	bind_part(stmt, change->part);
	return stmt_run(stmt, err);
}

static bool save_lease(struct db *db, const struct change *change,
	int64_t granted, int64_t expires_ms, int64_t reclaimed_ms,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO budget_leases (budget_id, period_start_ms, "
		    "user, host, granted_picousd, expires_ms, reclaimed_ms) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE "
		    "granted_picousd = VALUES(granted_picousd), "
		    "expires_ms = GREATEST(expires_ms, VALUES(expires_ms)), "
		    "reclaimed_ms = VALUES(reclaimed_ms)",
		    err))
		return false;
	bind_part(stmt, change->part);
	stmt_bind_str(stmt, change->host);
	stmt_bind_int(stmt, granted);
	stmt_bind_int(stmt, expires_ms);
	stmt_bind_int_or_null(stmt, reclaimed_ms);
	return stmt_run(stmt, err);
}

/* Whoever comes second waits for the first, and finds the row. */
static bool insert_period(struct db *db, const struct budget_part *part,
	int64_t granted, int64_t now_ms, bool *inserted, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO budget_periods (budget_id, period_start_ms, "
		    "user, period_end_ms, granted_picousd, begun_ms) "
		    "VALUES (?, ?, ?, ?, ?, ?) "
		    "ON DUPLICATE KEY UPDATE begun_ms = begun_ms",
		    err))
		return false;
	bind_part(stmt, part);
	stmt_bind_int(stmt, part->period_end_ms);
	stmt_bind_int(stmt, granted);
	stmt_bind_int(stmt, now_ms);
	if (!stmt_run(stmt, err))
		return false;
	*inserted = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool begin_shares(struct db *db, const struct budget_part *part,
	const struct budget_share *spent, size_t count, int64_t now_ms,
	struct error *err)
{
	int64_t sum = 0;
	bool inserted;

	assert(part->period_end_ms > part->period_start_ms);
	for (size_t i = 0; i < count; i++)
		money_add(&sum, 1, spent[i].picousd);
	if (!insert_period(db, part, sum, now_ms, &inserted, err))
		return false;
	for (size_t i = 0; inserted && i < count; i++) {
		struct change change = { .part = part, .host = spent[i].host };

		if (!save_lease(db, &change, spent[i].picousd,
			    now_ms + BUDGET_LEASE_MS, 0, err))
			return false;
	}
	return true;
}

static bool renew_one(struct db *db, struct stmt *lease, struct str host,
	int64_t expires_ms, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE budget_leases SET expires_ms = GREATEST(expires_ms,"
		    " ?), reclaimed_ms = NULL WHERE budget_id = ? AND "
		    "period_start_ms = ? AND user = ? AND host = ?",
		    err))
		return false;
	stmt_bind_int(stmt, expires_ms);
	stmt_bind_int(stmt, stmt_int(lease, 0));
	stmt_bind_int(stmt, stmt_int(lease, 1));
	stmt_bind_str(stmt, stmt_str(lease, 2));
	stmt_bind_str(stmt, host);
	return stmt_run(stmt, err);
}

static bool read_leases(struct stmt *stmt, struct arena *arena,
	struct budget_lease *out, size_t max, size_t *count, struct error *err)
{
	bool more;

	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		assert(*count < max);
		if (!read_owned(stmt, arena, &out[(*count)++], err))
			return false;
	}
	return false;
}

static bool read_owned(struct stmt *stmt, struct arena *arena,
	struct budget_lease *out, struct error *err)
{
	struct budget_part *part = &out->part;
	enum limit_period period;

	part->budget_id = stmt_int(stmt, 0);
	part->limit_picousd = stmt_int(stmt, LIMIT_OWNER_NEXT);
	part->period_start_ms = stmt_int(stmt, LIMIT_OWNER_NEXT + 1);
	part->period_end_ms = stmt_int(stmt, LIMIT_OWNER_NEXT + 2);
	part->user = arena_copy(arena, stmt_str(stmt, LIMIT_OWNER_NEXT + 3));
	out->host = arena_copy(arena, stmt_str(stmt, LIMIT_OWNER_NEXT + 4));
	out->granted_picousd = stmt_int(stmt, LIMIT_OWNER_NEXT + 5);
	if (!limit_owner_read(stmt, arena, &out->owner, &period, err))
		return false;
	if (part->user.n > 0)
		out->owner.user = part->user;
	return true;
}

static void bind_part(struct stmt *stmt, const struct budget_part *part)
{
	stmt_bind_int(stmt, part->budget_id);
	stmt_bind_int(stmt, part->period_start_ms);
	stmt_bind_str(stmt, part->user);
}

/* Saturating: what is left bounds it anyway. */
static int64_t round_up(int64_t amount, int64_t slice)
{
	int64_t rest = slice > 0 ? amount % slice : 0;
	int64_t sum = amount;

	if (rest > 0)
		money_add(&sum, 1, slice - rest);
	return sum;
}
