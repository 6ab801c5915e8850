/*
 * channel_check.h - can a channel ever speak? For pages and the command line.
 */
#ifndef SITE_CHANNEL_CHECK_H
#define SITE_CHANNEL_CHECK_H

#include "base/settings.h"
#include "ledger/alert_channel.h"

/*
 * Name and target: an e-mail address, where there is a mail server, or a URL
 * that a provider's base URL could be; it is kept as it was written.
 * ERR_BAD_FIELD, ERR_BAD_REQUEST.
 */
MUST_USE bool channel_check(const struct alert_channel *channel,
	const struct settings *settings, struct arena *arena,
	struct error *err);

#endif
