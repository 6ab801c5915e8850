/*
 * anthropic.h - Anthropic's Messages format, as its own files see it.
 *
 * anthropic.c  the row of the table
 * head.c       a client's body, for pass-through
 * facts.c      a provider's answer and stream, for pass-through
 * failure.c    errors
 *
 * In our own words, to and from the neutral form:
 * block.c      content blocks
 * source.c     what images and documents are made of
 * citation.c   citations of a text block
 * message.c    messages and the system prompt
 * tool.c       tools and the choice among them
 * config.c     how to think, and in what shape to answer
 * request.c    the request around them
 *
 * Another dialect's request as ours:
 * translate.c  its members
 * turn.c       its conversation
 * call_id.c    ids for calls and results that have none
 * thinking.c   how the model is told to think
 * schema.c     JSON schemas within what Anthropic takes
 * model.c      what a Claude model takes, by its name
 *
 * Answers:
 * response.c   whole ones, both ways
 * event.c      stream events to the neutral form
 * stream.c     and from it
 *
 * What each function does is said in dialect.h; here is what the files share.
 *
 * A signature of another dialect on a text or a call stands in a thinking
 * block of its own, with no text, before that block: clients keep thinking
 * blocks where they are, send them back, and have no other place for it.
 */
#ifndef DIALECT_ANTHROPIC_H
#define DIALECT_ANTHROPIC_H

#include "dialect/dialect.h"
#include "dialect/losses.h"
#include "dialect/shape.h"

extern const struct dialect anthropic;

#define ANTHROPIC_NAME "anthropic"

/* head.c. A body for counting tokens is read the same. */
bool anthropic_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);

/* facts.c */
bool anthropic_read_reply(struct str body, struct arena *arena,
	struct chat_facts *out, struct error *err);
bool anthropic_read_frame(const struct frame *frame, struct chat_facts *facts,
	struct arena *scratch, struct error *err);
/* Add a `usage` object to counts read before; what it lacks stays. */
void anthropic_read_usage(struct json object, struct chat_usage *usage);

enum anthropic_event {
	ANTHROPIC_OTHER_EVENT, /* a ping, or one that is not known */
	ANTHROPIC_MESSAGE_START,
	ANTHROPIC_BLOCK_START,
	ANTHROPIC_BLOCK_DELTA,
	ANTHROPIC_BLOCK_STOP,
	ANTHROPIC_MESSAGE_DELTA,
	ANTHROPIC_MESSAGE_STOP,
};
/* By the `type` in its data; without one, by the frame's event: line. */
enum anthropic_event anthropic_event_of(
	const struct frame *frame, struct json type);

/* failure.c */
void anthropic_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void anthropic_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out);
/* Is this object an error and not an answer? */
bool anthropic_is_failure(struct json root);

/* block.c */
enum anthropic_place {
	ANTHROPIC_IN_SYSTEM = 1,
	ANTHROPIC_IN_USER = 2,
	ANTHROPIC_IN_ASSISTANT = 4,
	ANTHROPIC_IN_RESULT = 8, /* of a tool */
};
/* An array of objects alone, or of nothing. */
bool anthropic_is_block_list(struct json list);
/* Add a block, which must be an object, at the end of the message. */
void anthropic_read_block(struct json item, enum anthropic_place place,
	struct arena *arena, struct chat_message *message);
/* What a block just read lacks to be understood; NULL: nothing. */
const char *anthropic_missing_member(const struct chat_part *part);
/* Put the signatures of other dialects where they belong. */
void anthropic_join_tags(struct chat_message *message);
/* Images and documents in our own words alone. */
void anthropic_write_block(
	const struct chat_part *part, const struct shape_out *out);

/* source.c */
bool anthropic_knows_source(struct json source);
/* Of one that is known. */
void anthropic_read_source(
	struct json source, struct arena *arena, struct chat_part *part);
/* `"source": {}` of another dialect's image or file. ERR_UNSUPPORTED. */
MUST_USE bool anthropic_write_source(const struct chat_part *part,
	const char *path, struct json_writer *w, struct error *err);

/* citation.c */
MUST_USE bool anthropic_read_citations(
	struct json list, struct arena *arena, struct chat_citation **out);
struct chat_citation *anthropic_read_citation(
	struct json item, struct arena *arena);
void anthropic_write_citations(const struct chat_citation *citations,
	bool own_words, struct json_writer *w);
void anthropic_write_citation(const struct chat_citation *citation,
	bool own_words, struct json_writer *w);

/* message.c */
/* Is it a system prompt, and not null or an empty list? */
bool anthropic_has_system(struct json system);
/* ERR_MISSING_FIELD with the path of a block's member. */
MUST_USE bool anthropic_read_messages(const struct chat_head *head,
	struct json system, struct arena *arena, struct chat_request *out,
	struct error *err);
void anthropic_write_system(
	const struct chat_request *request, const struct shape_out *out);
void anthropic_write_messages(
	const struct chat_request *request, const struct shape_out *out);

/* tool.c, config.c: rows of the request's table */
bool anthropic_read_tools(struct json value, void *into, struct arena *arena);
void anthropic_write_tools(const void *from, const struct shape_out *out);
bool anthropic_read_tool_choice(
	struct json value, void *into, struct arena *arena);
void anthropic_write_tool_choice(const void *from, const struct shape_out *out);
bool anthropic_read_thinking(
	struct json value, void *into, struct arena *arena);
void anthropic_write_thinking(const void *from, const struct shape_out *out);
bool anthropic_read_output_config(
	struct json value, void *into, struct arena *arena);
void anthropic_write_output_config(
	const void *from, const struct shape_out *out);
bool anthropic_read_output_format(
	struct json value, void *into, struct arena *arena);
void anthropic_write_output_format(
	const void *from, const struct shape_out *out);

/* request.c */
bool anthropic_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool anthropic_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
/* Our word for a tier that is asked for; absent when there is none. */
struct str anthropic_tier(struct str neutral);

/* model.c */
struct anthropic_model {
	bool thinks;
	bool adapts;         /* is told an effort, not a budget */
	bool has_xhigh;      /* knows an effort of that name */
	bool thinks_unasked; /* when it is not told */
	bool thinks_always;  /* and cannot be told not to */
	bool takes_sampling; /* temperature, top_p, top_k */
	bool takes_both;     /* temperature together with top_p */
	bool takes_strict;   /* tools */
	int64_t max_tokens;  /* for a client that did not say how many */
};
struct anthropic_model anthropic_model_get(struct str name);

/* Another dialect's request on its way to Anthropic. */
struct anthropic_translation {
	const struct chat_request *request;
	const struct dialect_traits *traits; /* may be NULL */
	struct chat_losses *losses;
	struct json_writer *w;
	struct error *err;
	struct anthropic_model model;
	/* thinking.c */
	int64_t max_tokens;
	enum {
		ANTHROPIC_THINKS_UNTOLD,
		ANTHROPIC_THINKS_NOT,
		ANTHROPIC_THINKS_BY_BUDGET,
		ANTHROPIC_THINKS_ADAPTIVELY,
	} thinking;
	int64_t thinking_budget;
	const char *thinking_display; /* NULL: not said */
	const char *effort;           /* NULL: not said */
};

/* translate.c */
MUST_USE bool anthropic_translate(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
/* Does this provider take the field? */
bool anthropic_carries(
	const struct anthropic_translation *t, enum chat_field field);

/* thinking.c */
void anthropic_plan_thinking(struct anthropic_translation *t);
/* Did Anthropic sign it? */
bool anthropic_can_send_thinking(const struct chat_part *part);

/* turn.c. `"system"` and `"messages"`; ERR_UNSUPPORTED. */
MUST_USE bool anthropic_write_conversation(struct anthropic_translation *t);

/* call_id.c */
void anthropic_append_call_id(const struct chat_request *request,
	size_t message, const struct chat_part *call, struct buf *out);
/* False: no call before it that it could be the result of. */
MUST_USE bool anthropic_append_result_id(
	const struct chat_request *request, size_t result, struct buf *out);

/* schema.c. The schema's value; what it loses is named behind the
 * path. */
void anthropic_write_strict_schema(
	struct anthropic_translation *t, struct str schema, const char *path);
void anthropic_write_input_schema(
	struct anthropic_translation *t, struct str schema, const char *path);

/* response.c */
bool anthropic_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void anthropic_write_response(
	const struct chat_response *response, struct buf *out);
/* False when it is not a text. */
MUST_USE bool anthropic_read_stop_reason(
	struct json value, struct arena *arena, struct chat_choice *choice);
/* The tier that answered, in neutral words. */
struct str anthropic_read_tier(struct json word);
/* Members: stop_reason, stop_sequence, stop_details; those of `usage`. */
void anthropic_write_stop(enum chat_finish finish, struct str stop_sequence,
	bool has_calls, struct json_writer *w);
void anthropic_write_usage(
	const struct chat_usage *usage, struct json_writer *w);

/* event.c, stream.c */
void *anthropic_reader_new(struct arena *arena);
bool anthropic_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *anthropic_writer_new(const struct chat_start *first, struct arena *arena);
void anthropic_write_event(
	const struct chat_event *event, void *writer, struct buf *out);

#endif
