/*
 * gemini.h - Google's generateContent format, of the Gemini API and of Vertex
 * AI, as its own files see it.
 *
 * gemini.c     the row of the table
 * names.c      members in camelCase and in snake_case, lists of one
 * head.c       a client's body, for pass-through
 * signature.c  thought signatures
 * schema.c     OpenAPI's kind of schema -> JSON schema
 * part.c       parts of contents <-> neutral form
 * result.c     results of functions <-> neutral form
 * content.c    contents <-> neutral form
 * turns.c      another dialect's conversation -> contents
 * tool.c       tools and the choice among them <-> neutral form
 * config.c     generationConfig <-> neutral form
 * request.c    requests <-> neutral form
 * citation.c   sources of an answer <-> neutral form
 * logprobs.c   log probabilities <-> OpenAI's shape
 * response.c   answers <-> neutral form
 * partial.c    arguments that come piece by piece -> JSON text
 * reader.c     events of a stream -> neutral form
 * writer.c     neutral form -> events of a stream
 * failure.c    errors, both ways
 *
 * What each function does is said in dialect.h; here is what the files share.
 */
#ifndef DIALECT_GEMINI_H
#define DIALECT_GEMINI_H

#include "dialect/dialect.h"
#include "dialect/shape.h"

extern const struct dialect gemini;

#define GEMINI_NAME "gemini"

/* --- names.c --- */

/*
 * Google reads every member under two names, "mimeType" and "mime_type", as
 * all JSON forms of protocol buffers do (protobuf.dev/programming-guides/json).
 * A name given here is in camelCase and finds both.
 */
bool gemini_name_is(const struct json_member *member, const char *name);
/* The last one; type JSON_TYPE_NONE when there is none. */
struct json gemini_find(struct json object, const char *name);
unsigned gemini_count(struct json object, const char *name);

/*
 * shape.h's functions for both spellings. A member in snake_case, and one
 * whose row is special with the offset GEMINI_KEPT, is read like any other,
 * but also stays among the extras as it came, so that own words keep their
 * spelling; it stands there as a null, which losses.h does not name.
 */
#define GEMINI_KEPT 1
void gemini_read_shape(const struct shape *shape, struct json object,
	void *into, struct chat_extra *extra, struct arena *arena);
void gemini_write_shape(const struct shape *shape, const void *from,
	const struct chat_extra *extra, const struct shape_out *out);
/* The same as a member of its own: `"name": {...}`. */
void gemini_write_inner(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out);

/* Items of a list, which Google also reads when there is only one and no
 * list around it. */
struct gemini_items {
	struct json_cursor cursor;
	struct json single;
};

struct gemini_items gemini_items(struct json list);
bool gemini_next(struct gemini_items *items, struct json *out);
size_t gemini_length(struct json list);

/* --- head.c --- */
bool gemini_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err);
/* The model stands in the address, and in a whole request that is counted. */
void gemini_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out);

/* --- signature.c --- */
struct chat_signature gemini_read_signature(
	struct str text, struct arena *arena);
/* Append it as this format's clients get it. */
void gemini_append_signature(
	const struct chat_signature *signature, struct buf *out);
/* The member "thoughtSignature", if there is a signature. */
void gemini_write_signature(
	const struct chat_signature *signature, struct json_writer *w);
/*
 * In a stream another provider's signature comes behind the thought, in a
 * part of its own: put it on the thought again, which Google's clients give
 * back in as many parts, and contents, as it came in.
 */
void gemini_join_thoughts(struct chat_request *request, struct arena *arena);

/* --- schema.c --- */
/* A "parameters" or "responseSchema" as JSON schema, in the arena. */
struct str gemini_read_schema(struct json schema, struct arena *arena);

/* --- part.c --- */
/* A functionResponse is a message of its own, not a part. */
bool gemini_is_result(struct json part);
void gemini_read_part(
	struct json item, struct arena *arena, struct chat_message *message);
void gemini_write_part(
	const struct chat_part *part, const struct shape_out *out);
/* Does the part of another dialect come to something in this one? A client,
 * who sends it back, is also given what another provider has signed. */
bool gemini_can_write(const struct chat_part *part, bool is_reply);

/* --- result.c --- */
/* Of a part that holds a functionResponse, the message, but for the call
 * that it answers: that is in parts->id, if it was said. */
void gemini_read_result(
	struct json item, struct arena *arena, struct chat_message *message);
void gemini_write_result(
	const struct chat_message *message, const struct shape_out *out);
/* A result of another dialect; id may be absent. */
struct gemini_result {
	const struct chat_message *message;
	struct str id;
	struct str name;
	bool with_media;
};
void gemini_write_foreign_result(
	const struct gemini_result *result, struct json_writer *w);

/* --- content.c --- */
bool gemini_read_messages(struct json root, struct arena *arena,
	struct chat_request *out, struct error *err);
/* What a model said. */
void gemini_read_content(
	struct json content, struct arena *arena, struct chat_message *out);
void gemini_write_content(
	const struct chat_message *message, const struct shape_out *out);
/* "contents" and "systemInstruction" as they came. */
void gemini_write_contents(
	const struct chat_request *request, const struct shape_out *out);
void gemini_write_system(
	const struct chat_request *request, const struct shape_out *out);

/* --- turns.c --- */
/* What a writer of another dialect's request works with. */
struct gemini_out {
	const struct chat_request *request;
	struct chat_losses *losses; /* NULL: nobody wants to know */
	struct json_writer *w;
	struct error *err;
	bool is_old;      /* the model is of Gemini 1 or 2 */
	bool no_thoughts; /* the provider takes none of earlier turns */
};

/* Contents and systemInstruction of another dialect's conversation. */
bool gemini_write_turns(struct gemini_out *out);
/* Is it a model of a generation before Gemini 3? */
bool gemini_is_old(struct str model);

/* --- tool.c --- */
bool gemini_read_tools(struct json tools, struct arena *arena,
	struct chat_request *out, struct error *err);
/* A mode that nobody knows could not be kept to. */
MUST_USE bool gemini_check_tool_config(struct json root, struct error *err);
bool gemini_read_tool_config(
	struct json value, void *into, struct arena *arena);
void gemini_write_tools(const void *from, const struct shape_out *out);
void gemini_write_tool_config(const void *from, const struct shape_out *out);

/* --- config.c --- */
bool gemini_read_config(struct json value, void *into, struct arena *arena);
void gemini_write_config(const void *from, const struct shape_out *out);
/* Name what another dialect's request asks for and this cannot say. */
void gemini_lose_config(struct gemini_out *out);

/* --- request.c --- */
bool gemini_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err);
bool gemini_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);

/* --- citation.c --- */
/* Members of a candidate, read after its content. */
bool gemini_read_citations(struct json value, void *into, struct arena *arena);
bool gemini_read_grounding(struct json value, void *into, struct arena *arena);
/* "groundingMetadata" of another dialect's citations. */
void gemini_write_grounding(const void *from, const struct shape_out *out);

/* --- logprobs.c --- */
bool gemini_read_logprobs(struct json value, void *into, struct arena *arena);
void gemini_write_logprobs(const void *from, const struct shape_out *out);

/* --- response.c --- */
bool gemini_read_response(struct str body, struct arena *arena,
	struct chat_response *out, struct error *err);
void gemini_write_response(
	const struct chat_response *response, struct buf *out);
/* The same of a value that has been checked; a delta is a stream's, and its
 * calls come at the end. */
void gemini_read_answer(struct json root, bool is_delta, struct arena *arena,
	struct chat_response *out);
void gemini_write_answer(
	const struct chat_response *response, bool is_delta, struct buf *out);
/* --- partial.c --- */
/*
 * Vertex AI may send the arguments of a call value by value, each with its
 * JSON path; these make one JSON text of them, without holding more than the
 * path. Start with a zeroed struct whose buf has a maximum.
 */
struct gemini_partial {
	struct buf path; /* of the last value */
	bool in_string;  /* the last value goes on */
};

/* Append what the value adds. */
void gemini_partial_add(
	struct gemini_partial *partial, struct json value, struct buf *out);
/* Append what closes the text, and be ready for another. */
void gemini_partial_end(struct gemini_partial *partial, struct buf *out);

/* --- reader.c, writer.c --- */
void *gemini_reader_new(struct arena *arena);
bool gemini_read_event(const struct frame *frame, void *reader,
	struct arena *arena, struct chat_event *out, struct error *err);
void *gemini_writer_new(const struct chat_start *start, struct arena *arena);
void gemini_write_event(
	const struct chat_event *event, void *writer, struct buf *out);
/* What stands around the JSON text of one event; the writer may be NULL. */
void gemini_begin_event(void *writer, struct buf *out);
void gemini_end_event(void *writer, struct buf *out);
/* What closes the stream. */
void gemini_end_stream(void *writer, struct buf *out);

/* --- failure.c --- */
void gemini_write_failure(
	const struct error *err, struct str request_id, struct buf *out);
void gemini_write_stream_failure(const struct error *err, struct str request_id,
	void *writer, struct buf *out);

#endif
