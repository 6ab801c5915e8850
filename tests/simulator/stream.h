/*
 * stream.h - an answer that comes in frames, and the faults that break it.
 */
#ifndef SIMULATOR_STREAM_H
#define SIMULATOR_STREAM_H

#include "answer.h"

/* The head, and the stream as the source of what follows it. */
void stream_begin(struct answer *answer, const struct ask *ask,
	const struct answer_request *request);
/* Append the next piece's frames. False: it was the last, or there is none;
 * answer->end tells how it ends. */
bool stream_next(struct answer *answer, struct buf *out);

/* A fault that only a stream can have. */
bool stream_has_fault(int fault);
/* A fault that breaks off half way, also an answer that comes whole. */
bool stream_breaks_off(int fault);
/* How an answer with that fault ends. */
enum answer_end stream_end(int fault);

#endif
