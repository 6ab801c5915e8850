/*
 * password_mail.h - the mails with a link to a new password (link_mail.h).
 *
 * A page only notes that one was asked for (accounts/user_link.h), so that its
 * answer takes as long for an address that nobody has.
 */
#ifndef SERVER_PASSWORD_MAIL_H
#define SERVER_PASSWORD_MAIL_H

#include "gateway/gateway.h"

/* Send the next one and wait for the mail server. False: there was none, or
 * the database cannot be asked. `stop`, atomic, ends it early. */
bool password_mail_send_next(const struct gateway *gateway,
	struct str smtp_password, const bool *stop);

#endif
