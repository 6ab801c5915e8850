/*
 * reply.h - reads one HTTP/1.1 answer and counts the events of the stream in
 * it, byte by byte as they arrive; nothing of the body is kept.
 */
#ifndef BENCH_REPLY_H
#define BENCH_REPLY_H

#include "base/buf.h"

enum reply_state {
	REPLY_HEAD,
	REPLY_SIZE,    /* the line that begins a chunk */
	REPLY_CHUNK,   /* `left` bytes of it */
	REPLY_GAP,     /* the line's end behind it */
	REPLY_TRAILER, /* lines behind the last chunk */
	REPLY_COUNTED, /* `left` bytes: Content-Length */
	REPLY_UNTIL_CLOSE,
	REPLY_END,    /* whole; further bytes are not ours */
	REPLY_BROKEN, /* not HTTP/1.1 */
};

#define REPLY_LINE_BYTES 16

struct reply {
	enum reply_state state;
	struct buf head; /* of the answer, or a line of its framing */
	int status;      /* valid behind the head */
	bool closes;     /* the connection ends with this answer */
	uint64_t left;
	char line[REPLY_LINE_BYTES]; /* the start of a line of the body */
	size_t line_bytes;           /* of the whole line so far */
	int64_t events;              /* "data:" lines, [DONE] included */
	bool is_done;                /* [DONE] was said */
};

/* Owns nothing until it is read into. */
void reply_init(struct reply *reply);
void reply_release(struct reply *reply);

/* Take what arrived; look at `state` and `events` afterwards. */
void reply_read(struct reply *reply, struct str bytes);
/* The connection has ended: is the answer whole? */
bool reply_close(struct reply *reply);

#endif
