/*
 * request_route.h - the table request_routes: why a call went where it went.
 */
#ifndef LEDGER_REQUEST_ROUTE_H
#define LEDGER_REQUEST_ROUTE_H

#include "db/pool.h"
#include "ledger/usage.h"

/* The row of a call that a router chose for, in the caller's transaction.
 * ERR_DATABASE. */
MUST_USE bool request_route_insert(
	struct db *db, const struct usage_record *record, struct error *err);

/* What was written for a call, in the arena; "" and "[]" where nothing was.
 * ERR_DATABASE. */
MUST_USE bool request_route_load(struct db *db, int64_t started_unix_ms,
	struct str request_id, struct arena *arena, struct str *reason,
	struct str *candidates, struct error *err);

/* What a router expected, of calls of a project that it chose for. */
struct route_savings {
	int64_t calls;          /* whose candidates had prices */
	int64_t chosen_picousd; /* of the models that it chose */
	int64_t best_picousd;   /* had it taken the best one each time */
};

/* A call that a router chose for. */
struct route_choice {
	int64_t started_unix_ms;
	struct str request_id;
	struct str reason;
};

/* Of the newest `limit` such calls since then; the newest `shown` of them are
 * given as well, in the arena. ERR_DATABASE. */
MUST_USE bool request_route_savings(struct db *db, int64_t project_id,
	int64_t since_ms, int64_t limit, struct route_savings *out,
	struct route_choice *choices, size_t shown, size_t *count,
	struct arena *arena, struct error *err);

#endif
