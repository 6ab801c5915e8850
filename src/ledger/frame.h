/*
 * frame.h - how a record lies in a journal file.
 *
 *	4 bytes  magic; its 0xff never occurs in a payload, which is UTF-8
 *	4 bytes  length of the payload, little-endian
 *	4 bytes  CRC-32 of the payload
 *	4 bytes  CRC-32 of the 12 bytes before
 *	         the payload
 *
 * The header vouches for itself, so that a damaged length is never believed,
 * and whatever is damaged, reading goes on at the next frame that is whole.
 */
#ifndef LEDGER_FRAME_H
#define LEDGER_FRAME_H

#include "base/buf.h"

#define FRAME_HEADER_BYTES 16
#define FRAME_MAX_PAYLOAD_BYTES (1 << 20)
#define FRAME_MAX_BYTES (FRAME_HEADER_BYTES + FRAME_MAX_PAYLOAD_BYTES)

/* Begin a frame in an empty buf; the payload is appended after this. */
void frame_begin(struct buf *frame);
/* The payload is complete: fill in the header. Nothing when the buf failed. */
void frame_seal(struct buf *frame);

enum frame_state {
	FRAME_WHOLE,   /* a frame stands at `start` */
	FRAME_PARTIAL, /* more bytes may make one of what begins at `start` */
	FRAME_NONE,    /* no frame, nor the beginning of one */
};

struct frame_found {
	enum frame_state state;
	size_t start; /* the bytes before it belong to no frame */
	size_t end;   /* of a whole frame; else the end of the bytes */
	struct str payload;
};

/* The first whole frame in the bytes, else the first partial one. */
struct frame_found frame_find(struct str bytes);

#endif
