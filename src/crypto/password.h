/*
 * password.h - passwords of people, kept as yescrypt hashes ("$y$") by the
 * system's crypt(3). Hashing and verifying are slow on purpose (tens of
 * milliseconds and 16 MB): for workers, never for an event loop.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/error.h"

#define PASSWORD_MAX_BYTES 511
#define PASSWORD_HASH_BYTES 384

/*
 * The text to store, with a salt of its own. ERR_BAD_FIELD ("password") when
 * it is empty, longer than PASSWORD_MAX_BYTES or holds a NUL; ERR_CRYPTO when
 * the system cannot hash.
 */
MUST_USE bool password_hash(
	struct str password, char out[PASSWORD_HASH_BYTES], struct error *err);

/*
 * True when the password is the one that was hashed, by any method crypt(3)
 * knows. With an empty hash it is false, but takes as long as a real one, so
 * that an answer's time does not tell whether an account exists.
 */
MUST_USE bool password_verify(struct str password, struct str hash);

/* It was made by another method or at another cost than password_hash() uses
 * now: make it anew when its password is at hand. Quick. */
bool password_is_outdated(struct str hash);

#endif
