/*
 * limit.h - what may be used and what is: rates, calls at once, amounts, the
 * same for all processes that share a store.
 *
 * A call reserves everything that limits it at once: either every limit has
 * room and all of it is taken, or nothing is. What it took is one reservation,
 * kept in the store under the call's id until it is settled with what the
 * call really used; what was too much goes back then, and what was too little
 * is added. So at any moment
 *
 *	counter = what was settled + what is reserved
 *
 * and an amount never passes its maximum as long as calls use no more than
 * they reserved. A process that dies leaves its reservations behind; whoever
 * finds them (limits_orphans()) settles them from the log.
 *
 * The store is this machine's (hot/store.h) or a Redis that several machines
 * share. The functions are the same; those of Redis wait for the network, so
 * limits_may_wait() says whether they belong on a worker. Any thread may call
 * them, but not after a fork(): a child opens its own.
 *
 * Times are Unix milliseconds. A clock that is set back by more than a window
 * leaves what a rate counted its age; nothing is counted twice, and nothing
 * for ever. Sums stop at INT64_MAX and at 0.
 */
#ifndef HOT_LIMIT_H
#define HOT_LIMIT_H

#include "base/arena.h"
#include "hot/store.h"

/* Of the name of a counter, without what the store puts before it. */
#define LIMIT_NAME_MAX_BYTES 120
/* That one call reserves at most: all quotas, budgets and rates of a key and of
 * its user, and a few more. */
#define LIMITS_MAX 56
/* Of the id of a reservation. */
#define LIMIT_ID_MAX_BYTES 40

enum limit_kind {
	/* What was taken within any window_ms: never more than the maximum,
	 * and under constant pressure at least 99 % of it. */
	LIMIT_RATE,
	LIMIT_CONCURRENT, /* what is taken now; given back when settled */
	LIMIT_AMOUNT,     /* what was taken until ends_ms */
};

/* Which of the numbers of a settlement it is that a limit counts. */
enum limit_unit {
	LIMIT_CALLS, /* as reserved: a call stays a call */
	LIMIT_TOKENS,
	LIMIT_PICOUSD,
};

/* One limit, as a call meets it. */
struct limit {
	enum limit_kind kind;
	enum limit_unit unit;
	struct str name;   /* of its counter, any bytes: "key/12/rpm" */
	int64_t max;       /* -1: counted, never refused */
	int64_t amount;    /* wanted, and reserved when there is room */
	int64_t window_ms; /* LIMIT_RATE */
	/* LIMIT_AMOUNT: Unix time, and what is wanted may be had then. The
	 * counter is kept for an hour more, for calls that end late. */
	int64_t ends_ms;
	/* LIMIT_AMOUNT: a counter that is not there is not a 0 but unknown,
	 * see limits_begin_amount(). */
	bool must_be_begun;
	/* LIMIT_AMOUNT: of the maximum, only what was granted to this store
	 * may be taken, see limits_grant(). */
	bool by_grant;
};

enum limit_verdict {
	LIMIT_TAKEN,
	LIMIT_FULL,        /* limits[at] has no room */
	LIMIT_NOT_BEGUN,   /* limits[at].must_be_begun, and it is not */
	LIMIT_NOT_GRANTED, /* limits[at] has room, but not within its grant */
};

/* Where one limit stands. */
struct limit_state {
	int64_t used;    /* settled and reserved; in the window, for a rate */
	int64_t granted; /* with by_grant; else -1 */
	/* With by_grant, in the store of a machine: when it was taken from or
	 * settled last; else 0. */
	int64_t touched_ms;
	int64_t reset_ms; /* until it is as if unused; 0: it is, or unknown */
};

struct limit_outcome {
	enum limit_verdict verdict;
	size_t at;              /* the first that refuses */
	int64_t retry_after_ms; /* LIMIT_FULL: until there may be room; -1:
				   that cannot be told (LIMIT_CONCURRENT), or
				   it never fits (amount > max) */
	/* LIMIT_TAKEN by a store that can be lost while we run: what
	 * limits_since() said then, else 0. When it says something else, the
	 * store was lost, and the reservation with it. */
	int64_t since_ms;
	/* Of each that was wanted, after what was taken; all are told,
	 * whichever refuses. */
	struct limit_state states[LIMITS_MAX];
};

/* What a call used in the end; -1: as reserved. */
struct limit_use {
	int64_t tokens;
	int64_t picousd;
};

/* A reservation that its process left behind, and that is not settled. */
struct limit_orphan {
	struct str id;
	int64_t reserved_unix_ms;
	int64_t tokens; /* the most that it reserved of one; 0: nothing */
	int64_t picousd;
	struct str note; /* as limits_reserve() was given it */
};

struct limits;

/*
 * With settings->limits_shared "redis" in Redis, else in `hot`, which must
 * outlive it. ERR_CONFIG; a Redis that is away is no error here.
 */
MUST_USE bool limits_open(const struct settings *settings, struct hot *hot,
	struct limits **out, struct error *err);
/* Reservations stay; the caller has settled its own. Safe with NULL. */
void limits_close(struct limits *limits);

/* The functions below may wait for the network. */
bool limits_may_wait(const struct limits *limits);

/*
 * Take all of them or none, under a new id; no two have the same counter.
 * `note` (up to 400 bytes, not read here) comes back with an orphan. True with
 * any verdict. ERR_LIMITS_UNKNOWN: the store cannot be reached or has no room
 * for a new counter; nothing was taken (or it was and will be an orphan).
 * ERR_INTERNAL: that id has a reservation.
 */
MUST_USE bool limits_reserve(struct limits *limits, struct str id,
	const struct limit *wanted, size_t count, struct str note,
	int64_t now_ms, struct limit_outcome *out, struct error *err);

/*
 * End the reservation: exactly once, however often it is called; one that is
 * not there (any more) is left alone, with true. What a rate counted is
 * corrected at the time when it was taken. Counters that were forgotten
 * meanwhile stay so; an amount that was begun anew meanwhile did not know of
 * this call, and gets all that it used. ERR_LIMITS_UNKNOWN: try again.
 */
MUST_USE bool limits_settle(struct limits *limits, struct str id,
	const struct limit_use *use, int64_t now_ms, struct error *err);

/* The same; *found: it was there. */
MUST_USE bool limits_settle_found(struct limits *limits, struct str id,
	const struct limit_use *use, int64_t now_ms, bool *found,
	struct error *err);

/* What several calls want done at once: to be settled, or to reserve, as the
 * functions above are told it. */
struct limit_settlement {
	struct str id;
	struct limit_use use;
};

struct limit_request {
	struct str id;
	const struct limit *wanted;
	size_t count;
	struct str note;
	struct limit_outcome *out;
	bool is_refused; /* out: that id has a reservation */
};

/*
 * Settle all these, and then reserve for each of those, in one change: for a
 * store that does not wait. ERR_LIMITS_UNKNOWN: nothing of it was done.
 */
MUST_USE bool limits_change(struct limits *limits,
	const struct limit_settlement *ended, size_t ended_count,
	struct limit_request *wanted, size_t wanted_count, int64_t now_ms,
	struct error *err);

/* Give back what the reservation holds of LIMIT_CONCURRENT, and keep the
 * rest: for an orphan that cannot be settled yet. Also exactly once. */
MUST_USE bool limits_let_go(
	struct limits *limits, struct str id, struct error *err);

/* Where a limit stands, taking nothing; NOT_BEGUN gives used = -1. */
MUST_USE bool limits_peek(struct limits *limits, const struct limit *limit,
	int64_t now_ms, struct limit_state *out, struct error *err);

/* Begin a LIMIT_AMOUNT's counter with what was used before; one that is there
 * already stays as it is. */
MUST_USE bool limits_begin_amount(struct limits *limits, struct str name,
	int64_t used, int64_t ends_ms, struct error *err);

/* Raise (or, negative, lower, not below what is used) what this store may
 * take of the amount; *granted is what it is then. The first grant comes on
 * top of what is used already. */
MUST_USE bool limits_grant(struct limits *limits, struct str name,
	int64_t amount, int64_t ends_ms, int64_t *granted, struct error *err);

/* Forget an amount, so that it must be begun anew. */
MUST_USE bool limits_forget(
	struct limits *limits, struct str name, struct error *err);

/*
 * Since when (Unix time) this store has counted without a gap: a period that
 * began later is known from its beginning. ERR_LIMITS_UNKNOWN.
 */
MUST_USE bool limits_since(
	struct limits *limits, int64_t *unix_ms, struct error *err);

/*
 * Say that this process lives, about once a second, and forget some of the
 * counters whose time is over. One that has said nothing for LIMITS_SILENCE_MS
 * is dead, and what it reserved are orphans; one that closed, at once. So the
 * thread that says it waits for nothing else: a process that is thought dead
 * has its running calls settled by others. Silence is measured by the store's
 * own clock.
 */
#define LIMITS_SILENCE_MS 5000
MUST_USE bool limits_beat(
	struct limits *limits, int64_t now_ms, struct error *err);

/* Up to `max` orphans, in the arena. Several processes may get the same one:
 * settling is exactly once. */
MUST_USE bool limits_orphans(struct limits *limits, int64_t now_ms,
	struct arena *arena, struct limit_orphan *out, size_t max,
	size_t *count, struct error *err);

#endif
