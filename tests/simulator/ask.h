/*
 * ask.h - what a request asks for, in any dialect.
 *
 * The routes fill the first part, a dialect's reader the second. All views
 * are of the request, or of the arena; they are valid while the answer is
 * decided, and what an answer keeps for longer is copied.
 */
#ifndef SIMULATOR_ASK_H
#define SIMULATOR_ASK_H

#include "base/arena.h"
#include "base/json.h"
#include "behaviour.h"
#include "framing.h"
#include "http.h"

#define ASK_TOOLS 2 /* of those offered, as many as can be called */

struct control;
struct dialect;

enum ask_choice { ASK_CHOICE_AUTO, ASK_CHOICE_NONE, ASK_CHOICE_REQUIRED };

struct ask {
	const struct http_request *http;
	const struct control *control;
	struct arena *arena;
	struct str body;
	struct str route_model; /* in the path, escapes resolved */
	uint64_t id;

	struct json root;     /* NONE where the body is not JSON */
	struct str model;     /* with the behaviour in its name; may be empty */
	struct json messages; /* the conversation; NONE: there is none */
	bool stream;
	enum framing_kind framing; /* of the stream */
	bool wants_usage;          /* a stream shall tell it */
	bool wants_thinking;       /* shown */
	bool wants_summary;        /* Responses: the thinking has words */
	bool wants_encryption;     /* Responses: it is given in secret */
	struct str echo; /* Responses: members that the answer repeats */
	struct str tools[ASK_TOOLS]; /* names; empty: fewer tools */
	enum ask_choice tool_choice;
	bool ends_in_result; /* the last message is a tool's */
	struct str unknown;  /* OpenAI Chat: a member that is none of its */
	const struct dialect *dialect; /* instead of the operation's; or NULL */
	const char *content_type;      /* of the answer; NULL: JSON */
};

#define ASK_MAX_MODEL_BYTES 512

/* The body as a JSON object. ERR_BAD_JSON, ERR_TOO_DEEP, ERR_BAD_FIELD. */
MUST_USE bool ask_read_object(struct ask *ask, struct error *err);
/* The member "model", a string. ERR_BAD_FIELD, ERR_MISSING_FIELD. */
MUST_USE bool ask_read_model(struct ask *ask, struct error *err);
/* A member that is true, false, null or absent. ERR_BAD_FIELD. */
MUST_USE bool ask_read_flag(
	const struct ask *ask, struct str name, bool *out, struct error *err);
/* The string member `name` of each tool, or of its member `inner`, when that
 * is not empty. */
void ask_read_tools(
	struct ask *ask, struct json tools, struct str inner, struct str name);
/* A string; empty when it is none. */
struct str ask_text(const struct ask *ask, struct json value);
/* A text as a JSON string, in the arena. */
struct str ask_quoted(struct arena *arena, struct str text);
/* The name of a model without its behaviour. */
struct str ask_model_name(const struct ask *ask);
int ask_prompt_tokens(const struct ask *ask, const struct behaviour *behaviour);

#endif
