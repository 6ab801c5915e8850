/*
 * alert_evaluate.h - look at every rule once and begin or end its alerts.
 *
 * Several processes may do it at the same time: each occasion becomes one
 * alert (alert.h).
 */
#ifndef LEDGER_ALERT_EVALUATE_H
#define LEDGER_ALERT_EVALUATE_H

#include "base/error.h"
#include "db/pool.h"

/*
 * All enabled rules of all organisations, as of now_ms (Unix time). A rule
 * that fails does not keep the others from being looked at; *err is the first
 * failure.
 */
MUST_USE bool alert_evaluate(
	struct db *db, int64_t now_ms, int64_t interval_ms, struct error *err);

#endif
