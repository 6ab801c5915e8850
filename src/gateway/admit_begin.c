/*
 * admit_begin.c - amounts that the store does not know: after a reboot, for a
 * new budget, in a new period.
 *
 * The log knows them, once the journals have been moved there. Calls that run
 * meanwhile are no matter: their reservations began with a counter, or they
 * are counted when they end (hot/limit_body.h, late.h). A counter that several
 * machines share is marked before: all who begin it at once then begin it with
 * the same sum.
 *
 * At midnight every budget is new at once. So a counter whose last period is
 * still in the store, counted up to the very end, begins at 0 without asking
 * anybody: whoever called since would have begun it.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/grants.h"
#include "gateway/log_rows.h"
#include "gateway/outage.h"
#include "gateway/settler.h"

/* That a call may last beyond the time-out of its provider. */
#define LONGER_MS 60000

static bool was_counted_before(struct call *call, size_t at);
static bool begin_at_nothing(
	struct call *call, size_t at, bool *begun, struct error *err);
static enum verdict begin_on_worker(struct call *call, size_t at);
static bool begin_once(struct call *call, size_t at, struct error *err);
static bool is_begun(
	struct limits *store, const struct limit *limit, struct error *err);

enum verdict admission_begin(struct call *call, size_t at)
{
	bool is_granted = call->admission->reasons[at].is_granted;
	bool begun = false;
	struct error why;

	if (!is_granted && was_counted_before(call, at) &&
		!begin_at_nothing(call, at, &begun, &why))
		return outage_count_here(call, &why) ? GO_ON : FAILED;
	if (begun)
		return GO_ON;
	if (outage_is_on(call->gateway)) {
		outage_leave_out(call, at);
		return GO_ON;
	}
	return call->x->on_worker ? begin_on_worker(call, at) : NEEDS_WORKER;
}

static bool was_counted_before(struct call *call, size_t at)
{
	struct limit before = call->admission->limits[at];
	struct limit_state state;
	struct error ignored;

	before.name = admission_name_before(call, at);
	before.ends_ms = call->admission->reasons[at].starts_ms;
	return before.name.n > 0 &&
	       limits_peek(call->admission->store, &before,
		       call->x->arrived_unix_ms, &state, &ignored) &&
	       state.used >= 0;
}

/* Not begun: another process has marked it for what the log knows. */
static bool begin_at_nothing(
	struct call *call, size_t at, bool *begun, struct error *err)
{
	struct admission *admission = call->admission;
	struct late amount = outage_late(admission, at);
	int64_t mark = amount.starts_ms;

	if (late_is_shared(call->gateway) &&
		!late_mark(
			call->gateway, &amount, amount.starts_ms, &mark, err))
		return false;
	*begun = mark == amount.starts_ms;
	return !*begun || limits_begin_amount(admission->store, amount.name, 0,
				  amount.ends_ms, err);
}

static enum verdict begin_on_worker(struct call *call, size_t at)
{
	struct gateway *gateway = call->gateway;
	struct error why;

	if (begin_once(call, at, &why))
		return GO_ON;
	if (why.kind == ERR_LIMITS_UNKNOWN)
		return outage_count_here(call, &why) ? GO_ON : FAILED;
	if (settler_may_complain(gateway->settler))
		log_warn("what was spent cannot be learnt, calls are held to "
			 "the allowance of an outage: %s",
			error_detail(&why));
	outage_leave_out(call, at);
	return GO_ON;
}

/* Calls that come together ask the log once. */
static bool begin_once(struct call *call, size_t at, struct error *err)
{
	struct gateway *gateway = call->gateway;
	struct admission *admission = call->admission;
	const struct limit *limit = &admission->limits[at];
	bool begun;

	settler_lock(gateway->settler);
	begun = is_begun(admission->store, limit, err);
	if (!begun && err->kind == ERR_NONE) {
		struct late amount = outage_late(admission, at);

		begun = admission->reasons[at].is_granted
				? grants_begin(call, at, &amount, err)
				: admission_begin_from_log(
					  gateway, &amount, err);
	}
	settler_unlock(gateway->settler);
	return begun;
}

/* False with err->kind ERR_NONE: it is not. */
static bool is_begun(
	struct limits *store, const struct limit *limit, struct error *err)
{
	struct limit_state state;

	if (!limits_peek(store, limit, clock_unix_ms(), &state, err))
		return false;
	err->kind = ERR_NONE;
	return state.used >= 0;
}

bool admission_begin_from_log(
	struct gateway *gateway, const struct late *amount, struct error *err)
{
	const int64_t longest_ms =
		gateway->settings->total_timeout_ms + LONGER_MS;
	bool is_shared = late_is_shared(gateway);
	int64_t mark = 0;
	struct spend spend;
	struct db *db;
	bool ok;

	if (is_shared && !late_mark_now(gateway, amount, &mark, err))
		return false;
	if (!log_rows_all(gateway, err) || !db_take(gateway->db, &db, err))
		return false;
	ok = is_shared ? spend_between(db, amount->of, amount->starts_ms, mark,
				 longest_ms, &spend, err)
		       : spend_since(db, amount->of, amount->starts_ms, &spend,
				 err);
	db_give(gateway->db, db);
	return ok &&
	       limits_begin_amount(gateway->limits, amount->name,
		       late_part(&spend, amount->unit), amount->ends_ms, err);
}
