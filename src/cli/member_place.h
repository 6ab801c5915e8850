/*
 * member_place.h - which organisation or project a command on members means.
 */
#ifndef CLI_MEMBER_PLACE_H
#define CLI_MEMBER_PLACE_H

#include "accounts/member.h"
#include "cli/session.h"

#define MEMBER_PROJECT_OPTION                                                \
	{                                                                    \
		"project", "NAME", "a project; without it, the organisation" \
	}

/* The default organisation, or with --project one project of it. */
MUST_USE bool member_place_choose(
	struct session *session, struct member_of *out, struct error *err);

/* --role, or ROLE_MEMBER. ERR_BAD_REQUEST. */
MUST_USE bool member_place_role(
	struct session *session, enum role *out, struct error *err);

#endif
