/*
 * alert_remove.c - a rule that watches no more.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_rule.h"

static bool run(struct session *session, struct error *err)
{
	struct str name = session_operand(session, 0);
	int64_t id;

	if (!session_begin_change(session, err) ||
		!organisation_default(
			session->db, &session->organisation_id, err) ||
		!alert_rule_remove(
			session->db, session->organisation_id, name, &id, err))
		return false;
	output_int(&session->output, "id", id);
	output_str(&session->output, "name", name);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "alert.remove", id, name, err);
}

const struct command command_alert_remove = {
	.words = "alert remove",
	.operands = "NAME",
	.help = "remove an alert rule and its log; the built-in one is "
		"switched off",
	.needs = NEEDS_DATABASE,
	.run = run,
};
