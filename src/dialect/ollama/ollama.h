/*
 * ollama.h - Ollama's own API, /api/chat, as its own files see it.
 *
 * ollama.c   the row of the table
 * head.c     a client's body, for pass-through
 * failure.c  errors
 * time.c     points in time
 * call.c     tool calls, and the ids that join results to them
 * message.c  messages <-> neutral form
 * options.c  the members of `options` <-> neutral form
 * request.c  requests <-> neutral form
 * response.c answers <-> neutral form
 * event.c    a stream's lines -> neutral form
 * stream.c   neutral form -> a stream
 *
 * What each function does is said in dialect.h; here is what the files share.
 */
#ifndef DIALECT_OLLAMA_H
#define DIALECT_OLLAMA_H

#include "dialect/dialect.h"
#include "dialect/losses.h"
#include "dialect/shape.h"

extern const struct dialect ollama;

#define OLLAMA_NAME "ollama"

/* Where the writer of a request stands: losses are named on the way. */
struct ollama_out {
	struct shape_out to; /* what shape.h hands to the rows' functions */
	struct chat_losses *losses; /* NULL: nobody asks */
};

/* head.c */
bool ollama_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);

/* failure.c */
void ollama_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void ollama_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out);
void ollama_write_error(struct str message, struct buf *out);

/* time.c: RFC 3339, of any time zone; -1: it is not one. */
int64_t ollama_read_time(struct str text);
/* In UTC. */
void ollama_write_time(int64_t unix_s, struct json_writer *w);

/* call.c */
void ollama_read_call(
	struct json item, struct arena *arena, struct chat_message *message);
/* `index`: its place among the message's calls. */
void ollama_write_call(const struct chat_call *call, int64_t index,
	const struct shape_out *out);
/* Give an id to every call that has none, and to every result its call's. */
void ollama_make_call_ids(struct chat_request *request, struct arena *arena);

/* message.c */
void ollama_read_message(
	struct json object, struct arena *arena, struct chat_message *out);
void ollama_write_message(
	const struct chat_message *message, const struct shape_out *out);

/* options.c: a row of the request */
bool ollama_read_options(struct json value, void *into, struct arena *arena);
void ollama_write_options(const void *from, const struct shape_out *out);

/* request.c, response.c */
bool ollama_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool ollama_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
/* Move the member of that name to those that ask for nothing. */
void ollama_keep_idle(
	struct chat_extra *extra, struct chat_extra *idle, struct str name);
bool ollama_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void ollama_write_response(
	const struct chat_response *response, struct buf *out);
/* An answer, or a line of a stream, that was checked. */
void ollama_read_object(
	struct json root, struct arena *arena, struct chat_response *out);
/* Their log probabilities, if it has any. */
void ollama_write_logprobs(struct str logprobs, struct json_writer *w);
/* How an answer ends: its last members; usage may be NULL. */
void ollama_write_end(enum chat_finish finish, const struct chat_usage *usage,
	struct json_writer *w);

/* event.c, stream.c */
void *ollama_reader_new(struct arena *arena);
bool ollama_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *ollama_writer_new(const struct chat_start *start, struct arena *arena);
void ollama_write_event(
	const struct chat_event *event, void *writer, struct buf *out);

#endif
