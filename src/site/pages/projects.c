/*
 * projects.c - /projects: what an organisation is divided into.
 *
 * Making one, and bringing one back, is the organisation's admins'; an admin
 * of a project changes that one, and says what is kept of its calls. Keys of a
 * project that is archived are refused until it is brought back; nothing is
 * ever deleted.
 */
#include "accounts/project.h"

#include "site/change.h"
#include "site/format.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"

static bool list(struct site_request *request, json_t *out, struct error *err);
static bool put_project(struct site_request *request,
	const struct project_row *row, json_t *list, struct error *err);
static bool show(struct site_request *request, json_t *out, struct error *err);
static bool put_capture(struct site_request *request, int64_t project_id,
	json_t *project, struct error *err);
static json_t *capture_json(const struct capture_policy *policy);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static bool change_capture(struct site_request *request, int64_t project_id,
	struct capture_policy *policy, struct error *err);
static bool archive(
	struct site_request *request, json_t *out, struct error *err);
static bool restore(
	struct site_request *request, json_t *out, struct error *err);
static bool set_archived(struct site_request *request, bool is_archived,
	json_t *out, struct error *err);
static bool begin_change(struct site_request *request, bool of_organisation,
	struct project_row *row, struct error *err);
static bool finish(struct site_request *request, const char *action,
	const struct project_row *row, json_t *before, json_t *after,
	json_t *out, struct error *err);
static json_t *audit_json(struct str name, struct str time_zone);

#define PROJECT_FIELDS                                  \
	{ .name = "name",                               \
		.type = SITE_TEXT,                      \
		.required = true,                       \
		.max_bytes = 191 },                     \
	{                                               \
		.name = "time_zone", .type = SITE_TEXT, \
		.max_bytes = TIME_ZONE_NAME_MAX_BYTES   \
	}

#define CAPTURE_FIELDS                                                       \
	{ .name = "bodies", .type = SITE_CHOICE, .choices = CAPTURE_MODES }, \
		{ .name = "redact",                                          \
			.type = SITE_CHOICE,                                 \
			.choices = CAPTURE_REDACTIONS },                     \
	{                                                                    \
		.name = "max_bytes", .type = SITE_INT,                       \
		.min = CAPTURE_MIN_BYTES, .max = CAPTURE_MAX_BYTES           \
	}

static const struct site_field fields[] = {
	PROJECT_FIELDS,
	{ .name = NULL },
};
static const struct site_field change_fields[] = {
	PROJECT_FIELDS,
	CAPTURE_FIELDS,
	{ .name = NULL },
};
static const struct site_field query[] = {
	CAPTURE_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_projects[] = {
	{ .path = STR("/projects"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = list,
		.template = "projects",
		.title = "projects.title",
		.nav = "projects" },
	{ .path = STR("/projects"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = fields,
		.load = create },
	{ .path = STR("/projects/{id}"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = query,
		.load = show,
		.template = "project",
		.title = "projects.one",
		.nav = "projects" },
	{ .path = STR("/projects/{id}"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/projects/{id}"),
		.method = SITE_PATCH,
		.who = SITE_SESSION,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/projects/{id}/archive"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = archive },
	{ .path = STR("/projects/{id}/restore"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = restore },
	{ .path = STR("") },
};

static bool list(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	json_t *projects = json_array(), *archived = json_array();
	struct project_row *rows;
	enum role role;
	size_t count;

	json_object_set_new(out, "projects", projects);
	json_object_set_new(out, "archived", archived);
	if (!permission_role(request->db, session->user_id,
		    session->organisation_id, 0, &role, err) ||
		!project_list(request->db, session->organisation_id,
			request->arena, &rows, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		/* Of what is archived only the whole organisation's see. */
		if (rows[i].archived_ms && role == ROLE_NONE)
			continue;
		if (!put_project(request, &rows[i],
			    rows[i].archived_ms ? archived : projects, err))
			return false;
	}
	site_put_bool(out, "may_create", role >= ROLE_ADMIN);
	site_put_bool(out, "has_archived", json_array_size(archived) > 0);
	return true;
}

/* Those in which one has no role are left out. */
static bool put_project(struct site_request *request,
	const struct project_row *row, json_t *list, struct error *err)
{
	const struct site_session *session = &request->session;
	struct format format = format_of(request);
	enum role role = ROLE_NONE;
	json_t *json;

	if (!row->archived_ms &&
		!permission_role(request->db, session->user_id,
			session->organisation_id, row->project.id, &role, err))
		return false;
	if (!row->archived_ms && role == ROLE_NONE)
		return true;
	json = json_object();
	json_array_append_new(list, json);
	site_put_int(json, "id", row->project.id);
	site_put(json, "name", row->name);
	site_put(json, "time_zone", row->time_zone);
	format_put_count(&format, json, "keys", row->keys);
	format_put_time(&format, json, "created", row->created_ms);
	if (row->archived_ms)
		format_put_time(&format, json, "archived", row->archived_ms);
	site_put_bool(
		json, "is_current", row->project.id == session->project_id);
	site_put_bool(json, "may_change_this", role >= ROLE_ADMIN);
	return true;
}

/* For who may change it. */
static bool show(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	json_t *list = json_array();
	struct project_row row;
	int64_t id = 0;
	bool ok;

	(void)!str_to_int64_in(request->id, 1, INT64_MAX, &id);
	ok = project_find_id(request->db, session->organisation_id, id,
		     request->arena, &row, err) &&
	     permission_allows(request->db, session->user_id, ROLE_ADMIN,
		     session->organisation_id, id, err) &&
	     put_project(request, &row, list, err) &&
	     put_capture(request, id, json_array_get(list, 0), err);
	if (ok)
		json_object_set(out, "project", json_array_get(list, 0));
	json_decref(list);
	return ok;
}

/* What is kept of its calls, and what may be chosen for a page's form. */
static bool put_capture(struct site_request *request, int64_t project_id,
	json_t *project, struct error *err)
{
	static const struct str modes[] = { STR("off"), STR("metadata"),
		STR("full") };
	static const struct str redactions[] = { STR("personal"), STR("none") };
	struct capture_policy policy;
	struct str mode, redaction;

	if (!project_capture(request->db, project_id, &policy, err))
		return false;
	mode = str_of(capture_mode_name(policy.mode));
	redaction = str_of(capture_redaction_name(policy.is_redacted));
	json_object_set_new(project, "bodies", capture_json(&policy));
	if (request->wants_json)
		return true;
	/* After a form that was refused, what it said. */
	if (site_has(request, "bodies"))
		mode = site_text(request, "bodies");
	if (site_has(request, "redact"))
		redaction = site_text(request, "redact");
	json_object_set_new(project, "modes",
		model_json_options(request, "projects.modes", modes,
			ARRAY_LEN(modes), mode));
	json_object_set_new(project, "redactions",
		model_json_options(request, "projects.redactions", redactions,
			ARRAY_LEN(redactions), redaction));
	return true;
}

static json_t *capture_json(const struct capture_policy *policy)
{
	json_t *json = json_object();

	site_put(json, "keep", str_of(capture_mode_name(policy->mode)));
	site_put(json, "redact",
		str_of(capture_redaction_name(policy->is_redacted)));
	site_put_int(json, "max_bytes", policy->max_bytes);
	return json;
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct str zone = site_text(request, "time_zone");
	struct project_row row = { .name = site_text(request, "name") };
	bool created;

	if (!db_begin(request->db, err) ||
		!permission_allows(request->db, session->user_id, ROLE_ADMIN,
			session->organisation_id, 0, err) ||
		!project_add(request->db, session->organisation_id, row.name,
			&row.project, &created, err))
		return false;
	if (!created)
		return error_refuse(err, ERR_DUPLICATE, "name",
			"There is a project of this name already.");
	if (zone.n > 0 &&
		!project_set_time_zone(request->db, &row.project, zone, err))
		return false;
	return finish(request, "project.create", &row, NULL,
		audit_json(row.name, zone), out, err);
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct str name = site_text(request, "name");
	struct str zone = site_text(request, "time_zone");
	struct capture_policy capture;
	struct project_row row;
	json_t *before, *after;

	if (!begin_change(request, false, &row, err) ||
		!project_capture(request->db, row.project.id, &capture, err))
		return false;
	if (zone.n == 0)
		zone = row.time_zone;
	if ((!str_equal(name, row.name) &&
		    !project_rename(request->db, &row.project, name, err)) ||
		(!str_equal(zone, row.time_zone) &&
			!project_set_time_zone(
				request->db, &row.project, zone, err)))
		return false;
	before = audit_json(row.name, row.time_zone);
	json_object_set_new(before, "bodies", capture_json(&capture));
	if (!change_capture(request, row.project.id, &capture, err)) {
		json_decref(before);
		return false;
	}
	after = audit_json(name, zone);
	json_object_set_new(after, "bodies", capture_json(&capture));
	row.name = name;
	return finish(request, "project.change", &row, before, after, out, err);
}

/* *policy is what holds then, changed or not. */
static bool change_capture(struct site_request *request, int64_t project_id,
	struct capture_policy *policy, struct error *err)
{
	if (!site_has(request, "bodies") && !site_has(request, "redact") &&
		!site_has(request, "max_bytes"))
		return true;
	return capture_policy_change(policy, site_text(request, "bodies"),
		       site_text(request, "redact"),
		       site_int(request, "max_bytes"), err) &&
	       project_set_capture(request->db, project_id, policy, err);
}

static bool archive(
	struct site_request *request, json_t *out, struct error *err)
{
	return set_archived(request, true, out, err);
}

static bool restore(
	struct site_request *request, json_t *out, struct error *err)
{
	return set_archived(request, false, out, err);
}

static bool set_archived(struct site_request *request, bool is_archived,
	json_t *out, struct error *err)
{
	struct project_row row;

	return begin_change(request, !is_archived, &row, err) &&
	       project_set_archived(
		       request->db, &row.project, is_archived, err) &&
	       finish(request,
		       is_archived ? "project.archive" : "project.restore",
		       &row, NULL, NULL, out, err);
}

/* In an archived one nobody has a role: there the organisation's counts. */
static bool begin_change(struct site_request *request, bool of_organisation,
	struct project_row *row, struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t id = 0;

	(void)!str_to_int64_in(request->id, 1, INT64_MAX, &id);
	return db_begin(request->db, err) &&
	       project_find_id(request->db, session->organisation_id, id,
		       request->arena, row, err) &&
	       permission_allows(request->db, session->user_id, ROLE_ADMIN,
		       session->organisation_id, of_organisation ? 0 : id, err);
}

static bool finish(struct site_request *request, const char *action,
	const struct project_row *row, json_t *before, json_t *after,
	json_t *out, struct error *err)
{
	const struct site_change note = {
		.organisation_id = request->session.organisation_id,
		.action = action,
		.object_id = row->project.id,
		.object_name = row->name,
		.before = before,
		.after = after,
	};

	if (!site_change_note(request, &note, err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", row->project.id);
	site_put(out, "name", row->name);
	site_redirect(request, S("/projects"), "flash.saved");
	return true;
}

static json_t *audit_json(struct str name, struct str time_zone)
{
	json_t *json = json_object();

	site_put(json, "name", name);
	site_put(json, "time_zone", time_zone);
	return json;
}
