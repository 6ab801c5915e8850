/*
 * permission.c - roles, from the member tables.
 */
#include "accounts/permission.h"

#include "db/stmt.h"

static const struct str names[] = {
	[ROLE_NONE] = STR("none"),
	[ROLE_VIEWER] = STR("viewer"),
	[ROLE_MEMBER] = STR("member"),
	[ROLE_ADMIN] = STR("admin"),
	[ROLE_OWNER] = STR("owner"),
	[ROLE_OPERATOR] = STR("operator"),
};

static bool bind_and_run(struct stmt *stmt, int64_t user_id,
	int64_t organisation_id, int64_t project_id, struct error *err);
static enum role role_in(struct str name);
static enum role stronger(enum role a, enum role b);

struct str role_name(enum role role)
{
	assert(role < ARRAY_LEN(names));
	return names[role];
}

bool role_parse(struct str name, enum role *out, struct error *err)
{
	*out = role_in(name);
	return *out != ROLE_NONE ||
	       error_refuse(err, ERR_BAD_FIELD, "role",
		       "'%.*s' is not a role: owner, admin, member or viewer.",
		       STR_ARG(str_head(name, 40)));
}

bool permission_role(struct db *db, int64_t user_id, int64_t organisation_id,
	int64_t project_id, enum role *out, struct error *err)
{
	struct stmt *stmt;
	bool found;

	*out = ROLE_NONE;
	if (!stmt_prepare(db, &stmt,
		    "SELECT u.is_operator, o.id, p.id, om.role, pm.role "
		    "FROM users u "
		    "LEFT JOIN organisations o ON o.id = ? "
		    "AND o.archived_ms IS NULL "
		    "LEFT JOIN projects p ON p.id = ? "
		    "AND p.organisation_id = o.id AND p.archived_ms IS NULL "
		    "LEFT JOIN organisation_members om ON om.user_id = u.id "
		    "AND om.organisation_id = o.id "
		    "LEFT JOIN project_members pm ON pm.user_id = u.id "
		    "AND pm.project_id = p.id "
		    "WHERE u.id = ? AND u.disabled_ms IS NULL",
		    err) ||
		!bind_and_run(
			stmt, user_id, organisation_id, project_id, err) ||
		!stmt_fetch(stmt, &found, err))
		return false;
	if (!found || (organisation_id && stmt_is_null(stmt, 1)) ||
		(project_id && stmt_is_null(stmt, 2)))
		return true;
	*out = stmt_int(stmt, 0) ? ROLE_OPERATOR
				 : stronger(role_in(stmt_str(stmt, 3)),
					   role_in(stmt_str(stmt, 4)));
	return true;
}

bool permission_allows(struct db *db, int64_t user_id, enum role needed,
	int64_t organisation_id, int64_t project_id, struct error *err)
{
	enum role role;

	assert(needed > ROLE_NONE);
	if (!permission_role(
		    db, user_id, organisation_id, project_id, &role, err))
		return false;
	if (role >= needed)
		return true;
	if (role == ROLE_NONE && organisation_id)
		return error_refuse(err, ERR_NOT_FOUND, NULL,
			"There is no such organisation or project, or you are "
			"not a member of it.");
	return error_refuse(err, ERR_FORBIDDEN, NULL,
		"This needs the role %.*s; yours is %.*s.",
		STR_ARG(names[needed]), STR_ARG(names[role]));
}

static bool bind_and_run(struct stmt *stmt, int64_t user_id,
	int64_t organisation_id, int64_t project_id, struct error *err)
{
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, project_id);
	stmt_bind_int(stmt, user_id);
	return stmt_run(stmt, err);
}

static enum role role_in(struct str name)
{
	for (enum role role = ROLE_VIEWER; role <= ROLE_OWNER; role++) {
		if (str_equal(name, names[role]))
			return role;
	}
	return ROLE_NONE;
}

static enum role stronger(enum role a, enum role b)
{
	return a > b ? a : b;
}
