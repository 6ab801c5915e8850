/*
 * responses.h - OpenAI's Responses: what is asked, how it is examined, and
 * what answers it.
 */
#ifndef SIMULATOR_RESPONSES_H
#define SIMULATOR_RESPONSES_H

#include "operation.h"

/* POST /v1/responses */
extern const struct operation responses;

MUST_USE bool responses_check(const struct ask *ask, struct error *err);

enum responses_status {
	RESPONSES_IN_PROGRESS,
	RESPONSES_COMPLETED,
	RESPONSES_INCOMPLETE,
	RESPONSES_FAILED,
};

/* The response, with its output when it is over. */
void responses_write(struct json_writer *w, const struct completion *c,
	enum responses_status status);
/* One item of the output, empty or complete. */
void responses_write_item(struct json_writer *w, const struct completion *c,
	enum block block, int call, bool is_complete);
/* The part of a message that is its text, empty or complete. */
void responses_write_part(
	struct json_writer *w, const struct completion *c, bool is_complete);
/* "rs_...", "msg_..." or "fc_...": the id of an item. */
void responses_append_item_id(const struct completion *c, enum block block,
	int call, struct buf *out);
enum responses_status responses_status(const struct completion *c);

/* The events of a stream. */
void responses_write_piece(
	struct completion *c, const struct piece *piece, struct buf *out);
void responses_write_failure(struct completion *c, struct buf *out);

#endif
