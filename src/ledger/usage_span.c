/*
 * usage_span.c - cutting a span into days, hours and minutes.
 */
#include "ledger/usage_span.h"

/* What is left before and after what a coarser rollup has. */
struct ranges {
	int64_t from_ms, until_ms;
	int64_t again_ms, to_ms;
};

static void bind_plain(struct stmt *stmt, const struct usage_scope *scope,
	const struct ranges *ranges);
static void bind_series(struct stmt *stmt, const struct usage_scope *scope,
	bool of_projects, const struct ranges *ranges);
static void bind_ranges(struct stmt *stmt, const struct ranges *ranges);
static struct ranges cut(int64_t *from_ms, int64_t *to_ms, int64_t unit_ms);
static int64_t round_down(int64_t value, int64_t unit);
static int64_t round_up(int64_t value, int64_t unit);

void usage_span_bind(
	struct stmt *stmt, const struct usage_scope *scope, bool of_projects)
{
	int64_t step_ms = usage_step_ms(scope->step);
	int64_t from_ms = round_up(scope->from_ms, step_ms);
	int64_t to_ms = round_up(scope->to_ms, step_ms);
	struct ranges ranges;

	if (scope->step == USAGE_MINUTES) {
		ranges = cut(&from_ms, &to_ms, usage_step_ms(USAGE_HOURS));
		bind_plain(stmt, scope, &ranges);
	}
	if (scope->step <= USAGE_HOURS) {
		ranges = cut(&from_ms, &to_ms, usage_step_ms(USAGE_DAYS));
		bind_series(stmt, scope, of_projects, &ranges);
	}
	ranges = (struct ranges){ from_ms, to_ms, to_ms, to_ms };
	bind_series(stmt, scope, of_projects, &ranges);
}

void usage_span_bind_users(struct stmt *stmt, const struct usage_scope *scope,
	const int64_t *ids, size_t count)
{
	int64_t day_ms = usage_step_ms(USAGE_DAYS);
	int64_t from_ms = round_up(scope->from_ms, day_ms);
	int64_t to_ms = round_up(scope->to_ms, day_ms);
	struct ranges days = cut(&from_ms, &to_ms, 7 * day_ms);
	struct ranges weeks = { from_ms, to_ms, to_ms, to_ms };

	if (ids)
		stmt_bind_in(stmt, ids, count);
	bind_plain(stmt, scope, &days);
	if (ids)
		stmt_bind_in(stmt, ids, count);
	bind_plain(stmt, scope, &weeks);
}

static void bind_plain(struct stmt *stmt, const struct usage_scope *scope,
	const struct ranges *ranges)
{
	stmt_bind_int(stmt, scope->organisation_id);
	stmt_bind_int(stmt, scope->project_id);
	stmt_bind_int(stmt, scope->project_id);
	bind_ranges(stmt, ranges);
}

/* A project among projects is one of those of its organisation. */
static void bind_series(struct stmt *stmt, const struct usage_scope *scope,
	bool of_projects, const struct ranges *ranges)
{
	bool is_project = scope->project_id > 0 && !of_projects;
	int64_t subject_id = of_projects ? scope->project_id : 0;

	stmt_bind_str(stmt, is_project ? S("project") : S("organisation"));
	stmt_bind_int(
		stmt, is_project ? scope->project_id : scope->organisation_id);
	bind_ranges(stmt, ranges);
	stmt_bind_int(stmt, scope->organisation_id);
	stmt_bind_int(stmt, subject_id);
	stmt_bind_int(stmt, subject_id);
}

static void bind_ranges(struct stmt *stmt, const struct ranges *ranges)
{
	stmt_bind_int(stmt, ranges->from_ms);
	stmt_bind_int(stmt, ranges->until_ms);
	stmt_bind_int(stmt, ranges->again_ms);
	stmt_bind_int(stmt, ranges->to_ms);
}

/* The whole units stay in *from_ms and *to_ms, the rest is returned. */
static struct ranges cut(int64_t *from_ms, int64_t *to_ms, int64_t unit_ms)
{
	int64_t first_ms = round_up(*from_ms, unit_ms);
	int64_t end_ms = round_down(*to_ms, unit_ms);
	struct ranges rest = { *from_ms, first_ms, end_ms, *to_ms };

	if (first_ms >= end_ms) {
		rest = (struct ranges){ *from_ms, *to_ms, *to_ms, *to_ms };
		first_ms = end_ms = *to_ms;
	}
	*from_ms = first_ms;
	*to_ms = end_ms;
	return rest;
}

static int64_t round_down(int64_t value, int64_t unit)
{
	int64_t rest = value % unit;

	return value - (rest < 0 ? rest + unit : rest);
}

static int64_t round_up(int64_t value, int64_t unit)
{
	return value > INT64_MAX - unit ? value
					: round_down(value + unit - 1, unit);
}
