/*
 * admit_limits.c - which limits apply to a call, and what their counters are
 * called (admission.h).
 *
 * Soft budgets are counted and never refuse. A call counts in the day and the
 * month in which it arrived, as its row in the log does.
 */
#include "gateway/admission.h"
#include "gateway/grants.h"
#include "gateway/outage.h"

#include "accounts/counter_name.h"
#include "ledger/column.h"

#define MINUTE_MS 60000
/* As much of a name as the log keeps. */
#define USER_CHARACTERS 255

static struct user_defaults user_defaults(const struct call *call);
static bool needs_bound(
	const struct call *call, const struct applied_limits *applied);
static size_t count_own(const struct call *call);
static bool needs_log(const struct applied_limits *applied);
static void make_room(struct call *call, size_t room);
static void add_key(struct call *call);
static void add_address(struct call *call);
static void add_of_address(struct call *call, struct str what,
	struct limit *limit, enum error_kind refusal);
static void add_quota(struct call *call, const struct quota *quota);
static void add_quota_unit(struct call *call, const struct quota *quota,
	enum limit_unit unit, int64_t max, int64_t amount);
static void add_budget(struct call *call, const struct budget *budget);
static void add_rate(struct call *call, struct str name, enum limit_unit unit,
	int64_t max, int64_t amount);
static struct str key_name(const struct call *call, struct str what);
static void set_calendar(int64_t unix_ms, struct admission_reason *reason);
static struct str budget_name(
	const struct call *call, const struct admission_reason *reason);
static struct str quota_name(const struct call *call, enum limit_unit unit,
	const struct admission_reason *reason);
static struct limit_owner owner_for(
	const struct call *call, const struct limit_owner *owner);

void admission_collect(struct call *call)
{
	struct applied_limits applied;
	struct str user = column_text(call->head.user, USER_CHARACTERS);
	const struct user_defaults defaults = user_defaults(call);
	bool is_outage;

	applied.quota_count = applied.budget_count = 0;
	if (call->key->limit_set)
		limit_set_for_user(
			call->key->limit_set, user, &defaults, &applied);
	is_outage = outage_is_on(call->gateway);
	/* What needs the log may find it away while the call waits. */
	make_room(call, count_own(call) + 2 * applied.quota_count +
				applied.budget_count +
				(is_outage || needs_log(&applied)));
	if (is_outage || needs_bound(call, &applied))
		admission_bound(call);
	add_key(call);
	add_address(call);
	for (size_t i = 0; i < applied.quota_count; i++)
		add_quota(call, &applied.quotas[i]);
	for (size_t i = 0; i < applied.budget_count; i++)
		add_budget(call, applied.budgets[i]);
	if (is_outage)
		outage_add(call);
}

static struct user_defaults user_defaults(const struct call *call)
{
	const struct settings *settings = call->gateway->settings;

	if (call->is_of_tenant)
		return (struct user_defaults){ settings->proxy_user_rpm,
			settings->proxy_user_tokens_daily,
			settings->user_concurrent };
	return (struct user_defaults){ settings->user_rpm,
		settings->user_tokens_daily, settings->user_concurrent };
}

/* Does anything count tokens or money? Reading a conversation for that is
 * most of the work here. */
static bool needs_bound(
	const struct call *call, const struct applied_limits *applied)
{
	if (needs_log(applied) || call->key->limits.tokens_per_minute > 0 ||
		call->gateway->settings->ip_tpm > 0)
		return true;
	for (size_t i = 0; i < call->target_count; i++)
		if (call->targets[i].model->provider->tokens_per_minute > 0)
			return true;
	return false;
}

/* The key's own and its address. */
static size_t count_own(const struct call *call)
{
	const struct key_limits *limits = &call->key->limits;
	const struct settings *settings = call->gateway->settings;

	return (limits->requests_per_minute > 0) +
	       (limits->tokens_per_minute > 0) + (limits->concurrent > 0) +
	       (settings->ip_rpm > 0) + (settings->ip_tpm > 0) +
	       (settings->ip_concurrent > 0);
}

static bool needs_log(const struct applied_limits *applied)
{
	return applied->quota_count + applied->budget_count > 0;
}

static void make_room(struct call *call, size_t room)
{
	struct admission *admission = call->admission;

	admission->room = room < LIMITS_MAX ? room : LIMITS_MAX;
	admission->limits =
		ARENA_ARRAY(call->arena, struct limit, admission->room);
	admission->reasons = ARENA_ARRAY(
		call->arena, struct admission_reason, admission->room);
}

void admission_add(struct admission *admission, const struct limit *limit,
	const struct admission_reason *reason)
{
	if (admission->count == admission->room) {
		admission->is_crowded = true;
		return;
	}
	admission->limits[admission->count] = *limit;
	admission->reasons[admission->count] = *reason;
	admission->count++;
}

void admission_remove(struct admission *admission, size_t at)
{
	size_t after = --admission->count - at;

	memmove(&admission->limits[at], &admission->limits[at + 1],
		after * sizeof(admission->limits[0]));
	memmove(&admission->reasons[at], &admission->reasons[at + 1],
		after * sizeof(admission->reasons[0]));
}

static void add_key(struct call *call)
{
	const struct key_limits *limits = &call->key->limits;
	int64_t tokens = call->admission->tokens;
	struct limit concurrent = {
		.kind = LIMIT_CONCURRENT,
		.unit = LIMIT_CALLS,
		.max = limits->concurrent,
		.amount = 1,
	};
	struct admission_reason reason = {
		.refusal = ERR_CONCURRENCY,
		.owner = { .scope = SCOPE_KEY, .scope_id = call->key->id },
	};

	if (limits->requests_per_minute > 0)
		add_rate(call, S("/rpm"), LIMIT_CALLS,
			limits->requests_per_minute, 1);
	if (limits->tokens_per_minute > 0 && !call->is_count)
		add_rate(call, S("/tpm"), LIMIT_TOKENS,
			limits->tokens_per_minute, tokens);
	if (limits->concurrent <= 0)
		return;
	concurrent.name = key_name(call, S("/concurrent"));
	admission_add(call->admission, &concurrent, &reason);
}

/* Of the key itself. */
static void add_rate(struct call *call, struct str name, enum limit_unit unit,
	int64_t max, int64_t amount)
{
	const struct limit limit = {
		.kind = LIMIT_RATE,
		.unit = unit,
		.name = key_name(call, name),
		.max = max,
		.amount = amount,
		.window_ms = MINUTE_MS,
	};
	const struct admission_reason reason = {
		.refusal = ERR_RATE_LIMITED,
		.owner = { .scope = SCOPE_KEY, .scope_id = call->key->id },
		.period = PERIOD_MINUTE,
	};

	admission_add(call->admission, &limit, &reason);
}

static struct str key_name(const struct call *call, struct str what)
{
	return ARENA_JOIN(
		call->arena, S("key/"), STR_OF_INT(call->key->id), what);
}

static void add_address(struct call *call)
{
	const struct settings *settings = call->gateway->settings;
	struct limit limit = {
		.kind = LIMIT_RATE,
		.unit = LIMIT_CALLS,
		.max = settings->ip_rpm,
		.amount = 1,
		.window_ms = MINUTE_MS,
	};

	if (call->x->client_ip.n == 0)
		return;
	add_of_address(call, S("/rpm"), &limit, ERR_RATE_LIMITED);
	limit.unit = LIMIT_TOKENS;
	limit.max = call->is_count ? 0 : settings->ip_tpm;
	limit.amount = call->admission->tokens;
	add_of_address(call, S("/tpm"), &limit, ERR_RATE_LIMITED);
	limit = (struct limit){
		.kind = LIMIT_CONCURRENT,
		.unit = LIMIT_CALLS,
		.max = settings->ip_concurrent,
		.amount = 1,
	};
	add_of_address(call, S("/concurrent"), &limit, ERR_CONCURRENCY);
}

static void add_of_address(struct call *call, struct str what,
	struct limit *limit, enum error_kind refusal)
{
	const struct admission_reason reason = {
		.refusal = refusal,
		.is_address = true,
		.period = PERIOD_MINUTE,
	};

	if (limit->max == 0)
		return;
	limit->name = ARENA_JOIN(
		call->arena, S("ip/"), str_head(call->x->client_ip, 64), what);
	admission_add(call->admission, limit, &reason);
}

static void add_quota(struct call *call, const struct quota *quota)
{
	if (quota->limit_requests > 0)
		add_quota_unit(
			call, quota, LIMIT_CALLS, quota->limit_requests, 1);
	if (quota->limit_tokens > 0 && !call->is_count)
		add_quota_unit(call, quota, LIMIT_TOKENS, quota->limit_tokens,
			call->admission->tokens);
}

static void add_quota_unit(struct call *call, const struct quota *quota,
	enum limit_unit unit, int64_t max, int64_t amount)
{
	int64_t window_ms = limit_period_window_ms(quota->period);
	bool is_calendar = limit_period_is_calendar(quota->period);
	struct admission_reason reason = {
		.refusal = window_ms     ? ERR_RATE_LIMITED
			   : is_calendar ? ERR_QUOTA
					 : ERR_CONCURRENCY,
		.owner = owner_for(call, &quota->owner),
		.period = quota->period,
		.zone = quota->zone,
		.quota_id = quota->id,
	};
	struct limit limit = {
		.kind = window_ms     ? LIMIT_RATE
			: is_calendar ? LIMIT_AMOUNT
				      : LIMIT_CONCURRENT,
		.unit = unit,
		.max = max,
		.amount = amount,
		.window_ms = window_ms,
		.must_be_begun = is_calendar,
	};

	if (is_calendar)
		set_calendar(call->x->arrived_unix_ms, &reason);
	limit.ends_ms = reason.ends_ms;
	limit.name = quota_name(call, unit, &reason);
	admission_add(call->admission, &limit, &reason);
}

static void add_budget(struct call *call, const struct budget *budget)
{
	int64_t amount = call->admission->picousd;
	struct admission_reason reason = {
		.refusal = ERR_BUDGET,
		.owner = owner_for(call, &budget->owner),
		.period = budget->period,
		.zone = budget->zone,
		.budget = budget,
		.is_granted = budget->is_hard && grants_are_on(call->gateway),
	};
	/* What costs nothing may go on when the budget is spent. */
	bool refuses = budget->is_hard && amount > 0;
	struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.max = refuses ? budget->limit_picousd : -1,
		.amount = amount,
		.must_be_begun = true,
		.by_grant = refuses && reason.is_granted,
	};

	if (call->is_count)
		return;
	set_calendar(call->x->arrived_unix_ms, &reason);
	limit.ends_ms = reason.ends_ms;
	limit.name = budget_name(call, &reason);
	admission_add(call->admission, &limit, &reason);
}

/* Nearly all calls are of the same day, and a calendar is slow. */
static void set_calendar(int64_t unix_ms, struct admission_reason *reason)
{
	static _Thread_local struct calendar {
		const struct time_zone *zone;
		int64_t starts_ms, ends_ms;
	} last[PERIOD_MONTHLY + 1];
	struct calendar *known = &last[reason->period];
	const struct time_zone *zone =
		reason->zone ? reason->zone : time_zone_utc();

	if (zone != known->zone || unix_ms < known->starts_ms ||
		unix_ms >= known->ends_ms)
		*known = (struct calendar){ zone,
			limit_period_start(reason->period, zone, unix_ms),
			limit_period_end(reason->period, zone, unix_ms) };
	reason->starts_ms = known->starts_ms;
	reason->ends_ms = known->ends_ms;
}

struct str admission_name_before(const struct call *call, size_t at)
{
	struct admission_reason before = call->admission->reasons[at];

	if (before.starts_ms == 0)
		return S("");
	set_calendar(before.starts_ms - 1, &before);
	if (before.budget)
		return budget_name(call, &before);
	return quota_name(call, call->admission->limits[at].unit, &before);
}

static struct str budget_name(
	const struct call *call, const struct admission_reason *reason)
{
	return counter_name_of_budget(call->arena, reason->budget,
		reason->starts_ms, reason->ends_ms,
		grants_suffix(call->gateway, call->arena), call->head.user);
}

static struct str quota_name(const struct call *call, enum limit_unit unit,
	const struct admission_reason *reason)
{
	int64_t id =
		reason->quota_id ? reason->quota_id : call->key->project_id;
	struct str period = limit_period_name(reason->period);

	if (reason->starts_ms)
		period = ARENA_JOIN(call->arena, STR_OF_INT(reason->starts_ms),
			S("-"), STR_OF_INT(reason->ends_ms));
	return ARENA_JOIN(call->arena, S("quota/"),
		reason->quota_id ? S("") : S("0."), STR_OF_INT(id),
		unit == LIMIT_CALLS ? S("/requests/") : S("/tokens/"), period,
		counter_name_user(
			call->arena, &reason->owner, call->head.user));
}

static struct limit_owner owner_for(
	const struct call *call, const struct limit_owner *owner)
{
	struct limit_owner whose = *owner;

	if (whose.scope == SCOPE_USER)
		whose.user = column_text(call->head.user, USER_CHARACTERS);
	return whose;
}
