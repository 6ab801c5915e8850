/*
 * alert_watch.h - the thread that looks at the alert rules and sends what
 * they have to say. A receiver may keep it waiting; nothing else waits for
 * it, and any other process takes its work over when it ends.
 */
#ifndef SERVER_ALERT_WATCH_H
#define SERVER_ALERT_WATCH_H

#include "gateway/gateway.h"

struct alert_watch;

/* ERR_CONFIG: a setting of [alerts] cannot work. */
MUST_USE bool alert_watch_start(const struct gateway *gateway,
	struct alert_watch **out, struct error *err);
/* A message that is being sent is left to others, or to the next start. */
void alert_watch_stop(struct alert_watch *watch);

#endif
