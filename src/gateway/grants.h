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
struct str grants_suffix(const struct gateway *gateway, struct arena *arena);

/* Before the first call: leases that were not renewed while nobody served
 * here are lost. gateway->grants_file is open until grants_close(). */
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

/* --- grants_return.c --- */

/* Give back what nobody has used for settings->slice_idle_ms; for the
 * janitor. ERR_DATABASE and others. */
MUST_USE bool grants_return_idle(struct gateway *gateway, struct error *err);

/* We serve no more, and our calls are settled: the last process of the machine
 * gives back what is not spent. Within seconds; safe after a start that
 * failed. */
void grants_close(struct gateway *gateway);

#endif
