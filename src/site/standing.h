/*
 * standing.h - where budgets and quotas stand in the period that runs, for
 * pages and for the command line.
 *
 * What was spent comes from the log. The counters that calls are admitted by
 * know more: what running calls have reserved, and what ended a moment ago
 * and is not in the log yet.
 */
#ifndef SITE_STANDING_H
#define SITE_STANDING_H

#include "accounts/budget.h"
#include "accounts/quota.h"
#include "base/settings.h"
#include "hot/limit.h"

struct budget_standing {
	/* False where it is each user's alone: there is no one number, and
	 * only the times below mean something. */
	bool is_known;
	int64_t starts_ms, ends_ms;
	int64_t spent_picousd;
	/* -1: nobody counts here, or no call came yet. */
	int64_t counted_picousd;
	/* What is counted beyond what is spent; 0 when nobody counts. */
	int64_t reserved_picousd;
	int64_t remaining_picousd; /* never negative */
	int64_t spent_percent;     /* of the limit */
	int64_t percent;           /* the same, with what is reserved */
};

struct quota_standing {
	bool is_known; /* false also of minutes and hours, that slide */
	int64_t starts_ms, ends_ms; /* 0: they slide */
	int64_t requests;
	int64_t tokens;
};

/* The counters to look at; NULL where each machine counts what it was
 * granted, so that none knows the whole. */
struct limits *standing_counters(
	const struct settings *settings, struct limits *limits);

/* Of each row, in the arena. `counters` may be NULL; counters that are away
 * count as such. ERR_DATABASE. */
MUST_USE bool budget_standing_load(struct db *db, struct limits *counters,
	const struct budget_row *rows, size_t count, struct arena *arena,
	struct budget_standing **out, struct error *err);
MUST_USE bool quota_standing_load(struct db *db, const struct quota_row *rows,
	size_t count, struct arena *arena, struct quota_standing **out,
	struct error *err);

#endif
