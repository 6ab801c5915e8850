/*
 * behaviour.h - how a request wants to be answered.
 *
 * The text is "key=value,key=value"; README.md has the table of keys. It
 * comes with the model's name or with the header X-Simulate.
 */
#ifndef SIMULATOR_BEHAVIOUR_H
#define SIMULATOR_BEHAVIOUR_H

#include "base/error.h"
#include "base/str.h"

enum fault {
	FAULT_NONE,
	FAULT_REFUSE_HEAD,
	FAULT_RESET,
	FAULT_RESET_BODY,
	FAULT_STALL,
	FAULT_STALL_STREAM,
	FAULT_GARBAGE,
	FAULT_GARBAGE_BODY,
	FAULT_HALF_BODY,
	FAULT_CUT,
	FAULT_NO_DONE,
	FAULT_SLOW_HEAD,
	FAULT_STREAM_ERROR,
	FAULT_BAD_FRAME,
	FAULT_HUGE_FRAME,
};

enum usage_answer { USAGE_WHEN_ASKED, USAGE_NO, USAGE_ALWAYS };

enum words { WORDS_PLAIN, WORDS_UNICODE };

/* Why the model stopped, when it is not to be the natural reason. */
enum finish_answer { FINISH_NATURAL, FINISH_LENGTH, FINISH_FILTER };

/* Each field is an int, so that one table describes them all. */
struct behaviour {
	int delay_ms;      /* before the head */
	int first_ms;      /* between the head and the first frame */
	int gap_ms;        /* between frames, or pieces */
	int tokens;        /* of text */
	int chunk;         /* bytes of a piece; 0: not cut */
	int prompt_tokens; /* -1: from the size of the request */
	int cached;        /* prompt tokens that came from a cache */
	int cache_write;   /* prompt tokens that went into a cache */
	int prompt_cache;  /* seconds that the simulator's own keeps them;
			      0: it has none */
	int reasoning;     /* tokens of thinking; -1: as the request asks */
	int thoughts;      /* thinking is shown, asked or not */
	int usage;         /* enum usage_answer */
	int crlf;
	int comment;
	int tool; /* calls a tool; -1: when the request offers one */
	int parallel;
	int preface;     /* text before a tool call */
	int finish;      /* enum finish_answer */
	int strict;      /* the request is examined */
	int words;       /* enum words */
	int bytes;       /* of text, instead of tokens; -1: not said */
	int status;      /* of an error; 0: none */
	int retry_after; /* seconds; 0: no header */
	int fault;       /* enum fault */
};

/* The behaviour of a request that asks for nothing. */
void behaviour_init(struct behaviour *behaviour);

/*
 * Apply a text over what is there: ERR_BAD_FIELD names the key that is
 * unknown or whose value is out of bounds.
 */
MUST_USE bool behaviour_parse(
	struct behaviour *behaviour, struct str text, struct error *err);

/*
 * Split a model's name: what follows the first '?', or "sim-" at its front
 * when that is followed by key=value, is behaviour; the rest is the name.
 */
void behaviour_split_model(
	struct str model, struct str *name, struct str *behaviour);

#endif
