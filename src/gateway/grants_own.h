/*
 * grants_own.h - what grants.c and grants_return.c have in common.
 */
#ifndef GATEWAY_GRANTS_OWN_H
#define GATEWAY_GRANTS_OWN_H

#include "accounts/budget_lease.h"
#include "gateway/grants.h"

/* Between the processes of this machine; closing the file gives it back. For
 * whoever changes a grant in the database and in the store. ERR_IO. */
MUST_USE bool grants_lock(
	const struct gateway *gateway, int *file, struct error *err);

/* What is said of a counter of a budget's period, to look at it. */
struct limit grants_limit(const struct late *amount);

/* As grants_begin(), for a part of a budget. */
MUST_USE bool grants_begin_part(struct gateway *gateway,
	const struct budget_part *part, const struct late *amount,
	struct arena *arena, struct error *err);

/* Leases that were not renewed for too long are lost: counters get new names,
 * and are begun with what is ours by then. */
void grants_give_up_if_late(struct gateway *gateway);

/* --- grants_return.c --- */

/* We serve: our machine keeps its grants. */
void grants_serve(struct gateway *gateway);

#endif
