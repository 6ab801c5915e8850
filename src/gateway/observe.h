/*
 * observe.h - what an HTTP request and a call add to the metrics.
 *
 * Labels are names of ours: routes of the table, models and providers of the
 * catalogue. What a client invents is "unknown" or "other".
 */
#ifndef GATEWAY_OBSERVE_H
#define GATEWAY_OBSERVE_H

#include "gateway/call.h"

/* A request begins: it is active until its exchange ends, then counted under
 * that route. x->app is the gateway. */
void observe_exchange(struct http_exchange *x, struct str route);

/* The call ended; what the request log is told of it. */
void observe_call(struct call *call, const struct usage_record *usage);

/* A call whose process died with it: only its row is known. */
void observe_lost_call(
	struct gateway *gateway, const struct usage_record *usage);

/* An event with content of a stream goes to the client. */
void observe_token(struct call *call);

#endif
