/*
 * openai_chat.h - OpenAI's Chat Completions: what is asked, how it is
 * examined, and every byte of JSON and SSE that answers it.
 */
#ifndef SIMULATOR_OPENAI_CHAT_H
#define SIMULATOR_OPENAI_CHAT_H

#include "operation.h"

/* POST /chat/completions */
extern const struct operation openai_chat;

/* What OpenAI refuses, and other providers of this dialect perhaps do not. */
MUST_USE bool openai_chat_check(const struct ask *ask, struct error *err);

#endif
