/*
 * outage.h - what is allowed while nobody knows what was spent.
 *
 * Without the database (or without the Redis that several machines share)
 * this machine goes on counting alone, but does not learn of others' calls,
 * new budgets, new periods. So each key may then spend no more than
 * limits.outage_allowance_usd an hour, whatever else it may.
 */
#ifndef GATEWAY_OUTAGE_H
#define GATEWAY_OUTAGE_H

#include "gateway/admission.h"

/* No good look at the database for this long: it is away. */
#define OUTAGE_AFTER_MS 5000

/* Is the database away? */
bool outage_is_on(const struct gateway *gateway);

/* Add the allowance to the call's limits, unless it is there already. */
void outage_add(struct call *call);

/*
 * The store of all machines does not answer: count in this machine's own, and
 * leave out what it does not know. False, with call->error set, when it was
 * this machine's already.
 */
MUST_USE bool outage_count_here(struct call *call, const struct error *why);

/* Nobody can tell what limits[at] stands at: leave it out, and count the call
 * there when it ends. */
void outage_leave_out(struct call *call, size_t at);

/* The counter of limits[at], and whose calls it counts. */
struct late outage_late(const struct admission *admission, size_t at);

#endif
