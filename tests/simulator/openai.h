/*
 * openai.h - what OpenAI's routes have in common: the bodies of errors and
 * the list of models.
 */
#ifndef SIMULATOR_OPENAI_H
#define SIMULATOR_OPENAI_H

#include "base/buf.h"
#include "base/error.h"

/* The body of an error of that status, as the provider words it. */
void openai_write_error(struct buf *out, int status);
/* The body that tells the client what was wrong with its request. */
void openai_write_refusal(struct buf *out, const struct error *err);
/* The body of GET /models. */
void openai_write_models(struct buf *out);

#endif
