/*
 * mail.h - one e-mail, given to a mail server by SMTP.
 *
 * The message is plain text in UTF-8 (RFC 5322, RFC 2045, RFC 2047). Whatever
 * its fields hold, they cannot add a header or a recipient: control
 * characters become spaces, and what is not ASCII is encoded.
 */
#ifndef NET_MAIL_H
#define NET_MAIL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define MAIL_ADDRESS_MAX_BYTES 254

struct mail {
	struct str from; /* addresses as mail_address_is_valid() takes them */
	struct str to;
	struct str subject;
	struct str text;       /* lines end in '\n' */
	struct str message_id; /* without <>; the same when sent again */
	int64_t unix_ms;
};

/* How the mail server is reached. */
struct mail_server {
	struct str url;  /* smtp://HOST[:PORT] or smtps://HOST[:PORT] */
	struct str user; /* "" does not log in */
	struct str password;
	struct str ca_file; /* who vouches for it; "": the system's */
	/* Without TLS, and a certificate that fits, nothing is sent; with a
	 * user that holds always. Else TLS is used where the server offers it,
	 * whatever its certificate. */
	bool require_tls;
	int64_t timeout_ms; /* for all of it */
	const bool *stop;   /* atomic; true ends it early; NULL: never */
};

/* local@domain, of visible ASCII without quotes, brackets and commas. */
bool mail_address_is_valid(struct str address);
/* An address of the form that mail_server takes. */
bool mail_url_is_valid(struct str url);

/* Append the message as it is sent, lines ended by CRLF. */
void mail_write(const struct mail *mail, struct buf *out);

/*
 * Send it and wait until the server has taken it. ERR_UPSTREAM_*, with the
 * server's code where it refused; ERR_DRAINING when it was stopped.
 */
MUST_USE bool mail_send(const struct mail_server *server,
	const struct mail *mail, struct error *err);

#endif
