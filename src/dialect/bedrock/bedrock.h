/*
 * bedrock.h - Amazon Bedrock's Converse format, as its own files see it.
 *
 * bedrock.c    the row of the table, addresses
 * failure.c    errors
 * head.c       a client's body, for pass-through
 * block.c      content blocks <-> neutral parts
 * source.c     what images, documents, sounds and videos are made of
 * citation.c   citations of an answer <-> neutral form
 * message.c    messages in our own words <-> neutral form
 * turn.c       another dialect's conversation as our messages
 * call_id.c    ids for calls and results that need another one
 * tool.c       tools and the choice among them
 * config.c     the objects in which the parameters stand
 * request.c    whole requests in our own words <-> neutral form
 * translate.c  another dialect's request as ours
 * thinking.c   how a model is told to think
 * model.c      what a model takes, by its name
 * response.c   whole answers <-> neutral form
 * event.c      stream events -> neutral form
 * stream.c     neutral form -> stream events
 *
 * What each function does is said in dialect.h; here is what the files share.
 * The facts about the format are those of AWS's own SDK (the types of
 * @aws-sdk/client-bedrock-runtime 3.1163) and of the API reference,
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 *
 * A block of content is an object with one member, whose name says what it
 * is. A block that has another shape, or whose value cannot be told in the
 * neutral form without loss, is CHAT_OTHER. A cache point, which is a block
 * of its own here, is the `cache_control` of the part before it.
 */
#ifndef DIALECT_BEDROCK_H
#define DIALECT_BEDROCK_H

#include "dialect/dialect.h"
#include "dialect/losses.h"
#include "dialect/shape.h"

extern const struct dialect bedrock;

#define BEDROCK_NAME "bedrock"

/* head.c */
bool bedrock_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);

/* failure.c */
void bedrock_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void bedrock_write_stream_failure(const struct error *err,
	struct str request_id, void *writer, struct buf *out);
/* The exception that says a status, and the status that one says: of a name
 * that is not known, 500. */
struct str bedrock_exception_of(int status);
int bedrock_status_of(struct str exception);

/* The only member of an object, when its value has that type; else of type
 * JSON_TYPE_NONE. */
struct json bedrock_only_member(
	struct json object, struct str name, enum json_type type);
/* Has the object no members but these? */
bool bedrock_has_only(
	struct json object, const struct str *names, size_t count);

/* --- block.c --- */

enum bedrock_place { BEDROCK_IN_MESSAGE = 1, BEDROCK_IN_RESULT = 2 };

/* Add a block as a part. */
void bedrock_read_block(struct json block, enum bedrock_place place,
	struct arena *arena, struct chat_message *message);
/* A part as a block, in own words or another dialect's: then only parts that
 * bedrock_has_block() says yes to. */
void bedrock_write_block(
	const struct chat_part *part, const struct shape_out *out);
bool bedrock_has_block(const struct chat_part *part);
/* {"text": "..."} */
void bedrock_write_text(struct str text, struct json_writer *w);

/* Is it a cache point, and of the usual shape? Then its cache_control. */
bool bedrock_read_cache_point(struct json block, struct str *cache_control);
void bedrock_write_cache_point(struct str cache_control, struct json_writer *w);

/* --- source.c --- */

extern const struct shape bedrock_image_shape;
extern const struct shape bedrock_document_shape;
extern const struct shape bedrock_audio_shape;
extern const struct shape bedrock_video_shape;

/* The word for the part's media type; absent when the format has none. */
struct str bedrock_media_format(const struct chat_part *part);
/* Can its bytes be said: as such or at an address of S3? */
bool bedrock_has_source(const struct chat_part *part);
/* A document's name in allowed characters; `out` is cleared before. */
void bedrock_document_name(struct str name, struct buf *out);

/* --- citation.c --- */

/* The value of citationsContent, into a text. */
bool bedrock_read_citations(
	struct json value, struct chat_part *part, struct arena *arena);
/* One citation of a stream. */
void bedrock_read_citation(
	struct json value, struct chat_citation *out, struct arena *arena);
void bedrock_write_citations(
	const struct chat_part *part, const struct shape_out *out);
void bedrock_write_citation(
	const struct chat_citation *citation, struct json_writer *w);

/* --- message.c --- */

/* The messages of a checked list, behind those that are there. */
void bedrock_read_messages(
	struct json list, struct arena *arena, struct chat_request *request);
/* The member `system`: one message. False when it is empty. */
bool bedrock_read_system(struct json value, void *into, struct arena *arena);
void bedrock_write_system(const void *from, const struct shape_out *out);
void bedrock_write_messages(const void *from, const struct shape_out *out);
/* An answer's message. */
void bedrock_read_answer(
	struct json object, struct arena *arena, struct chat_message *out);
void bedrock_write_answer(
	const struct chat_message *message, const struct shape_out *out);

/* --- tool.c, config.c: rows of a request --- */

bool bedrock_read_tools(struct json value, void *into, struct arena *arena);
void bedrock_write_tools(const void *from, const struct shape_out *out);
bool bedrock_read_inference(struct json value, void *into, struct arena *arena);
void bedrock_write_inference(const void *from, const struct shape_out *out);
bool bedrock_read_additional(
	struct json value, void *into, struct arena *arena);
void bedrock_write_additional(const void *from, const struct shape_out *out);
bool bedrock_read_output(struct json value, void *into, struct arena *arena);
void bedrock_write_output(const void *from, const struct shape_out *out);
bool bedrock_read_tier(struct json value, void *into, struct arena *arena);
void bedrock_write_tier(struct str tier, struct json_writer *w);

/* --- request.c --- */

bool bedrock_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool bedrock_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);

/* --- model.c --- */

enum bedrock_maker {
	BEDROCK_ANTHROPIC,
	BEDROCK_NOVA,
	BEDROCK_NOVA_2,
	BEDROCK_GPT_OSS,
	BEDROCK_OTHER,
};

/* How a Claude model is told to think. */
enum bedrock_thinking {
	BEDROCK_THINKS_NOT,
	BEDROCK_THINKS_BUDGET,   /* {"type": "enabled", "budget_tokens"} */
	BEDROCK_THINKS_ADAPTIVE, /* {"type": "adaptive"} and an effort */
};

struct bedrock_model {
	enum bedrock_maker maker;
	bool caches;
	bool caches_tools;
	bool takes_result_status;
	bool takes_sampling;       /* temperature, topP, top_k */
	bool takes_both_samplings; /* temperature and topP together */
	bool takes_strict;         /* tools */
	enum bedrock_thinking thinking;
	bool thinks_unasked; /* and must be told when it shall not */
	bool has_xhigh;      /* an effort */
};

struct bedrock_model bedrock_model_get(struct str name);

/* --- translate.c: another dialect's request --- */

struct bedrock_translation {
	const struct chat_request *request;
	const struct dialect_traits *traits; /* may be NULL */
	struct chat_losses *losses;          /* may be NULL */
	struct error *err;
	struct bedrock_model model;
	struct shape_out out;
	/* Of bedrock_plan_thinking(). */
	bool thinks;
	bool declines; /* it must be told not to think */
	int64_t budget_tokens;
	struct str effort; /* absent: the model's own */
};

MUST_USE bool bedrock_translate(struct bedrock_translation *t);
/* May the provider be sent this field? */
bool bedrock_carries(
	const struct bedrock_translation *t, enum chat_field field);
/* It goes without this field, of the message if there is one. */
void bedrock_lose(struct bedrock_translation *t,
	const struct chat_message *message, enum chat_field field);
/* ERR_UNSUPPORTED for what a message holds. */
bool bedrock_refuse(struct bedrock_translation *t,
	const struct chat_message *message, const char *what);

/* turn.c: the members `system` and `messages` */
MUST_USE bool bedrock_translate_turns(struct bedrock_translation *t);
/* tool.c: the member `toolConfig` */
MUST_USE bool bedrock_translate_tools(struct bedrock_translation *t);
/* thinking.c: decide how the model is told to think, or lose it. */
void bedrock_plan_thinking(struct bedrock_translation *t);
/* The member `additionalModelRequestFields`: that, and top_k. */
void bedrock_translate_additional(struct bedrock_translation *t);

/* call_id.c. Ids that this format takes, the same for a call and for
 * its result, also where the other dialect has none. */
#define BEDROCK_ID_BYTES 65
void bedrock_call_id(const struct chat_request *request,
	const struct chat_call *call, char out[BEDROCK_ID_BYTES]);
void bedrock_result_id(const struct chat_request *request,
	const struct chat_message *result, char out[BEDROCK_ID_BYTES]);

/* --- response.c, event.c, stream.c --- */

bool bedrock_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void bedrock_write_response(
	const struct chat_response *response, struct buf *out);
enum chat_finish bedrock_finish_of(struct str word);
struct str bedrock_finish_word(const struct chat_choice *choice);
void bedrock_read_usage(struct json object, struct chat_usage *usage);
void bedrock_write_usage(const struct chat_usage *usage, struct json_writer *w);

void *bedrock_reader_new(struct arena *arena);
bool bedrock_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *bedrock_writer_new(const struct chat_start *start, struct arena *arena);
void bedrock_write_event(
	const struct chat_event *event, void *writer, struct buf *out);

#endif
