/*
 * framing.h - how the frames of a stream are told apart.
 *
 * A frame is written in place: framing_begin(), the payload (JSON, without a
 * line's end within), framing_end().
 */
#ifndef SIMULATOR_FRAMING_H
#define SIMULATOR_FRAMING_H

#include "base/buf.h"

enum framing_kind {
	FRAMING_SSE,    /* server-sent events */
	FRAMING_LINES,  /* one JSON object a line */
	FRAMING_ARRAY,  /* the items of one JSON array */
	FRAMING_EVENTS, /* Amazon's binary event stream */
};

struct framing {
	enum framing_kind kind;
	bool crlf;     /* SSE: the ends of lines */
	bool comment;  /* SSE: one before each frame */
	bool began;    /* ARRAY: it has an item */
	size_t start;  /* EVENTS: of the open frame, in the buffer */
	size_t header; /* EVENTS: bytes of its headers */
};

void framing_init(struct framing *framing, enum framing_kind kind, bool crlf,
	bool comment);

/* Begin a frame; the event's name, where the kind has names, may be empty. */
void framing_begin(struct framing *framing, struct str event, struct buf *out);
/* EVENTS: the same for a frame that tells of a failure. */
void framing_begin_exception(
	struct framing *framing, struct str exception, struct buf *out);
void framing_end(struct framing *framing, struct buf *out);
/* Behind the last frame of a stream that is complete. */
void framing_finish(const struct framing *framing, struct buf *out);

#endif
