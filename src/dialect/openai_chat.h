/*
 * openai_chat.h - OpenAI's Chat Completions format, as its own files see it.
 *
 * openai_chat.c          the row of the table
 * openai_chat_head.c     a client's body, for pass-through
 * openai_chat_facts.c    a provider's answer and stream, for pass-through
 * openai_chat_failure.c  errors, both ways
 * openai_chat_part.c     parts of messages, tool calls <-> neutral form
 * openai_chat_message.c  messages <-> neutral form
 * openai_chat_request.c  requests <-> neutral form
 * openai_chat_response.c answers and stream events <-> neutral form
 *
 * What each function does is said in dialect.h; here is what the files share.
 */
#ifndef DIALECT_OPENAI_CHAT_H
#define DIALECT_OPENAI_CHAT_H

#include "dialect/dialect.h"
#include "dialect/shape.h"

extern const struct dialect openai_chat;

#define OPENAI_CHAT_NAME "openai_chat"

/* openai_chat_head.c */
bool openai_chat_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);
void openai_chat_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out);

/* openai_chat_facts.c */
bool openai_chat_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err);
void openai_chat_splice_reply(struct str body, const struct chat_facts *facts,
	struct str metadata_json, struct splice *out);
bool openai_chat_read_frame(const struct frame *frame, struct chat_facts *facts,
	struct arena *scratch, struct error *err);
void openai_chat_splice_usage_frame(const struct frame *frame,
	const struct chat_facts *facts, struct str metadata_json,
	struct splice *out);
/* An answer is one JSON object, or ERR_UPSTREAM_GARBAGE. */
MUST_USE bool openai_chat_check(
	struct str text, struct json *root, struct error *err);
/* Read a `usage` object; counts it does not have stay as they are. */
void openai_chat_read_usage(struct json object, struct chat_usage *usage);

/* openai_chat_failure.c */
void openai_chat_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void openai_chat_write_stream_failure(
	const struct error *err, struct str request_id, struct buf *out);
void openai_chat_read_failure(int status, struct str retry_after_header,
	struct str body, struct failure *out);
/* Is this object an error and not an answer? */
bool openai_chat_is_failure(struct json root);
/* The same as read_failure, of a checked value; status may be 200. */
void openai_chat_read_failure_json(
	int status, struct json root, struct arena *arena, struct failure *out);
/* Copy a text into `out` of that size: cut at a whole character, control
 * characters made spaces. */
void openai_chat_fit(struct str text, char *out, size_t size);

/* openai_chat_part.c: items of a message's lists */
/* Add an item of `content`, `reasoning_details` or `tool_calls`. */
void openai_chat_read_part(struct json item, struct str member,
	struct arena *arena, struct chat_message *message);
/* An audio answer, or the mention of an earlier one. */
void openai_chat_read_audio(
	struct json audio, struct arena *arena, struct chat_message *message);
void openai_chat_write_part(const struct chat_part *part, struct str member,
	const struct shape_out *out);
/* Does the format have words for it in a request? */
bool openai_chat_can_write(const struct chat_part *part);
/* `"name": {members}`, when there is any member. */
void openai_chat_write_inner(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out);

/* openai_chat_message.c */
void openai_chat_read_message(
	struct json object, struct arena *arena, struct chat_message *out);
void openai_chat_write_message(
	const struct chat_message *message, const struct shape_out *out);

/* openai_chat_request.c, openai_chat_response.c */
bool openai_chat_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool openai_chat_write_request(
	const struct chat_request *request, struct buf *out, struct error *err);
bool openai_chat_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void openai_chat_write_response(
	const struct chat_response *response, struct buf *out);
bool openai_chat_read_event(const struct frame *frame, struct arena *arena,
	struct chat_event *out, struct error *err);
void openai_chat_write_event(const struct chat_event *event, struct buf *out);

#endif
