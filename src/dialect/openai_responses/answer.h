/*
 * answer.h - an answer in the making, for a client that
 * speaks Responses while its provider speaks another dialect.
 *
 * It is made part by part; with `out` set, each step is told as the events of
 * a stream. The format demands that a stream's last events repeat the whole
 * answer, so all of it is kept: up to OPENAI_RESPONSES_MAX_KEPT bytes of each
 * text. What is longer has gone out in pieces, and its repetition is cut.
 */
#ifndef DIALECT_OPENAI_RESPONSES_ANSWER_H
#define DIALECT_OPENAI_RESPONSES_ANSWER_H

#include "dialect/dialect.h"

#define OPENAI_RESPONSES_MAX_KEPT (32u << 20)

enum answer_item_kind {
	ANSWER_REASONING,
	ANSWER_MESSAGE,
	ANSWER_FUNCTION_CALL,
	ANSWER_CUSTOM_CALL,
	ANSWER_IMAGE,
};

struct answer_item {
	enum answer_item_kind kind;
	const char *status; /* "in_progress": more may come */
	/* Of a message or of reasoning: the text that is open. */
	bool has_text;
	bool is_refusal;
	int64_t text_index; /* how many came before it */
	struct buf text;    /* also: a call's arguments, an image's base64 */
	struct buf annotations; /* of the text: JSON, divided by commas */
	int64_t annotation_count;
	struct buf logprobs; /* the same */
	struct buf texts;    /* those that are closed: the same */
	struct buf signature;
	/* Of a call */
	int64_t call_index;
	struct buf call_id;
	struct buf name;
};

struct answer {
	struct buf id;
	struct buf model;
	struct buf service_tier;
	int64_t created_unix_s;
	struct buf items; /* of struct answer_item */
	int64_t said;     /* the item that is open, calls aside; or -1 */
	enum chat_finish finish;
	bool has_usage;
	struct chat_usage usage;
	/* of a stream */
	struct buf *out; /* NULL: it is none */
	int64_t sequence;
	bool began;
	bool ended;
};

/* --- answer.c: what it holds, as JSON */

void openai_responses_answer_init(struct answer *answer);
void openai_responses_answer_release(struct answer *answer);

size_t openai_responses_answer_count(const struct answer *answer);
struct answer_item *openai_responses_answer_item(
	const struct answer *answer, size_t index);
/* A new one, its index in *index; NULL: there are too many. */
struct answer_item *openai_responses_answer_new(
	struct answer *answer, enum answer_item_kind kind, size_t *index);

struct answer_id {
	char text[40];
};
/* The same for the same item of the same answer. */
struct answer_id openai_responses_answer_id(
	const struct answer *answer, size_t index);

/* The object of a whole item, of its open text, of the whole answer. */
void openai_responses_answer_write_item(
	const struct answer *answer, size_t index, struct json_writer *w);
void openai_responses_answer_write_text(
	const struct answer_item *item, struct json_writer *w);
/* `status` is "in_progress", "failed", or NULL: how it ended. `error` is
 * JSON. */
void openai_responses_answer_write_object(const struct answer *answer,
	const char *status, struct str error, struct json_writer *w);

/* How it ended: "completed" or "incomplete". */
const char *openai_responses_answer_status(const struct answer *answer);

/* --- build.c: how it is made */

/* A whole answer at once. */
void openai_responses_answer_write(
	const struct chat_response *response, struct buf *out);
/* What it is called, by whom and when it was made, as far as that is said. */
void openai_responses_answer_name(
	struct answer *answer, const struct chat_response *response);
/* What is new. */
void openai_responses_answer_add(
	struct answer *answer, const struct chat_response *delta);
/* Nothing more comes. */
void openai_responses_answer_close(struct answer *answer);

/* --- tell.c: the events of a stream */

/* `metadata` is JSON, or empty. */
void openai_responses_tell_response(struct answer *answer, const char *type,
	const char *status, struct str metadata);
void openai_responses_tell_failure(
	struct answer *answer, const struct error *err);
/* An item was added, or is done. */
void openai_responses_tell_item(
	struct answer *answer, size_t index, const char *type);
/* A text within it begins, or is closed. */
void openai_responses_tell_part(
	struct answer *answer, size_t index, bool is_closed);
/* `logprobs` is the inside of a list. */
void openai_responses_tell_delta(struct answer *answer, size_t index,
	struct str delta, struct str logprobs);
/* All of the text that is open. */
void openai_responses_tell_whole(struct answer *answer, size_t index);
void openai_responses_tell_citation(
	struct answer *answer, size_t index, struct str citation);

#endif
