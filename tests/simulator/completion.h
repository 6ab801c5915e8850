/*
 * completion.h - what the model says, in no dialect: thinking, text, tool
 * calls, why it stopped and what it cost, one piece at a time.
 *
 * Every dialect writes the same pieces in its own words, so a behaviour means
 * the same in all of them. A whole answer is written from the same pieces as
 * a stream. Nothing is kept of what was said: the text is always the same, so
 * that an event which repeats all of it says it once more.
 */
#ifndef SIMULATOR_COMPLETION_H
#define SIMULATOR_COMPLETION_H

#include "base/buf.h"
#include "ask.h"
#include "behaviour.h"
#include "framing.h"
#include "words.h"

enum block { BLOCK_THINKING, BLOCK_TEXT, BLOCK_CALL };

/* Thinking, text, and a call of each tool. */
#define COMPLETION_BLOCKS (2 + ASK_TOOLS)

enum piece_kind {
	PIECE_BEGIN,     /* the answer begins */
	PIECE_BLOCK,     /* a block begins */
	PIECE_DELTA,     /* more of it: `text` */
	PIECE_BLOCK_END, /* it is complete */
	PIECE_FINISH,    /* why the model stopped */
	PIECE_USAGE,     /* what it cost */
	PIECE_DONE,      /* nothing comes any more */
};

struct piece {
	enum piece_kind kind;
	enum block block; /* of the block's pieces; and: */
	int index;        /* which block, from 0 on */
	int call;         /* which call, from 0 on */
	struct str text;  /* of a DELTA; valid until the next piece */
};

enum finish { FINISH_STOP, FINISH_TOOL_CALLS, FINISH_CUT, FINISH_FILTERED };

/* In tokens. */
struct completion_usage {
	int prompt; /* with those of the cache */
	int cached;
	int cache_write;
	int text;      /* and tool calls */
	int reasoning; /* not in `text` */
};

struct completion {
	const struct behaviour *behaviour;
	struct str model;      /* as the answer names it */
	struct str model_json; /* the same with quotes */
	uint64_t id;
	int64_t created_unix_ms;
	int prompt_tokens;
	bool wants_usage;   /* the request asks for it in a stream */
	bool wants_summary; /* as in struct ask */
	bool wants_encryption;
	struct str echo;
	struct str tools[ASK_TOOLS];
	int call_count;
	int reasoning; /* tokens of thinking, shown or not */
	enum block blocks[COMPLETION_BLOCKS + 1]; /* one more to look at */
	int block_count;
	struct framing framing;
	/* How far it is. */
	enum piece_kind stage; /* of the next piece */
	int block;             /* the current one */
	int fragment;          /* of a call's arguments, the next one */
	struct words_text text;
	struct words_text thoughts;
	int sequence; /* number of the next event, where they are numbered */
};

/* The behaviour and the arena, which holds the views, outlive it. */
void completion_init(struct completion *completion, const struct ask *ask,
	struct str model, const struct behaviour *behaviour, uint64_t id,
	struct arena *arena);

/* The next piece, its text perhaps in `room`. False with DONE, the last. */
bool completion_next(struct completion *completion, struct piece *piece,
	char room[WORD_MAX_BYTES]);

/* Half of it, or more, has been said. */
bool completion_is_half(const struct completion *completion);

enum finish completion_finish(const struct completion *completion);
/* What was used so far. */
struct completion_usage completion_usage(const struct completion *completion);

/* All that a block says: its text, or a call's arguments, a JSON object. */
void completion_append(const struct completion *completion, enum block block,
	int call, struct buf *out);
/* The same as a JSON string. */
void completion_append_quoted(const struct completion *completion,
	enum block block, int call, struct buf *out);

#endif
