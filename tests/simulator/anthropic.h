/*
 * anthropic.h - Anthropic's Messages: what is asked, how it is examined, and
 * what answers it.
 */
#ifndef SIMULATOR_ANTHROPIC_H
#define SIMULATOR_ANTHROPIC_H

#include "operation.h"

extern const struct dialect anthropic_dialect;

/* POST /v1/messages and /v1/messages/count_tokens; GET /v1/models */
extern const struct operation anthropic_messages;
extern const struct operation anthropic_count_tokens;
extern const struct operation anthropic_models;

/* The headers that every request needs. ERR_KEY_MISSING, ERR_MISSING_FIELD */
MUST_USE bool anthropic_read_head(const struct ask *ask, struct error *err);

MUST_USE bool anthropic_check_messages(
	const struct ask *ask, struct error *err);
MUST_USE bool anthropic_check_count_tokens(
	const struct ask *ask, struct error *err);

/* The messages alone. */
MUST_USE bool anthropic_check_conversation(
	const struct ask *ask, struct error *err);

#endif
