/*
 * limit_set.c - which budgets and quotas apply to a call, and their periods.
 */
#include "accounts/limit_set.h"

static const struct str scope_names[] = {
	[SCOPE_ORGANISATION] = STR("organisation"),
	[SCOPE_PROJECT] = STR("project"),
	[SCOPE_KEY] = STR("key"),
	[SCOPE_USER] = STR("user"),
};

static const struct str period_names[] = {
	[PERIOD_MINUTE] = STR("minute"),
	[PERIOD_HOUR] = STR("hour"),
	[PERIOD_DAILY] = STR("daily"),
	[PERIOD_MONTHLY] = STR("monthly"),
	[PERIOD_AT_ONCE] = STR("at_once"),
};

/* Rows of one user, among those of all users of a project. */
struct range {
	size_t from, to;
};

static void add_budgets(struct applied_limits *out, struct budget_rows rows);
static void add_user_budgets(
	struct applied_limits *out, struct budget_rows rows, struct str user);
static void add_quotas(struct applied_limits *out, struct quota_rows rows);
static void add_user_quotas(
	struct applied_limits *out, struct quota_rows rows, struct str user);
static void add_quota(struct applied_limits *out, const struct quota *quota);
static void add_defaults(struct applied_limits *out,
	const struct limit_set *set, const struct user_defaults *defaults);
static struct range find_user(const struct limit_owner *first, size_t count,
	size_t stride, struct str user);
static const struct limit_owner *owner_at(
	const struct limit_owner *first, size_t index, size_t stride);

void limit_set_for_user(const struct limit_set *set, struct str user,
	const struct user_defaults *defaults, struct applied_limits *out)
{
	out->budget_count = 0;
	out->quota_count = 0;
	for (enum limit_scope scope = 0; scope < SCOPE_USER; scope++) {
		add_budgets(out, set->budgets[scope]);
		add_quotas(out, set->quotas[scope]);
	}
	if (user.n == 0)
		return;
	if (set->budgets[SCOPE_USER].count > 0)
		add_user_budgets(out, set->budgets[SCOPE_USER], user);
	if (set->quotas[SCOPE_USER].count > 0)
		add_user_quotas(out, set->quotas[SCOPE_USER], user);
	add_defaults(out, set, defaults);
}

int64_t limit_period_window_ms(enum limit_period period)
{
	switch (period) {
	case PERIOD_MINUTE: return 60000;
	case PERIOD_HOUR: return 3600000;
	case PERIOD_DAILY:
	case PERIOD_MONTHLY:
	case PERIOD_AT_ONCE: return 0;
	}
	abort();
}

bool limit_period_is_calendar(enum limit_period period)
{
	return period == PERIOD_DAILY || period == PERIOD_MONTHLY;
}

int64_t limit_period_start(
	enum limit_period period, const struct time_zone *zone, int64_t unix_ms)
{
	assert(limit_period_is_calendar(period));
	return period == PERIOD_DAILY ? time_zone_day_start(zone, unix_ms)
				      : time_zone_month_start(zone, unix_ms);
}

int64_t limit_period_end(
	enum limit_period period, const struct time_zone *zone, int64_t unix_ms)
{
	assert(limit_period_is_calendar(period));
	return period == PERIOD_DAILY ? time_zone_day_end(zone, unix_ms)
				      : time_zone_month_end(zone, unix_ms);
}

struct str limit_scope_name(enum limit_scope scope)
{
	return scope_names[scope];
}

struct str limit_period_name(enum limit_period period)
{
	return period_names[period];
}

bool limit_scope_read(struct str name, enum limit_scope *out, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_LEN(scope_names); i++) {
		if (str_equal(name, scope_names[i])) {
			*out = i;
			return true;
		}
	}
	return error_set(
		err, ERR_DATABASE, "a limit of scope '%.*s'", STR_ARG(name));
}

bool limit_period_read(
	struct str name, enum limit_period *out, struct error *err)
{
	for (unsigned i = 0; i < ARRAY_LEN(period_names); i++) {
		if (str_equal(name, period_names[i])) {
			*out = i;
			return true;
		}
	}
	return error_set(
		err, ERR_DATABASE, "a limit of period '%.*s'", STR_ARG(name));
}

int limit_owner_compare(
	const struct limit_owner *a, const struct limit_owner *b)
{
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	if (a->scope_id != b->scope_id)
		return a->scope_id < b->scope_id ? -1 : 1;
	return str_compare(a->user, b->user);
}

static void add_budgets(struct applied_limits *out, struct budget_rows rows)
{
	for (size_t i = 0; i < rows.count; i++) {
		assert(out->budget_count < LIMITS_MAX_BUDGETS);
		out->budgets[out->budget_count++] = &rows.rows[i];
	}
}

/* Each user's row of a period gives way to the user's own. */
static void add_user_budgets(
	struct applied_limits *out, struct budget_rows rows, struct str user)
{
	struct range each = find_user(
		&rows.rows->owner, rows.count, sizeof(*rows.rows), S(""));
	struct range own = find_user(
		&rows.rows->owner, rows.count, sizeof(*rows.rows), user);
	size_t first = out->budget_count;

	add_budgets(out, (struct budget_rows){
				 rows.rows + own.from, own.to - own.from });
	for (size_t i = each.from; i < each.to; i++) {
		bool replaced = false;

		for (size_t own_at = own.from; own_at < own.to; own_at++)
			replaced |=
				rows.rows[own_at].period == rows.rows[i].period;
		if (!replaced)
			out->budgets[out->budget_count++] = &rows.rows[i];
	}
	assert(out->budget_count <= first + 2);
}

static void add_quotas(struct applied_limits *out, struct quota_rows rows)
{
	for (size_t i = 0; i < rows.count; i++)
		add_quota(out, &rows.rows[i]);
}

/* The same, apart for requests and tokens. */
static void add_user_quotas(
	struct applied_limits *out, struct quota_rows rows, struct str user)
{
	struct range each = find_user(
		&rows.rows->owner, rows.count, sizeof(*rows.rows), S(""));
	struct range own = find_user(
		&rows.rows->owner, rows.count, sizeof(*rows.rows), user);

	for (size_t i = own.from; i < own.to; i++)
		add_quota(out, &rows.rows[i]);
	for (size_t i = each.from; i < each.to; i++) {
		struct quota rest = rows.rows[i];

		for (size_t at = own.from; at < own.to; at++) {
			if (rows.rows[at].period != rest.period)
				continue;
			if (rows.rows[at].limit_requests)
				rest.limit_requests = 0;
			if (rows.rows[at].limit_tokens)
				rest.limit_tokens = 0;
		}
		add_quota(out, &rest);
	}
}

static void add_quota(struct applied_limits *out, const struct quota *quota)
{
	if (quota->limit_requests == 0 && quota->limit_tokens == 0)
		return;
	assert(out->quota_count < LIMITS_MAX_QUOTAS);
	out->quotas[out->quota_count++] = *quota;
}

static void add_defaults(struct applied_limits *out,
	const struct limit_set *set, const struct user_defaults *defaults)
{
	struct quota rate = {
		.owner = { set->organisation_id, SCOPE_USER, set->project_id,
			S("") },
		.period = PERIOD_MINUTE,
		.limit_requests = defaults->requests_per_minute,
		.zone = set->zone,
	};
	struct quota daily = rate, at_once = rate;

	at_once.period = PERIOD_AT_ONCE;
	at_once.limit_requests = defaults->concurrent;
	daily.period = PERIOD_DAILY;
	daily.limit_requests = 0;
	daily.limit_tokens = defaults->tokens_daily;
	for (size_t i = 0; i < out->quota_count; i++) {
		const struct quota *quota = &out->quotas[i];

		if (quota->owner.scope != SCOPE_USER)
			continue;
		if (quota->period == PERIOD_MINUTE && quota->limit_requests)
			rate.limit_requests = 0;
		if (quota->period == PERIOD_DAILY && quota->limit_tokens)
			daily.limit_tokens = 0;
		if (quota->period == PERIOD_AT_ONCE)
			at_once.limit_requests = 0;
	}
	add_quota(out, &rate);
	add_quota(out, &daily);
	add_quota(out, &at_once);
}

/* Owners stand `stride` bytes apart. */
static struct range find_user(const struct limit_owner *first, size_t count,
	size_t stride, struct str user)
{
	size_t low = 0, high = count, end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(owner_at(first, middle, stride)->user, user) <
			0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < count; end++) {
		if (str_compare(owner_at(first, end, stride)->user, user) != 0)
			break;
	}
	return (struct range){ low, end };
}

static const struct limit_owner *owner_at(
	const struct limit_owner *first, size_t index, size_t stride)
{
	return (const void *)((const char *)first + index * stride);
}
