/*
 * quota_remove.c - no limit any more to what may be used.
 */
#include "accounts/quota.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

static bool run(struct session *session, struct error *err)
{
	int64_t id;

	if (!limit_scope_id(session, "quota", &id, err) ||
		!session_begin_change(session, err) ||
		!quota_remove(session->db, 0, id, err))
		return false;
	output_int(&session->output, "id", id);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "quota.remove", id, S(""), err);
}

const struct command command_quota_remove = {
	.words = "quota remove",
	.operands = "ID",
	.help = "remove a quota",
	.needs = NEEDS_DATABASE,
	.run = run,
};
