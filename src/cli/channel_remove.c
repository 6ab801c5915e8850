/*
 * channel_remove.c - nothing is told there any more.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_channel.h"

static bool run(struct session *session, struct error *err)
{
	struct str name = session_operand(session, 0);
	int64_t id;

	if (!session_begin_change(session, err) ||
		!organisation_default(
			session->db, &session->organisation_id, err) ||
		!alert_channel_remove(
			session->db, session->organisation_id, name, &id, err))
		return false;
	output_int(&session->output, "id", id);
	output_str(&session->output, "name", name);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "channel.remove", id, name, err);
}

const struct command command_channel_remove = {
	.words = "channel remove",
	.operands = "NAME",
	.help = "remove a channel, and what waits to be told there",
	.needs = NEEDS_DATABASE,
	.run = run,
};
