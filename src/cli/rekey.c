/*
 * rekey.c - move all stored secrets to the newest master key, after which the
 * older one can be taken out of the configuration.
 */
#include "catalog/provider.h"
#include "cli/command.h"
#include "ledger/alert_channel.h"

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	size_t keys, channels;

	if (!session_begin_change(session, err) ||
		!provider_keys_rewrap(session->db, session->vault,
			&session->arena, &keys, err) ||
		!alert_channels_rewrap(session->db, session->vault,
			&session->arena, &channels, err))
		return false;
	output_int(output, "rewrapped", (int64_t)(keys + channels));
	output_int(output, "key_version", vault_newest_version(session->vault));
	return session_commit_change(
		session, "provider_key.rekey", 0, S(""), err);
}

const struct command command_rekey = {
	.words = "rekey",
	.operands = "",
	.help = "seal all stored secrets under the newest master key",
	.needs = NEEDS_DATABASE | NEEDS_VAULT,
	.run = run,
};
