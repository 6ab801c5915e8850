/*
 * estimate.h - models whose vocabulary is not public, or whose provider puts
 * unknown things around a request: how many tokens they have for what
 * o200k_base has so many for.
 *
 * A table of families with what was measured on recorded calls of each
 * (tests/tokens/calibrate.mjs prints it anew). It is a middle, not a bound.
 */
#ifndef TOKENS_ESTIMATE_H
#define TOKENS_ESTIMATE_H

#include "tokens/chat.h"

struct token_family {
	struct str part;         /* of the model's name */
	int64_t percent;         /* of o200k_base's count of the texts */
	int64_t message_percent; /* hundredths of a token for each message */
	int64_t fixed_tokens;    /* once */
	int64_t tools_tokens;    /* once, when there are tools */
	int64_t tool_tokens;     /* for each tool */
	int64_t image_tokens;    /* for each image */
};

/* Never NULL: the last row is for all that nobody knows. */
const struct token_family *token_family_find(struct str model);

/* The prompt's tokens, by its model's family. */
struct token_count token_chat_estimate(
	const struct tokenizer *tokenizer, const struct token_chat *chat);

#endif
