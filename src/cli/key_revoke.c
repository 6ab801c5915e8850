/*
 * key_revoke.c - end a gateway key, at once on all processes and for good.
 */
#include "accounts/gateway_key.h"
#include "cli/command.h"

static bool run(struct session *session, struct error *err)
{
	struct str operand = session_operand(session, 0);
	struct gateway_key_row row;
	int64_t id;

	if (!str_to_int64_in(operand, 1, INT64_MAX, &id))
		return error_refuse(err, ERR_BAD_REQUEST, "id",
			"'%.*s' is not the id of a key; 'key list' shows them.",
			STR_ARG(operand));
	if (!session_begin_change(session, err) ||
		!gateway_key_find(
			session->db, 0, id, &session->arena, &row, err) ||
		!gateway_key_revoke(session->db, id, err))
		return false;
	session->organisation_id = row.key.organisation_id;
	output_int(&session->output, "id", id);
	output_bool(&session->output, "revoked", true);
	return session_commit_change(
		session, "key.revoke", id, row.key.name, err);
}

const struct command command_key_revoke = {
	.words = "key revoke",
	.operands = "ID",
	.help = "end a gateway key at once",
	.needs = NEEDS_DATABASE,
	.run = run,
};
