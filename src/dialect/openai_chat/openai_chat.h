/*
 * openai_chat.h - OpenAI's Chat Completions format, as its own files see it.
 *
 * openai_chat.c  the row of the table
 * head.c         a client's body, for pass-through
 * facts.c        a provider's answer and stream, for pass-through
 * failure.c      errors, both ways
 * part.c         parts of messages <-> neutral form
 * call.c         tool calls <-> neutral form
 * thinking.c     thinking of all spellings <-> neutral form
 * message.c      messages <-> neutral form
 * citation.c     annotations <-> neutral form
 * tool.c         tools and their choice <-> neutral form
 * reasoning.c how to think <-> neutral form
 * request.c      requests <-> neutral form
 * rules.c        what a request must be to be understood
 * adapt.c        another dialect's request made fit for providers
 * results.c      the same: tool calls and their results
 * response.c     answers <-> neutral form
 * event.c        stream events, to neutral form
 * stream.c       and from it
 *
 * What each function does is said in dialect.h; here is what the files share.
 */
#ifndef DIALECT_OPENAI_CHAT_H
#define DIALECT_OPENAI_CHAT_H

#include "dialect/dialect.h"
#include "dialect/shape.h"

extern const struct dialect openai_chat;

#define OPENAI_CHAT_NAME "openai_chat"

/* head.c */
bool openai_chat_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);
void openai_chat_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out);

/* facts.c */
bool openai_chat_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err);
bool openai_chat_read_frame(const struct frame *frame, struct chat_facts *facts,
	struct arena *scratch, struct error *err);
/* Read a `usage` object; counts it does not have stay as they are. */
void openai_chat_read_usage(struct json object, struct chat_usage *usage);

/* failure.c */
void openai_chat_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void openai_chat_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out);
/* Is this object an error and not an answer? */
bool openai_chat_is_failure(struct json root);

/* What is written, and how; handed to the tables' own functions. */
struct openai_chat_out {
	struct shape_out shape; /* first: the tables know no more */
	struct str dialect;     /* whose words are written in ours */
	int64_t text_before;    /* characters of a stream's choice until now */
	bool audio_is_text;     /* the data alone, without its format */
};

static inline const struct openai_chat_out *openai_chat_out(
	const struct shape_out *out)
{
	return (const struct openai_chat_out *)(const void *)out;
}

/* part.c: items of a message's lists, and its single objects */
/* Add an item of `content`, `images`, `reasoning_details`, `tool_calls`, or
 * the object that is `audio` or `function_call`. */
void openai_chat_read_part(struct json item, struct str member,
	struct arena *arena, struct chat_message *message);
void openai_chat_write_part(const struct chat_part *part, struct str member,
	const struct shape_out *out);
/* `"name": {members}`, when there is any member. */
void openai_chat_write_inner(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out);

/* call.c: the members of a tool call */
extern const struct shape openai_chat_call_shape;
/* Of OpenAI's first function calling: {"name", "arguments"}. */
extern const struct shape openai_chat_function_shape;
bool openai_chat_is_custom(const struct chat_part *part);

/* thinking.c: OpenRouter's, Mistral's items */
extern const struct shape openai_chat_thinking_shape;
extern const struct shape openai_chat_detail_text_shape;
extern const struct shape openai_chat_detail_summary_shape;
extern const struct shape openai_chat_detail_encrypted_shape;
/* The member `reasoning_details` as parts; false: it has none we know. */
bool openai_chat_read_details(
	struct json list, struct arena *arena, struct chat_message *message);
/* A signature with its origin before it, where it is not ours. */
void openai_chat_write_signature(const char *name,
	const struct chat_signature *signature, const struct shape_out *out);

/* message.c */
/* An array with items, all of them objects. */
bool openai_chat_has_objects(struct json list);
void openai_chat_read_message(
	struct json object, struct arena *arena, struct chat_message *out);
void openai_chat_write_message(
	const struct chat_message *message, const struct shape_out *out);

/* citation.c: the member `annotations` */
bool openai_chat_read_annotations(
	struct json value, void *into, struct arena *arena);
void openai_chat_write_annotations(
	const void *from, const struct shape_out *out);
int64_t openai_chat_count_characters(struct str text);

/* tool.c: members of a request */
bool openai_chat_read_tools(struct json value, void *into, struct arena *arena);
void openai_chat_write_tools(const void *from, const struct shape_out *out);
bool openai_chat_read_tool_choice(
	struct json value, void *into, struct arena *arena);
void openai_chat_write_tool_choice(
	const void *from, const struct shape_out *out);

/* reasoning.c: members of a request; the first that is there
 * counts, and another one stays as it is */
bool openai_chat_read_effort(
	struct json value, void *into, struct arena *arena);
bool openai_chat_read_reasoning(
	struct json value, void *into, struct arena *arena);
bool openai_chat_read_thinking(
	struct json value, void *into, struct arena *arena);
void openai_chat_write_reasoning(const void *from, const struct shape_out *out);
/* Another dialect's wish in the provider's own way of saying it. */
void openai_chat_adapt_reasoning(struct chat_reasoning *reasoning,
	const struct dialect_traits *traits, struct chat_losses *losses);

/* rules.c */
/* What read_head() leaves to the provider, and we must understand. */
MUST_USE bool openai_chat_check_request(
	const struct chat_request *request, struct error *err);

/* adapt.c */
/* A copy of another dialect's request that OpenAI's rules allow. */
MUST_USE bool openai_chat_adapt(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct arena *arena, struct chat_request *out, struct error *err);

/* results.c */
/* Results right behind their calls, before what else the user says. */
void openai_chat_order_results(
	struct chat_request *request, struct arena *arena);
/* When an id is missing or too long: new ones for all calls and results. */
void openai_chat_adapt_call_ids(
	struct chat_request *request, struct arena *arena);

/* request.c, response.c, event.c,
 * stream.c */
bool openai_chat_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool openai_chat_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
bool openai_chat_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void openai_chat_write_response(
	const struct chat_response *response, struct buf *out);
/* A chunk of an answer, that has been checked. */
void openai_chat_read_chunk(
	struct json root, struct arena *arena, struct chat_response *out);
void openai_chat_write_object(const struct chat_response *response,
	const struct openai_chat_out *how, struct buf *out);
void *openai_chat_reader_new(struct arena *arena);
bool openai_chat_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *openai_chat_writer_new(
	const struct chat_start *start, struct arena *arena);
void openai_chat_write_event(
	const struct chat_event *event, void *writer, struct buf *out);

#endif
