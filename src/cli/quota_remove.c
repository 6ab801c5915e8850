/*
 * quota_remove.c - no limit any more to what may be used.
 */
#include "accounts/quota.h"
#include "cli/command.h"
#include "cli/limit_scope.h"

static bool run(struct session *session, struct error *err)
{
	struct quota_row row;
	int64_t id;

	if (!limit_scope_id(session, "quota", &id, err) ||
		!session_begin_change(session, err) ||
		!quota_find(session->db, 0, id, &session->arena, &row, err) ||
		!quota_remove(session->db, 0, id, err))
		return false;
	session->organisation_id = row.quota.owner.organisation_id;
	output_int(&session->output, "id", id);
	output_bool(&session->output, "removed", true);
	return session_commit_change(
		session, "quota.remove", id, row.owner.name, err);
}

const struct command command_quota_remove = {
	.words = "quota remove",
	.operands = "ID",
	.help = "remove a quota",
	.needs = NEEDS_DATABASE,
	.run = run,
};
