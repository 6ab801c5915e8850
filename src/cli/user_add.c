/*
 * user_add.c - add a person, or give one a role and password anew, which ends
 * their logins.
 */
#include "accounts/project.h"
#include "accounts/user_session.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "role", "ROLE", "owner, admin, member (default) or viewer" },
	{ "password-stdin", NULL, "read the password from standard input" },
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	struct arguments *arguments = &session->arguments;
	struct output *output = &session->output;
	struct str role = arguments_text(arguments, "role");
	struct project project;
	struct str password;
	struct user user;
	int64_t ended;

	if (!arguments_has(arguments, "password-stdin"))
		return error_refuse(err, ERR_BAD_REQUEST, "password-stdin",
			"Give --password-stdin and the password on standard "
			"input.");
	if (role.n == 0)
		role = S("member");
	if (!session_read_secret(session, "password", &password, err) ||
		!session_begin_change(session, err) ||
		!project_default(session->db, &project, err) ||
		!user_save(session->db, project.organisation_id,
			session_operand(session, 0), role, password,
			&session->arena, &user, err) ||
		!user_session_revoke_all(session->db, user.id, 0, &ended, err))
		return false;
	session->organisation_id = project.organisation_id;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_str(output, "role", role);
	output_bool(output, "operator", user.is_operator);
	output_bool(output, "created", user.created);
	return session_commit_change(
		session, "user.add", user.id, user.email, err);
}

const struct command command_user_add = {
	.words = "user add",
	.operands = "EMAIL",
	.help = "add a person, or set role and password anew",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
