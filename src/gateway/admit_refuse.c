/*
 * admit_refuse.c - why a call is refused, in words that say whose limit it is,
 * how much of it is used, when there is room again, and what would help.
 */
#include "base/clock.h"
#include "base/money.h"
#include "gateway/admission.h"

#define RETRY_AFTER_RUNNING_S 1

static void refuse_rate(struct call *call, size_t at);
static void refuse_running(struct call *call, size_t at);
static void refuse_quota(struct call *call, size_t at);
static void refuse_budget(struct call *call, size_t at);
static void refuse_outage(struct call *call, size_t at);
static bool never_fits(const struct call *call, size_t at);
static void advise_smaller(const struct call *call, char out[128]);
static void set_retry(struct call *call, size_t at);
static struct str whose(
	const struct call *call, const struct admission_reason *reason);
static const char *period_word(enum limit_period period);
static const char *unit_word(enum limit_unit unit);

void admission_refuse(struct call *call, size_t at)
{
	const struct admission_reason *reason = &call->admission->reasons[at];

	switch (reason->refusal) {
	case ERR_CONCURRENCY: refuse_running(call, at); break;
	case ERR_QUOTA: refuse_quota(call, at); break;
	case ERR_BUDGET: refuse_budget(call, at); break;
	case ERR_LIMITS_UNKNOWN: refuse_outage(call, at); break;
	default: refuse_rate(call, at); break;
	}
	set_retry(call, at);
}

static void refuse_rate(struct call *call, size_t at)
{
	const struct admission_reason *reason = &call->admission->reasons[at];
	const struct limit *limit = &call->admission->limits[at];
	struct str who = whose(call, reason);
	char advice[128];

	if (never_fits(call, at)) {
		advise_smaller(call, advice);
		error_refuse(&call->error, ERR_RATE_LIMITED, "max_tokens",
			"%.*s may use %" PRId64 " tokens a %s, and this "
			"request alone may need %" PRId64 ". %s",
			STR_ARG(who), limit->max, period_word(reason->period),
			limit->amount, advice);
		return;
	}
	error_refuse(&call->error, ERR_RATE_LIMITED, NULL,
		"%.*s may %s %" PRId64 " %s a %s.", STR_ARG(who),
		limit->unit == LIMIT_CALLS ? "make" : "use", limit->max,
		unit_word(limit->unit), period_word(reason->period));
}

static void refuse_running(struct call *call, size_t at)
{
	const struct limit *limit = &call->admission->limits[at];
	struct str who = whose(call, &call->admission->reasons[at]);

	error_refuse(&call->error, ERR_CONCURRENCY, NULL,
		"%.*s may have %" PRId64 " %s running at once. Wait for one to "
		"end.",
		STR_ARG(who), limit->max,
		limit->max == 1 ? "request" : "requests");
}

static void refuse_quota(struct call *call, size_t at)
{
	const struct admission_reason *reason = &call->admission->reasons[at];
	const struct limit *limit = &call->admission->limits[at];
	int64_t used = call->admission->outcome.states[at].used;
	struct str who = whose(call, reason);
	char ends[CLOCK_TEXT_BYTES];
	char advice[128];

	clock_format(reason->ends_ms, ends);
	if (never_fits(call, at)) {
		advise_smaller(call, advice);
		error_refuse(&call->error, ERR_QUOTA, "max_tokens",
			"%.*s may use %" PRId64 " tokens a %s, and this "
			"request alone may need %" PRId64 ". %s",
			STR_ARG(who), limit->max, period_word(reason->period),
			limit->amount, advice);
		return;
	}
	error_refuse(&call->error, ERR_QUOTA, NULL,
		"%.*s may %s %" PRId64 " %s a %s; %" PRId64
		" are used%s. The next %s begins at %s.",
		STR_ARG(who), limit->unit == LIMIT_CALLS ? "make" : "use",
		limit->max, unit_word(limit->unit), period_word(reason->period),
		used,
		limit->unit == LIMIT_TOKENS
			? " or reserved by requests that run"
			: "",
		period_word(reason->period), ends);
}

static void refuse_budget(struct call *call, size_t at)
{
	const struct admission_reason *reason = &call->admission->reasons[at];
	const struct limit *limit = &call->admission->limits[at];
	struct str who = whose(call, reason);
	char budget[MONEY_TEXT_BYTES], used[MONEY_TEXT_BYTES];
	char wanted[MONEY_TEXT_BYTES], ends[CLOCK_TEXT_BYTES];
	char advice[128];

	clock_format(reason->ends_ms, ends);
	money_format_usd(reason->budget->limit_picousd, budget);
	money_format_usd(call->admission->outcome.states[at].used, used);
	money_format_usd(limit->amount, wanted);
	if (never_fits(call, at)) {
		advise_smaller(call, advice);
		error_refuse(&call->error, ERR_BUDGET, "max_tokens",
			"%.*s may spend %s USD a %s, and this request alone "
			"may cost %s USD. %s",
			STR_ARG(who), budget, period_word(reason->period),
			wanted, advice);
		return;
	}
	error_refuse(&call->error, ERR_BUDGET, NULL,
		"%.*s may spend %s USD a %s; %s USD are spent or reserved by "
		"requests that run, and this one may cost %s USD. The next %s "
		"begins at %s.",
		STR_ARG(who), budget, period_word(reason->period), used, wanted,
		period_word(reason->period), ends);
}

static void refuse_outage(struct call *call, size_t at)
{
	char allowance[MONEY_TEXT_BYTES];

	money_format_usd(call->admission->limits[at].max, allowance);
	error_refuse(&call->error, ERR_LIMITS_UNKNOWN, NULL,
		"The gateway cannot reach what tells it how much was spent. "
		"Until it can, this key may spend %s USD an hour, and has. Try "
		"again later.",
		allowance);
}

/* Not even when nothing else were used. */
static bool never_fits(const struct call *call, size_t at)
{
	const struct limit *limit = &call->admission->limits[at];

	return limit->unit != LIMIT_CALLS && limit->amount > limit->max;
}

static void advise_smaller(const struct call *call, char out[128])
{
	if (call->head.max_tokens > 0)
		snprintf(out, 128,
			"Lower max_tokens, which is %" PRId64
			", or shorten the prompt.",
			call->head.max_tokens);
	else
		snprintf(out, 128,
			"Send max_tokens to say that a shorter "
			"answer will do, or shorten the prompt.");
}

/* Whoever asks again too soon, or in vain, only uses up its rates. */
static void set_retry(struct call *call, size_t at)
{
	const struct admission *admission = call->admission;
	const struct admission_reason *reason = &admission->reasons[at];
	int64_t wait_ms = admission->outcome.retry_after_ms;

	if (never_fits(call, at))
		return;
	if (reason->refusal == ERR_CONCURRENCY)
		wait_ms = RETRY_AFTER_RUNNING_S * 1000;
	else if (reason->ends_ms)
		wait_ms = reason->ends_ms - clock_unix_ms();
	if (wait_ms < 1000)
		wait_ms = 1000;
	if (wait_ms / 1000 < UINT_MAX)
		call->error.retry_after_seconds =
			(unsigned)((wait_ms + 999) / 1000);
}

static struct str whose(
	const struct call *call, const struct admission_reason *reason)
{
	static const struct str names[LIMIT_SCOPES] = {
		[SCOPE_ORGANISATION] = STR("This organisation"),
		[SCOPE_PROJECT] = STR("This project"),
		[SCOPE_KEY] = STR("This key"),
	};

	if (reason->is_address)
		return S("This address");
	if (reason->owner.scope == SCOPE_USER)
		return arena_printf(call->arena, "The user '%.*s'",
			STR_ARG(str_head(call->head.user, 60)));
	return names[reason->owner.scope];
}

static const char *period_word(enum limit_period period)
{
	switch (period) {
	case PERIOD_MINUTE: return "minute";
	case PERIOD_HOUR: return "hour";
	case PERIOD_DAILY: return "day";
	case PERIOD_MONTHLY: return "month";
	case PERIOD_AT_ONCE: break; /* refuse_running() says it */
	}
	abort();
}

static const char *unit_word(enum limit_unit unit)
{
	return unit == LIMIT_CALLS ? "requests" : "tokens";
}
