/*
 * event.h - one event of a provider's stream while it is
 * read, and what the stream's reader remembers.
 *
 * Everything is said several times: piece by piece, whole when the piece's
 * text is done, again when its item is, and again in the last event. The
 * reader remembers of each text how much of it was heard, so that all of it
 * is told once, also by a provider that leaves some of these events out.
 *
 * The memory holds one small entry for each text or item of the answer; how
 * long they are does not matter.
 */
#ifndef DIALECT_OPENAI_RESPONSES_EVENT_H
#define DIALECT_OPENAI_RESPONSES_EVENT_H

#include "dialect/openai_responses/openai_responses.h"

/* What is said of an item in pieces, or once. */
enum thread {
	THREAD_TEXT,
	THREAD_REFUSAL,
	THREAD_SUMMARY,
	THREAD_THOUGHT, /* reasoning that is not a summary */
	THREAD_CALL,    /* its arguments */
	THREAD_ITEM,    /* what only the whole item tells */
};

struct entry {
	enum thread thread;
	int64_t output; /* the item's place */
	int64_t part;   /* the text's place in the item */
	size_t heard;   /* bytes */
	size_t citations;
	int64_t call; /* its number */
};

struct reader {
	struct buf entries; /* of struct entry */
	int64_t calls;
	bool is_over; /* it was completed, or failed */
};

/* The event that is being read. */
struct event {
	struct reader *reader;
	struct arena *arena;
	struct chat_event *out;
	struct json root;
	int64_t output; /* the place of the item that it is about */
};

/* The entry, which is made when there is none. NULL: of a call that has not
 * begun, as a call begins with its name; or there are too many. */
struct entry *openai_responses_entry(
	struct event *e, enum thread thread, int64_t part);
/* The one choice of what the event tells. */
struct chat_choice *openai_responses_choice(struct event *e);
/* A part that it tells. */
struct chat_part *openai_responses_tell(
	struct event *e, enum chat_part_kind kind);
/* A piece of a text, a string. */
void openai_responses_hear(struct event *e, enum thread thread, int64_t part,
	struct json piece, struct json logprobs);
/* What of a whole text was not heard yet. */
void openai_responses_hear_rest(struct event *e, enum thread thread,
	int64_t part, struct json whole, struct json logprobs);
/* The same of a whole item; one that is only added has more to come. */
void openai_responses_hear_item(
	struct event *e, struct json item, bool is_done);

#endif
