/*
 * key_text.h - the text of a gateway key, as people paste it.
 *
 *	gw_  43 characters  6 characters
 *	     the secret     check sum of all that stands before
 *
 * Letters and digits only, so that a double click selects all of it. The
 * secret is 43 characters drawn from 62: 256 random bits. The check sum
 * (CRC-32 in base 62) tells a mistyped or cut key from one that is unknown,
 * without any look-up; it finds every single wrong character and every two
 * neighbours swapped. A publishable key, for pages in browsers, begins with
 * "gwp_". Only the SHA-256 of the text is ever stored.
 */
#ifndef ACCOUNTS_KEY_TEXT_H
#define ACCOUNTS_KEY_TEXT_H

#include "base/error.h"

enum gateway_key_kind { GATEWAY_KEY_SECRET, GATEWAY_KEY_PUBLISHABLE };

/* Room for the longer kind and a NUL. */
#define GATEWAY_KEY_TEXT_BYTES 54
#define GATEWAY_KEY_HASH_BYTES 32
/* What lists show of a key: the prefix and the first of the secret. */
#define GATEWAY_KEY_SHOWN_BYTES 8

/* A new key; the caller wipes `out` when it was shown. */
void gateway_key_make(
	enum gateway_key_kind kind, char out[GATEWAY_KEY_TEXT_BYTES]);

/* True when the text may be a key: its form and its check sum are right. */
bool gateway_key_check_format(struct str text);

/* What is stored and looked up. */
void gateway_key_hash(struct str text, uint8_t out[GATEWAY_KEY_HASH_BYTES]);

#endif
