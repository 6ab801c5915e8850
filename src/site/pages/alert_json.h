/*
 * alert_json.h - alert rules and channels, as the pages about them show and
 * write down what they are.
 */
#ifndef SITE_PAGES_ALERT_JSON_H
#define SITE_PAGES_ALERT_JSON_H

#include "ledger/alert_channel.h"
#include "ledger/alert_rule.h"
#include "site/format.h"

/* Without texts of a language: for programs and for the audit log. */
json_t *alert_rule_json(const struct alert_rule *rule);
/* The target as alert_channel_hint() gives it, and no secret. */
json_t *alert_channel_json(
	const struct alert_channel *channel, struct arena *arena);

/* "kind_text", "threshold_text", "channels_text" and what a template asks. */
void alert_rule_put_texts(const struct site_request *request,
	const struct format *format, const struct alert_rule *rule,
	json_t *out);

/* The text alerts.GROUP.WORD, as `name`. */
void alert_put_text(const struct site_request *request, const char *group,
	struct str word, const char *name, json_t *out);

#endif
