/*
 * admit.c - the stage that reserves what a call may use: all of it, or the
 * call is refused (admission.h).
 *
 * It comes after route, for what a call may cost depends on who may serve it.
 * Counters on this machine take a few microseconds; a store that several
 * machines share, and a counter that must be learnt from the log, need a
 * worker.
 */
#include "base/clock.h"
#include "base/log.h"
#include "gateway/admission.h"
#include "gateway/grants.h"
#include "gateway/outage.h"

/* Each limit may be begun, granted and left out once, and all tightened. */
#define MOST_TRIES (4 * LIMITS_MAX)
#define NOTE_MAX_BYTES 400
/* Requests and tokens a minute, requests at once. */
#define PROVIDER_LIMITS 3

static enum verdict reserve(struct call *call);
static bool ask(struct call *call, struct error *err);
static enum verdict answer_outcome(struct call *call);
static void promise_late(struct call *call);
static enum verdict look_again(struct call *call, size_t at);
static struct str note_of(struct call *call);
static bool write_note(const struct call *call, struct str model,
	struct str user, struct buf *out);
static void add_of_provider(struct call *call, const struct provider *provider,
	const char *what, struct limit limit, struct limit *limits,
	size_t *count);
static bool reserve_provider(struct call *call, const struct provider *provider,
	const struct limit *limits, size_t count, struct error *err);

enum verdict admit(struct call *call)
{
	struct gateway *gateway = call->gateway;

	if (call->admission && call->admission->has_outcome)
		return reserve(call);
	call->admission = ARENA_NEW(call->arena, struct admission);
	call->admission->store = gateway->limits;
	admission_collect(call);
	if (call->admission->count > 0)
		call->admission->note = note_of(call);
	if (call->admission->count == 0 || call->x->on_worker)
		return reserve(call);
	if (limits_may_wait(gateway->limits))
		return NEEDS_WORKER;
	if (!call->admission->is_crowded && admit_batch_reserve(call))
		return WAITING;
	return reserve(call);
}

static enum verdict reserve(struct call *call)
{
	struct admission *admission = call->admission;
	enum verdict verdict = GO_ON;

	for (int tries = 0; tries < MOST_TRIES; tries++) {
		struct error why;

		if (admission->is_crowded) {
			error_set(&call->error, ERR_CONFIG,
				"more than %d limits apply to one call",
				LIMITS_MAX);
			break;
		}
		if (admission->count == 0) {
			admission->is_admitted = true;
			promise_late(call);
			return GO_ON;
		}
		if (!admission->has_outcome && !ask(call, &why)) {
			if (outage_count_here(call, &why))
				continue;
			break;
		}
		admission->has_outcome = false;
		verdict = answer_outcome(call);
		if (verdict != GO_ON || admission->is_admitted)
			return verdict;
	}
	if (call->error.kind == ERR_NONE)
		error_set(&call->error, ERR_LIMITS_UNKNOWN,
			"the limits could not be brought to an answer");
	return FAILED;
}

static bool ask(struct call *call, struct error *err)
{
	struct limit_outcome outcome;
	struct limit_request r = admission_request(call, &outcome);

	if (!limits_reserve(call->admission->store, r.id, r.wanted, r.count,
		    r.note, clock_unix_ms(), &outcome, err))
		return false;
	admission_keep_outcome(call, &outcome);
	return true;
}

struct limit_request admission_request(
	const struct call *call, struct limit_outcome *out)
{
	const struct admission *admission = call->admission;

	return (struct limit_request){ .id = str_of(call->request_id),
		.wanted = admission->limits,
		.count = admission->count,
		.note = admission->note,
		.out = out };
}

void admission_keep_outcome(
	struct call *call, const struct limit_outcome *outcome)
{
	struct admission *admission = call->admission;
	size_t count = admission->count;

	admission->outcome.verdict = outcome->verdict;
	admission->outcome.at = outcome->at;
	admission->outcome.retry_after_ms = outcome->retry_after_ms;
	admission->outcome.since_ms = outcome->since_ms;
	admission->outcome.states =
		ARENA_ARRAY(call->arena, struct limit_state, count);
	memcpy(admission->outcome.states, outcome->states,
		count * sizeof(outcome->states[0]));
	admission->has_outcome = true;
}

/* GO_ON without is_admitted: try again. */
static enum verdict answer_outcome(struct call *call)
{
	struct admission *admission = call->admission;
	size_t at = admission->outcome.at;

	switch (admission->outcome.verdict) {
	case LIMIT_TAKEN:
		admission->is_admitted = true;
		admission->is_reserved = true;
		promise_late(call);
		return GO_ON;
	case LIMIT_NOT_BEGUN: return admission_begin(call, at);
	case LIMIT_NOT_GRANTED: return grants_take(call, at);
	case LIMIT_FULL:
		if (admit_batch_settle_now())
			return GO_ON;
		if (admission->reasons[at].is_outage && !admission->has_looked)
			return look_again(call, at);
		if (admission_tighten(call, at))
			return GO_ON;
		admission_refuse(call, at);
		return FAILED;
	}
	abort();
}

static void promise_late(struct call *call)
{
	struct admission *admission = call->admission;
	const struct limit_use most = { admission->tokens, admission->picousd };

	if (!late_is_shared(call->gateway))
		return;
	for (size_t i = 0; i < admission->late_count; i++)
		late_promise(call->gateway, str_of(call->request_id),
			&admission->late[i], &most);
}

/* Before a call is refused for an outage: is there one? */
static enum verdict look_again(struct call *call, size_t at)
{
	struct gateway *gateway = call->gateway;
	struct error ignored;

	if (!call->x->on_worker)
		return NEEDS_WORKER;
	if (!snapshot_refresh(
		    gateway->snapshots, call->x->arrived_ns, &ignored)) {
		admission_refuse(call, at);
		return FAILED;
	}
	*call->admission = (struct admission){ .store = gateway->limits,
		.note = call->admission->note,
		.has_looked = true };
	admission_collect(call);
	return GO_ON;
}

/* What is known of the call, for whoever finds its reservation when this
 * process has died (orphans.c). */
static struct str note_of(struct call *call)
{
	struct buf note = BUF_INIT(NOTE_MAX_BYTES);
	struct str copy;

	if (!write_note(call, str_head(call->head.model, 64), call->head.user,
		    &note)) {
		/* Long names, or of many escapes: their beginnings. */
		buf_clear(&note);
		if (!write_note(call, str_head(call->head.model, 16),
			    str_head(call->head.user, 16), &note))
			buf_clear(&note);
	}
	copy = arena_copy(call->arena, buf_str(&note));
	buf_release(&note);
	return copy;
}

static bool write_note(const struct call *call, struct str model,
	struct str user, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	json_begin_object(&w);
	json_member_int(&w, "organisation", call->key->organisation_id);
	json_member_int(&w, "project", call->key->project_id);
	json_member_int(&w, "key", call->key->id);
	json_member_int(&w, "started", call->x->arrived_unix_ms);
	json_member_str(&w, "route", str_head(call->x->path, 48));
	json_member_str(&w, "dialect", str_of(call->dialect->name));
	json_member_bool(&w, "streamed", call->head.stream);
	json_member_str(&w, "model", model);
	json_member_str(&w, "user", user);
	if (late_is_shared(call->gateway))
		json_member_str(&w, "host", call->gateway->host_name);
	json_end_object(&w);
	return !out->failed;
}

/*
 * A provider's own limits belong to an attempt, and attempts begin on loops: so
 * they are counted on this machine, also where the other limits are shared.
 */
bool admit_provider(
	struct call *call, const struct provider *provider, struct error *err)
{
	struct limit limits[PROVIDER_LIMITS];
	struct limit rate = { .kind = LIMIT_RATE, .window_ms = 60000 };
	struct limit running = { .kind = LIMIT_CONCURRENT };
	size_t count = 0;

	if (!call->admission)
		return true;
	admit_provider_end(call);
	rate.unit = running.unit = LIMIT_CALLS;
	rate.amount = running.amount = 1;
	rate.max = provider->requests_per_minute;
	running.max = provider->concurrent;
	add_of_provider(call, provider, "rpm", rate, limits, &count);
	add_of_provider(call, provider, "concurrent", running, limits, &count);
	rate.unit = LIMIT_TOKENS;
	rate.amount = call->admission->tokens;
	rate.max = call->is_count ? 0 : provider->tokens_per_minute;
	add_of_provider(call, provider, "tpm", rate, limits, &count);
	return count == 0 ||
	       reserve_provider(call, provider, limits, count, err);
}

static void add_of_provider(struct call *call, const struct provider *provider,
	const char *what, struct limit limit, struct limit *limits,
	size_t *count)
{
	if (limit.max == 0)
		return;
	limit.name = arena_printf(
		call->arena, "provider/%" PRId64 "/%s", provider->id, what);
	limits[(*count)++] = limit;
}

static bool reserve_provider(struct call *call, const struct provider *provider,
	const struct limit *limits, size_t count, struct error *err)
{
	struct admission *admission = call->admission;
	struct limit_outcome outcome;

	if (admission->provider_attempts == ADMISSION_ATTEMPTS)
		return true;
	if (!limits_reserve(call->gateway->local_limits,
		    admission_attempt_id(call, admission->provider_attempts),
		    limits, count, S(""), clock_unix_ms(), &outcome, err))
		return false;
	if (outcome.verdict == LIMIT_FULL && admit_batch_settle_now())
		return reserve_provider(call, provider, limits, count, err);
	if (outcome.verdict == LIMIT_TAKEN) {
		admission->provider_attempts++;
		admission->asked = provider;
		return true;
	}
	if (limits[outcome.at].kind == LIMIT_CONCURRENT)
		return error_refuse(err, ERR_CONCURRENCY, NULL,
			"The gateway may ask this model's provider for no more "
			"than %" PRId64 " answers at once.",
			limits[outcome.at].max);
	error_refuse(err, ERR_RATE_LIMITED, NULL,
		"The gateway may ask this model's provider for no more %s in "
		"this minute.",
		limits[outcome.at].unit == LIMIT_CALLS ? "answers" : "tokens");
	if (outcome.retry_after_ms > 0)
		err->retry_after_seconds =
			(unsigned)((outcome.retry_after_ms + 999) / 1000);
	return false;
}

struct str admission_attempt_id(struct call *call, unsigned attempt)
{
	return arena_printf(call->arena, "%s.%u", call->request_id, attempt);
}
