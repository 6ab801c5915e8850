/*
 * budget_remove.c - no limit any more to what may be spent.
 */
#include "accounts/budget.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

static bool run(struct session *session, struct error *err)
{
	int64_t id;

	if (!limit_scope_id(session, "budget", &id, err) ||
		!session_begin_change(session, err) ||
		!budget_remove(session->db, 0, id, err))
		return false;
	output_int(&session->output, "id", id);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "budget.remove", id, S(""), err);
}

const struct command command_budget_remove = {
	.words = "budget remove",
	.operands = "ID",
	.help = "remove a budget",
	.needs = NEEDS_DATABASE,
	.run = run,
};
