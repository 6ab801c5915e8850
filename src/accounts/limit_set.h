/*
 * limit_set.h - the budgets and quotas that apply to a key's calls.
 *
 * They belong to its organisation, its project, the key itself, or the users
 * that the project's calls name (`user` member). A row without a user's name
 * is for each user alone; what a row with the name says of a period comes in
 * its place.
 *
 * Loaded with the keys and as immutable as they are (key_set.h). Keys of one
 * project share a set unless they have rows of their own.
 */
#ifndef ACCOUNTS_LIMIT_SET_H
#define ACCOUNTS_LIMIT_SET_H

#include "base/arena.h"
#include "base/settings.h"
#include "base/time_zone.h"
#include "db/pool.h"

enum limit_scope {
	SCOPE_ORGANISATION,
	SCOPE_PROJECT,
	SCOPE_KEY,
	SCOPE_USER,
	LIMIT_SCOPES /* how many */
};

/* Days and months are calendar ones; minutes and hours any 60 of them. */
enum limit_period {
	PERIOD_MINUTE,
	PERIOD_HOUR,
	PERIOD_DAILY,
	PERIOD_MONTHLY,
	PERIOD_AT_ONCE, /* none: of a quota, what runs at the same time */
};

/* Whose a limit is. */
struct limit_owner {
	int64_t organisation_id;
	enum limit_scope scope;
	/* Of the organisation, project or key; SCOPE_USER: of the project. */
	int64_t scope_id;
	struct str user; /* SCOPE_USER; "" is each user alone */
};

struct budget {
	int64_t id;
	struct limit_owner owner;
	enum limit_period period; /* PERIOD_DAILY or PERIOD_MONTHLY */
	int64_t limit_picousd;    /* 0 allows nothing that costs */
	bool is_hard;             /* it refuses; else it only alerts */
	int64_t threshold_percent;
	int64_t created_ms;
	/* Of its calendar: the project's, or the organisation's. */
	const struct time_zone *zone;
};

struct quota {
	int64_t id; /* 0: from the settings */
	struct limit_owner owner;
	enum limit_period period;
	int64_t limit_requests; /* 0: no limit */
	int64_t limit_tokens;   /* 0: no limit; PERIOD_AT_ONCE has none */
	int64_t created_ms;
	const struct time_zone *zone;
};

/* Rows that stand next to each other. */
struct budget_rows {
	const struct budget *rows;
	size_t count;
};
struct quota_rows {
	const struct quota *rows;
	size_t count;
};

/* SCOPE_USER: of all users, in the order of their names. */
struct limit_set {
	int64_t organisation_id;
	int64_t project_id;
	const struct time_zone *zone; /* of the project */
	struct budget_rows budgets[LIMIT_SCOPES];
	struct quota_rows quotas[LIMIT_SCOPES];
};

/* Two periods for each scope. */
#define LIMITS_MAX_BUDGETS 8
/* Four periods for each scope, for a user those of two rows each; and what
 * may run at once. */
#define LIMITS_MAX_QUOTAS 24

/* What applies to one call. */
struct applied_limits {
	const struct budget *budgets[LIMITS_MAX_BUDGETS];
	size_t budget_count;
	struct quota quotas[LIMITS_MAX_QUOTAS];
	size_t quota_count;
};

/* What each user may use where no row says: of the settings; 0: no limit. */
struct user_defaults {
	int64_t requests_per_minute;
	int64_t tokens_daily;
	int64_t concurrent;
};

/*
 * What applies to a call of `user` ("": none named; then what is of users
 * does not apply). Where no row gives the user requests a minute, tokens a day,
 * or requests at once, the defaults do, as a quota with the id 0. Two quotas of
 * users may be of one period, then one is of requests and the other of tokens.
 */
void limit_set_for_user(const struct limit_set *set, struct str user,
	const struct user_defaults *defaults, struct applied_limits *out);

/* How long a minute or an hour is; 0: another period. */
int64_t limit_period_window_ms(enum limit_period period);
/* A day or a month. */
bool limit_period_is_calendar(enum limit_period period);
/* Of a calendar period: the first millisecond of the day or month that
 * `unix_ms` falls in, and of the next one. */
int64_t limit_period_start(enum limit_period period,
	const struct time_zone *zone, int64_t unix_ms);
int64_t limit_period_end(enum limit_period period, const struct time_zone *zone,
	int64_t unix_ms);

struct str limit_scope_name(enum limit_scope scope);
struct str limit_period_name(enum limit_period period);
/* ERR_DATABASE: a word that this version does not know. */
MUST_USE bool limit_scope_read(
	struct str name, enum limit_scope *out, struct error *err);
MUST_USE bool limit_period_read(
	struct str name, enum limit_period *out, struct error *err);

/* An order that begins with the scope, its id, and the user's name. */
int limit_owner_compare(
	const struct limit_owner *a, const struct limit_owner *b);

#endif
