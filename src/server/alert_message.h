/*
 * alert_message.h - what a receiver reads, in the form of its channel.
 *
 * A message is made of what the database says, so that it is the same bytes
 * each time it is tried.
 */
#ifndef SERVER_ALERT_MESSAGE_H
#define SERVER_ALERT_MESSAGE_H

#include "ledger/alert_queue.h"
#include "net/mail.h"

#define ALERT_MESSAGE_MAX_BYTES 65536
/* "t=<seconds>,v1=<64 digits>" and a NUL. */
#define ALERT_SIGNATURE_BYTES 96

/* Texts in the arena; `from` is a valid address. */
void alert_message_mail(const struct alert_delivery *delivery, struct str from,
	int64_t now_ms, struct arena *arena, struct mail *out);

/* {"text": "..."}, as Slack's incoming webhooks take it. */
void alert_message_slack(
	const struct alert_delivery *delivery, struct buf *out);

/*
 * {"id", "kind", "rule", "occasion", "state": "open" or "resolved",
 * "opened_ms", "closed_ms": null or a number, "summary", "facts": {}}
 */
void alert_message_webhook(
	const struct alert_delivery *delivery, struct buf *out);

/*
 * "t=<unix_s>,v1=<hex>": HMAC-SHA256, by the channel's secret, of the seconds
 * as decimal digits, a '.', and the body. The time is within, so that a
 * receiver can refuse what is old.
 */
void alert_message_sign(struct str secret, int64_t unix_s, struct str body,
	char out[ALERT_SIGNATURE_BYTES]);

#endif
