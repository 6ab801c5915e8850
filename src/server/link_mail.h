/*
 * link_mail.h - the mails that have a link in them: to a new password, to an
 * invitation.
 *
 * A page only notes that one is wanted, so that a mail server that is slow or
 * away holds up nobody. The thread that sends alerts sends these too, of all
 * processes one; a mail that the server does not take is told of in the log.
 * The token of the link is made when the mail is, and lives nowhere else.
 */
#ifndef SERVER_LINK_MAIL_H
#define SERVER_LINK_MAIL_H

#include "gateway/gateway.h"

struct link_mail {
	struct str to;
	struct str kind; /* "password": part of the message's id */
	struct str subject;
	struct str text;
};

/* Send it and wait for the mail server. `stop`, atomic, ends it early.
 * ERR_BAD_FIELD for an address that no mail can go to, ERR_UPSTREAM_*,
 * ERR_DRAINING. */
MUST_USE bool link_mail_send(const struct gateway *gateway,
	struct str smtp_password, const bool *stop,
	const struct link_mail *mail, struct arena *arena, struct error *err);

#endif
