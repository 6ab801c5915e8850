/*
 * channel_list.c - where alerts go; of a URL only the host.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_channel.h"

static void show(struct session *session, const struct alert_channel *channel);

static bool run(struct session *session, struct error *err)
{
	struct alert_channel *channels;
	int64_t organisation_id;
	size_t count;

	if (!organisation_default(session->db, &organisation_id, err) ||
		!alert_channel_list(session->db, organisation_id,
			&session->arena, &channels, &count, err))
		return false;
	output_list(&session->output);
	for (size_t i = 0; i < count; i++)
		show(session, &channels[i]);
	return true;
}

static void show(struct session *session, const struct alert_channel *channel)
{
	struct output *output = &session->output;

	output_row(output);
	output_int(output, "id", channel->id);
	output_str(output, "name", channel->name);
	output_str(output, "kind", alert_channel_kind_name(channel->kind));
	output_str(
		output, "target", alert_channel_hint(channel, &session->arena));
	output_bool(output, "signed", channel->sealed.n > 0);
	output_bool(output, "enabled", channel->enabled);
	output_time(output, "created", channel->created_ms);
}

const struct command command_channel_list = {
	.words = "channel list",
	.operands = "",
	.help = "list the channels that alerts go to",
	.needs = NEEDS_DATABASE,
	.run = run,
};
