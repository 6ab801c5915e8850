/*
 * call_provider.c - the last stage: ask the targets until one of them
 * answers.
 *
 * While no byte of an answer has reached the client, a target that cannot be
 * reached or refuses for reasons of its own gives way to the next. One that
 * may do better in a moment is asked again when no other is left: after a
 * wait on a timer, if the call's time and the provider's budget of retries
 * allow it. What a target is passed over for, without being asked, is an open
 * breaker or that all its keys rest.
 */
#include "gateway/stages.h"

#include "base/clock.h"

static void begin_on_loop(struct http_exchange *x, void *owner);
static struct target *next_unseen(const struct call *call);
static bool take_up(struct call *call, struct target *target);
static bool find_key(struct call *call, struct target *target,
	const struct provider_key **key);
static bool ask_breaker(struct call *call, struct target *target);
static bool ask_rates(struct call *call, struct target *target);
static void pass_over(struct call *call, const struct target *target,
	const struct error *why);
static bool wait_for_one(struct call *call);
static void on_retry(struct timer *timer);
static bool has_attempts_left(const struct call *call);
static bool has_other_key(struct call *call, int status);
static unsigned seconds_of(int64_t ms);

enum verdict call_provider(struct call *call)
{
	struct http_exchange *x = call->x;

	x->waiter = &relay_waiter;
	x->owner = call;
	if (x->on_worker)
		x->server->to_loop(x, begin_on_loop, call);
	else
		begin_on_loop(x, call);
	return WAITING;
}

static void begin_on_loop(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	(void)x;
	call->called_ns = clock_monotonic_ns();
	call->retry.expired = on_retry;
	if (call->head.stream)
		relay_start_keepalive(call);
	if (!call_goes_on(call))
		answer_failure(call);
}

bool call_goes_on(struct call *call)
{
	struct target *target;

	if (call->has_told || call->is_abandoned)
		return false;
	while (has_attempts_left(call) && (target = next_unseen(call)))
		if (take_up(call, target))
			return true;
	return wait_for_one(call);
}

void call_attempt_failed(struct call *call, const struct failure *failure,
	enum failure_advice advice, int64_t hint_ms)
{
	const struct settings *settings = call->gateway->settings;
	struct target *target = call->current;

	outcome_end(call, failure, advice);
	/* What was told has used tokens, which settle() counts. */
	if (!call->has_told)
		admit_provider_end(call);
	/* Until then all its keys rest. */
	if (failure && failure->status == 429 && hint_ms < 0 &&
		call->provider_key)
		hint_ms = settings->key_limited_ms;
	if (failure && has_other_key(call, failure->status)) {
		target->was_seen = false; /* at once, and before the others */
	} else if (advice == ADVICE_RETRY &&
		   hint_ms <= settings->retry_max_wait_ms) {
		target->ready_ms =
			clock_monotonic_ms() +
			retry_wait_ms(settings, target->tries, hint_ms);
	} else {
		target->is_spent = true;
	}
}

int64_t call_deadline_ms(
	const struct call *call, const struct provider *provider)
{
	int64_t total_ms = attempt_general_limits(call->gateway, provider)
				   .total_timeout_ms;
	int64_t own_ms = call->key->total_timeout_ms;

	if (own_ms > 0)
		total_ms = own_ms;
	return call->x->arrived_ns / 1000000 + total_ms;
}

static struct target *next_unseen(const struct call *call)
{
	for (size_t i = 0; i < call->target_count; i++)
		if (!call->targets[i].was_seen)
			return &call->targets[i];
	return NULL;
}

/* False: it is passed over, or the request cannot be put in its words. */
static bool take_up(struct call *call, struct target *target)
{
	const struct provider_key *key;
	bool is_first = target->tries == 0;

	target->was_seen = true;
	if (!find_key(call, target, &key) || !ask_breaker(call, target) ||
		!ask_rates(call, target))
		return false;
	if (is_first)
		retry_budgets_note_call(call->gateway->retry_budgets,
			target->model->provider->id);
	target->tries++;
	call->attempts++;
	call->current = target;
	call->target = target->model;
	call->base_url = target->base_url;
	call->provider_key = key;
	relay_reset(call);
	call->error = (struct error)ERROR_INIT;
	outcome_begin(call);
	if (attempt_start(call))
		return true;
	outcome_end(call, NULL, ADVICE_NEXT_TARGET);
	admit_provider_end(call);
	target->is_spent = true;
	return false;
}

/* All its keys rest: as if it had answered what the first of them that is
 * free again was told. */
static bool find_key(struct call *call, struct target *target,
	const struct provider_key **key)
{
	const struct provider *provider = target->model->provider;
	const struct settings *settings = call->gateway->settings;
	struct key_rest rest;
	struct error why;
	int64_t left_ms;

	if (key_choose(call, target->model, key, &rest))
		return true;
	left_ms = rest.until_ms - clock_unix_ms();
	if (left_ms < 0)
		left_ms = 0;
	target->is_spent =
		rest.status != 429 || left_ms > settings->retry_max_wait_ms;
	target->ready_ms =
		clock_monotonic_ms() + retry_wait_ms(settings, 1, left_ms);
	error_refuse(&why, ERR_UPSTREAM_STATUS, NULL,
		"The provider '%.*s' answered %" PRId64 " a moment ago and is "
		"not asked again yet.",
		STR_ARG(str_head(provider->name, 64)), rest.status);
	why.http_status = (int)rest.status;
	why.retry_after_seconds = seconds_of(left_ms);
	pass_over(call, target, &why);
	return false;
}

static bool ask_breaker(struct call *call, struct target *target)
{
	struct error why;
	int64_t wait_ms;

	if (outcome_may_begin(call, target->model, &wait_ms))
		return true;
	target->is_spent = true;
	error_refuse(&why, ERR_CIRCUIT_OPEN, NULL,
		"The provider '%.*s' failed repeatedly and is left alone for "
		"%u seconds.",
		STR_ARG(str_head(target->model->provider->name, 64)),
		seconds_of(wait_ms));
	why.retry_after_seconds = seconds_of(wait_ms);
	pass_over(call, target, &why);
	return false;
}

/* What we may ask of its provider in a minute, and at once. */
static bool ask_rates(struct call *call, struct target *target)
{
	struct error why;

	if (admit_provider(call, target->model->provider, &why))
		return true;
	outcome_let_go(call, target->model);
	target->is_spent = true;
	pass_over(call, target, &why);
	return false;
}

/* What a target that was asked said is told rather than this; of several such
 * reasons, the one that ends first. */
static void pass_over(
	struct call *call, const struct target *target, const struct error *why)
{
	outcome_skip(call, target->model, error_name(why->kind),
		str_of(error_message(why)));
	if (call->attempts > 0)
		return;
	if (call->error.kind != ERR_NONE &&
		call->error.retry_after_seconds <= why->retry_after_seconds)
		return;
	call->error = *why;
	call->target = target->model;
}

/* For the target that is to be asked again the soonest. */
static bool wait_for_one(struct call *call)
{
	struct target *soonest = NULL;
	int64_t now_ms = clock_monotonic_ms();
	int64_t wait_ms;

	for (size_t i = 0; i < call->target_count; i++) {
		struct target *target = &call->targets[i];

		if (target->was_seen && !target->is_spent &&
			(!soonest || target->ready_ms < soonest->ready_ms))
			soonest = target;
	}
	if (!soonest || !has_attempts_left(call) ||
		call->waits >= call->gateway->settings->retry_attempts)
		return false;
	wait_ms = soonest->ready_ms > now_ms ? soonest->ready_ms - now_ms : 0;
	if (now_ms + wait_ms >=
			call_deadline_ms(call, soonest->model->provider) ||
		!retry_budgets_take(call->gateway->retry_budgets,
			soonest->model->provider->id, now_ms))
		return false;
	call->waits++;
	call->current = soonest;
	loop_timer_set(call->x->loop, &call->retry, wait_ms);
	return true;
}

static void on_retry(struct timer *timer)
{
	struct call *call = CONTAINER_OF(timer, struct call, retry);

	if (!take_up(call, call->current) && !call_goes_on(call))
		relay_end_unanswered(call);
}

static bool has_attempts_left(const struct call *call)
{
	return (int64_t)call->attempts <
	       call->gateway->settings->retry_attempts;
}

/* Another key of the provider may do where this one was refused. */
static bool has_other_key(struct call *call, int status)
{
	const struct provider_key *key;
	struct key_rest rest;

	return (status == 401 || status == 402 || status == 403 ||
		       status == 429) &&
	       call->gateway->settings->key_refused_ms > 0 &&
	       call->gateway->settings->key_limited_ms > 0 &&
	       key_choose(call, call->target, &key, &rest) && key &&
	       key != call->provider_key;
}

static unsigned seconds_of(int64_t ms)
{
	return ms > 0 ? (unsigned)((ms + 999) / 1000) : 1;
}
