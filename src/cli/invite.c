/*
 * invite.c - ask somebody to join, by a link that works once.
 */
#include "accounts/invitation.h"
#include "cli/command.h"
#include "cli/member_place.h"
#include "cli/site_link.h"

static const struct option_row options[] = {
	{ "role", "ROLE", "owner, admin, member (default) or viewer" },
	MEMBER_PROJECT_OPTION,
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	struct invitation invitation = { .email = session_operand(session, 0) };
	struct output *output = &session->output;
	struct one_time token;

	if (!member_place_role(session, &invitation.role, err) ||
		!session_begin_change(session, err) ||
		!member_place_choose(session, &invitation.of, err) ||
		!invitation_create(
			session->db, &invitation, &token, &session->arena, err))
		return false;
	session->organisation_id = invitation.of.organisation_id;
	output_int(output, "id", invitation.id);
	output_str(output, "email", invitation.email);
	output_str(output, "role", role_name(invitation.role));
	output_time(output, "expires", invitation.expires_ms);
	if (!session_commit_change(session, "invitation.create", invitation.id,
		    invitation.email, err))
		return false;
	site_link_show(session, "/invitation?token=", &token);
	return true;
}

const struct command command_invite = {
	.words = "invite",
	.operands = "EMAIL",
	.help = "print a link by which a person joins, once",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
