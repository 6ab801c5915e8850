/*
 * budget_list.c - all budgets, with what the log says was spent, and what the
 * counters say that calls are admitted by: calls that run are in those, too.
 */
#include "accounts/budget.h"
#include "cli/command.h"
#include "cli/limit_scope.h"
#include "site/standing.h"

static bool open_counters(
	struct session *session, struct hot **hot, struct limits **out);
static void show(struct session *session, const struct budget_row *row,
	const struct budget_standing *standing);
static void show_standing(
	struct output *output, const struct budget_standing *standing);

static bool run(struct session *session, struct error *err)
{
	struct limits *counters = NULL;
	struct hot *hot = NULL;
	struct budget_row *rows;
	struct budget_standing *standings;
	size_t count;
	bool ok;

	if (!budget_list(session->db, 0, &session->arena, &rows, &count, err))
		return false;
	output_list(&session->output);
	if (!open_counters(session, &hot, &counters))
		counters = NULL;
	ok = budget_standing_load(session->db,
		standing_counters(&session->settings, counters), rows, count,
		&session->arena, &standings, err);
	for (size_t i = 0; ok && i < count; i++)
		show(session, &rows[i], &standings[i]);
	limits_close(counters);
	hot_close(hot);
	return ok;
}

/* False: nobody counts here. */
static bool open_counters(
	struct session *session, struct hot **hot, struct limits **out)
{
	const struct settings *settings = &session->settings;
	struct error err;

	return hot_open(settings, false, hot, &err) && *hot &&
	       limits_open(settings, *hot, out, &err);
}

static void show(struct session *session, const struct budget_row *row,
	const struct budget_standing *standing)
{
	const struct budget *budget = &row->budget;
	struct output *output = &session->output;

	output_row(output);
	output_int(output, "id", budget->id);
	limit_scope_show(output, &budget->owner, row->owner.name);
	output_str(output, "period", limit_period_name(budget->period));
	output_usd(output, "limit_usd", budget->limit_picousd);
	show_standing(output, standing);
	output_time(output, "resets", standing->ends_ms);
	output_str(output, "time_zone", time_zone_name(budget->zone));
	output_bool(output, "hard", budget->is_hard);
	output_int(output, "threshold_percent", budget->threshold_percent);
	output_str(output, "status",
		row->owner.is_inactive ? S("no use") : S("active"));
}

/* Null where it is each user's alone, or nobody counts. */
static void show_standing(
	struct output *output, const struct budget_standing *standing)
{
	if (standing->is_known) {
		output_usd(output, "spent_usd", standing->spent_picousd);
		output_int(output, "percent", standing->spent_percent);
	} else {
		output_null(output, "spent_usd");
		output_null(output, "percent");
	}
	output_usd(output, "counted_usd", standing->counted_picousd);
}

const struct command command_budget_list = {
	.words = "budget list",
	.operands = "",
	.help = "list the budgets and what was spent of them",
	.needs = NEEDS_DATABASE,
	.run = run,
};
