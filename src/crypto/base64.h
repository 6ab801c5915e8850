/*
 * base64.h - bytes as text and back (RFC 4648, section 4: padded).
 */
#ifndef CRYPTO_BASE64_H
#define CRYPTO_BASE64_H

#include "base/arena.h"
#include "base/buf.h"

void base64_append(struct str bytes, struct buf *out);

/* In the arena. False: it is not what base64_append() writes. */
MUST_USE bool base64_read(
	struct str text, struct arena *arena, struct str *out);

#endif
