/*
 * user_disable.c - lock a person out at once, or let one in again. What they
 * made stays, their gateway keys too.
 */
#include "accounts/user_session.h"
#include "cli/command.h"

static bool set_disabled(
	struct session *session, bool disabled, struct error *err)
{
	struct output *output = &session->output;
	int64_t ended = 0;
	struct user user;

	if (!session_begin_change(session, err) ||
		!user_find_email(session->db, session_operand(session, 0),
			&session->arena, &user, err) ||
		!user_set_disabled(session->db, user.id, disabled, err) ||
		!user_session_revoke_all(session->db, user.id, 0, &ended, err))
		return false;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_bool(output, "disabled", disabled);
	output_int(output, "sessions_ended", ended);
	return session_commit_change(session,
		disabled ? "user.disable" : "user.enable", user.id, user.email,
		err);
}

static bool run_disable(struct session *session, struct error *err)
{
	return set_disabled(session, true, err);
}

static bool run_enable(struct session *session, struct error *err)
{
	return set_disabled(session, false, err);
}

const struct command command_user_disable = {
	.words = "user disable",
	.operands = "EMAIL",
	.help = "lock a person out at once",
	.needs = NEEDS_DATABASE,
	.run = run_disable,
};

const struct command command_user_enable = {
	.words = "user enable",
	.operands = "EMAIL",
	.help = "let a person in again",
	.needs = NEEDS_DATABASE,
	.run = run_enable,
};
