/*
 * member_place.c - reads --project and --role.
 */
#include "cli/member_place.h"

#include "accounts/project.h"

bool member_place_choose(
	struct session *session, struct member_of *out, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "project");
	struct project project;

	*out = (struct member_of){ 0 };
	if (name.n == 0)
		return organisation_default(
			session->db, &out->organisation_id, err);
	if (!project_find(session->db, name, &project, err))
		return false;
	*out = (struct member_of){ project.organisation_id, project.id };
	return true;
}

bool member_place_role(
	struct session *session, enum role *out, struct error *err)
{
	struct str name = arguments_text(&session->arguments, "role");

	*out = ROLE_MEMBER;
	if (!arguments_has(&session->arguments, "role") ||
		role_parse(name, out, err))
		return true;
	err->kind = ERR_BAD_REQUEST;
	return false;
}
