/*
 * link_mail.c - a mail by what the settings say.
 */
#include "server/link_mail.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "net/mail.h"

bool link_mail_send(const struct gateway *gateway, struct str smtp_password,
	const bool *stop, const struct link_mail *mail, struct arena *arena,
	struct error *err)
{
	const struct settings *settings = gateway->settings;
	struct mail_server server = {
		.url = settings->smtp_url,
		.user = settings->smtp_user,
		.password = smtp_password,
		.ca_file = settings->smtp_ca_file,
		.require_tls = settings->smtp_require_tls,
		.timeout_ms = settings->alerts_timeout_ms,
		.stop = stop,
	};
	struct mail message = {
		.from = settings->smtp_from,
		.to = mail->to,
		.subject = mail->subject,
		.text = mail->text,
		.unix_ms = clock_unix_ms(),
	};
	char id[REQUEST_ID_BYTES];

	if (!mail_address_is_valid(mail->to))
		return error_set(err, ERR_BAD_FIELD,
			"its address is none that mail can be sent to");
	random_request_id(id);
	message.message_id = arena_printf(
		arena, "%s.%.*s@llm-gateway.invalid", id, STR_ARG(mail->kind));
	return mail_send(&server, &message, err);
}
