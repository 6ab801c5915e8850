/*
 * budget_set.c - what may be spent in a day, in a month, or both.
 */
#include "accounts/budget.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

static const struct option_row options[] = {
	LIMIT_SCOPE_OPTIONS,
	{ "daily", "USD", "what may be spent in a day" },
	{ "monthly", "USD", "what may be spent in a month" },
	{ "soft", NULL, "only alert; without it, refuse what would exceed it" },
	{ "threshold", "PERCENT", "when to alert (default: 80)" },
	{ NULL, NULL, NULL },
};

static bool read_amounts(const struct arguments *arguments,
	struct budget daily_and_monthly[2], struct error *err);
static bool save(struct session *session, const struct budget *budget,
	struct str name, int64_t *id, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct budget budgets[] = { { .period = PERIOD_DAILY },
		{ .period = PERIOD_MONTHLY } };
	const struct budget *last = NULL;
	struct limit_target target;
	int64_t id = 0;

	if (!read_amounts(&session->arguments, budgets, err) ||
		!session_begin_change(session, err) ||
		!limit_scope_choose(session, &target, err))
		return false;
	session->organisation_id = target.owner.organisation_id;
	output_list(&session->output);
	for (size_t i = 0; i < ARRAY_LEN(budgets); i++) {
		if (budgets[i].limit_picousd < 0)
			continue;
		if (last && !session_note_change(session, "budget.set", id,
				    target.name, err))
			return false;
		last = &budgets[i];
		budgets[i].owner = target.owner;
		if (!save(session, last, target.name, &id, err))
			return false;
	}
	if (target.no_use)
		fprintf(stderr, "llm-gateway: %s\n", target.no_use);
	return session_commit_change(
		session, "budget.set", id, target.name, err);
}

/* One that is not given has a negative limit. */
static bool read_amounts(const struct arguments *arguments,
	struct budget daily_and_monthly[2], struct error *err)
{
	int64_t threshold = BUDGET_DEFAULT_THRESHOLD_PERCENT;
	int64_t daily = -1, monthly = -1;

	if (!arguments_usd(arguments, "daily", &daily, err) ||
		!arguments_usd(arguments, "monthly", &monthly, err) ||
		!arguments_int(arguments, "threshold", 1, 100, &threshold, err))
		return false;
	if (daily < 0 && monthly < 0)
		return error_refuse(err, ERR_BAD_REQUEST, "daily",
			"Give --daily, --monthly or both.");
	daily_and_monthly[0].limit_picousd = daily;
	daily_and_monthly[1].limit_picousd = monthly;
	for (size_t i = 0; i < 2; i++) {
		daily_and_monthly[i].is_hard =
			!arguments_has(arguments, "soft");
		daily_and_monthly[i].threshold_percent = threshold;
	}
	return true;
}

static bool save(struct session *session, const struct budget *budget,
	struct str name, int64_t *id, struct error *err)
{
	struct output *output = &session->output;
	bool created;

	if (!budget_set(session->db, budget, id, &created, err))
		return false;
	output_row(output);
	output_int(output, "id", *id);
	limit_scope_show(output, &budget->owner, name);
	output_str(output, "period", limit_period_name(budget->period));
	output_usd(output, "limit_usd", budget->limit_picousd);
	output_bool(output, "hard", budget->is_hard);
	output_int(output, "threshold_percent", budget->threshold_percent);
	output_bool(output, "created", created);
	return true;
}

const struct command command_budget_set = {
	.words = "budget set",
	.operands = "",
	.help = "set what may be spent in a day and in a month",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
