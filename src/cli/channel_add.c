/*
 * channel_add.c - where alerts go.
 *
 * The address of an incoming webhook is a secret in part: it may come on
 * standard input, so that no list of processes shows it.
 */
#include "accounts/project.h"
#include "cli/command.h"
#include "ledger/alert_channel.h"
#include "site/channel_check.h"

#define MIN_SECRET_BYTES 16

static const struct option_row options[] = {
	{ "kind", "email|slack|webhook", "what it is" },
	{ "target", "X", "an e-mail address, or the URL to post to" },
	{ "target-stdin", NULL, "read the URL from standard input" },
	{ "secret-stdin", NULL,
		"read what signs a webhook's messages from standard input" },
	{ NULL, NULL, NULL },
};

static bool read_channel(struct session *session, struct alert_channel *channel,
	struct str *secret, struct error *err);
static bool read_secrets(struct session *session, struct alert_channel *channel,
	struct str *secret, struct error *err);
static bool run(struct session *session, struct error *err)
{
	struct output *output = &session->output;
	struct alert_channel channel = { .name = session_operand(session, 0) };
	struct str secret = S("");
	bool created;

	if (!read_channel(session, &channel, &secret, err) ||
		!session_begin_change(session, err) ||
		!organisation_default(
			session->db, &channel.organisation_id, err) ||
		!alert_channel_save(session->db, session->vault, &channel,
			secret, &created, err))
		return false;
	session->organisation_id = channel.organisation_id;
	output_int(output, "id", channel.id);
	output_str(output, "name", channel.name);
	output_str(output, "kind", alert_channel_kind_name(channel.kind));
	output_str(output, "target",
		alert_channel_hint(&channel, &session->arena));
	output_bool(output, "signed", secret.n > 0);
	output_bool(output, "created", created);
	return session_commit_change(
		session, "channel.add", channel.id, channel.name, err);
}

static bool read_channel(struct session *session, struct alert_channel *channel,
	struct str *secret, struct error *err)
{
	struct str kind = arguments_text(&session->arguments, "kind");

	channel->target = arguments_text(&session->arguments, "target");
	if (!alert_channel_kind_find(kind, &channel->kind))
		return error_refuse(err, ERR_BAD_REQUEST, "kind",
			"Give --kind: email, slack or webhook.");
	return read_secrets(session, channel, secret, err) &&
	       channel_check(channel, &session->settings, &session->arena, err);
}

/* Standard input holds one of the two. */
static bool read_secrets(struct session *session, struct alert_channel *channel,
	struct str *secret, struct error *err)
{
	bool with_target = arguments_has(&session->arguments, "target-stdin");
	bool with_secret = arguments_has(&session->arguments, "secret-stdin");

	if (with_secret != (channel->kind == CHANNEL_WEBHOOK))
		return error_refuse(err, ERR_BAD_REQUEST, "secret-stdin",
			"A webhook's messages are signed: give --secret-stdin "
			"with it, and with no other kind.");
	if (with_target && (with_secret || channel->target.n > 0))
		return error_refuse(err, ERR_BAD_REQUEST, "target-stdin",
			"Give one of --target and --target-stdin; a webhook's "
			"standard input is its secret.");
	if (with_target)
		return session_read_secret(
			session, "target", &channel->target, err);
	if (!with_secret)
		return true;
	if (!session_open_vault(session, err) ||
		!session_read_secret(session, "secret", secret, err))
		return false;
	return (secret->n >= MIN_SECRET_BYTES &&
		       secret->n <= ALERT_SECRET_MAX_BYTES) ||
	       error_refuse(err, ERR_BAD_FIELD, "secret",
		       "The secret of a webhook has %d to %d bytes.",
		       MIN_SECRET_BYTES, ALERT_SECRET_MAX_BYTES);
}

const struct command command_channel_add = {
	.words = "channel add",
	.operands = "NAME",
	.help = "add a channel that alerts go to, or change one",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
