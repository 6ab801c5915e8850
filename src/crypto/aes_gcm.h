/*
 * aes_gcm.h - AES-256-GCM: bytes that cannot be read, and not be changed
 * unseen. A nonce must never be used twice with one key.
 */
#ifndef CRYPTO_AES_GCM_H
#define CRYPTO_AES_GCM_H

#include "base/str.h"

#define AES_GCM_KEY_BYTES 32
#define AES_GCM_NONCE_BYTES 12
#define AES_GCM_TAG_BYTES 16

/* `out` takes plain.n bytes. `aad` is authenticated, not encrypted. */
void aes_gcm_seal(const uint8_t key[AES_GCM_KEY_BYTES],
	const uint8_t nonce[AES_GCM_NONCE_BYTES], struct str aad,
	struct str plain, uint8_t *out, uint8_t tag[AES_GCM_TAG_BYTES]);

/*
 * `out` takes sealed.n bytes. False when key, nonce, aad, bytes or tag are
 * not those of the sealing; `out` is zeroed then.
 */
MUST_USE bool aes_gcm_open(const uint8_t key[AES_GCM_KEY_BYTES],
	const uint8_t nonce[AES_GCM_NONCE_BYTES], struct str aad,
	struct str sealed, const uint8_t tag[AES_GCM_TAG_BYTES], uint8_t *out);

#endif
