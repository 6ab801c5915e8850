/*
 * budget_remove.c - no limit any more to what may be spent.
 */
#include "accounts/budget.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

static bool run(struct session *session, struct error *err)
{
	struct budget_row row;
	int64_t id;

	if (!limit_scope_id(session, "budget", &id, err) ||
		!session_begin_change(session, err) ||
		!budget_find(session->db, 0, id, &session->arena, &row, err) ||
		!budget_remove(session->db, 0, id, err))
		return false;
	session->organisation_id = row.budget.owner.organisation_id;
	output_int(&session->output, "id", id);
	output_bool(&session->output, "removed", true);
	return session_commit_change(
		session, "budget.remove", id, row.owner.name, err);
}

const struct command command_budget_remove = {
	.words = "budget remove",
	.operands = "ID",
	.help = "remove a budget",
	.needs = NEEDS_DATABASE,
	.run = run,
};
