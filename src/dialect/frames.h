/*
 * frames.h - cuts a stream into whole events.
 *
 * Bytes come in any cuts; events go out whole, each with the bytes exactly as
 * they were received, so that writing every `raw` in order gives the stream
 * back byte for byte. An event leaves as soon as its last byte is seen. Only
 * an event that lies in more than one feed is copied, and memory never grows
 * beyond the largest event.
 *
 *	frames_feed(&frames, bytes);
 *	while ((state = frames_next(&frames, &frame, &err)) == FRAMES_EVENT)
 *		...
 *
 * What an event is, the framing says:
 *
 * FRAMING_SSE: lines up to a blank one. They end in LF, CR or CRLF. When an
 * event's last CR is all that has come, the event leaves without waiting for
 * an LF that may follow; that LF is then the first byte of the next `raw`.
 *
 * FRAMING_JSON_LINES: a line, `data` without white space at its ends. An
 * empty line is an event without data.
 *
 * FRAMING_JSON_ARRAY: an object of one array of objects. Brackets, commas and
 * white space before it belong to its `raw`; the closing bracket is an event
 * without data. An object that is in no array is an event too.
 *
 * FRAMING_AWS: a message; `data` is its payload, `event` its :event-type,
 * :exception-type or :error-code; more in frames_aws.h. Its check sums and
 * lengths are verified. What a cut stream leaves has no data.
 */
#ifndef DIALECT_FRAMES_H
#define DIALECT_FRAMES_H

#include "base/buf.h"
#include "base/error.h"

/* How a stream says where one event ends and the next begins. */
enum framing {
	FRAMING_SSE,        /* server-sent events */
	FRAMING_JSON_LINES, /* one JSON text a line */
	FRAMING_JSON_ARRAY, /* the items of one JSON array */
	FRAMING_AWS,        /* vnd.amazon.eventstream, binary */
};

/* Which framing a Content-Type means, its parameters aside; false when it is
 * no stream's. Whether application/json is an array, the caller must know. */
bool framing_of(struct str content_type, enum framing *out);

struct frame {
	struct str raw;   /* as received, line ends included */
	struct str event; /* its name, "" when none */
	struct str data;  /* SSE: data: lines, joined by '\n' */
	bool has_data;    /* SSE: there was a data: line, maybe an empty one */
	bool has_comment; /* SSE: there was a line that begins with ':' */
	bool is_whole;    /* false: the stream ended before its end */
};

enum frames_state {
	FRAMES_EVENT,  /* *out is an event */
	FRAMES_MORE,   /* all of the fed bytes are used up */
	FRAMES_FAILED, /* too large, or not of this framing; for good */
};

struct frames {
	enum framing framing;
	struct buf held;  /* the beginning of an event, from earlier feeds */
	struct str input; /* what is left of the last feed */
	size_t max_frame_bytes;
	bool held_was_given; /* held is the raw of the last event */
	bool failed;
	const char *garbage; /* why, when it was not for the size */
	/* SSE */
	struct buf joined; /* data of an event with several data: lines */
	size_t next_cr;    /* first CR in input, input.n when none */
	bool in_line;      /* the current line has bytes */
	bool after_cr;     /* the last byte was a CR */
	bool began;        /* the first event has been given */
	/* a JSON array */
	size_t depth; /* braces that are open */
	bool in_string;
	bool after_backslash;
	/* AWS */
	size_t message_bytes; /* of the message that has begun; 0: unknown */
};

void frames_init(
	struct frames *frames, enum framing framing, size_t max_frame_bytes);
void frames_release(struct frames *frames);

/* The next bytes; the earlier ones must be used up (FRAMES_MORE). They must
 * stay where they are until this feed is used up too. */
void frames_feed(struct frames *frames, struct str bytes);

/*
 * The next event. Its views live until the next call of a frames_ function.
 * Blank lines between events are events without data. FRAMES_FAILED sets
 * ERR_UPSTREAM_TOO_LARGE or ERR_UPSTREAM_GARBAGE.
 */
enum frames_state frames_next(
	struct frames *frames, struct frame *out, struct error *err);

/*
 * At the end of the stream: what was held back, as an event that is not
 * whole. Some servers leave out the blank line after the last event, or the
 * end of the last line. False when nothing is left.
 */
bool frames_finish(struct frames *frames, struct frame *out);

#endif
