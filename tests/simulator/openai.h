/*
 * openai.h - what OpenAI's routes have in common: heads, the bodies of errors
 * and the list of models.
 */
#ifndef SIMULATOR_OPENAI_H
#define SIMULATOR_OPENAI_H

#include "operation.h"

extern const struct dialect openai_dialect;

/* GET /models */
extern const struct operation openai_models;

/* OpenAI says "code": null. */
#define OPENAI_NO_CODE "none"

/*
 * Refuse with OpenAI's own code. It travels in err->detail, which nothing
 * else reads here; param may be NULL.
 */
bool openai_refuse(struct error *err, const char *code, const char *param,
	const char *format, ...) PRINTF_LIKE(4, 5);

/* A message of an error of that status; never NULL. */
const char *openai_error_message(int status);
/* The body of an error of that status. */
void openai_write_error(int status, uint64_t id, struct buf *out);
/* The body that tells the client what was wrong with its request. */
void openai_write_refusal(
	const struct error *err, uint64_t id, struct buf *out);

#endif
