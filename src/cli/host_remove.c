/*
 * host_remove.c - a machine leaves a provider's pool.
 */
#include "catalog/base_url.h"
#include "catalog/provider.h"
#include "cli/command.h"

static bool run(struct session *session, struct error *err)
{
	struct str name = session_operand(session, 0);
	struct str base_url;
	int64_t id;

	if (!base_url_read(session_operand(session, 1), true, &session->arena,
		    &base_url, err) ||
		!session_begin_change(session, err) ||
		!provider_find_id(session->db, name, &id, err) ||
		!provider_host_remove(session->db, id, base_url, err))
		return false;
	output_str(&session->output, "provider", name);
	output_str(&session->output, "base_url", base_url);
	output_bool(&session->output, "removed", true);
	return session_commit_change(session, "host.remove", id, base_url, err);
}

const struct command command_host_remove = {
	.words = "host remove",
	.operands = "PROVIDER URL",
	.help = "take a machine out of a provider's pool",
	.needs = NEEDS_DATABASE,
	.run = run,
};
