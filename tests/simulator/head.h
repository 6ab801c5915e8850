/*
 * head.h - the head of an answer, line by line.
 */
#ifndef SIMULATOR_HEAD_H
#define SIMULATOR_HEAD_H

#include "answer.h"

/* The status line, and what the provider says in every answer. */
void head_begin(const struct answer *answer, int status, struct buf *out);
void head_append_type(struct str type, struct buf *out);
/* The type of a stream whose frames are told apart in this way. */
void head_append_stream_type(enum framing_kind framing, struct buf *out);
void head_append_length(size_t body_bytes, struct buf *out);
/* The empty line; from here on answer->head_bytes is valid. */
void head_end(struct answer *answer, struct buf *out);

#endif
