/*
 * digest.h - finger prints of bytes: SHA-256, HMAC, CRC-32; their text form;
 * and how secrets are compared.
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/str.h"

#define SHA256_BYTES 32
#define SHA256_HEX_BYTES (2 * SHA256_BYTES + 1)

void digest_sha256(struct str data, uint8_t out[SHA256_BYTES]);
/* The digest of all parts one after the other, without joining them. */
void digest_sha256_parts(
	const struct str *parts, size_t count, uint8_t out[SHA256_BYTES]);
void digest_hmac_sha256(
	struct str key, struct str data, uint8_t out[SHA256_BYTES]);

/*
 * CRC-32 as in zip, PNG and Ethernet: finds accidents, never an attacker.
 * digest_crc32_more() goes on where an earlier sum ended; 0 begins.
 */
uint32_t digest_crc32(struct str data);
uint32_t digest_crc32_more(uint32_t sum, struct str data);

/*
 * Equal, in a time that depends on the lengths alone: for digests, tokens
 * and whatever else a stranger may try.
 */
bool digest_equal(struct str a, struct str b);

/* Lower-case hexadecimal digits and a NUL: out has room for 2 * n + 1. */
void digest_hex(const void *bytes, size_t n, char *out);
/* Exactly 2 * n digits, upper or lower case, into n bytes; else false. */
MUST_USE bool digest_unhex(struct str text, void *out, size_t n);

#endif
