/*
 * one_time.h - tokens that are shown once and kept as their SHA-256: of
 * logins, invitations, and links to a new password.
 */
#ifndef ACCOUNTS_ONE_TIME_H
#define ACCOUNTS_ONE_TIME_H

#include "base/str.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#define ONE_TIME_CHARS 43 /* 256 bits */
#define ONE_TIME_TEXT_BYTES (ONE_TIME_CHARS + 1)

struct one_time {
	char text[ONE_TIME_TEXT_BYTES];
	uint8_t hash[SHA256_BYTES];
};

static inline void one_time_make(struct one_time *token)
{
	random_base62(token->text, ONE_TIME_CHARS);
	digest_sha256(str_of(token->text), token->hash);
}

/* The hash of one that came; whatever it is. */
static inline void one_time_read(struct str text, uint8_t out[SHA256_BYTES])
{
	digest_sha256(text, out);
}

static inline struct str one_time_bytes(const uint8_t hash[SHA256_BYTES])
{
	return (struct str){ (const char *)hash, SHA256_BYTES };
}

#endif
