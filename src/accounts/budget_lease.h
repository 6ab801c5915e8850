/*
 * budget_lease.h - one budget for several hosts that share no counters.
 *
 * Each host is granted a part of the budget's period in the database and
 * counts what it spends of that by itself. The grants of all hosts together
 * never exceed the limit, so the budget is not overspent however they race.
 * What it costs: a host may be refused while others hold something unspent,
 * at most a slice each.
 *
 * A period is begun with what every host has spent in it already, so a host's
 * grant is all it may spend in the period, and its counter all it has spent.
 *
 * A lease must be renewed. A host that could not renew for BUDGET_LEASE_MS
 * must take its grants for lost, and once it can again, ask
 * budget_lease_find() what it still has. Meanwhile others may have brought
 * the lease down to what the log knew. What the host had not yet written
 * there is added when it arrives: the one way in which a budget can be
 * passed, by no more than the unspent part of one lease.
 *
 * `user` is whose spending it is where the budget is each user's alone
 * (owner.user empty), else "". Each function is a transaction of its own.
 * ERR_DATABASE for all of them: nothing has changed, try again later.
 */
#ifndef ACCOUNTS_BUDGET_LEASE_H
#define ACCOUNTS_BUDGET_LEASE_H

#include "accounts/limit_set.h"

#define BUDGET_LEASE_MS INT64_C(600000)
/* How far two hosts' clocks may be apart. */
#define BUDGET_LEASE_CLOCKS_MS INT64_C(30000)

/* What is granted. */
struct budget_part {
	int64_t budget_id;
	int64_t limit_picousd;
	int64_t period_start_ms;
	int64_t period_end_ms;
	struct str user;
};

/* What a host has spent in a period, or holds of it. */
struct budget_share {
	struct str host;
	int64_t picousd;
};

struct budget_lease {
	struct budget_part part;
	struct limit_owner owner; /* of the budget; with part.user, if any */
	struct str host;
	int64_t granted_picousd;
};

/* Begin the period with what each host has spent in it so far, by the log.
 * One that is begun stays as it is. */
MUST_USE bool budget_lease_begin(struct db *db, const struct budget_part *part,
	const struct budget_share *spent, size_t count, int64_t now_ms,
	struct error *err);

/*
 * Grant the host what it wants beyond what it holds, rounded up to a multiple
 * of `slice_picousd`, or what is left: *granted_now, which may be less than
 * wanted, or 0. The lease then lasts BUDGET_LEASE_MS from now. ERR_NOT_FOUND:
 * the period must be begun first.
 */
MUST_USE bool budget_lease_take(struct db *db, const struct budget_part *part,
	struct str host, int64_t wanted_picousd, int64_t slice_picousd,
	int64_t now_ms, int64_t *granted_now, struct error *err);

/* Give back what the host will not spend: at a clean stop, or when idle. What
 * it may still spend is less by then already. */
MUST_USE bool budget_lease_return(struct db *db, const struct budget_part *part,
	struct str host, int64_t picousd, struct error *err);

/* All that the host was granted in the period, spent or not. *begun false:
 * the period must be begun first. */
MUST_USE bool budget_lease_find(struct db *db, const struct budget_part *part,
	struct str host, bool *begun, int64_t *granted_picousd,
	struct error *err);

/* Every lease of the host, in periods that still run, lasts BUDGET_LEASE_MS
 * from now. */
MUST_USE bool budget_lease_renew(
	struct db *db, struct str host, int64_t now_ms, struct error *err);

/*
 * What the host holds in periods that still run, its texts in the arena: up
 * to `max`, in a fixed order, those behind `after` (NULL: from the first).
 */
MUST_USE bool budget_lease_held(struct db *db, struct str host, int64_t now_ms,
	const struct budget_lease *after, struct arena *arena,
	struct budget_lease *out, size_t max, size_t *count, struct error *err);

/*
 * Leases of hosts that are gone, in periods that still run, their texts in
 * the arena: up to `max`, none that was reclaimed within BUDGET_LEASE_MS.
 */
MUST_USE bool budget_lease_expired(struct db *db, int64_t now_ms,
	struct arena *arena, struct budget_lease *out, size_t max,
	size_t *count, struct error *err);

/*
 * Bring the grant of a lease that has expired to what its host has spent by
 * the log: the rest can be granted anew; what arrived late is added. Any host
 * may do it, any number of times; a lease that was renewed meanwhile stays as
 * it is. *reclaimed is what came back (negative: was added).
 */
MUST_USE bool budget_lease_reclaim(struct db *db,
	const struct budget_lease *lease, int64_t spent_picousd, int64_t now_ms,
	int64_t *reclaimed, struct error *err);

/* Forget periods that have been over for a week. */
MUST_USE bool budget_lease_forget_old(
	struct db *db, int64_t now_ms, struct error *err);

#endif
