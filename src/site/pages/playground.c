/*
 * playground.c - /playground: asking one or two models and seeing what comes.
 *
 * The page itself asks nothing. Its script calls /v1/chat/completions with the
 * token of the login, for which the project's playground key stands
 * (accounts/playground_key.h), so that limits, budgets and the log are those
 * of every call.
 */
#include "accounts/playground_key.h"
#include "site/change.h"
#include "site/pages/alias_json.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"
#include "site/pages/project_choice.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool put_names(struct site_request *request, int64_t project,
	json_t *out, struct error *err);
static bool put_key(struct site_request *request, int64_t project, json_t *out,
	struct error *err);
static bool reopen(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "model", .type = SITE_TEXT },
	{ .name = NULL },
};

const struct site_page pages_playground[] = {
	{ .path = STR("/playground"),
		.method = SITE_GET,
		.who = SITE_MEMBER,
		.fields = fields,
		.load = show,
		.template = "playground",
		.title = "playground.title",
		.nav = "playground" },
	{ .path = STR("/playground/open"),
		.method = SITE_POST,
		.who = SITE_MEMBER,
		.fields = fields,
		.load = reopen },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	int64_t project;

	if (!project_choice(request, out, &project, err))
		return false;
	site_put(out, "model",
		site_has(request, "model") ? site_text(request, "model")
					   : S("auto"));
	site_put_int(out, "user_id", request->session.user_id);
	return project == 0 || (put_names(request, project, out, err) &&
				       put_key(request, project, out, err));
}

/* What may be asked: auto, the project's aliases, models that chat. */
static bool put_names(struct site_request *request, int64_t project,
	json_t *out, struct error *err)
{
	const struct catalog *catalog;
	json_t *names = json_array();

	json_object_set_new(out, "names", names);
	if (!model_json_catalog(request, &catalog, err))
		return false;
	json_array_append_new(names, json_string("auto"));
	for (size_t i = 0; i < catalog->alias_count; i++) {
		const struct alias *alias = catalog->aliases[i];

		if (catalog_find_alias(catalog, project, alias->name) == alias)
			json_array_append_new(names,
				json_pack("s%", alias->name.p, alias->name.n));
	}
	for (size_t i = 0; i < catalog->offered_count; i++) {
		const struct model *model = catalog->offered[i];

		if (model->kind == MODEL_CHAT)
			json_array_append_new(names,
				json_pack("s%", model->name.p, model->name.n));
	}
	site_put_bool(out, "has_models", catalog->offered_count > 0);
	return true;
}

static bool put_key(struct site_request *request, int64_t project, json_t *out,
	struct error *err)
{
	const struct site_session *session = &request->session;
	struct playground_key key;
	struct error no;

	if (!playground_key_find(request->db, project, &key, err))
		return false;
	if (key.id)
		site_put_int(out, "key_id", key.id);
	else
		json_object_set_new(out, "key_id", json_null());
	site_put_bool(out, "is_closed", key.is_closed);
	site_put_bool(out, "may_open",
		permission_allows(request->db, session->user_id, ROLE_ADMIN,
			session->organisation_id, project, &no));
	return true;
}

static bool reopen(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct playground_key key;
	int64_t project;
	bool made;

	if (!project_choice(request, out, &project, err) ||
		!permission_allows(request->db, session->user_id, ROLE_ADMIN,
			session->organisation_id, project, err) ||
		!db_begin(request->db, err) ||
		!playground_key_make(request->db, project, session->user_id,
			true, &key, &made, err) ||
		(made && !site_change_note(request,
				 &(struct site_change){
					 .organisation_id =
						 session->organisation_id,
					 .action = "key.create",
					 .object_id = key.id,
					 .object_name = S(PLAYGROUND_KEY_NAME),
				 },
				 err)) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "key_id", key.id);
	site_redirect(request,
		arena_printf(request->arena, "/playground?project=%" PRId64,
			project),
		"flash.saved");
	return true;
}
