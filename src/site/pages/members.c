/*
 * members.c - /members: who belongs to the organisation, or to a project of
 * it, and with which role.
 *
 * Rights are judged for the very place that is changed, with the member's row
 * locked: to be an admin of one project is none of another's, nor of the
 * organisation's, whatever ids a form holds.
 */
#include "accounts/invitation.h"
#include "accounts/user.h"
#include "site/change.h"
#include "site/form.h"
#include "site/format.h"
#include "site/pages/pages.h"
#include "site/templates.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool set_role(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_member(
	struct site_request *request, json_t *out, struct error *err);
static bool put_members(struct site_request *request, const char *name,
	const struct member_of *of, enum role actor, json_t *out,
	struct error *err);
static void put_next(struct site_request *request, const char *name,
	struct str last, json_t *out);
static json_t *member_json(const struct site_request *request,
	const struct member_of *of, enum role actor,
	const struct member *member);
static void put_lower_roles(
	const struct site_request *request, json_t *item, enum role role);
static bool put_project(
	struct site_request *request, json_t *out, struct error *err);
static bool put_invitations(
	struct site_request *request, json_t *out, struct error *err);
static void put_role(
	const struct site_request *request, json_t *item, enum role role);
static bool read_target(const struct site_request *request, int64_t *user_id,
	struct member_of *of, struct error *err);
static bool judge(struct site_request *request, const struct member_of *of,
	int64_t user_id, enum role to, enum role *from, struct error *err);
static bool note(struct site_request *request, const char *action,
	const struct member_of *of, int64_t user_id, enum role from,
	enum role to, struct error *err);
static json_t *role_json(const struct member_of *of, enum role role);

#define ROLES "viewer|member|admin|owner"
/* On one page of each of the two lists. */
#define PAGE_MEMBERS 50

/* Behind which e-mail address the page begins. */
static const struct site_field list_fields[] = {
	{ .name = "members_after", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "project_members_after",
		.type = SITE_TEXT,
		.max_bytes = 191 },
	{ .name = NULL },
};

static const struct site_field role_fields[] = {
	{ .name = "role",
		.type = SITE_CHOICE,
		.choices = ROLES,
		.required = true },
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = NULL },
};

static const struct site_field place_fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = NULL },
};

const struct site_page pages_members[] = {
	{ .path = STR("/members"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = list_fields,
		.load = show,
		.template = "members",
		.title = "members.title",
		.nav = "members" },
	{ .path = STR("/members/{id}"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = role_fields,
		.load = set_role },
	{ .path = STR("/members/{id}"),
		.method = SITE_PATCH,
		.who = SITE_SESSION,
		.fields = role_fields,
		.load = set_role },
	{ .path = STR("/members/{id}/remove"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = place_fields,
		.load = remove_member },
	{ .path = STR("/members/{id}"),
		.method = SITE_DELETE,
		.who = SITE_SESSION,
		.fields = place_fields,
		.load = remove_member },
	{ .path = STR("") },
};

/* Who is in a project alone does not see the organisation's people. */
static bool show(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct member_of of = { .organisation_id = session->organisation_id };
	enum role role;

	if (!permission_role(request->db, session->user_id, of.organisation_id,
		    0, &role, err))
		return false;
	site_put_bool(out, "may_invite", session->role >= ROLE_ADMIN);
	site_put_bool(out, "may_invite_to_all", role >= ROLE_ADMIN);
	site_put_bool(out, "may_make_owner", session->role >= ROLE_OWNER);
	site_put_bool(out, "sees_all", role >= ROLE_VIEWER);
	if (role >= ROLE_VIEWER &&
		!put_members(request, "members", &of, role, out, err))
		return false;
	return put_project(request, out, err) &&
	       (role < ROLE_ADMIN || put_invitations(request, out, err));
}

static bool set_role(
	struct site_request *request, json_t *out, struct error *err)
{
	enum role to, from, in_organisation = ROLE_NONE;
	struct member_of of;
	int64_t user_id;

	if (!read_target(request, &user_id, &of, err) ||
		!role_parse(site_text(request, "role"), &to, err) ||
		!db_begin(request->db, err) ||
		!judge(request, &of, user_id, to, &from, err) ||
		!member_role(request->db,
			&(struct member_of){
				.organisation_id = of.organisation_id },
			user_id, &in_organisation, err))
		return false;
	/* Who is in neither comes by an invitation. */
	if (from == ROLE_NONE && in_organisation == ROLE_NONE)
		return error_refuse(
			err, ERR_NOT_FOUND, "user", "There is no such member.");
	if (!member_set(request->db, &of, user_id, to, err) ||
		!note(request, "member.set", &of, user_id, from, to, err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", user_id);
	site_put(out, "role", role_name(to));
	site_redirect(request, S("/members"), "flash.saved");
	return true;
}

/* Oneself one may always take out. */
static bool remove_member(
	struct site_request *request, json_t *out, struct error *err)
{
	struct member_of of;
	enum role from;
	int64_t user_id;

	if (!read_target(request, &user_id, &of, err) ||
		!db_begin(request->db, err))
		return false;
	if (user_id == request->session.user_id) {
		if (!member_role(request->db, &of, user_id, &from, err))
			return false;
	} else if (!judge(request, &of, user_id, ROLE_NONE, &from, err)) {
		return false;
	}
	if (!member_remove(request->db, &of, user_id, err) ||
		!note(request, "member.remove", &of, user_id, from, ROLE_NONE,
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", user_id);
	site_put_bool(out, "removed", true);
	site_redirect(request,
		user_id == request->session.user_id ? S("/") : S("/members"),
		"flash.member_removed");
	return true;
}

static bool put_members(struct site_request *request, const char *name,
	const struct member_of *of, enum role actor, json_t *out,
	struct error *err)
{
	struct str after = site_text(request,
		arena_cstr(request->arena,
			ARENA_JOIN(request->arena, str_of(name), S("_after"))));
	json_t *list = json_array();
	struct member *members;
	size_t count;

	json_object_set_new(out, name, list);
	if (!member_list(request->db, of, after, PAGE_MEMBERS + 1,
		    request->arena, &members, &count, err))
		return false;
	for (size_t i = 0; i < count && i < PAGE_MEMBERS; i++)
		json_array_append_new(
			list, member_json(request, of, actor, &members[i]));
	if (count > PAGE_MEMBERS)
		put_next(request, name, members[PAGE_MEMBERS - 1].email, out);
	return true;
}

/* Where that list goes on. */
static void put_next(struct site_request *request, const char *name,
	struct str last, json_t *out)
{
	struct buf link = BUF_INIT(2048);

	buf_printf(&link, "/members?%s_after=", name);
	form_encode(&link, last);
	site_put(out, ARENA_JOIN(request->arena, str_of(name), S("_next")).p,
		buf_str(&link));
	buf_release(&link);
}

static json_t *member_json(const struct site_request *request,
	const struct member_of *of, enum role actor,
	const struct member *member)
{
	struct format format = format_of(request);
	bool is_self = member->user_id == request->session.user_id;
	bool may = actor >= ROLE_ADMIN && actor >= member->role;
	json_t *item = json_object();

	site_put_int(item, "id", member->user_id);
	site_put(item, "email", member->email);
	site_put(item, "name", member->name);
	put_role(request, item, member->role);
	site_put_bool(item, "disabled", member->is_disabled);
	site_put_bool(item, "self", is_self);
	format_put_time(&format, item, "since", member->since_ms);
	site_put_int(item, "project", of->project_id);
	site_put_bool(item, "may_change_this", may);
	site_put_bool(item, "may_remove_this", may || is_self);
	if (is_self)
		put_lower_roles(request, item, member->role);
	return item;
}

/* Of one's own role a part is given away, for good. */
static void put_lower_roles(
	const struct site_request *request, json_t *item, enum role role)
{
	json_t *list = json_array();

	json_object_set_new(item, "lower", list);
	for (enum role lower = ROLE_VIEWER; lower < role; lower++) {
		json_t *choice = json_object();

		site_put(choice, "name", role_name(lower));
		site_put(choice, "label",
			template_text(request->texts,
				arena_printf(request->arena, "roles.%.*s",
					STR_ARG(role_name(lower)))));
		json_array_append_new(list, choice);
	}
}

/* The project that is looked at, and who has a role in it alone. */
static bool put_project(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct member_of of = { session->organisation_id, session->project_id };
	struct member_project *projects;
	json_t *project;
	size_t count;

	if (!of.project_id)
		return true;
	if (!member_projects(request->db, session->user_id, of.organisation_id,
		    request->arena, &projects, &count, err) ||
		!put_members(request, "project_members", &of, session->role,
			out, err))
		return false;
	project = json_object();
	json_object_set_new(out, "project", project);
	site_put_int(project, "id", of.project_id);
	for (size_t i = 0; i < count; i++)
		if (projects[i].id == of.project_id)
			site_put(project, "name", projects[i].name);
	site_put_bool(project, "has_members",
		json_array_size(json_object_get(out, "project_members")) > 0);
	return true;
}

static bool put_invitations(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	json_t *list = json_array();
	struct invitation *rows;
	size_t count;

	json_object_set_new(out, "invitations", list);
	if (!invitation_list(request->db, request->session.organisation_id,
		    request->arena, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		site_put_int(item, "id", rows[i].id);
		site_put(item, "email", rows[i].email);
		put_role(request, item, rows[i].role);
		site_put(item, "project", rows[i].project);
		format_put_time(&format, item, "expires", rows[i].expires_ms);
		json_array_append_new(list, item);
	}
	site_put_bool(out, "has_invitations", count > 0);
	return true;
}

/* For programs, for people, and for the choice in a form. */
static void put_role(
	const struct site_request *request, json_t *item, enum role role)
{
	json_t *is = json_object();
	char key[32];

	snprintf(key, sizeof(key), "roles.%.*s", STR_ARG(role_name(role)));
	site_put(item, "role", role_name(role));
	site_put(item, "role_text", template_text(request->texts, str_of(key)));
	site_put_bool(is, role_name(role).p, true);
	json_object_set_new(item, "is", is);
}

static bool read_target(const struct site_request *request, int64_t *user_id,
	struct member_of *of, struct error *err)
{
	*of = (struct member_of){ request->session.organisation_id,
		site_int(request, "project") };
	return str_to_int64_in(request->id, 1, INT64_MAX, user_id) ||
	       error_refuse(
		       err, ERR_NOT_FOUND, "user", "There is no such member.");
}

static bool judge(struct site_request *request, const struct member_of *of,
	int64_t user_id, enum role to, enum role *from, struct error *err)
{
	enum role actor;

	return permission_role(request->db, request->session.user_id,
		       of->organisation_id, of->project_id, &actor, err) &&
	       member_role(request->db, of, user_id, from, err) &&
	       member_may_change(actor, *from, to, err);
}

static bool note(struct site_request *request, const char *action,
	const struct member_of *of, int64_t user_id, enum role from,
	enum role to, struct error *err)
{
	struct user user;

	return user_find(request->db, user_id, request->arena, &user, err) &&
	       site_change_note(request,
		       &(struct site_change){
			       .organisation_id = of->organisation_id,
			       .action = action,
			       .object_id = user_id,
			       .object_name = user.email,
			       .before = role_json(of, from),
			       .after = role_json(of, to),
		       },
		       err);
}

static json_t *role_json(const struct member_of *of, enum role role)
{
	json_t *json;

	if (role == ROLE_NONE)
		return NULL;
	json = json_object();
	site_put(json, "role", role_name(role));
	if (of->project_id)
		site_put_int(json, "project", of->project_id);
	return json;
}
