/*
 * user_list.c - everybody who may log in, or might once.
 */
#include "accounts/user.h"
#include "cli/command.h"

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct user *users;
	size_t count;

	if (!user_list(session->db, &session->arena, &users, &count, err))
		return false;
	output_list(output);
	for (size_t i = 0; i < count; i++) {
		output_row(output);
		output_int(output, "id", users[i].id);
		output_str(output, "email", users[i].email);
		output_str(output, "name", users[i].name);
		output_bool(output, "operator", users[i].is_operator);
		output_bool(output, "disabled", users[i].disabled_ms != 0);
		output_time(output, "created", users[i].created_ms);
		output_time(output, "last_login", users[i].last_login_ms);
	}
	return true;
}

const struct command command_user_list = {
	.words = "user list",
	.operands = "",
	.help = "list the people",
	.needs = NEEDS_DATABASE,
	.run = run,
};
