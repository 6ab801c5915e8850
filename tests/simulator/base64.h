/*
 * base64.h - bytes as text (RFC 4648, section 4).
 */
#ifndef SIMULATOR_BASE64_H
#define SIMULATOR_BASE64_H

#include "base/buf.h"

void base64_encode(struct str bytes, struct buf *out);
/* Padding may be missing. False: that is not base64, or it does not fit. */
MUST_USE bool base64_decode(struct str text, struct buf *out);

#endif
