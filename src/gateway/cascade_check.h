/*
 * cascade_check.h - is an answer so poor that a better model should be asked?
 */
#ifndef GATEWAY_CASCADE_CHECK_H
#define GATEWAY_CASCADE_CHECK_H

#include "dialect/dialect.h"

/* Texts are looked at up to here. */
#define CASCADE_CHECKED_BYTES (256 * 1024)

/* What is wrong with an answer to such a request, in a word; NULL: nothing
 * that can be seen cheaply. */
const char *cascade_fault(const struct chat_request *request,
	int64_t max_tokens, const struct chat_response *response,
	struct arena *arena);

#endif
