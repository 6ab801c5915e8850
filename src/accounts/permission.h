/*
 * permission.h - who may do what: roles, and the one place that decides.
 *
 * A person has a role in an organisation, and perhaps one in a project of it;
 * the stronger of the two holds in that project. An operator may do all on
 * this installation. The database is asked each time, so a role that was
 * taken away holds no longer than the change took; and a project counts only
 * as part of the organisation that it is in, whatever ids a request names.
 */
#ifndef ACCOUNTS_PERMISSION_H
#define ACCOUNTS_PERMISSION_H

#include "base/error.h"
#include "db/pool.h"

/* Each may what those before it may. */
enum role {
	ROLE_NONE,
	ROLE_VIEWER, /* sees */
	ROLE_MEMBER, /* makes keys, calls models */
	ROLE_ADMIN,  /* members, budgets, settings */
	ROLE_OWNER,  /* other owners, the organisation itself */
	ROLE_OPERATOR,
};

/* "viewer"... */
struct str role_name(enum role role);
/* One that a member can have: viewer, member, admin or owner. ERR_BAD_FIELD,
 * "role". */
MUST_USE bool role_parse(struct str name, enum role *out, struct error *err);

/*
 * The person's role in the project, or with project_id 0 in the organisation
 * as a whole; ROLE_NONE for strangers, people who are disabled, and what is
 * archived. A project of another organisation, or one that is not there, is
 * ROLE_NONE to everybody. With organisation_id 0: ROLE_OPERATOR or ROLE_NONE.
 */
MUST_USE bool permission_role(struct db *db, int64_t user_id,
	int64_t organisation_id, int64_t project_id, enum role *out,
	struct error *err);

/* ERR_FORBIDDEN when that role is less than `needed`; ERR_NOT_FOUND, which
 * tells a stranger nothing, when there is none. */
MUST_USE bool permission_allows(struct db *db, int64_t user_id,
	enum role needed, int64_t organisation_id, int64_t project_id,
	struct error *err);

#endif
