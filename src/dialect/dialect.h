/*
 * dialect.h - what one wire format can do: a row of functions per format.
 *
 * A dialect knows no network and holds no state of its own. It has two
 * halves:
 *
 * - Pass-through, the hot path: client and provider speak the same format, so
 *   bytes go out as they came in, with a few spliced places, and are only
 *   read for what the gateway must know (`chat_head`, `chat_facts`).
 * - Translation, through the neutral form of chat.h. A stream's reader and
 *   writer remember what they must (which block is open) in a memory that the
 *   caller gets from reader_new() and writer_new() and hands in with every
 *   event. The arena is rewound after each event: what outlives one lives in
 *   that memory, in bufs of its own.
 *
 * Every dialect has all of it, also the half that faces clients where no
 * client speaks it yet: that is how a dialect is proven to lose nothing.
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
#include "dialect/facts.h"
#include "dialect/field.h"
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
	struct json stream_options; /* OpenAI Chat */
	struct chat_place stream_options_place;
	struct str user;
	struct str service_tier; /* that it asks for; "": it does not */
	int64_t max_tokens;      /* the most a choice may have; -1: not said */
	int64_t n;               /* choices; 1 when not said */
	/* What the model must be able to do. */
	bool has_tools;
	bool has_images;
	bool has_audio;
	bool has_files;
	bool has_json_schema;
	bool has_reasoning;
	bool has_logprobs;
	/* It names a part of the prompt that its provider keeps. */
	bool leans_on_provider;
	/* To estimate tokens, in bytes as written: the messages' text, and the
	 * same with tools, tool calls and schemas. Media are not counted. */
	int64_t prompt_text_bytes;
	int64_t prompt_bytes;
};

/*
 * Where one provider differs from others of its dialect, as its row in the
 * catalogue says. All zero is the dialect as its inventor speaks it. Only
 * translation heeds them: a client that speaks the provider's own dialect is
 * expected to know the provider.
 */
struct dialect_traits {
	uint64_t unsupported; /* 1 << enum chat_field */
	enum {
		MAX_TOKENS_CLASSIC,    /* "max_tokens" */
		MAX_TOKENS_COMPLETION, /* "max_completion_tokens" */
	} max_tokens;
	enum {
		REASONING_EFFORT,       /* "reasoning_effort": "low" */
		REASONING_OBJECT,       /* OpenRouter's "reasoning": {} */
		REASONING_THINKING,     /* DeepSeek's, Z.ai's "thinking": {} */
		REASONING_HIGH_OR_NONE, /* "reasoning_effort", no other words */
	} reasoning;
	enum {
		AUDIO_OBJECT, /* "input_audio": {"data", "format"} */
		AUDIO_TEXT,   /* "input_audio": "the data" */
	} audio;
};

struct chat_losses;

/* How a translated stream begins, for its writer. */
struct chat_start {
	struct str request_id; /* stands in for an id the provider left out */
	int64_t created_unix_s;
	struct str model;
	bool wants_usage; /* OpenAI Chat: the client asked for the usage chunk
			   */
	bool as_array;    /* Gemini: a JSON array, not server-sent events */
	bool began;       /* bytes went out already, not through this writer */
};

struct dialect {
	const char *name; /* as the catalogue says it: "openai_chat" */
	/* What a member that holds the conversation is called: "messages". */
	const char *messages;
	/* Its words for the fields; NULL: it has none. As a path from the
	 * request ("generationConfig.topK"), from a message or from a tool. */
	const char *words[CHAT_FIELDS];
	/* Members without which the answer would be wrong, though only this
	 * format has them ("previous_response_id"); ends with NULL; may be
	 * NULL. A request with one of them cannot be translated. */
	const char *const *essential;
	/* "Name: value" lines for its providers, unless the client's own line
	 * of that name is forwarded; ends with NULL; may be NULL. */
	const char *const *headers;
	/* Headers of a client of this dialect that its providers want to see
	 * ("anthropic-beta"); ends with NULL; may be NULL. */
	const char *const *forwards;
	/* How its streams are cut, and what their type is called. */
	enum framing framing;
	const char *stream_type;

	/* Append what comes behind the base URL: "/chat/completions". */
	void (*write_path)(struct str model, bool stream, struct buf *out);

	/* The same for counting a request's tokens, and an answer of that
	 * kind; NULL: the format cannot. */
	void (*write_count_path)(struct str model, struct buf *out);
	void (*write_token_count)(int64_t tokens, struct buf *out);

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

	/*
	 * Read a whole answer, or one event of a stream, for what the gateway
	 * must know alone; facts->frame says what the event was. NULL: by way
	 * of the neutral form, see facts.h. ERR_UPSTREAM_GARBAGE: not a JSON
	 * object. An error in it is facts->failed, not a failure.
	 */
	MUST_USE bool (*read_reply)(struct str body, struct arena *arena,
		struct chat_facts *out, struct error *err);
	MUST_USE bool (*read_frame)(const struct frame *frame,
		struct chat_facts *facts, struct arena *scratch,
		struct error *err);

	/* --- failures --- */

	/* The body of an error answer. request_id may be empty. */
	void (*write_failure)(const struct error *err, struct str request_id,
		struct buf *out);
	/* The same as the last event of a stream that has begun. `writer` is
	 * the stream's memory where writer_new() is not NULL. */
	void (*write_stream_failure)(const struct error *err,
		struct str request_id, void *writer, struct buf *out);

	/* --- translation --- */

	/* Facing the client. ERR_BAD_FIELD, ERR_MISSING_FIELD with the path:
	 * what read_head() leaves to the provider and we must understand. */
	MUST_USE bool (*read_request)(const struct chat_head *head,
		struct arena *arena, struct chat_request *out,
		struct error *err);
	void (*write_response)(
		const struct chat_response *response, struct buf *out);
	/* The memory of a stream's writer; NULL: it needs none. */
	void *(*writer_new)(
		const struct chat_start *start, struct arena *arena);
	/* Whole frames, with what ends them; may be none or several. After
	 * the last one there is always CHAT_EVENT_DONE or a DELTA that is
	 * done, not both. */
	void (*write_event)(
		const struct chat_event *event, void *writer, struct buf *out);

	/*
	 * Facing the provider. What has no words is chat_losses_find()'s
	 * matter; a value that the format cannot carry as it is, is added to
	 * the losses here. ERR_UNSUPPORTED, with the path in `param`: it must
	 * not go out without.
	 */
	MUST_USE bool (*write_request)(const struct chat_request *request,
		const struct dialect_traits *traits, struct chat_losses *losses,
		struct buf *out, struct error *err);
	MUST_USE bool (*read_response)(struct str body, struct arena *arena,
		struct chat_response *out, struct error *err);
	/* The memory of a stream's reader; NULL: it needs none. */
	void *(*reader_new)(struct arena *arena);
	MUST_USE bool (*read_event)(const struct frame *frame, void *reader,
		struct arena *arena, struct chat_event *out, struct error *err);
};

/* NULL when there is none of that name. */
const struct dialect *dialect_find(struct str name);

/* Every row of the table has every function and a name of its own; asserted
 * once at start. */
void dialect_check_table(void);

#endif
