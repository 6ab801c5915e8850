/*
 * limit_form.c - whose a limit is.
 */
#include "site/pages/limit_form.h"

#include "accounts/member.h"
#include "site/templates.h"

/* Of keys that a form offers: those used last. */
#define MAX_KEYS 500

static void put_text_of_period(const struct site_request *request,
	const char *text, const char *name, enum limit_period period,
	json_t *out);
static bool read_word(struct str word, enum limit_scope *scope, int64_t *id,
	struct error *err);
static bool put_projects(struct site_request *request, const char *word,
	const char *label, json_t *groups, struct error *err);
static bool put_keys(
	struct site_request *request, json_t *groups, struct error *err);
static json_t *add_group(
	const struct site_request *request, const char *label, json_t *groups);
static void add_option(const struct site_request *request, struct str owner,
	struct str name, json_t *options);

bool limit_form_read_owner(struct site_request *request,
	struct limit_owner *out, struct limit_owner_row *row, struct error *err)
{
	struct str user = site_text(request, "user");
	enum limit_scope scope;
	int64_t id;

	if (!read_word(site_text(request, "owner"), &scope, &id, err) ||
		!limit_owner_find(request->db, request->arena,
			request->session.organisation_id, scope, id, out, row,
			err))
		return false;
	if (user.n > 0 && scope != SCOPE_USER)
		return error_refuse(err, ERR_BAD_FIELD, "user",
			"Only a limit of users names a user.");
	out->user = user;
	return limit_form_check(request, out, row, err);
}

bool limit_form_check(struct site_request *request,
	const struct limit_owner *owner, const struct limit_owner_row *row,
	struct error *err)
{
	return permission_allows(request->db, request->session.user_id,
		ROLE_ADMIN, owner->organisation_id, row->project_id, err);
}

bool limit_form_put_owners(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	json_t *groups = json_array();
	enum role role;

	json_object_set_new(out, "owners", groups);
	site_put(out, "owner", site_text(request, "owner"));
	site_put(out, "user", site_text(request, "user"));
	if (!permission_role(request->db, session->user_id,
		    session->organisation_id, 0, &role, err))
		return false;
	if (role >= ROLE_ADMIN)
		add_option(request,
			arena_printf(request->arena, "organisation:%" PRId64,
				session->organisation_id),
			session->organisation,
			add_group(
				request, "limits.scope.organisation", groups));
	return put_projects(request, "project", "limits.scope.project", groups,
		       err) &&
	       put_keys(request, groups, err) &&
	       put_projects(request, "user", "limits.scope.user", groups, err);
}

void limit_form_put_owner(struct arena *arena, const struct limit_owner *owner,
	const struct limit_owner_row *row, json_t *out)
{
	struct str scope = limit_scope_name(owner->scope);

	site_put(out, "scope", scope);
	site_put_int(out, "scope_id", owner->scope_id);
	site_put(out, "owner",
		arena_printf(arena, "%.*s:%" PRId64, STR_ARG(scope),
			owner->scope_id));
	site_put(out, "name", row->name);
	site_put(out, "project", row->project);
	if (owner->scope == SCOPE_USER)
		site_put(out, "user", owner->user);
}

void limit_form_put_scope_text(
	const struct site_request *request, enum limit_scope kind, json_t *out)
{
	struct str scope = limit_scope_name(kind);
	json_t *is = json_object();

	site_put(out, "scope_text",
		template_text(request->texts,
			arena_printf(request->arena, "limits.scope.%.*s",
				STR_ARG(scope))));
	json_object_set_new(is, arena_cstr(request->arena, scope), json_true());
	json_object_set_new(out, "is", is);
}

void limit_form_put_period_text(const struct site_request *request,
	enum limit_period period, json_t *out)
{
	put_text_of_period(request, "period", "period_text", period, out);
}

void limit_form_put_slides_text(const struct site_request *request,
	enum limit_period period, json_t *out)
{
	put_text_of_period(request, "slides", "slides_text", period, out);
}

static void put_text_of_period(const struct site_request *request,
	const char *text, const char *name, enum limit_period period,
	json_t *out)
{
	site_put(out, name,
		template_text(request->texts,
			arena_printf(request->arena, "limits.%s.%.*s", text,
				STR_ARG(limit_period_name(period)))));
}

static bool read_word(struct str word, enum limit_scope *scope, int64_t *id,
	struct error *err)
{
	size_t colon = str_index(word, ':');

	if (colon < word.n &&
		limit_scope_read(str_head(word, colon), scope, err) &&
		str_to_int64_in(str_from(word, colon + 1), 1, INT64_MAX, id))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "owner",
		"'owner' says whose limit it is, as in organisation:1, "
		"project:3, key:17 or user:3.");
}

/* Who is an admin of one project alone has chosen it, else came not here. */
static bool put_projects(struct site_request *request, const char *word,
	const char *label, json_t *groups, struct error *err)
{
	const struct site_session *session = &request->session;
	struct member_project *projects;
	json_t *options;
	size_t count;

	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, &projects, &count,
		    err))
		return false;
	options = add_group(request, label, groups);
	for (size_t i = 0; i < count; i++) {
		if (session->project_id &&
			projects[i].id != session->project_id)
			continue;
		add_option(request,
			arena_printf(request->arena, "%s:%" PRId64, word,
				projects[i].id),
			projects[i].name, options);
	}
	return true;
}

static bool put_keys(
	struct site_request *request, json_t *groups, struct error *err)
{
	const struct site_session *session = &request->session;
	struct limit_owner_choice *keys;
	json_t *options;
	size_t count;

	if (!limit_owner_list_keys(request->db, request->arena,
		    session->organisation_id, session->project_id, MAX_KEYS,
		    &keys, &count, err))
		return false;
	if (count == 0)
		return true;
	options = add_group(request, "limits.scope.key", groups);
	for (size_t i = 0; i < count; i++)
		add_option(request,
			arena_printf(request->arena, "key:%" PRId64,
				keys[i].owner.scope_id),
			arena_printf(request->arena, "%.*s \xc2\xb7 %.*s",
				STR_ARG(keys[i].row.project),
				STR_ARG(keys[i].row.name)),
			options);
	return true;
}

/* Its list of options. */
static json_t *add_group(
	const struct site_request *request, const char *label, json_t *groups)
{
	json_t *group = json_object();
	json_t *options = json_array();

	site_put(group, "label", template_text(request->texts, str_of(label)));
	json_object_set_new(group, "options", options);
	json_array_append_new(groups, group);
	return options;
}

static void add_option(const struct site_request *request, struct str owner,
	struct str name, json_t *options)
{
	json_t *option = json_object();

	site_put(option, "owner", owner);
	site_put(option, "name", name);
	site_put_bool(option, "is_chosen",
		str_equal(owner, site_text(request, "owner")));
	json_array_append_new(options, option);
}
