/*
 * settle.c - the closing step that ends a call's reservation with what it
 * really used. What it reserved is in admit.c.
 *
 * It comes after the journal: a call that is settled is always in the log, and
 * one that is in the log and not settled is found as an orphan, with its row.
 */
#include "gateway/admission.h"
#include "gateway/outage.h"
#include "gateway/settler.h"

#include "base/clock.h"

static struct limit_use use_of(const struct call *call);
static int64_t tokens_of(const struct call *call);
static void settle_attempt(struct call *call, const struct limit_use *use);
static void settle_late(struct call *call, const struct limit_use *use);
static void post(struct call *call, const struct limit_use *use);

void settle(struct call *call)
{
	struct admission *admission = call->admission;
	struct limit_use use = use_of(call);

	if (!admission || !admission->is_admitted)
		return;
	if (call->target && call->target->provider == admission->asked)
		settle_attempt(call, &use);
	admit_provider_end(call);
	settle_late(call, &use);
	if (!admission->is_reserved)
		return;
	if (admission->store == call->gateway->local_limits)
		admit_batch_settle(call, str_of(call->request_id), &use);
	else
		post(call, &use);
}

/* As metered; a call that produced nothing used nothing. */
static struct limit_use use_of(const struct call *call)
{
	return (struct limit_use){
		.tokens = tokens_of(call),
		.picousd = call->charged_picousd,
	};
}

static int64_t tokens_of(const struct call *call)
{
	int64_t tokens = 0;

	if (call->tokens.prompt > 0)
		tokens += call->tokens.prompt;
	if (call->tokens.completion > 0 &&
		__builtin_add_overflow(
			tokens, call->tokens.completion, &tokens))
		tokens = INT64_MAX;
	return tokens;
}

void admit_provider_end(struct call *call)
{
	const struct limit_use nothing = { 0, 0 };

	if (call->admission)
		settle_attempt(call, &nothing);
}

static void settle_attempt(struct call *call, const struct limit_use *use)
{
	struct admission *admission = call->admission;

	if (admission->asked)
		admit_batch_settle(call,
			admission_attempt_id(
				call, admission->provider_attempts - 1),
			use);
	admission->asked = NULL;
}

/* What could not be counted before the call is counted now. */
static void settle_late(struct call *call, const struct limit_use *use)
{
	struct admission *admission = call->admission;

	if (late_is_shared(call->gateway)) {
		if (admission->late_count > 0)
			late_keep_promises(call->gateway,
				str_of(call->request_id), call->ended_unix_ms,
				use);
		return;
	}
	for (size_t i = 0; i < admission->late_count; i++) {
		struct late *late = &admission->late[i];

		late->ended_unix_ms = call->ended_unix_ms;
		late_count(call->gateway, late, late_use(use, late->unit));
	}
}

static void post(struct call *call, const struct limit_use *use)
{
	struct admission *admission = call->admission;
	struct late late[LIMITS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < admission->count; i++) {
		if (!admission->limits[i].must_be_begun)
			continue;
		late[count] = outage_late(admission, i);
		late[count++].ended_unix_ms = call->ended_unix_ms;
	}
	settler_post(call->gateway->settler, str_of(call->request_id),
		admission->store, use, admission->outcome.since_ms, late,
		count);
}
