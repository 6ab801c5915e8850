/*
 * facts.h - what the gateway must know of an answer, whole or so far: tokens,
 * how it ended, whether it is an error.
 */
#ifndef DIALECT_FACTS_H
#define DIALECT_FACTS_H

#include "dialect/chat.h"
#include "dialect/failure.h"
#include "dialect/frames.h"
#include "dialect/splice.h"

struct dialect;

/* What a frame of a stream is to the relay. */
enum frame_kind {
	FRAME_CONTENT,
	FRAME_USAGE_ONLY, /* withhold it from a client that did not ask */
	FRAME_DONE,
	FRAME_ERROR,
	FRAME_COMMENT,
	FRAME_OTHER, /* nothing the gateway understands; pass it on */
};

/* Who wants what the model writes, piece by piece as it comes: text,
 * reasoning, refusals, names and arguments of calls. */
struct facts_listener {
	void (*hear)(struct facts_listener *listener, struct str text);
};

/*
 * What is known of an answer, whole or so far. Holds no pointers into it:
 * frames and arenas may go while it stays. Start with chat_facts_init().
 */
struct chat_facts {
	struct facts_listener *listener; /* NULL: nobody; the caller's */
	struct chat_usage usage;
	bool has_usage;       /* the provider counted */
	int64_t output_bytes; /* text, reasoning, refusals, tool arguments */
	char model[128];
	char service_tier[32];  /* that served it, "" where it is not said */
	char finish_reason[32]; /* of the last choice that finished */
	bool done;              /* the stream said it is complete */
	/* A whole answer each of whose choices ended by itself, with a call or
	 * at the length that was asked for, and none of which is a refusal;
	 * false also where that was not looked at. */
	bool is_plain;
	bool failed; /* the body or an event is an error: */
	struct failure failure;
	/* Of the last body or frame read: */
	enum frame_kind frame;
	bool has_metadata;
	bool is_empty;     /* {} */
	size_t last_brace; /* its byte in the body, or in the frame's data */
};

/* A provider's answer is one JSON object, or ERR_UPSTREAM_GARBAGE. */
MUST_USE bool facts_check(
	struct str text, struct json *root, struct error *err);

/* Where a provider tells a count: a member of an object. */
struct count_row {
	struct str name;
	size_t offset; /* in struct chat_usage */
};

#define COUNT_ROW(name, field)                                \
	{                                                     \
		STR(name), offsetof(struct chat_usage, field) \
	}

/* Read the counts that the object has; one that makes no sense is not known,
 * and those that it does not have stay as they are. */
void facts_read_counts(struct json object, const struct count_row *rows,
	size_t count, struct chat_usage *usage);
/* One count. */
void facts_read_count(struct json value, int64_t *count);

/* Everything unknown. */
void chat_facts_init(struct chat_facts *facts);

/* The model wrote that. */
void chat_facts_hear(struct chat_facts *facts, struct str text);

/* As is_plain above. */
bool chat_response_is_plain(const struct chat_response *response);

/* Add what a whole answer, or an event of a stream, tells. */
void chat_facts_add_response(
	struct chat_facts *facts, const struct chat_response *response);
void chat_facts_add_event(
	struct chat_facts *facts, const struct chat_event *event);

/* The dialect's own reader, or its neutral form's. `reader` is the stream's
 * memory where reader_new() is not NULL. Errors as in dialect.h. */
MUST_USE bool facts_read_reply(const struct dialect *dialect, struct str body,
	struct arena *arena, struct chat_facts *out, struct error *err);
MUST_USE bool facts_read_frame(const struct dialect *dialect,
	const struct frame *frame, void *reader, struct chat_facts *facts,
	struct arena *scratch, struct error *err);

/* A body that is a JSON object: where it ends, has it `metadata`. */
void facts_find_end(
	struct chat_facts *facts, struct str text, struct json root);

/*
 * The answer with `metadata` (a JSON object) as its last member; as it is when
 * it has a `metadata` of its own. metadata_json must outlive the splice.
 */
void facts_splice_reply(struct str body, const struct chat_facts *facts,
	struct str metadata_json, struct splice *out);
/* The same with the object of the frame read last. As it is also when its
 * data came in several lines. */
void facts_splice_frame(const struct frame *frame,
	const struct chat_facts *facts, struct str metadata_json,
	struct splice *out);

#endif
