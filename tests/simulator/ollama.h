/*
 * ollama.h - Ollama: what is asked, how it is examined, and what answers it.
 */
#ifndef SIMULATOR_OLLAMA_H
#define SIMULATOR_OLLAMA_H

#include "operation.h"

extern const struct dialect ollama_dialect;

/* POST /api/chat and /api/embed; GET /api/tags and /api/version */
extern const struct operation ollama_chat;
extern const struct operation ollama_embed;
extern const struct operation ollama_tags;
extern const struct operation ollama_version;

MUST_USE bool ollama_check_chat(const struct ask *ask, struct error *err);

#define OLLAMA_JSON_TYPE "application/json; charset=utf-8"

#endif
