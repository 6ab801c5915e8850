/*
 * channel_test.c - one message, now, and what became of it.
 */
#include "accounts/project.h"
#include "base/clock.h"
#include "cli/command.h"
#include "net/upstream.h"
#include "server/alert_send.h"

static bool send_test(struct session *session,
	const struct alert_channel *channel, struct error *err);

static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct str name = session_operand(session, 0);
	struct error failure = ERROR_INIT;
	struct alert_channel channel;
	int64_t organisation_id;
	bool sent;

	if (!organisation_default(session->db, &organisation_id, err) ||
		!alert_channel_find(session->db, organisation_id, name,
			&session->arena, &channel, err))
		return false;
	if (channel.kind == CHANNEL_WEBHOOK &&
		!session_open_vault(session, err))
		return false;
	sent = send_test(session, &channel, &failure);
	output_str(output, "name", name);
	output_str(output, "target",
		alert_channel_hint(&channel, &session->arena));
	output_bool(output, "sent", sent);
	if (sent)
		output_null(output, "error");
	else
		output_str(output, "error",
			arena_copy(&session->arena,
				str_of(error_detail(&failure))));
	session->exit_status = sent ? 0 : 1;
	return true;
}

static bool send_test(struct session *session,
	const struct alert_channel *channel, struct error *err)
{
	int64_t now_ms = clock_unix_ms();
	struct alert_delivery delivery = {
		.channel = *channel,
		.rule = S(ALERT_TEST_RULE),
		.kind = ALERT_BUDGET,
		.alert = {
			.opened_ms = now_ms,
			.occasion = S("test"),
			.summary = S(ALERT_TEST_SUMMARY),
			.facts = S("{\"test\":true}"),
		},
	};
	struct alert_sender sender;

	upstream_init();
	return alert_sender_open(&sender, &session->settings, session->vault,
		       NULL, &session->arena, err) &&
	       alert_send(&sender, &delivery, err);
}

const struct command command_channel_test = {
	.words = "channel test",
	.operands = "NAME",
	.help = "send a message through a channel and tell what became of it",
	.needs = NEEDS_DATABASE,
	.run = run,
};
