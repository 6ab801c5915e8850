/*
 * seal.h - secrets at rest: provider keys and whatever else the database may
 * hold but not know.
 *
 * An envelope: every secret is encrypted with a data key of its own, and that
 * data key with the master key, both by AES-256-GCM, in one blob:
 *
 *	 1  format, 1
 *	 4  version of the master key, big-endian
 *	12  nonce of the data key
 *	32  data key, encrypted
 *	16  its tag
 *	12  nonce of the secret
 *	 n  secret, encrypted
 *	16  its tag
 *
 * `context` names the one place a blob belongs to ("provider_key:17"). It is
 * authenticated, not stored: a blob copied to another row does not open.
 *
 * The master key is 32 bytes as 64 hexadecimal digits or base64, from the
 * environment (LLM_GATEWAY_MASTER_KEY) or the file crypto.master_key_file
 * points at. To change it give several, each with its version, newest first:
 * "2:KEY,1:KEY". The first seals, all open; vault_rewrap() moves a blob to
 * the first. A bare key is version 1. A vault never changes after it is made
 * and may be used by all threads; it is kept out of swap and core dumps where
 * the system allows it.
 */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/settings.h"

#define VAULT_MAX_KEYS 16
/* A sealed secret is this much longer than the secret. */
#define VAULT_OVERHEAD_BYTES 93
#define VAULT_KEY_TEXT_BYTES 65

struct vault;

/* ERR_CONFIG when there is no master key, or none that can be read. */
MUST_USE bool vault_load(
	const struct settings *settings, struct vault **out, struct error *err);
/* The same from the text of the keys. */
MUST_USE bool vault_parse(
	struct str text, struct vault **out, struct error *err);
/* Wipes the keys. Safe with NULL. */
void vault_free(struct vault *vault);

/* Append the sealed blob. ERR_CRYPTO when `sealed` has no room for it. */
MUST_USE bool vault_seal(const struct vault *vault, struct str context,
	struct str plain, struct buf *sealed, struct error *err);

/*
 * Append the secret; the caller wipes it with vault_wipe(). ERR_CRYPTO, and
 * nothing appended, when the blob was changed or cut, belongs to another
 * context, or its master key is not among ours. About 2 us.
 */
MUST_USE bool vault_open(const struct vault *vault, struct str context,
	struct str sealed, struct buf *plain, struct error *err);

/*
 * Append the same blob with its data key under the newest master key; the
 * secret itself is neither opened nor changed. ERR_CRYPTO as above.
 */
MUST_USE bool vault_rewrap(const struct vault *vault, struct str context,
	struct str sealed, struct buf *rewrapped, struct error *err);

/* Version of the master key that sealed the blob; 0: not a blob of ours. */
uint32_t vault_version(struct str sealed);
/* Version of the key that seals now. */
uint32_t vault_newest_version(const struct vault *vault);

#define VAULT_DERIVED_BYTES 32
/*
 * A key for another purpose, made of the n-th master key, newest first;
 * another label gives another key, and neither tells of the master key. False
 * when there are no more. The caller wipes it.
 */
MUST_USE bool vault_derive(const struct vault *vault, size_t n,
	struct str label, uint8_t out[VAULT_DERIVED_BYTES]);

/* Overwrite the content and release the buffer. */
void vault_wipe(struct buf *plain);

/* A new master key as text, 64 hexadecimal digits and a NUL. */
void vault_new_key(char out[VAULT_KEY_TEXT_BYTES]);

#endif
