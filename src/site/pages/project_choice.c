/*
 * project_choice.c - choosing among the projects that one may look at.
 */
#include "site/pages/project_choice.h"

#include "accounts/member.h"

static int64_t choose(const struct site_request *request,
	const struct member_project *projects, size_t count);

bool project_choice(struct site_request *request, json_t *out, int64_t *id,
	struct error *err)
{
	const struct site_session *session = &request->session;
	struct member_project *projects;
	json_t *list = json_array();
	size_t count;

	json_object_set_new(out, "projects", list);
	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, &projects, &count,
		    err))
		return false;
	*id = choose(request, projects, count);
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		site_put_int(item, "id", projects[i].id);
		site_put(item, "name", projects[i].name);
		if (projects[i].id == *id)
			json_object_set_new(
				out, "project", json_deep_copy(item));
		site_put_bool(item, "is_current", projects[i].id == *id);
		json_array_append_new(list, item);
	}
	site_put_bool(out, "has_projects", count > 1);
	return *id == 0 || json_object_get(out, "project") ||
	       error_refuse(err, ERR_NOT_FOUND, "project",
		       "There is no such project.");
}

static int64_t choose(const struct site_request *request,
	const struct member_project *projects, size_t count)
{
	if (site_int(request, "project") > 0)
		return site_int(request, "project");
	if (request->session.project_id)
		return request->session.project_id;
	return count ? projects[0].id : 0;
}
