/*
 * prompt_tokens.h - how many tokens a request's prompt has: what the client
 * said, in the form that tokens/chat.h counts.
 *
 * Exact for models whose vocabulary is public, as far as their provider's
 * frame is known; an estimate for others (tokens/estimate.h).
 */
#ifndef GATEWAY_PROMPT_TOKENS_H
#define GATEWAY_PROMPT_TOKENS_H

#include "gateway/call.h"
#include "tokens/chat.h"

/* The request as the model is to see it. Texts stay the request's; lists are
 * made in the arena. Its api and model are the caller's to set. */
void prompt_tokens_fill(const struct chat_head *head,
	const struct chat_request *request, struct arena *arena,
	struct token_chat *out);

/* The call's prompt; made once. NULL: there are no vocabularies, it is no
 * chat, or one that we do not understand. */
const struct token_chat *prompt_tokens_chat(struct call *call);

/* May it be counted before the call? A large one would wait for that. */
bool prompt_tokens_is_short(const struct call *call);

/* No fewer than the texts have with that model, nothing around them; false
 * also when its vocabulary is not public. */
MUST_USE bool prompt_tokens_of_texts(
	struct call *call, const struct model *model, int64_t *out);

/* For that model, which may serve the call. False as above. */
MUST_USE bool prompt_tokens_count(
	struct call *call, const struct model *model, struct token_count *out);

#endif
