/*
 * admission.h - what a call may use, what it reserved, and who counts it.
 *
 * All that limits a call is reserved at once under its request id (admit.c)
 * and settled when it is in the journal (settle.c): rates and calls at once
 * of its key, user and address, quotas, budgets. In between are
 *
 *	admit_limits.c   which limits apply, with the names of their counters
 *	admit_bound.c    how many tokens and how much money it may use at most
 *	admit_begin.c    counters that the store does not know yet
 *	admit_refuse.c   what the client reads when it is refused
 *	admit_headers.c  and of what is left
 *	admit_batch.c    several calls' reservations and settlements at once
 *	settler.c        the thread that settles what may wait for the network
 *	late.c           what could not be counted where it belongs, yet
 *	late_mark.c      up to when the log was counted in a shared counter
 *	outage.c         what is allowed while nobody knows what was spent
 *	grants.c         budgets that several hosts share through MariaDB
 *	grants_return.c  and what a host did not spend of them
 *	orphans.c        reservations of processes that have died
 *
 * The counters are named
 *
 *	key/ID/rpm, /tpm, /concurrent         ip/ADDRESS/rpm
 *	provider/ID/rpm, /tpm                 outage/KEY/HOUR
 *	budget/ID/START-END[/USER]            quota/ID/UNIT/START-END[/USER]
 *	quota/ID/UNIT/PERIOD[/USER]
 *
 *	NAME@	the mark of such a counter that is shared (late.h)
 *
 * with START and END of a calendar period in Unix milliseconds, and USER as a
 * digest, for it may be long. An ID of 0.PROJECT is a quota of the settings.
 */
#ifndef GATEWAY_ADMISSION_H
#define GATEWAY_ADMISSION_H

#include "gateway/late.h"
#include "gateway/stages.h"
#include "hot/limit.h"

/* What is behind one of the limits. */
struct admission_reason {
	enum error_kind refusal;
	struct limit_owner owner;
	bool is_address; /* of whoever asks, whatever the key */
	bool is_outage;
	enum limit_period period; /* of a rate: PERIOD_MINUTE or _HOUR */
	const struct time_zone *zone;
	int64_t starts_ms; /* of a calendar period; else 0 */
	int64_t ends_ms;
	const struct budget *budget; /* NULL: it is none */
	bool is_granted;             /* a part of it to this machine */
	int64_t quota_id;            /* of a quota; 0: from the settings */
};

/* Of the last try, as struct limit_outcome says it. A call may live long:
 * it keeps the states that it has, and no room for more. */
struct admission_outcome {
	enum limit_verdict verdict;
	size_t at;
	int64_t retry_after_ms;
	int64_t since_ms;
	struct limit_state *states; /* of each limit */
};

struct admission {
	/* What it may use at most: by its bytes or, where there is no room
	 * for that, by its tokens. */
	int64_t tokens;
	int64_t picousd;
	bool is_counted;
	/* Where it is counted: gateway->limits, or gateway->local_limits
	 * while that is away. */
	struct limits *store;
	struct limit *limits;
	struct admission_reason *reasons; /* of each */
	size_t count;
	size_t room;      /* in both */
	bool is_crowded;  /* more limits apply than can be counted */
	bool is_admitted; /* it may go on */
	bool is_reserved; /* and something is reserved for it */
	bool has_looked;  /* whether the database is away, just now */
	struct admission_outcome outcome;
	bool has_outcome; /* of a try that is not looked at yet */
	struct str note;  /* for whoever finds the reservation of the dead */
	/* What must be counted when it ends, for nobody knows it now. */
	struct late *late;
	size_t late_count;
	/* Reservations of providers' own limits; the last one is that of the
	 * attempt that runs, if one does. */
	unsigned provider_attempts;
	const struct provider *asked; /* by that one; NULL: none runs */
};

/* More attempts of one call than this are not counted at their providers. */
#define ADMISSION_ATTEMPTS 99

/* --- admit.c --- */

/* What the call wants to reserve, as of now; and what came of it, which it
 * finds when its stage runs again. */
struct limit_request admission_request(
	const struct call *call, struct limit_outcome *out);
void admission_keep_outcome(
	struct call *call, const struct limit_outcome *outcome);

/* The id of such a reservation, from 0. */
struct str admission_attempt_id(struct call *call, unsigned attempt);

/* --- admit_limits.c --- */

/* All that applies to the call, for what it may use at most. */
void admission_collect(struct call *call);
/* One more; with is_crowded when there is no room for it. */
void admission_add(struct admission *admission, const struct limit *limit,
	const struct admission_reason *reason);
/* Leave limits[at] out. */
void admission_remove(struct admission *admission, size_t at);
/* The name of the same counter for the period before; "" for a limit that has
 * none. */
struct str admission_name_before(const struct call *call, size_t at);

/* --- admit_bound.c --- */

/* Set call->admission's tokens and picousd. */
void admission_bound(struct call *call);
/* There is no room for them in limits[at]: count the prompt's tokens, and want
 * less. False: it has been counted, or that brings nothing. */
MUST_USE bool admission_tighten(struct call *call, size_t at);
/* What tokens cost that have no price; negative counts are none. */
int64_t admission_ceiling(
	const struct gateway *gateway, int64_t prompt, int64_t output);

/* --- admit_batch.c: in one change, when the loop's turn ends --- */

/* Settle what was reserved on this machine; on a worker at once. */
void admit_batch_settle(
	struct call *call, struct str id, const struct limit_use *use);
/* Settle now what this thread's calls left for the end of the turn. False:
 * nothing did. */
bool admit_batch_settle_now(void);
/* Reserve on this machine, and run the stage again when there is an outcome.
 * False: it must be done at once. */
MUST_USE bool admit_batch_reserve(struct call *call);

/* --- admit_begin.c --- */

/* Make the counter of limits[at] known to the store, from the log. */
enum verdict admission_begin(struct call *call, size_t at);
/* Begin a counter with what the log knows, after the journals have been moved
 * there; blocks. ERR_DATABASE, ERR_LIMITS_UNKNOWN, ERR_IO. */
MUST_USE bool admission_begin_from_log(
	struct gateway *gateway, const struct late *amount, struct error *err);

/* --- admit_refuse.c --- */

/* Set call->error for limits[at], which has no room. */
void admission_refuse(struct call *call, size_t at);

#endif
