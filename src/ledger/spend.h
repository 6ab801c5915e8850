/*
 * spend.h - what was used since a time: the log's answer to a budget or a
 * quota.
 *
 * The sums are exact, equal to those over the table `requests`, and come from
 * the rollups: whole UTC days, then the hours before the first of them, then
 * minutes; for a user whole days, then the calls before them. So they need
 * what is older than the log keeps (log.keep_days) only when the time lies
 * there. A call counts from when it began. What is still in a journal is not
 * in here: replay it before, where that matters (ledger/replay.h).
 */
#ifndef LEDGER_SPEND_H
#define LEDGER_SPEND_H

#include "base/arena.h"
#include "db/pool.h"

enum spend_scope {
	SPEND_ORGANISATION,
	SPEND_PROJECT,
	SPEND_KEY,
	SPEND_USER, /* calls of a project with this `user` member */
};

struct spend_of {
	enum spend_scope scope;
	int64_t id;      /* of the organisation, project, key, or project */
	struct str user; /* SPEND_USER */
};

struct spend {
	int64_t charged_picousd; /* usage.h; saturating at INT64_MAX */
	int64_t tokens;          /* prompt and completion */
	int64_t calls;           /* that admission let in */
};

/* ERR_DATABASE. */
MUST_USE bool spend_since(struct db *db, struct spend_of of, int64_t from_ms,
	struct spend *out, struct error *err);

/* One of many: what is asked, and the answer. */
struct spend_asked {
	struct spend_of of;
	int64_t from_ms;
	struct spend spend;
	bool is_answered; /* set by spend_since_each() */
};

/* The same for each of them. Those of one scope since one time are asked for
 * together, so a page of keys takes a few statements. ERR_DATABASE. */
MUST_USE bool spend_since_each(struct db *db, struct spend_asked *asked,
	size_t count, struct error *err);

/*
 * The same without the calls that ended (usage_record_ended_ms()) at that
 * time or after it, of those that took no longer than longest_ms.
 */
MUST_USE bool spend_between(struct db *db, struct spend_of of, int64_t from_ms,
	int64_t ended_ms, int64_t longest_ms, struct spend *out,
	struct error *err);

/* What the log knows of one call. */
struct spend_call {
	bool found;
	int64_t charged_picousd;
	int64_t tokens;
	int64_t ended_unix_ms; /* usage_record_ended_ms() */
};

/* out[i] is of request_ids[i]. ERR_DATABASE. */
MUST_USE bool spend_of_calls(struct db *db, const struct str *request_ids,
	size_t count, struct spend_call *out, struct error *err);

struct spend_host {
	struct str host;
	int64_t charged_picousd;
};

/*
 * The same sum as spend_since(), apart for each host that served, in the
 * arena. Reads the calls themselves: for what happens seldom.
 */
MUST_USE bool spend_by_host(struct db *db, struct spend_of of, int64_t from_ms,
	struct arena *arena, struct spend_host **out, size_t *count,
	struct error *err);

#endif
