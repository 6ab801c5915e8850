/*
 * limit_scope.c - reads --organisation, --project, --key and --user.
 */
#include "cli/limit_scope.h"

#include "accounts/project.h"

static bool choose_organisation(
	struct session *session, struct limit_target *out, struct error *err);
static bool choose_key(
	struct session *session, struct limit_target *out, struct error *err);
static bool choose_project(
	struct session *session, struct limit_target *out, struct error *err);
static bool check_user(const struct arguments *arguments, struct error *err);

bool limit_scope_choose(
	struct session *session, struct limit_target *out, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	bool organisation = arguments_has(arguments, "organisation");
	bool project = arguments_has(arguments, "project");
	bool key = arguments_has(arguments, "key");

	*out = (struct limit_target){ 0 };
	if (organisation + project + key != 1)
		return error_refuse(err, ERR_BAD_REQUEST, NULL,
			"Give one of --organisation, --project and --key.");
	if (!check_user(arguments, err))
		return false;
	return organisation ? choose_organisation(session, out, err)
	       : key        ? choose_key(session, out, err)
			    : choose_project(session, out, err);
}

void limit_scope_show(
	struct output *output, const struct limit_owner *owner, struct str name)
{
	output_str(output, "scope", limit_scope_name(owner->scope));
	output_int(output, "scope_id", owner->scope_id);
	output_str(output, "name", name);
	if (owner->scope != SCOPE_USER)
		output_null(output, "user");
	else
		output_str(output, "user", owner->user);
}

bool limit_scope_id(struct session *session, const char *what, int64_t *id,
	struct error *err)
{
	struct str operand = session_operand(session, 0);

	if (str_to_int64_in(operand, 1, INT64_MAX, id))
		return true;
	return error_refuse(err, ERR_BAD_REQUEST, "id",
		"'%.*s' is not the id of a %s; '%s list' shows them.",
		STR_ARG(operand), what, what);
}

static bool check_user(const struct arguments *arguments, struct error *err)
{
	bool user = arguments_has(arguments, "user");
	bool each = arguments_has(arguments, "each-user");

	if (user && each)
		return error_refuse(err, ERR_BAD_REQUEST, "user",
			"Give --user or --each-user, not both.");
	if ((user || each) && !arguments_has(arguments, "project"))
		return error_refuse(err, ERR_BAD_REQUEST, "project",
			"--%s needs --project: whose users they are.",
			user ? "user" : "each-user");
	return true;
}

static bool choose_organisation(
	struct session *session, struct limit_target *out, struct error *err)
{
	struct limit_owner *owner = &out->owner;

	owner->scope = SCOPE_ORGANISATION;
	out->name = S("default");
	if (!organisation_default(session->db, &owner->organisation_id, err))
		return false;
	owner->scope_id = owner->organisation_id;
	return true;
}

static bool choose_key(
	struct session *session, struct limit_target *out, struct error *err)
{
	struct limit_owner_row row;
	int64_t id = 0;

	if (!arguments_int(
		    &session->arguments, "key", 1, INT64_MAX, &id, err) ||
		!limit_owner_find_key(session->db, &session->arena, id,
			&out->owner, &row, err))
		return false;
	out->name = row.name;
	if (row.is_inactive)
		out->no_use = "this key is revoked, has expired, or its "
			      "project is archived: nothing will count here";
	return true;
}

static bool choose_project(
	struct session *session, struct limit_target *out, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	bool is_user = arguments_has(arguments, "user") ||
		       arguments_has(arguments, "each-user");
	struct project project;
	bool has_keys;

	out->name = arguments_text(arguments, "project");
	if (str_equal(out->name, S("default"))) {
		if (!project_default(session->db, &project, err))
			return false;
	} else if (!project_find(session->db, out->name, &project, err)) {
		return false;
	}
	out->owner = (struct limit_owner){ project.organisation_id,
		is_user ? SCOPE_USER : SCOPE_PROJECT, project.id,
		arguments_text(arguments, "user") };
	if (!limit_owner_has_keys(session->db, project.id, &has_keys, err))
		return false;
	if (!has_keys)
		out->no_use = "this project has no key that may be used: "
			      "nothing will count here until it has one";
	return true;
}
