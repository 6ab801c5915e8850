/*
 * rekey.c - move the stored provider keys to the newest master key, after
 * which the older one can be taken out of the configuration.
 */
#include "catalog/provider.h"
#include "cli/command.h"

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	size_t count;

	if (!session_begin_change(session, err) ||
		!provider_keys_rewrap(session->db, session->vault,
			&session->arena, &count, err))
		return false;
	output_int(output, "rewrapped", (int64_t)count);
	output_int(output, "key_version", vault_newest_version(session->vault));
	return session_commit_change(
		session, "provider_key.rekey", 0, S(""), err);
}

const struct command command_rekey = {
	.words = "rekey",
	.operands = "",
	.help = "seal the provider keys under the newest master key",
	.needs = NEEDS_DATABASE | NEEDS_VAULT,
	.run = run,
};
