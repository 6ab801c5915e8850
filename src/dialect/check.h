/*
 * check.h - is a conversation sound, whatever the format it came in?
 *
 * A client that speaks the provider's own dialect hears such things from the
 * provider. One whose request is translated must hear them from us, in terms
 * of what it sent.
 */
#ifndef DIALECT_CHECK_H
#define DIALECT_CHECK_H

#include "dialect/dialect.h"

/*
 * No member that must be understood is of another type than its own (see
 * shape.h); every tool result answers a call of an earlier turn, none twice;
 * media are base64 and of a type that their kind has; names and schemas of
 * tools are of bearable size and no tool is defined twice. ERR_BAD_FIELD with
 * the path in `param`, in the words of `from`.
 */
MUST_USE bool chat_request_check(const struct chat_request *request,
	const struct dialect *from, struct error *err);

#endif
