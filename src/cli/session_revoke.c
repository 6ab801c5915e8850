/*
 * session_revoke.c - end a person's logins, at once on all processes.
 */
#include "accounts/user_session.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "user", "EMAIL", "whose logins" },
	{ "id", "ID", "this one alone; 'session list' shows them" },
	{ NULL, NULL, NULL },
};

static const struct option_row list_options[] = {
	{ "user", "EMAIL", "whose logins" },
	{ NULL, NULL, NULL },
};

static bool find_user(
	struct session *session, struct user *user, struct error *err);

static bool run_revoke(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	int64_t id = 0, ended = 1;
	struct user user;

	if (!arguments_int(&session->arguments, "id", 1, INT64_MAX, &id, err) ||
		!session_begin_change(session, err) ||
		!find_user(session, &user, err))
		return false;
	if (!(id ? user_session_revoke(session->db, user.id, id, err)
		 : user_session_revoke_all(
			   session->db, user.id, 0, &ended, err)))
		return false;
	output_int(output, "user_id", user.id);
	output_str(output, "email", user.email);
	output_int(output, "sessions_ended", ended);
	return session_commit_change(
		session, "session.revoke", id, user.email, err);
}

static bool run_list(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct user_session *sessions;
	struct user user;
	size_t count;

	if (!find_user(session, &user, err) ||
		!user_session_list(session->db, user.id, &session->arena,
			&sessions, &count, err))
		return false;
	output_list(output);
	for (size_t i = 0; i < count; i++) {
		output_row(output);
		output_int(output, "id", sessions[i].id);
		output_str(output, "client_ip", sessions[i].client_ip);
		output_str(output, "user_agent", sessions[i].user_agent);
		output_time(output, "created", sessions[i].created_ms);
		output_time(output, "last_seen", sessions[i].last_seen_ms);
		output_time(output, "expires", sessions[i].expires_ms);
	}
	return true;
}

static bool find_user(
	struct session *session, struct user *user, struct error *err)
{
	struct str email = arguments_text(&session->arguments, "user");

	if (email.n == 0)
		return error_refuse(err, ERR_BAD_REQUEST, "user",
			"Give --user EMAIL: whose logins.");
	return user_find_email(session->db, email, &session->arena, user, err);
}

const struct command command_session_list = {
	.words = "session list",
	.operands = "",
	.help = "list a person's logins",
	.options = list_options,
	.needs = NEEDS_DATABASE,
	.run = run_list,
};

const struct command command_session_revoke = {
	.words = "session revoke",
	.operands = "",
	.help = "end a person's logins at once",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run_revoke,
};
