/*
 * budget_list.c - all budgets, with what the log says was spent, and what the
 * counters say that calls are admitted by: calls that run are in those, too.
 */
#include "accounts/budget.h"
#include "base/clock.h"
#include "cli/command.h"
#include "cli/limit_scope.h"
#include "gateway/counter_name.h"
#include "hot/limit.h"

static bool open_counters(
	struct session *session, struct hot **hot, struct limits **out);
static bool show(struct session *session, const struct budget_row *row,
	struct limits *counters, struct error *err);
static void show_counted(struct session *session, const struct budget *budget,
	struct limits *counters);
static bool show_spent(struct session *session, const struct budget *budget,
	struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct limits *counters = NULL;
	struct hot *hot = NULL;
	struct budget_row *rows;
	size_t count;
	bool ok = true;

	if (!budget_list(session->db, &session->arena, &rows, &count, err))
		return false;
	output_list(&session->output);
	if (!open_counters(session, &hot, &counters))
		counters = NULL;
	for (size_t i = 0; ok && i < count; i++)
		ok = show(session, &rows[i], counters, err);
	limits_close(counters);
	hot_close(hot);
	return ok;
}

/* False: nobody counts here, or each machine does what it was granted. */
static bool open_counters(
	struct session *session, struct hot **hot, struct limits **out)
{
	const struct settings *settings = &session->settings;
	struct error err;

	if (str_equal(settings->limits_shared, S("mariadb")) ||
		!hot_open(settings, false, hot, &err) || !*hot)
		return false;
	return limits_open(settings, *hot, out, &err);
}

static bool show(struct session *session, const struct budget_row *row,
	struct limits *counters, struct error *err)
{
	const struct budget *budget = &row->budget;
	struct output *output = &session->output;
	int64_t now = clock_unix_ms();

	output_row(output);
	output_int(output, "id", budget->id);
	limit_scope_show(output, &budget->owner, row->owner.name);
	output_str(output, "period", limit_period_name(budget->period));
	output_usd(output, "limit_usd", budget->limit_picousd);
	if (!show_spent(session, budget, err))
		return false;
	show_counted(session, budget, counters);
	output_time(output, "resets",
		limit_period_end(budget->period, budget->zone, now));
	output_str(output, "time_zone", time_zone_name(budget->zone));
	output_bool(output, "hard", budget->is_hard);
	output_int(output, "threshold_percent", budget->threshold_percent);
	output_str(output, "status",
		row->owner.is_inactive ? S("no use") : S("active"));
	return true;
}

/* Of a budget for each user alone there is no one number. */
static bool show_spent(
	struct session *session, const struct budget *budget, struct error *err)
{
	const struct limit_owner *owner = &budget->owner;
	struct output *output = &session->output;
	struct spend spend;

	if (owner->scope == SCOPE_USER && owner->user.n == 0) {
		output_null(output, "spent_usd");
		output_null(output, "percent");
		return true;
	}
	if (!spend_since(session->db, limit_scope_spend(owner),
		    limit_period_start(
			    budget->period, budget->zone, clock_unix_ms()),
		    &spend, err))
		return false;
	output_usd(output, "spent_usd", spend.charged_picousd);
	if (budget->limit_picousd == 0)
		output_int(output, "percent", 100);
	else
		output_int(output, "percent",
			(int64_t)((__int128)spend.charged_picousd * 100 /
				  budget->limit_picousd));
	return true;
}

/* Null where it is each user's, nobody counts, or no call was in it yet. */
static void show_counted(struct session *session, const struct budget *budget,
	struct limits *counters)
{
	int64_t now = clock_unix_ms();
	int64_t starts_ms =
		limit_period_start(budget->period, budget->zone, now);
	int64_t ends_ms = limit_period_end(budget->period, budget->zone, now);
	struct limit limit = {
		.kind = LIMIT_AMOUNT,
		.unit = LIMIT_PICOUSD,
		.name = counter_name_of_budget(&session->arena, budget,
			starts_ms, ends_ms, S(""), budget->owner.user),
		.max = budget->limit_picousd,
		.ends_ms = ends_ms,
		.must_be_begun = true,
	};
	struct limit_state state = { .used = -1 };
	struct error ignored;

	if (counters && !limits_peek(counters, &limit, now, &state, &ignored))
		state.used = -1;
	if (budget->owner.scope == SCOPE_USER && budget->owner.user.n == 0)
		state.used = -1;
	output_usd(&session->output, "counted_usd", state.used);
}

const struct command command_budget_list = {
	.words = "budget list",
	.operands = "",
	.help = "list the budgets and what was spent of them",
	.needs = NEEDS_DATABASE,
	.run = run,
};
