/*
 * openai_chat.h - the text of OpenAI's Chat Completions: what is asked, and
 * every byte of JSON and SSE that answers it. No HTTP and no sockets here.
 *
 * A completion is either written whole or taken frame by frame, each frame
 * made when it is due.
 */
#ifndef SIMULATOR_OPENAI_CHAT_H
#define SIMULATOR_OPENAI_CHAT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "behaviour.h"
#include "words.h"

#define OPENAI_CHAT_TOOLS 2

struct openai_chat_request {
	struct str model; /* escapes resolved; in the body or the arena */
	bool stream;
	bool include_usage;
	struct str tools[OPENAI_CHAT_TOOLS]; /* names; empty: fewer tools */
	size_t body_bytes;
};

/* ERR_BAD_JSON, ERR_TOO_DEEP, ERR_MISSING_FIELD or ERR_BAD_FIELD. */
MUST_USE bool openai_chat_read(struct str body, struct arena *arena,
	struct openai_chat_request *out, struct error *err);

struct openai_chat {
	const struct behaviour *behaviour;
	struct str model; /* as JSON, quotes included */
	struct str tools[OPENAI_CHAT_TOOLS];
	uint64_t id;
	int64_t created; /* seconds since 1970 */
	int prompt_tokens;
	bool usage_member; /* frames carry "usage": null */
	bool usage_frame;  /* a frame of its own tells the usage */
	struct words_text text;
	int phase;
	int call;         /* the tool call being written */
	int fragment;     /* of its arguments; 0: its name comes first */
	enum fault fault; /* still to come, when half is written */
};

/* The behaviour and the arena, which holds the views, outlive the chat. */
void openai_chat_init(struct openai_chat *chat,
	const struct openai_chat_request *request, struct str model,
	const struct behaviour *behaviour, uint64_t id, struct arena *arena);

/* The whole answer's body. */
void openai_chat_write(struct openai_chat *chat, struct buf *out);

enum openai_chat_frame {
	OPENAI_CHAT_FRAME, /* a frame was appended */
	OPENAI_CHAT_LAST,  /* the same, and it was the last */
	OPENAI_CHAT_BREAK, /* nothing was: the fault says to stop here */
};

/* One SSE frame (with a comment before it, when asked for). */
enum openai_chat_frame openai_chat_next(
	struct openai_chat *chat, struct buf *out);

#endif
