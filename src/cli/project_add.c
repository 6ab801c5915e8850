/*
 * project_add.c - a project in the default organisation.
 */
#include "accounts/project.h"
#include "cli/command.h"

static const struct option_row options[] = {
	{ "time-zone", "ZONE",
		"where its days and months begin, as in Europe/Madrid "
		"(default: UTC)" },
	{ "routing", "cheap|balanced|quality[,WEIGHT=N...]",
		"what 'auto' prefers; weights are quality, cost and speed" },
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct str zone = arguments_text(&session->arguments, "time-zone");
	struct str routing = arguments_text(&session->arguments, "routing");
	struct routing_policy policy;
	struct project project;
	int64_t organisation_id;
	bool created;

	if ((routing.n && !routing_policy_parse(routing, &policy, err)) ||
		!session_begin_change(session, err) ||
		!organisation_default(session->db, &organisation_id, err) ||
		!project_add(session->db, organisation_id, name, &project,
			&created, err) ||
		(zone.n && !project_set_time_zone(
				   session->db, &project, zone, err)) ||
		(routing.n && !project_set_routing(
				      session->db, &project, &policy, err)))
		return false;
	output_int(output, "id", project.id);
	output_str(output, "name", name);
	output_str(output, "time_zone", time_zone_name(project.zone));
	output_bool(output, "created", created);
	return session_commit_change(
		session, "project.add", project.id, name, err);
}

const struct command command_project_add = {
	.words = "project add",
	.operands = "NAME",
	.help = "add a project, or change one; keys belong to one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
