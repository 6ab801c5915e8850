/*
 * rekey.c - move all stored secrets, and what is kept of calls, to the newest
 * master key, after which the older one can be taken out of the configuration.
 */
#include "catalog/provider.h"
#include "cli/command.h"
#include "ledger/alert_channel.h"
#include "ledger/request_contents.h"

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct contents_rewrapped contents;
	size_t keys, channels;

	if (!session_begin_change(session, err) ||
		!provider_keys_rewrap(session->db, session->vault,
			&session->arena, &keys, err) ||
		!alert_channels_rewrap(session->db, session->vault,
			&session->arena, &channels, err) ||
		!session_commit_change(
			session, "provider_key.rekey", 0, S(""), err) ||
		!request_contents_rewrap(
			session->db, session->vault, &contents, err))
		return false;
	output_int(output, "rewrapped", (int64_t)(keys + channels));
	output_int(output, "contents", (int64_t)contents.rows);
	output_int(output, "unreadable", (int64_t)contents.unreadable);
	output_int(output, "key_version", vault_newest_version(session->vault));
	return true;
}

const struct command command_rekey = {
	.words = "rekey",
	.operands = "",
	.help = "seal all stored secrets under the newest master key",
	.needs = NEEDS_DATABASE | NEEDS_VAULT,
	.run = run,
};
