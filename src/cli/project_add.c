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
	{ "bodies", "off|metadata|full",
		"what is kept of its calls beside the log (default: off)" },
	{ "redact", "personal|none",
		"what is taken out of bodies (default: personal)" },
	{ "body-bytes", "N", "how much of each body is kept" },
	{ NULL, NULL, NULL },
};

static bool change_capture(struct session *session, int64_t project_id,
	struct capture_policy *policy, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct str zone = arguments_text(&session->arguments, "time-zone");
	struct str routing = arguments_text(&session->arguments, "routing");
	struct capture_policy capture;
	struct routing_policy policy;
	struct project project;
	bool created;

	if ((routing.n && !routing_policy_parse(routing, &policy, err)) ||
		!session_begin_change(session, err) ||
		!organisation_default(
			session->db, &session->organisation_id, err) ||
		!project_add(session->db, session->organisation_id, name,
			&project, &created, err) ||
		(zone.n && !project_set_time_zone(
				   session->db, &project, zone, err)) ||
		(routing.n && !project_set_routing(
				      session->db, &project, &policy, err)) ||
		!change_capture(session, project.id, &capture, err))
		return false;
	output_int(output, "id", project.id);
	output_str(output, "name", name);
	output_str(output, "time_zone", time_zone_name(project.zone));
	output_str(output, "bodies", str_of(capture_mode_name(capture.mode)));
	output_bool(output, "created", created);
	return session_commit_change(
		session, "project.add", project.id, name, err);
}

/* *policy is what holds then, changed or not. */
static bool change_capture(struct session *session, int64_t project_id,
	struct capture_policy *policy, struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	int64_t bytes = 0;

	if (!project_capture(session->db, project_id, policy, err))
		return false;
	if (!arguments_has(arguments, "bodies") &&
		!arguments_has(arguments, "redact") &&
		!arguments_has(arguments, "body-bytes"))
		return true;
	return arguments_int(arguments, "body-bytes", CAPTURE_MIN_BYTES,
		       CAPTURE_MAX_BYTES, &bytes, err) &&
	       capture_policy_change(policy,
		       arguments_text(arguments, "bodies"),
		       arguments_text(arguments, "redact"), bytes, err) &&
	       project_set_capture(session->db, project_id, policy, err);
}

const struct command command_project_add = {
	.words = "project add",
	.operands = "NAME",
	.help = "add a project, or change one; keys belong to one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
