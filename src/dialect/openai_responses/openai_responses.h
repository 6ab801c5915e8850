/*
 * openai_responses.h - OpenAI's Responses format, as its own files see it.
 *
 * openai_responses.c  the row of the table
 * head.c              a client's body, for pass-through
 * check.c             what translation must understand of a request
 * part.c              content parts <-> neutral form
 * item.c              items of the model's turn <-> neutral form
 * message.c           lists of items <-> messages
 * extra.c             members that are kept as they came
 * input.c             another dialect's messages, as input items
 * tool.c              tools, their choice, formats <-> neutral form
 * request.c           requests <-> neutral form
 * response.c answers <-> neutral form
 * event.c             a provider's stream
 * hear.c              what of it is new
 * answer.c            an answer in the making, for a client
 * build.c             another dialect's parts, made into its items
 * tell.c              the events that tell of it
 * stream.c            a stream for a client, errors in it
 *
 * What each function does is said in dialect.h; here is what the files share.
 *
 * The hard part: where other formats have messages this one has a flat list
 * of items, and one turn of the model is several of them: what it thought,
 * messages, calls. They become one message of the neutral form:
 *
 * - A reasoning item or a call is one part.
 * - A message item is the parts of its content. The first of them has the
 *   item's own members, in `idle_extra` and `inner_extra`, which no other
 *   part has; so it can be seen where an item begins. A content that is one
 *   string is a text without a `type`. A content of another shape is a text
 *   without text, and the content stays among the members.
 * - An item that only this format knows is a message of its own in requests,
 *   so that a refusal names its place, and a CHAT_OTHER part in answers.
 */
#ifndef DIALECT_OPENAI_RESPONSES_H
#define DIALECT_OPENAI_RESPONSES_H

#include "dialect/dialect.h"
#include "dialect/shape.h"

extern const struct dialect openai_responses;

#define OPENAI_RESPONSES_NAME "openai_responses"

/*
 * What other dialects keep in places that this one has not, a client is given
 * as the encrypted_content of a reasoning item, "origin:mark:text", and sends
 * back: sealed thinking, and the signature of the call in the next item.
 */
#define OPENAI_RESPONSES_SEALED "sealed:"
#define OPENAI_RESPONSES_NEXT "next:"

/* What stands between the parts of a summary when they are one text. */
#define OPENAI_RESPONSES_PARAGRAPH "\n\n"

/* head.c */
bool openai_responses_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);

/* check.c */
/* ERR_BAD_FIELD, ERR_MISSING_FIELD: an item or tool that makes no sense. */
MUST_USE bool openai_responses_check(
	const struct chat_head *head, struct error *err);

/* part.c */
/* Add the parts of a content, a string or a list of objects. False when it
 * is neither, or the list is empty: then nothing was added. */
bool openai_responses_read_content(
	struct json content, struct arena *arena, struct chat_message *message);
/* `is_output`: the model wrote it. */
void openai_responses_write_part(const struct chat_part *part, bool is_output,
	const struct shape_out *out);
/* One annotation; NULL when it is no object. */
struct chat_citation *openai_responses_read_annotation(
	struct json annotation, struct arena *arena);
/* In another dialect's words; false and nothing when it has no URL. */
bool openai_responses_write_citation(const struct chat_citation *citation,
	struct str text, struct json_writer *w);

/* item.c */
enum openai_responses_kind {
	OPENAI_RESPONSES_OTHER,
	OPENAI_RESPONSES_MESSAGE,
	OPENAI_RESPONSES_REASONING,
	OPENAI_RESPONSES_FUNCTION,
	OPENAI_RESPONSES_CUSTOM,
	OPENAI_RESPONSES_RESULT, /* of a call of either kind */
};
enum openai_responses_kind openai_responses_kind_of(struct json item);
/* CHAT_ROLE_UNSET: it has none that we know. */
enum chat_role openai_responses_role_of(struct json item);
/* Add an item of the model's turn, or of an answer. */
void openai_responses_read_item(
	struct json item, struct arena *arena, struct chat_message *message);
/* The text of a reasoning item: its summary, else its content. */
struct str openai_responses_thinking(struct json item, struct arena *arena);
/* The item that the part begins; returns the part behind it. */
const struct chat_part *openai_responses_write_item(
	const struct chat_part *part, const struct shape_out *out);

/* message.c */
/* Take items of the request's `input` into its messages, which have room for
 * one each. */
void openai_responses_read_input(
	struct json items, struct chat_request *request, struct arena *arena);
/* The items that the message came from, in own words. */
void openai_responses_write_items(
	const struct chat_message *message, const struct shape_out *out);
/* Sort out what a message item is called and what state it is in. */
void openai_responses_set_message_idle(
	struct chat_extra *extra, struct chat_extra *idle);

/* extra.c */
/* Members of these names are idle. */
void openai_responses_set_idle(struct chat_extra *extra,
	struct chat_extra *idle, const struct str *names, size_t count);
#define OPENAI_RESPONSES_SET_IDLE(extra, idle, names) \
	openai_responses_set_idle((extra), (idle), (names), ARRAY_LEN(names))
bool openai_responses_is_among(
	struct str text, const struct str *list, size_t count);
void openai_responses_push(
	struct chat_extra *extra, struct chat_member *member);

/* input.c */
/* The members `instructions` and `input`, of another dialect's messages. */
MUST_USE bool openai_responses_write_input(const struct chat_request *request,
	struct chat_losses *losses, struct json_writer *w, struct error *err);

/* tool.c: rows of the request's table */
bool openai_responses_read_tools(
	struct json value, void *into, struct arena *arena);
void openai_responses_write_tools(
	const void *from, const struct shape_out *out);
bool openai_responses_read_tool_choice(
	struct json value, void *into, struct arena *arena);
void openai_responses_write_tool_choice(
	const void *from, const struct shape_out *out);
bool openai_responses_read_text(
	struct json value, void *into, struct arena *arena);
void openai_responses_write_text(const void *from, const struct shape_out *out);
bool openai_responses_read_reasoning(
	struct json value, void *into, struct arena *arena);
void openai_responses_write_reasoning(
	const void *from, const struct shape_out *out);

/* request.c, response.c */
bool openai_responses_read_request(const struct chat_head *head,
	struct arena *arena, struct chat_request *out, struct error *err);
bool openai_responses_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
/* Is it a service tier of OpenAI's? */
bool openai_responses_has_tier(struct str tier);
bool openai_responses_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err);
bool openai_responses_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void openai_responses_write_response(
	const struct chat_response *response, struct buf *out);
/* What the response object of an event tells, its output aside. */
void openai_responses_read_envelope(
	struct json object, struct arena *arena, struct chat_response *out);
/* How it ended. */
void openai_responses_read_finish(struct json object, bool has_calls,
	struct arena *arena, struct chat_choice *choice);
/* Its error, or the one that the event itself is. */
void openai_responses_read_error(
	struct json object, struct arena *arena, struct failure *out);

/* event.c, stream.c */
void *openai_responses_reader_new(struct arena *arena);
bool openai_responses_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *openai_responses_writer_new(
	const struct chat_start *start, struct arena *arena);
void openai_responses_write_event(
	const struct chat_event *event, void *writer, struct buf *out);
void openai_responses_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out);

#endif
