/*
 * throttle.h - how often strangers may try: passwords, sign-ups, mails.
 *
 * Counted for each account that is tried and each address that tries, in
 * windows that slide, by all processes of the machine together. A try is
 * counted before it is made, so that many at once are no way around, and taken
 * off again when it turns out to be none (the password was right). An account
 * that does not exist is counted like one that does. Of IPv6 the first 64 bits
 * count: the rest is one subscriber's own.
 */
#ifndef SITE_THROTTLE_H
#define SITE_THROTTLE_H

#include "site/page.h"

struct throttle_rule {
	const char *name;    /* of its counters: "login" */
	int64_t per_account; /* tries in the window */
	int64_t per_ip;
	int64_t window_ms;
};

struct throttle {
	struct limits *limits;
	char id[LIMIT_ID_MAX_BYTES + 1];
};

/*
 * ERR_RATE_LIMITED, with the seconds to wait, when there were too many. With
 * true, throttle_end() must follow. `account` is what is tried, in any case
 * of letters; "" counts the address alone.
 */
MUST_USE bool throttle_begin(struct throttle *throttle,
	const struct site_request *request, const struct throttle_rule *rule,
	struct str account, struct error *err);
void throttle_end(struct throttle *throttle, bool counts);

/* Of passwords, by the settings. */
struct throttle_rule throttle_logins(const struct settings *settings);

#endif
