/*
 * alert_send.c - one function for each kind of channel.
 */
#include "server/alert_send.h"

#include "base/clock.h"
#include "catalog/base_url.h"
#include "net/mail.h"
#include "net/post.h"
#include "server/alert_message.h"

/* What is told of an answer that refuses. */
#define ANSWER_BYTES 100
#define HEADER_BYTES 160

static bool check_mail(const struct settings *settings, struct error *err);
static bool send_mail(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err);
static bool send_slack(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err);
static bool send_webhook(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err);
static bool sign(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct str body,
	char out[HEADER_BYTES], struct error *err);
static bool post_json(const struct alert_sender *sender, struct str url,
	struct str body, const char *const *headers, size_t header_count,
	struct error *err);
static bool check_answer(int status, struct str answer, struct error *err);

bool alert_sender_open(struct alert_sender *sender,
	const struct settings *settings, const struct vault *vault,
	const bool *stop, struct arena *arena, struct error *err)
{
	*sender = (struct alert_sender){
		.settings = settings, .vault = vault, .stop = stop
	};
	return check_mail(settings, err) &&
	       (settings->smtp_user.n == 0 ||
		       settings_read_secret(settings->smtp_password_file, arena,
			       &sender->smtp_password, err));
}

static bool check_mail(const struct settings *settings, struct error *err)
{
	if (settings->smtp_url.n == 0)
		return true;
	if (!mail_url_is_valid(settings->smtp_url))
		return error_refuse(err, ERR_CONFIG, "alerts.smtp_url",
			"alerts.smtp_url = '%.*s': expected smtp://HOST:PORT "
			"or smtps://HOST:PORT",
			STR_ARG(settings->smtp_url));
	if (!mail_address_is_valid(settings->smtp_from))
		return error_refuse(err, ERR_CONFIG, "alerts.smtp_from",
			"alerts.smtp_from = '%.*s': expected an e-mail "
			"address, since alerts.smtp_url is set",
			STR_ARG(settings->smtp_from));
	if ((settings->smtp_user.n > 0) != (settings->smtp_password_file.n > 0))
		return error_refuse(err, ERR_CONFIG, "alerts.smtp_user",
			"alerts.smtp_user and alerts.smtp_password_file go "
			"together");
	return true;
}

bool alert_send(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err)
{
	static bool (*const sends[])(const struct alert_sender *sender,
		const struct alert_delivery *delivery, struct error *err) = {
		[CHANNEL_EMAIL] = send_mail,
		[CHANNEL_SLACK] = send_slack,
		[CHANNEL_WEBHOOK] = send_webhook,
	};

	return sends[delivery->channel.kind](sender, delivery, err);
}

static bool send_mail(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err)
{
	const struct settings *settings = sender->settings;
	struct mail_server server = {
		.url = settings->smtp_url,
		.user = settings->smtp_user,
		.password = sender->smtp_password,
		.ca_file = settings->smtp_ca_file,
		.require_tls = settings->smtp_require_tls,
		.timeout_ms = settings->alerts_timeout_ms,
		.stop = sender->stop,
	};
	struct arena arena;
	struct mail mail;
	bool sent;

	if (server.url.n == 0)
		return error_set(err, ERR_CONFIG,
			"there is no mail server: alerts.smtp_url is empty");
	arena_init(&arena, 16384);
	alert_message_mail(
		delivery, settings->smtp_from, clock_unix_ms(), &arena, &mail);
	sent = mail_send(&server, &mail, err);
	arena_release(&arena);
	return sent;
}

static bool send_slack(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err)
{
	struct buf body = BUF_INIT(ALERT_MESSAGE_MAX_BYTES);
	bool sent;

	alert_message_slack(delivery, &body);
	sent = post_json(
		sender, delivery->channel.target, buf_str(&body), NULL, 0, err);
	buf_release(&body);
	return sent;
}

static bool send_webhook(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err)
{
	struct buf body = BUF_INIT(ALERT_MESSAGE_MAX_BYTES);
	char signature[HEADER_BYTES];
	char id[HEADER_BYTES];
	const char *const headers[] = { signature, id };
	bool sent;

	alert_message_webhook(delivery, &body);
	snprintf(id, sizeof(id), "X-Gateway-Delivery: %" PRId64, delivery->id);
	sent = sign(sender, delivery, buf_str(&body), signature, err) &&
	       post_json(sender, delivery->channel.target, buf_str(&body),
		       headers, ARRAY_LEN(headers), err);
	buf_release(&body);
	return sent;
}

static bool sign(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct str body,
	char out[HEADER_BYTES], struct error *err)
{
	struct buf secret = BUF_INIT(ALERT_SECRET_MAX_BYTES);
	char signature[ALERT_SIGNATURE_BYTES];

	assert(sender->vault);
	if (!alert_channel_open(
		    sender->vault, &delivery->channel, &secret, err))
		return false;
	alert_message_sign(
		buf_str(&secret), clock_unix_ms() / 1000, body, signature);
	vault_wipe(&secret);
	snprintf(out, HEADER_BYTES, "X-Gateway-Signature: %s", signature);
	return true;
}

static bool post_json(const struct alert_sender *sender, struct str url,
	struct str body, const char *const *headers, size_t header_count,
	struct error *err)
{
	struct buf answer = BUF_INIT(ANSWER_BYTES);
	const char *all[8] = { "Content-Type: application/json" };
	struct arena arena;
	struct post post = {
		.headers = all,
		.header_count = 1 + header_count,
		.body = body,
		.timeout_ms = sender->settings->alerts_timeout_ms,
		.is_refused = sender->settings->allow_private_upstreams
				      ? NULL
				      : base_url_address_is_private,
		.stop = sender->stop,
	};
	int status;
	bool taken;

	assert(post.header_count <= ARRAY_LEN(all));
	for (size_t i = 0; i < header_count; i++)
		all[1 + i] = headers[i];
	arena_init(&arena, 2048);
	post.url = arena_cstr(&arena, url);
	taken = post_send(&post, &status, &answer, err) &&
		check_answer(status, buf_str(&answer), err);
	arena_release(&arena);
	buf_release(&answer);
	return taken;
}

static bool check_answer(int status, struct str answer, struct error *err)
{
	char text[ANSWER_BYTES + 1];
	size_t n = 0;

	if (status >= 200 && status < 300)
		return true;
	for (; n < answer.n && n < ANSWER_BYTES; n++)
		text[n] =
			isprint((unsigned char)answer.p[n]) ? answer.p[n] : ' ';
	text[n] = '\0';
	return error_set(err, ERR_UPSTREAM_STATUS, "answered %d%s%s", status,
		n > 0 ? ": " : "", text);
}
