/*
 * alert_send.h - bring one message to its receiver, now, waiting for it.
 * Never on an event loop.
 */
#ifndef SERVER_ALERT_SEND_H
#define SERVER_ALERT_SEND_H

#include "base/settings.h"
#include "crypto/seal.h"
#include "ledger/alert_queue.h"

/* What sending needs; made by alert_sender_open(). */
struct alert_sender {
	const struct settings *settings;
	const struct vault *vault; /* NULL: no webhooks */
	struct str smtp_password;
	const bool *stop; /* atomic; true ends what is being sent; or NULL */
};

/*
 * Look at the settings of [alerts] and read the mail server's password into
 * the arena. ERR_CONFIG says which setting cannot work.
 */
MUST_USE bool alert_sender_open(struct alert_sender *sender,
	const struct settings *settings, const struct vault *vault,
	const bool *stop, struct arena *arena, struct error *err);

/*
 * True when the receiver has taken it. Else err->detail tells why, without
 * secrets; ERR_DRAINING: nobody knows, it was stopped.
 */
MUST_USE bool alert_send(const struct alert_sender *sender,
	const struct alert_delivery *delivery, struct error *err);

#endif
