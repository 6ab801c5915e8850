/*
 * output_tokens.h - the tokens of an answer whose provider did not count
 * them: a stream that was cut, or one of a provider that never tells.
 *
 * A stream is counted as it goes by, for it is not kept; that costs some
 * nanoseconds a byte and half a kilobyte a call. A whole answer is counted
 * only when it turns out that nobody else did.
 */
#ifndef GATEWAY_OUTPUT_TOKENS_H
#define GATEWAY_OUTPUT_TOKENS_H

#include "gateway/call.h"

/* A stream begins: what its frames say is counted from now on. */
void output_tokens_begin(struct call *call);
/* What the model wrote so far, by its vocabulary or an estimate. */
int64_t output_tokens(struct call *call);

#endif
