/*
 * origin.h - a conversation that comes home.
 *
 * A client may have had an answer from a provider of another dialect, whose
 * sealed thinking it keeps in its own way (signature.h), and then go on with
 * a provider of its own. What would pass through byte by byte has seals in it
 * that this provider refuses: they must come out.
 */
#ifndef DIALECT_ORIGIN_H
#define DIALECT_ORIGIN_H

#include "dialect/losses.h"

/* May the body hold the seal of another dialect than `own`? Fast, and seldom
 * wrong in saying yes. */
bool origin_may_be_foreign(struct str body, const struct dialect *own);

/* Take what other dialects have sealed out of the conversation, and name
 * it. */
void origin_drop_foreign(struct chat_request *request,
	const struct dialect *own, struct chat_losses *losses);

#endif
