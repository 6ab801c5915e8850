/*
 * grants.h - hard budgets of several machines that share no counters, only
 * the database (settings limits.shared = mariadb).
 *
 * Each machine counts what it spends by itself, within what it was granted of
 * a budget's period; accounts/budget_lease.h is the book of the grants.
 */
#ifndef GATEWAY_GRANTS_H
#define GATEWAY_GRANTS_H

#include "gateway/admission.h"

bool grants_are_on(const struct gateway *gateway);

/* Of the names of counters that are filled by grants: grants that were lost
 * are not found again. */
struct str grants_suffix(const struct call *call);

/* Before the first call: leases that were not renewed while nobody served
 * here are lost. */
void grants_open(struct gateway *gateway);

/* Begin the counter of limits[at] with what this machine has spent, and with
 * what it may; on a worker. ERR_DATABASE and others. */
MUST_USE bool grants_begin(struct call *call, size_t at,
	const struct late *amount, struct error *err);

/* Get as much as limits[at] wants. GO_ON: try again; NEEDS_WORKER; FAILED with
 * call->error: no more is left, or the database is away. */
enum verdict grants_take(struct call *call, size_t at);

/* Keep our leases, and take back those of machines that are gone; for the
 * janitor. ERR_DATABASE. */
MUST_USE bool grants_renew(struct gateway *gateway, struct error *err);

#endif
