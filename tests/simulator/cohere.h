/*
 * cohere.h - Cohere's second API: what is asked, how it is examined, and what
 * answers it.
 */
#ifndef SIMULATOR_COHERE_H
#define SIMULATOR_COHERE_H

#include "operation.h"

extern const struct dialect cohere_dialect;

/* POST /v2/chat, /v2/embed and /v2/rerank */
extern const struct operation cohere_chat;
extern const struct operation cohere_embed;
extern const struct operation cohere_rerank;

/* The key, the body's object, the model. */
MUST_USE bool cohere_read(struct ask *ask, struct error *err);

MUST_USE bool cohere_check_chat(const struct ask *ask, struct error *err);

#endif
