/*
 * limit_body.h - what keeps the counters: LMDB for one machine, Redis for
 * several. limit.h is the manual of each function; limit.c has checked the
 * arguments before it calls one of these, so a body checks nothing of them:
 *
 *   1 to LIMITS_MAX limits, no counter twice; names, ids and the note within
 *   their lengths and not empty (the note may be); max >= -1; amount >= 0;
 *   window_ms > 0 of a LIMIT_RATE, by_grant and must_be_begun only of a
 *   LIMIT_AMOUNT; a settlement's numbers >= -1.
 *
 * What both bodies have in common beyond limit.h:
 *
 *   - A counter has a generation, new each time that it is made, and a
 *     reservation remembers it. A settlement that finds another one leaves
 *     a rate and a count of calls at once alone, and adds to an amount of
 *     tokens or money all that was used, because a counter that was begun
 *     from the log does not know of a call that was running.
 *   - Of a rate or an amount of LIMIT_CALLS a settlement changes nothing.
 *   - A grant to a counter that never had one comes on top of what is used
 *     already: that was used without any.
 *   - A rate counts what was taken at t from t until before t + window_ms.
 *     How late it forgets is its own matter, up to 1 % of the window.
 *   - An amount is forgotten LIMITS_KEEP_ENDED_MS after its end: a call may
 *     end after the period in which it began.
 *   - No sum overflows: it stops at INT64_MAX; none falls below 0.
 */
#ifndef HOT_LIMIT_BODY_H
#define HOT_LIMIT_BODY_H

#include "hot/limit.h"

#define LIMITS_KEEP_ENDED_MS 3600000

/* In front of every limits_...() it is the same, with the body's own store
 * (what open() gave) for the first argument; settle() is
 * limits_settle_found(). */
struct limits_body {
	bool may_wait;
	MUST_USE bool (*open)(const struct settings *settings, struct hot *hot,
		void **store, struct error *err);
	void (*close)(void *store);
	MUST_USE bool (*reserve)(void *store, struct str id,
		const struct limit *wanted, size_t count, struct str note,
		int64_t now_ms, struct limit_outcome *out, struct error *err);
	MUST_USE bool (*settle)(void *store, struct str id,
		const struct limit_use *use, int64_t now_ms, bool *found,
		struct error *err);
	/* NULL in one that may wait. */
	MUST_USE bool (*change)(void *store,
		const struct limit_settlement *ended, size_t ended_count,
		struct limit_request *wanted, size_t wanted_count,
		int64_t now_ms, struct error *err);
	MUST_USE bool (*let_go)(void *store, struct str id, struct error *err);
	MUST_USE bool (*peek)(void *store, const struct limit *limit,
		int64_t now_ms, struct limit_state *out, struct error *err);
	MUST_USE bool (*begin_amount)(void *store, struct str name,
		int64_t used, int64_t ends_ms, struct error *err);
	MUST_USE bool (*grant)(void *store, struct str name, int64_t amount,
		int64_t ends_ms, int64_t *granted, struct error *err);
	MUST_USE bool (*forget)(
		void *store, struct str name, struct error *err);
	MUST_USE bool (*since)(
		void *store, int64_t *unix_ms, struct error *err);
	MUST_USE bool (*beat)(void *store, int64_t now_ms, struct error *err);
	MUST_USE bool (*orphans)(void *store, int64_t now_ms,
		struct arena *arena, struct limit_orphan *out, size_t max,
		size_t *count, struct error *err);
};

extern const struct limits_body limits_lmdb;
/* limit_redis.c */
extern const struct limits_body limits_redis;

#endif
