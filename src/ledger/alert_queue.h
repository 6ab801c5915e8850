/*
 * alert_queue.h - messages on their way: the table alert_deliveries.
 *
 * A sender claims a message by moving its next attempt ahead, beyond the
 * longest time that sending may take: the lease. If the sender dies, another
 * one takes the message over when the lease is past. So a message is
 * delivered at least once, and twice only where a sender died, or lost the
 * database, between the receiver's answer and alert_queue_sent().
 *
 * Each function is one statement or one transaction of its own.
 */
#ifndef LEDGER_ALERT_QUEUE_H
#define LEDGER_ALERT_QUEUE_H

#include "ledger/alert.h"
#include "ledger/alert_channel.h"

struct alert_delivery {
	int64_t id;       /* the same for every attempt */
	bool is_closed;   /* it tells that the alert is over */
	int64_t attempts; /* this one included */
	int64_t lease_ms; /* when the claim ends; Unix time */
	struct alert alert;
	enum alert_kind kind;
	struct str rule; /* its name */
	struct alert_channel channel;
};

/* How often, and how long to wait, before a message is given up. */
struct alert_patience {
	int64_t attempts;
	int64_t retry_ms; /* after the first attempt; doubles each time */
};

#define ALERT_MAX_WAIT_MS 3600000

/* How long to wait after that many failed attempts. */
int64_t alert_queue_wait_ms(
	const struct alert_patience *patience, int64_t attempts);

/*
 * Take the message that has waited longest until lease_ms; *found is false
 * when none is due. The end of an alert waits for its beginning. In the
 * arena.
 */
MUST_USE bool alert_queue_claim(struct db *db, int64_t now_ms, int64_t lease_ms,
	struct arena *arena, struct alert_delivery *out, bool *found,
	struct error *err);

/* It arrived. */
MUST_USE bool alert_queue_sent(struct db *db,
	const struct alert_delivery *delivery, int64_t now_ms,
	struct error *err);

/* It did not, for a reason without secrets. *given_up: it never will.
 * Nothing changes when the claim was lost meanwhile. */
MUST_USE bool alert_queue_failed(struct db *db,
	const struct alert_delivery *delivery,
	const struct alert_patience *patience, struct str reason,
	int64_t now_ms, bool *given_up, struct error *err);

/* Give the claim back untried: somebody else may have it at once. */
MUST_USE bool alert_queue_release(struct db *db,
	const struct alert_delivery *delivery, int64_t now_ms,
	struct error *err);

#endif
