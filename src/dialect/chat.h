/*
 * chat.h - the one inner form of a conversation, between any two dialects.
 *
 * A dialect's reader fills these structs, another dialect's writer reads
 * them. All texts are views, of the body that was read or of the arena given
 * to the reader; arrays and lists live in that arena.
 *
 * Conventions:
 * - A text that is absent has p == NULL; one that is there but empty has not.
 * - A number that is absent is -1. Sampling numbers are texts, as the client
 *   wrote them: 0.7 must not become 0.69999999999999996.
 * - A "json" text is JSON, unchanged: schemas, log probabilities, metadata.
 * - `extra` holds members that this form cannot express: unknown ones, nulls,
 *   empty lists, values of an unexpected shape. They are words of the dialect
 *   named in `dialect`; a writer of that dialect puts them back, any other
 *   leaves them out, and losses.h names them.
 * - `idle_extra` holds members that ask for nothing: ids and states of what
 *   the provider made, defaults in so many words. They are kept like the
 *   others, but nothing is lost without them.
 *
 * How things that the formats arrange differently stand here:
 * - System prompts are messages (CHAT_SYSTEM), in the order in which they
 *   apply, also where a format has a member of its own for them: then
 *   `member` names it.
 * - Each tool result is a message of its own (CHAT_TOOL), also where a format
 *   keeps several in one message: then `same_turn` joins them again.
 * - What the model thought comes before what it said: parts are in the order
 *   in which the model made them.
 */
#ifndef DIALECT_CHAT_H
#define DIALECT_CHAT_H

#include "base/arena.h"
#include "base/json.h"

/* One member that stays as it came. */
struct chat_member {
	struct chat_member *next;
	struct json_member member;
	/* What it must be and is not, "a number"; NULL: nothing is known to
	 * be wrong with it. See check.h. */
	const char *expected;
};

struct chat_extra {
	struct chat_member *first;
	struct chat_member *last;
	/* Of a request: the path of the object that holds them, such as
	 * "generationConfig"; NULL: it is the request, message, ... itself. */
	const char *within;
};

enum chat_flag { CHAT_UNSET, CHAT_NO, CHAT_YES };

enum chat_role {
	CHAT_SYSTEM,
	CHAT_DEVELOPER,
	CHAT_USER,
	CHAT_ASSISTANT,
	CHAT_TOOL,     /* the result of a tool call */
	CHAT_FUNCTION, /* the same, of OpenAI's first function calling */
	CHAT_ROLE_UNSET,
};

enum chat_part_kind {
	CHAT_TEXT,              /* text, citations */
	CHAT_IMAGE,             /* url | data + media_type; detail */
	CHAT_AUDIO,             /* data + media_type; text is its transcript */
	CHAT_VIDEO,             /* url */
	CHAT_FILE,              /* url | data + media_type | file_id; name */
	CHAT_THINKING,          /* text, signature */
	CHAT_REDACTED_THINKING, /* data */
	CHAT_REFUSAL,           /* text */
	CHAT_TOOL_CALL,         /* call */
	CHAT_OTHER,             /* json: one item this form cannot express */
};

/*
 * A signature proves to the provider that made it that its model thought
 * this. Another provider would refuse it, so it says where it is from: on its
 * way through a client of another dialect it is written "origin:signature"
 * (no alphabet of signatures has a colon), see signature.h.
 */
struct chat_signature {
	struct str text;
	struct str origin; /* a dialect's name; "" or absent: not known */
};

/* A source that the model names for what it wrote. */
struct chat_citation {
	struct chat_citation *next;
	struct str type; /* "url_citation" */
	struct str url;
	struct str title;
	struct str cited_text;
	int64_t start_index; /* in the part's text, in characters */
	int64_t end_index;
	struct str json; /* as it came, for the same dialect */
	bool has_inner;  /* the object within was there */
	struct chat_extra extra;
	struct chat_extra inner_extra; /* of the object within */
};

struct chat_call {
	int64_t index; /* in a stream: which call this belongs to */
	struct str id;
	struct str type; /* "function" or "custom" */
	struct str name;
	struct str arguments; /* text; of a function: JSON, maybe broken off */
};

/*
 * One piece of a message, in order. In a stream: what is new of it.
 * `member` names the member of the message that held it where a dialect has
 * several for one thing ("reasoning", "reasoning_content", ...). Media that
 * came in a data: URL has `data` and `media_type` beside its `url`.
 */
struct chat_part {
	struct chat_part *next;
	enum chat_part_kind kind;
	struct str member;
	struct str type; /* the dialect's own word for the kind */
	struct str text;
	struct chat_signature signature; /* of thinking, text or a call */
	struct str data;                 /* base64, or opaque */
	struct str media_type;
	struct str url;
	struct str file_id;
	struct str name; /* of a file */
	struct str id;   /* of an audio answer, of a reasoning item */
	struct str detail;
	struct str json; /* CHAT_OTHER: the item; else the dialect's own */
	struct chat_citation *citations; /* of this text */
	struct str cache_control;        /* json, Anthropic's shape */
	struct chat_call call;
	struct chat_extra extra;
	struct chat_extra inner_extra; /* of the object within */
	struct chat_extra idle_extra;
};

struct chat_message {
	enum chat_role role;
	struct chat_part *parts;
	struct chat_part *last_part;
	bool content_is_list; /* false: the content was one plain string */
	bool same_turn;       /* part of the same wire message as the last */
	struct str member;    /* of the request that held it: "system" */
	int64_t wire_index;   /* its place there; -1: not in a list */
	struct str name;      /* of who speaks; of a tool result: the tool's */
	struct str tool_call_id; /* CHAT_TOOL: which call this answers */
	enum chat_flag is_error; /* CHAT_TOOL: the tool failed */
	struct chat_citation *citations; /* of the whole content */
	struct chat_extra extra;
	struct chat_extra inner_extra; /* of the object within */
	struct chat_extra idle_extra;
};

struct chat_tool {
	struct str type; /* "function", or the dialect's own tool */
	struct str name;
	struct str description;
	struct str parameters; /* json: the schema */
	enum chat_flag strict;
	struct str cache_control; /* json, Anthropic's shape */
	struct str format;        /* json, of a "custom" tool */
	struct str json;          /* no function, nor custom: the whole tool */
	struct chat_extra extra;
	struct chat_extra inner_extra;
};

enum chat_tool_choice {
	CHAT_CHOICE_UNSET,
	CHAT_CHOICE_AUTO,
	CHAT_CHOICE_NONE,
	CHAT_CHOICE_REQUIRED,
	CHAT_CHOICE_NAMED,
};

enum chat_format_kind {
	CHAT_FORMAT_UNSET,
	CHAT_FORMAT_TEXT,
	CHAT_FORMAT_JSON,
	CHAT_FORMAT_SCHEMA,
};

struct chat_format {
	enum chat_format_kind kind;
	struct str name;
	struct str description;
	struct str schema; /* json */
	enum chat_flag strict;
	bool has_inner; /* the object with the schema was there */
	struct chat_extra extra;
	struct chat_extra inner_extra;
};

struct chat_reasoning {
	struct str member;     /* where it was said */
	struct str effort;     /* "none", "minimal", "low", "medium", "high" */
	struct str summary;    /* "auto", "concise", "detailed": to be shown */
	int64_t budget_tokens; /* -1: not said; Gemini's dynamic one is -2 */
	enum chat_flag enabled;
	enum chat_flag exclude; /* think, but do not show it */
	struct chat_extra extra;
	bool is_default; /* not to think is what the client's format does */
};

struct chat_stop {
	struct chat_stop *next;
	struct str text;
};

struct chat_request {
	struct str dialect; /* whose words the extras are */
	struct str model;
	struct chat_message *messages;
	size_t message_count;
	struct chat_tool *tools;
	size_t tool_count;
	enum chat_tool_choice tool_choice;
	struct str tool_choice_word; /* as it was said: "any", "required" */
	struct str tool_choice_name;
	enum chat_flag parallel_tool_calls;
	struct chat_format format;
	struct chat_reasoning reasoning;
	/* sampling; number texts */
	struct str temperature;
	struct str top_p;
	struct str top_k;
	struct str min_p;
	struct str frequency_penalty;
	struct str presence_penalty;
	struct str repetition_penalty;
	struct str seed;
	/* length */
	int64_t max_tokens;
	struct str max_tokens_member; /* "max_completion_tokens", or else */
	struct chat_stop *stop;
	bool stop_is_list;
	int64_t n;
	/* log probabilities */
	enum chat_flag logprobs;
	int64_t top_logprobs;
	struct str logit_bias; /* json */
	/* about the call */
	enum chat_flag stream;
	struct str stream_options; /* json */
	struct str modalities;     /* json: list of "text", "audio" */
	struct str user;
	struct str metadata;     /* json object */
	struct str service_tier; /* "auto", "default", "flex", "priority" */
	struct str prompt_cache_key;
	struct str verbosity;     /* "low", "medium", "high" */
	struct str safety;        /* json: Gemini's safety settings */
	struct str cache_control; /* json, Anthropic's: of the whole request */
	struct chat_extra extra;
	struct chat_extra inner_extra; /* of Gemini's generationConfig, ... */
	struct chat_extra idle_extra;
};

/* Tokens; -1 where the provider did not say. */
struct chat_usage {
	int64_t prompt;         /* the cached ones included */
	int64_t completion;     /* the reasoning ones included */
	int64_t cached;         /* of the prompt, read from a cache */
	int64_t cache_write;    /* of the prompt, written to a cache */
	int64_t cache_write_1h; /* of cache_write, to live an hour */
	int64_t reasoning;      /* of the completion */
	int64_t audio_prompt;
	int64_t audio_completion;
};

enum chat_finish {
	CHAT_FINISH_UNSET,
	CHAT_FINISH_STOP,
	CHAT_FINISH_LENGTH,
	CHAT_FINISH_TOOL_CALLS,
	CHAT_FINISH_FILTER, /* a safety block */
	CHAT_FINISH_OTHER,
};

struct chat_choice {
	int64_t index;
	struct chat_message message; /* in a stream: what is new */
	struct str message_member;   /* "message" or "delta" */
	enum chat_finish finish;
	struct str finish_word;   /* as the provider said it */
	struct str stop_sequence; /* which one was met */
	struct str logprobs;      /* json, OpenAI's shape */
	struct str safety;        /* json: the provider's safety ratings */
	struct chat_extra extra;
};

struct chat_response {
	struct str dialect; /* whose words the extras are */
	struct str id;
	int64_t created_unix_s;
	struct str model;
	struct chat_choice *choices;
	size_t choice_count;
	bool has_usage;
	struct chat_usage usage;
	struct str usage_json;   /* as it came, for the same dialect */
	struct str service_tier; /* what it was: "default", "priority" */
	struct chat_extra extra;
};

enum chat_event_kind {
	CHAT_EVENT_DELTA,   /* delta: what is new, usage included */
	CHAT_EVENT_DONE,    /* the stream is complete */
	CHAT_EVENT_ERROR,   /* error_message */
	CHAT_EVENT_NOTHING, /* a comment, a ping, a blank line */
};

/*
 * One event of a stream. Tool calls are numbered by call.index from 0 on, in
 * the order in which they begin, whatever numbers the provider uses; the
 * first piece of one has its id and name, the later ones its arguments alone.
 */
struct chat_event {
	enum chat_event_kind kind;
	struct chat_response delta;
	bool done;                /* of a DELTA: it is also the last event */
	struct str error_message; /* keys blotted out */
	int error_status;         /* what it would be of a whole answer */
	struct str name;          /* of the event, in its dialect */
	struct str json;     /* its data as it came, for the same dialect */
	struct str metadata; /* json, or absent: to go out with the usage */
};

/* Everything absent. */
void chat_request_init(struct chat_request *request, struct str dialect);
void chat_response_init(struct chat_response *response, struct str dialect);
void chat_message_init(struct chat_message *message);
void chat_usage_init(struct chat_usage *usage);

/* A new part of that kind at the end of the message. */
struct chat_part *chat_message_add(struct chat_message *message,
	enum chat_part_kind kind, struct arena *arena);

/* Keep a member as it is. */
void chat_extra_add(struct chat_extra *extra, const struct json_member *member,
	struct arena *arena);
/* Write the kept members; the writer stands inside the object. */
void chat_extra_write(const struct chat_extra *extra, struct json_writer *w);
/* Where a kept member stands, "options.x"; in what `of` names, "tools[2]", or
 * in the request or message itself when `of` is "". */
void chat_extra_path(const struct chat_extra *extra,
	const struct chat_member *kept, const char *of, char *out, size_t size);

/* A list of stop texts, for a row of shape.h: `into` is the request. False:
 * it is no list of texts, or an empty one. */
bool chat_read_stops(struct json value, void *into, struct arena *arena);
void chat_write_stops(const char *name, const struct chat_request *request,
	struct json_writer *w);

/* Number the tool calls of a whole message, as a stream would. */
void chat_number_calls(struct chat_message *message);

/* The call that a tool's result answers, among the messages before it; NULL
 * when there is none. */
const struct chat_call *chat_find_call(const struct chat_request *request,
	size_t before_message, struct str id);

/* A call's arguments, as the object that some formats demand. None are {};
 * what is no object (the text of a custom tool, or what a model broke off)
 * stands in one, as its "input" or its "arguments". */
void chat_write_arguments(const struct chat_call *call, struct json_writer *w);
/* Are they an object already, or none? */
bool chat_arguments_are_object(const struct chat_call *call);

/* Add what an answer or an event tells: a count it does not tell stays. */
void chat_usage_merge(struct chat_usage *into, const struct chat_usage *from);

#endif
