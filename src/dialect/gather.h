/*
 * gather.h - the events of a stream, gathered into the whole answer that the
 * provider would have given without one.
 *
 * It has no members of a format's own: each format has others for a piece and
 * for a whole.
 *
 * What is gathered are views of the events, so all events are read with one
 * arena that is not rewound, and the bytes that they were read from stay.
 */
#ifndef DIALECT_GATHER_H
#define DIALECT_GATHER_H

#include "dialect/dialect.h"

struct gather;

/* Nothing yet; in the arena. */
struct gather *gather_new(struct arena *arena);
/* One more event. */
void gather_add(struct gather *gather, const struct chat_event *event);
/* The whole answer; once, at the end. ERR_UPSTREAM_STATUS: one of the events
 * was an error; ERR_UPSTREAM_CUT: none was the last. */
MUST_USE bool gather_finish(
	struct gather *gather, struct chat_response *out, struct error *err);

/* All of a stream's bytes at once. The same, and what reading events gives. */
MUST_USE bool gather_stream(const struct dialect *dialect, enum framing framing,
	struct str bytes, struct arena *arena, struct chat_response *out,
	struct error *err);

#endif
