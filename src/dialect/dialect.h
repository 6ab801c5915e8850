/*
 * dialect.h - what one wire format can do: a row of functions per format.
 *
 * A dialect holds no state and knows no network. It has two halves:
 *
 * - Pass-through, the hot path: client and provider speak the same format, so
 *   bytes go out as they came in, with a few spliced places, and are only
 *   read for what the gateway must know (`chat_head`, `chat_facts`).
 * - Translation, through the neutral form of chat.h.
 *
 * Texts handed out are views of the body or live in the arena. Failures carry
 * what the client may read; whatever a provider said has keys blotted out.
 */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json.h"
#include "dialect/chat.h"
#include "dialect/frames.h"
#include "dialect/splice.h"

/* Where a value stands in the body; bytes == 0: it is not there. */
struct chat_place {
	size_t at;
	size_t bytes;
};

/* What the gateway must know of a request before it can choose. */
struct chat_head {
	struct str body;
	struct json root;
	struct str model; /* "" when absent or null */
	struct chat_place model_place;
	struct json messages;
	size_t message_count;
	bool stream;
	bool wants_usage; /* the client asked for the usage chunk itself */
	struct json stream_options;
	struct chat_place stream_options_place;
	struct str user;
	int64_t max_tokens; /* the most a choice may have; -1: not said */
	int64_t n;          /* choices; 1 when not said */
	/* What the model must be able to do. */
	bool has_tools;
	bool has_images;
	bool has_audio;
	bool has_files;
	bool has_json_schema;
	bool has_reasoning;
	bool has_logprobs;
	/* To estimate tokens, in bytes as written: the messages' text, and the
	 * same with tools, tool calls and schemas. Media are not counted. */
	int64_t prompt_text_bytes;
	int64_t prompt_bytes;
};

/* What a frame of a stream is to the relay. */
enum frame_kind {
	FRAME_CONTENT,
	FRAME_USAGE_ONLY, /* withhold it from a client that did not ask */
	FRAME_DONE,
	FRAME_ERROR,
	FRAME_COMMENT,
	FRAME_OTHER, /* nothing the gateway understands; pass it on */
};

/* What to do about a provider's refusal. */
enum failure_advice {
	ADVICE_RETRY,       /* the same target, after a while */
	ADVICE_NEXT_TARGET, /* this target cannot, another one may */
	ADVICE_GIVE_UP,     /* the request is at fault */
};

/* A provider's error answer. Texts are cut to fit, at whole characters. */
struct failure {
	int status; /* inside a 200 answer: what its code says, else 500 */
	char message[512]; /* "" when there was none; keys blotted out */
	char type[64];
	char code[64];
	char param[96];
	enum failure_advice advice;
	int64_t retry_after_ms; /* -1: not said */
};

/*
 * What is known of an answer, whole or so far. Holds no pointers: frames and
 * arenas may go while it stays. Start with chat_facts_init().
 */
struct chat_facts {
	struct chat_usage usage;
	bool has_usage;       /* the provider counted */
	int64_t output_bytes; /* text, reasoning, refusals, tool arguments */
	char model[128];
	char finish_reason[32]; /* of the last choice that finished */
	bool done;              /* the stream said it is complete */
	bool failed;            /* the body or an event is an error: */
	struct failure failure;
	/* Of the last body or frame read: */
	enum frame_kind frame;
	bool has_metadata;
	bool is_empty;     /* {} */
	size_t last_brace; /* its byte in the body, or in the frame's data */
};

struct dialect {
	const char *name; /* as the catalogue says it: "openai_chat" */
	const char *path; /* appended to a provider's base URL */

	/* --- pass-through --- */

	/*
	 * Check a request's whole body and find what matters. ERR_BAD_JSON,
	 * ERR_TOO_DEEP, ERR_MISSING_FIELD or ERR_BAD_FIELD with the path of
	 * the member at fault in `param`. An absent model is not an error.
	 */
	MUST_USE bool (*read_head)(struct str body, struct arena *arena,
		struct chat_head *out, struct error *err);

	/*
	 * The client's bytes for the provider: its name of the model in place
	 * of the client's, and, with ask_usage, a stream that tells its usage.
	 */
	void (*splice_request)(const struct chat_head *head,
		struct str upstream_model, bool ask_usage, struct arena *arena,
		struct splice *out);

	/* Read a whole answer. ERR_UPSTREAM_GARBAGE: not a JSON object. An
	 * error object in a 200 answer is facts->failed, not a failure. */
	MUST_USE bool (*read_reply)(struct str body, struct arena *arena,
		struct chat_facts *out, struct error *err);

	/* The answer with `metadata` (a JSON object) as its last member, or
	 * as it is when it has a `metadata` of its own. metadata_json must
	 * outlive the splice. */
	void (*splice_reply)(struct str body, const struct chat_facts *facts,
		struct str metadata_json, struct splice *out);

	/*
	 * Read one event of a stream and add it to the facts; facts->frame
	 * says what it was. ERR_UPSTREAM_GARBAGE: its data is not JSON.
	 */
	MUST_USE bool (*read_frame)(const struct frame *frame,
		struct chat_facts *facts, struct arena *scratch,
		struct error *err);

	/* The frame read last with `metadata` in its object. As it is when it
	 * has one, or when its data came in several lines. */
	void (*splice_usage_frame)(const struct frame *frame,
		const struct chat_facts *facts, struct str metadata_json,
		struct splice *out);

	/* --- failures --- */

	/* The body of an error answer. request_id may be empty. */
	void (*write_failure)(const struct error *err, struct str request_id,
		struct buf *out);
	/* The same as the last event of a stream that has begun. */
	void (*write_stream_failure)(const struct error *err,
		struct str request_id, struct buf *out);
	/* Read a provider's error answer, whatever it looks like. */
	void (*read_failure)(int status, struct str retry_after_header,
		struct str body, struct failure *out);

	/* --- translation --- */

	/* Facing the client. */
	MUST_USE bool (*read_request)(const struct chat_head *head,
		struct arena *arena, struct chat_request *out,
		struct error *err);
	void (*write_response)(
		const struct chat_response *response, struct buf *out);
	/* A whole frame with its blank line; nothing for CHAT_EVENT_NOTHING. */
	void (*write_event)(const struct chat_event *event, struct buf *out);

	/* Facing the provider. ERR_UNSUPPORTED, with the path in `param`: the
	 * conversation has something that this dialect has no words for. */
	MUST_USE bool (*write_request)(const struct chat_request *request,
		struct buf *out, struct error *err);
	MUST_USE bool (*read_response)(struct str body, struct arena *arena,
		struct chat_response *out, struct error *err);
	MUST_USE bool (*read_event)(const struct frame *frame,
		struct arena *arena, struct chat_event *out, struct error *err);
};

/* NULL when there is none of that name. */
const struct dialect *dialect_find(struct str name);

/* Every row of the table has every function and a name of its own; asserted
 * once at start. */
void dialect_check_table(void);

/* Everything unknown. */
void chat_facts_init(struct chat_facts *facts);

#endif
