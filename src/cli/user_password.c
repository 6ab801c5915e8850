/*
 * user_password.c - a new password for a person, or a link to choose one.
 * Either ends the old one; the first also ends all logins.
 */
#include "accounts/user_link.h"
#include "accounts/user_session.h"
#include "cli/command.h"
#include "cli/site_link.h"

static const struct option_row options[] = {
	{ "password-stdin", NULL, "read the password from standard input" },
	{ NULL, NULL, NULL },
};

static bool run_password(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct str password;
	struct user user;
	int64_t ended;

	if (!arguments_has(&session->arguments, "password-stdin"))
		return error_refuse(err, ERR_BAD_REQUEST, "password-stdin",
			"Give --password-stdin and the password on standard "
			"input.");
	if (!session_read_secret(session, "password", &password, err) ||
		!session_begin_change(session, err) ||
		!user_find_email(session->db, session_operand(session, 0),
			&session->arena, &user, err) ||
		!user_set_password(
			session->db, user.id, user.email, password, err) ||
		!user_session_revoke_all(session->db, user.id, 0, &ended, err))
		return false;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_int(output, "sessions_ended", ended);
	return session_commit_change(
		session, "user.password", user.id, user.email, err);
}

static bool run_link(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct one_time token;
	int64_t expires_ms;
	struct user user;

	if (!session_begin_change(session, err) ||
		!user_find_email(session->db, session_operand(session, 0),
			&session->arena, &user, err))
		return false;
	if (user.disabled_ms)
		return error_refuse(err, ERR_BAD_FIELD, "email",
			"This person is disabled; 'user enable' comes first.");
	if (!user_link_create(session->db, user.id, &token, &expires_ms, err))
		return false;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_time(output, "expires", expires_ms);
	if (!session_commit_change(
		    session, "user.password_link", user.id, user.email, err))
		return false;
	site_link_show(session, "/password/new?token=", &token);
	return true;
}

const struct command command_user_password = {
	.words = "user password",
	.operands = "EMAIL",
	.help = "give a person another password",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run_password,
};

const struct command command_user_password_link = {
	.words = "user password-link",
	.operands = "EMAIL",
	.help = "print a link by which a person chooses a password, once",
	.needs = NEEDS_DATABASE,
	.run = run_link,
};
