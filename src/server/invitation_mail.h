/*
 * invitation_mail.h - the mails with a link to an invitation (link_mail.h).
 */
#ifndef SERVER_INVITATION_MAIL_H
#define SERVER_INVITATION_MAIL_H

#include "gateway/gateway.h"

/* Send the next one and wait for the mail server. False: there was none, or
 * the database cannot be asked. `stop`, atomic, ends it early. */
bool invitation_mail_send_next(const struct gateway *gateway,
	struct str smtp_password, const bool *stop);

#endif
