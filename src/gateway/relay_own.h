/*
 * relay_own.h - what relay.c (the answer on its way) and relay_end.c (how it
 * ends) do for each other.
 */
#ifndef GATEWAY_RELAY_OWN_H
#define GATEWAY_RELAY_OWN_H

#include "gateway/stages.h"

/* --- relay.c --- */

/* Read one event and send it on. False: call->error says why that cannot be. */
MUST_USE bool relay_frame(struct call *call, const struct frame *frame);
/* Bytes for the client, who gets the head before the first. */
void relay_tell(struct call *call, struct str bytes);
/* What a translation has written. */
void relay_flush(struct call *call);

/* --- relay_end.c --- */

/* The provider has sent the last byte of a stream, or of a whole answer. */
void relay_end_stream(struct call *call);
void relay_end_whole(struct call *call);
/* The attempt failed as call->error says: the next one, or the end. */
void relay_fail(struct call *call);

#endif
