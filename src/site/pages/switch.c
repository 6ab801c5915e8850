/*
 * switch.c - /switch: which organisation and project one looks at.
 */
#include "accounts/user_session.h"
#include "site/pages/pages.h"

static bool choose(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field fields[] = {
	{ .name = "organisation", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "next", .type = SITE_TEXT, .max_bytes = 1000 },
	{ .name = NULL },
};

const struct site_page pages_switch[] = {
	{ .path = STR("/switch"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = fields,
		.load = choose },
	{ .path = STR("") },
};

/* Without an organisation, another project of the same. */
static bool choose(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t organisation = site_int(request, "organisation");
	int64_t project = site_int(request, "project");

	if (organisation == 0)
		organisation = session->organisation_id;
	if (organisation == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "organisation",
			"Say which organisation.");
	if (!permission_allows(request->db, session->user_id, ROLE_VIEWER,
		    organisation, project, err) ||
		!user_session_choose(
			request->db, session->id, organisation, project, err))
		return false;
	site_put_int(out, "organisation_id", organisation);
	site_put_int(out, "project_id", project);
	site_redirect(request, site_own_path(site_text(request, "next")), NULL);
	return true;
}
