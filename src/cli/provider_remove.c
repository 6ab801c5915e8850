/*
 * provider_remove.c - a provider with its keys, models and prices; what was
 * called through it stays in the request log.
 */
#include "catalog/provider.h"
#include "cli/command.h"

static bool run(struct session *session, struct error *err)
{
	struct str name = session_operand(session, 0);
	int64_t id;

	if (!session_begin_change(session, err) ||
		!provider_remove(session->db, name, &id, err))
		return false;
	output_int(&session->output, "id", id);
	output_str(&session->output, "name", name);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "provider.remove", id, name, err);
}

const struct command command_provider_remove = {
	.words = "provider remove",
	.operands = "NAME",
	.help = "remove a provider with its keys and models",
	.needs = NEEDS_DATABASE,
	.run = run,
};
