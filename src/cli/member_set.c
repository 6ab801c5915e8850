/*
 * member_set.c - give a person a role, or take it; and who has which.
 */
#include "accounts/user.h"
#include "cli/command.h"
#include "cli/member_place.h"

static const struct option_row set_options[] = {
	{ "role", "ROLE", "owner, admin, member (default) or viewer" },
	MEMBER_PROJECT_OPTION,
	{ NULL, NULL, NULL },
};

static const struct option_row place_options[] = {
	MEMBER_PROJECT_OPTION,
	{ NULL, NULL, NULL },
};

static bool run_set(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct member_of of;
	struct user user;
	enum role role;

	if (!member_place_role(session, &role, err) ||
		!session_begin_change(session, err) ||
		!member_place_choose(session, &of, err) ||
		!user_find_email(session->db, session_operand(session, 0),
			&session->arena, &user, err) ||
		!member_set(session->db, &of, user.id, role, err))
		return false;
	session->organisation_id = of.organisation_id;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_str(output, "role", role_name(role));
	output_int(output, "organisation_id", of.organisation_id);
	output_int_or_null(output, "project_id", of.project_id);
	return session_commit_change(
		session, "member.set", user.id, user.email, err);
}

static bool run_remove(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct member_of of;
	struct user user;

	if (!session_begin_change(session, err) ||
		!member_place_choose(session, &of, err) ||
		!user_find_email(session->db, session_operand(session, 0),
			&session->arena, &user, err) ||
		!member_remove(session->db, &of, user.id, err))
		return false;
	session->organisation_id = of.organisation_id;
	output_int(output, "id", user.id);
	output_str(output, "email", user.email);
	output_bool(output, "removed", true);
	return session_commit_change(
		session, "member.remove", user.id, user.email, err);
}

static bool run_list(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct member *members;
	struct member_of of;
	size_t count;

	if (!member_place_choose(session, &of, err) ||
		!member_list(session->db, &of, S(""), MEMBERS_ALL,
			&session->arena, &members, &count, err))
		return false;
	output_list(output);
	for (size_t i = 0; i < count; i++) {
		output_row(output);
		output_int(output, "id", members[i].user_id);
		output_str(output, "email", members[i].email);
		output_str(output, "role", role_name(members[i].role));
		output_bool(output, "disabled", members[i].is_disabled);
		output_time(output, "since", members[i].since_ms);
	}
	return true;
}

const struct command command_member_set = {
	.words = "member set",
	.operands = "EMAIL",
	.help = "give a person a role",
	.options = set_options,
	.needs = NEEDS_DATABASE,
	.run = run_set,
};

const struct command command_member_list = {
	.words = "member list",
	.operands = "",
	.help = "list who has which role",
	.options = place_options,
	.needs = NEEDS_DATABASE,
	.run = run_list,
};

const struct command command_member_remove = {
	.words = "member remove",
	.operands = "EMAIL",
	.help = "take a person's role away",
	.options = place_options,
	.needs = NEEDS_DATABASE,
	.run = run_remove,
};
