/*
 * cohere.h - Cohere's Chat API, version 2, as its own files see it.
 *
 * cohere.c   the row of the table
 * head.c     a client's body, for pass-through
 * failure.c  errors
 * part.c     items of content, tool calls <-> neutral form
 * citation.c citations <-> neutral form
 * message.c  messages <-> neutral form
 * schema.c   JSON schemas without what Cohere does not take
 * tool.c     tools, and which of them to call <-> neutral form
 * format.c   the kind of answer that is wanted <-> neutral form
 * request.c  requests <-> neutral form
 * logprobs.c log probabilities <-> OpenAI's shape
 * response.c answers <-> neutral form
 * event.c    a stream's events -> neutral form
 * stream.c   neutral form -> a stream
 *
 * What each function does is said in dialect.h; here is what the files share.
 */
#ifndef DIALECT_COHERE_H
#define DIALECT_COHERE_H

#include "dialect/dialect.h"
#include "dialect/losses.h"
#include "dialect/shape.h"

extern const struct dialect cohere;

#define COHERE_NAME "cohere"

/* Where the writer of a request stands: losses are named on the way. */
struct cohere_out {
	struct shape_out to; /* what shape.h hands to the rows' functions */
	struct chat_losses *losses; /* NULL: nobody asks */
};

/* head.c */
bool cohere_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);

/* failure.c */
void cohere_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void cohere_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out);

/* part.c */
/* Add an item of `content`, or of `tool_calls`. */
void cohere_read_part(
	struct json item, struct arena *arena, struct chat_message *message);
void cohere_read_call(
	struct json item, struct arena *arena, struct chat_message *message);
void cohere_write_part(
	const struct chat_part *part, const struct shape_out *out);
void cohere_write_call(
	const struct chat_part *part, const struct shape_out *out);

/* citation.c */
struct chat_citation *cohere_read_citation(
	struct json item, struct arena *arena);
/* content_index: of the text that the citation is about. */
void cohere_write_citation(const struct chat_citation *citation,
	int64_t content_index, const struct shape_out *out);

/* message.c */
void cohere_read_message(
	struct json object, struct arena *arena, struct chat_message *out);
void cohere_write_message(
	const struct chat_message *message, const struct shape_out *out);
/* Of another dialect's: nothing is left that this format can say. */
bool cohere_message_is_empty(const struct chat_message *message);

/* schema.c: name, in the client's words, what is left out. */
void cohere_write_schema(struct str schema, struct chat_losses *losses,
	const char *path, struct json_writer *w);

/* tool.c: rows of the request */
void cohere_write_tools(const void *from, const struct shape_out *out);
bool cohere_read_strict(struct json value, void *into, struct arena *arena);
void cohere_write_strict(const void *from, const struct shape_out *out);
bool cohere_read_choice(struct json value, void *into, struct arena *arena);
void cohere_write_choice(const void *from, const struct shape_out *out);

/* format.c: rows of the request */
bool cohere_read_format(struct json value, void *into, struct arena *arena);
void cohere_write_format(const void *from, const struct shape_out *out);
bool cohere_read_thinking(struct json value, void *into, struct arena *arena);
void cohere_write_thinking(const void *from, const struct shape_out *out);

/* logprobs.c */
/* An item, or a list of them, as the neutral form has it; absent when it is
 * neither. */
struct str cohere_read_logprobs(struct json items, struct arena *arena);
/* A list of items, or one for a piece of text. */
void cohere_write_logprobs(struct str logprobs, struct json_writer *w);
void cohere_write_logprob(
	struct str logprobs, struct str text, struct json_writer *w);

/* request.c, response.c */
bool cohere_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool cohere_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
bool cohere_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void cohere_write_response(
	const struct chat_response *response, struct buf *out);
/* Their members, in answers and events alike. */
void cohere_read_finish(struct str word, struct chat_choice *choice);
struct str cohere_finish_word(enum chat_finish finish, bool stop_sequence);
void cohere_read_usage(struct json object, struct chat_usage *usage);
void cohere_write_usage(const struct chat_usage *usage, struct json_writer *w);

/* event.c, stream.c */
void *cohere_reader_new(struct arena *arena);
bool cohere_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *cohere_writer_new(const struct chat_start *start, struct arena *arena);
void cohere_write_event(
	const struct chat_event *event, void *writer, struct buf *out);
/* End the stream with an error. */
void cohere_write_stream_error(
	struct str message, struct str id, void *writer, struct buf *out);

#endif
