/*
 * frames.h - cuts a server-sent event stream into whole events.
 *
 * Bytes come in any cuts; events go out whole, each with the bytes exactly as
 * they were received, so that writing every `raw` in order gives the stream
 * back byte for byte. An event leaves as soon as its blank line is seen. Only
 * an event that lies in more than one feed is copied, and memory never grows
 * beyond the largest event.
 *
 *	frames_feed(&frames, bytes);
 *	while ((state = frames_next(&frames, &frame, &err)) == FRAMES_EVENT)
 *		...
 *
 * Lines end in LF, CR or CRLF. When an event's last CR is all that has come,
 * the event leaves without waiting for an LF that may follow; that LF is then
 * the first byte of the next `raw`.
 */
#ifndef DIALECT_FRAMES_H
#define DIALECT_FRAMES_H

#include "base/buf.h"
#include "base/error.h"

struct frame {
	struct str raw;   /* as received, line ends included */
	struct str event; /* value of the last event: line, "" when none */
	struct str data;  /* data: lines, joined by '\n' */
	bool has_data;    /* there was a data: line, maybe an empty one */
	bool has_comment; /* there was a line that begins with ':' */
	bool is_whole;    /* false: the stream ended without its blank line */
};

enum frames_state {
	FRAMES_EVENT,  /* *out is an event */
	FRAMES_MORE,   /* all of the fed bytes are used up */
	FRAMES_FAILED, /* an event is larger than allowed; for good */
};

struct frames {
	struct buf held;   /* the beginning of an event, from earlier feeds */
	struct buf joined; /* data of an event with several data: lines */
	struct str input;  /* what is left of the last feed */
	size_t next_cr;    /* first CR in input, input.n when none */
	size_t max_frame_bytes;
	bool in_line;        /* the current line has bytes */
	bool after_cr;       /* the last byte was a CR */
	bool began;          /* the first event has been given */
	bool held_was_given; /* held is the raw of the last event */
	bool failed;
};

void frames_init(struct frames *frames, size_t max_frame_bytes);
void frames_release(struct frames *frames);

/* The next bytes; the earlier ones must be used up (FRAMES_MORE). They must
 * stay where they are until this feed is used up too. */
void frames_feed(struct frames *frames, struct str bytes);

/*
 * The next event. Its views live until the next call of a frames_ function.
 * Blank lines between events are events without data. FRAMES_FAILED sets
 * ERR_UPSTREAM_TOO_LARGE.
 */
enum frames_state frames_next(
	struct frames *frames, struct frame *out, struct error *err);

/*
 * At the end of the stream: what was held back, as an event that is not
 * whole. Some servers leave the blank line after the last event out. False
 * when nothing is left.
 */
bool frames_finish(struct frames *frames, struct frame *out);

#endif
