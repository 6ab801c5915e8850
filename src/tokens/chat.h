/*
 * chat.h - the tokens of a whole request: what its texts have, and what is
 * put around them.
 *
 * A provider writes a request out as one text before a model reads it, with
 * tools as declarations of a programming language. OpenAI publishes the frame
 * of a message; the rest is found in what it billed for recorded calls (see
 * tests/tokens/README.md, with the error that is left).
 *
 * The form below is this folder's own: the gateway fills it from whatever
 * format a client spoke. Texts that are absent are empty.
 */
#ifndef TOKENS_CHAT_H
#define TOKENS_CHAT_H

#include "base/json.h"
#include "tokens/tokenizer.h"

enum token_role {
	TOKEN_SYSTEM,
	TOKEN_DEVELOPER,
	TOKEN_USER,
	TOKEN_ASSISTANT,
	TOKEN_TOOL,
};

enum token_part_kind {
	TOKEN_TEXT,  /* text */
	TOKEN_CALL,  /* name, text: the arguments */
	TOKEN_IMAGE, /* data or url; detail */
	TOKEN_AUDIO, /* data */
	TOKEN_FILE,  /* data */
	TOKEN_OTHER, /* text: what stands for something nobody knows */
};

struct token_part {
	const struct token_part *next;
	enum token_part_kind kind;
	struct str text;
	struct str name;
	struct str data;   /* base64; "" when only named */
	struct str detail; /* "low", "high", "auto", "original" */
};

struct token_message {
	enum token_role role;
	struct str name; /* of who speaks */
	const struct token_part *parts;
};

struct token_tool {
	struct str name;
	struct str description;
	struct json parameters; /* the schema; type NONE: there is none */
	struct json other;      /* a provider's own tool, whole; or NONE */
};

enum token_choice {
	TOKEN_CHOICE_AUTO,
	TOKEN_CHOICE_NONE,
	TOKEN_CHOICE_REQUIRED,
	TOKEN_CHOICE_NAMED,
};

/* How a request is written out. */
enum token_api {
	TOKEN_API_CHAT,
	TOKEN_API_RESPONSES,
};

struct token_chat {
	enum token_api api;
	struct str model;
	const struct token_message *messages;
	size_t message_count;
	const struct token_tool *tools;
	size_t tool_count;
	enum token_choice choice;
	struct str choice_name; /* of TOKEN_CHOICE_NAMED */
	struct str schema_name; /* the answer's; "" without */
	struct json schema;     /* NONE: any answer will do */
	bool schema_is_strict;
	bool is_partial; /* more of it stands at the provider */
};

/* How much a count is worth. */
enum token_certainty {
	TOKENS_EXACT,    /* as OpenAI bills it */
	TOKENS_ESTIMATED /* the vocabulary is public, some rule is not; or
			    another vendor's model (estimate.h) */
};

struct token_count {
	int64_t tokens;
	enum token_certainty certainty;
};

/* Those of the texts alone, tools and schemas as the JSON that they are, by
 * that vocabulary: without what is around them, and without media. */
int64_t token_chat_texts(
	const struct vocabulary *vocabulary, const struct token_chat *chat);

/* No fewer than these, in a time that is bounded by the bytes. */
int64_t token_chat_bound(
	const struct vocabulary *vocabulary, const struct token_chat *chat);

/* The prompt's tokens. Allocates in the arena while it counts. */
struct token_count token_chat_count(const struct tokenizer *tokenizer,
	const struct token_chat *chat, struct arena *arena);

#endif
