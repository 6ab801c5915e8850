/*
 * recording.h - an answer that is known byte for byte: from a file of
 * recorded exchanges, or from the body of POST /_simulator/play.
 *
 * Both are JSON: {"status", "headers", "body" or "body_base64"}, which in a
 * file is the member "response". Headers that frame a body (Content-Length,
 * Transfer-Encoding, Connection) are ours and never taken from it.
 */
#ifndef SIMULATOR_RECORDING_H
#define SIMULATOR_RECORDING_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"

/* How the body is cut when it is not told otherwise. */
enum recording_frames {
	RECORDING_WHOLE,  /* it is not: one answer with its length */
	RECORDING_SSE,    /* at empty lines */
	RECORDING_LINES,  /* at each line */
	RECORDING_EVENTS, /* at the messages of an Amazon event stream */
};

struct recording {
	int status;
	enum recording_frames frames; /* by the type; framed as chunks */
	struct buf headers;           /* lines, each with its end */
	struct buf body;
	int chunk;  /* bytes of one write; 0: not cut */
	int gap_ms; /* between two writes */
};

/* Owns nothing yet. */
void recording_init(struct recording *recording);
void recording_release(struct recording *recording);

/* Read the object; `arena` is for the time of the call. */
MUST_USE bool recording_read(struct recording *recording, struct json object,
	struct arena *arena, struct error *err);

/*
 * Load the file `name` below `directory` (NULL: there is none). A path that
 * leaves the directory, also by a symbolic link, is ERR_NOT_FOUND.
 */
MUST_USE bool recording_load(struct recording *recording, const char *directory,
	struct str name, struct error *err);

/*
 * Length of the piece of body that goes out at once from `at` on: `chunk`
 * bytes, or one frame of a stream, or all the rest.
 */
size_t recording_piece(const struct recording *recording, size_t at);

#endif
