/*
 * signature.h - signatures of thinking on their way through clients of
 * another dialect.
 *
 * The client gets "gemini:AbC..." in the place where its dialect keeps a
 * signature, gives it back with the next turn, and the writer of that dialect
 * finds its own again. Without a known origin in front the signature is the
 * client's dialect's own.
 */
#ifndef DIALECT_SIGNATURE_H
#define DIALECT_SIGNATURE_H

#include "dialect/chat.h"

/* Read what a client sent; `own` is the client's dialect. */
struct chat_signature signature_read(struct str text, struct str own);

/* Append the text for a client of dialect `own`; nothing when there is no
 * signature. */
void signature_append(const struct chat_signature *signature, struct str own,
	struct buf *out);

/* Did a provider of dialect `own` make it? */
bool signature_is_from(const struct chat_signature *signature, struct str own);

#endif
