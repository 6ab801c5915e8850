/*
 * host_add.c - one more machine of a provider, or another weight for one.
 */
#include "catalog/base_url.h"
#include "catalog/provider.h"
#include "cli/command.h"

#define MAX_WEIGHT 1000000

static const struct option_row options[] = {
	{ "weight", "N", "its share among the provider's hosts (default: 1)" },
	{ NULL, NULL, NULL },
};

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct str base_url;
	int64_t weight = 1;
	int64_t id;

	if (!arguments_int(&session->arguments, "weight", 1, MAX_WEIGHT,
		    &weight, err) ||
		!base_url_read(session_operand(session, 1),
			session->settings.allow_private_upstreams,
			&session->arena, &base_url, err) ||
		!session_begin_change(session, err) ||
		!provider_find_id(session->db, name, &id, err) ||
		!provider_host_save(session->db, id, base_url, weight, err))
		return false;
	output_str(output, "provider", name);
	output_str(output, "base_url", base_url);
	output_int(output, "weight", weight);
	return session_commit_change(session, "host.add", id, base_url, err);
}

const struct command command_host_add = {
	.words = "host add",
	.operands = "PROVIDER URL",
	.help = "add a machine to a provider's pool, or change its weight",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
