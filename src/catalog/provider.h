/*
 * provider.h - who answers: address, way of authenticating, keys.
 *
 * A provider is data. What its dialect is and where it differs from others
 * is in its row; only a new dialect needs code. Its keys are kept sealed for
 * the context "provider_key:ID" (crypto/seal.h) and opened for a call alone;
 * people see the last characters of one, `hint`.
 *
 * The functions write within the caller's transaction and raise the version
 * that tells every process to load the catalogue anew.
 */
#ifndef CATALOG_PROVIDER_H
#define CATALOG_PROVIDER_H

#include "base/arena.h"
#include "base/error.h"
#include "catalog/quirks.h"
#include "crypto/seal.h"
#include "db/pool.h"

#define PROVIDER_NAME_MAX_BYTES 64
#define PROVIDER_KEY_MAX_BYTES 4096
#define PROVIDER_KEY_CONTEXT_BYTES 40

struct provider_key {
	int64_t id;
	struct str name;
	struct str sealed;
	struct str hint;
	int64_t weight;
	struct provider_key *next; /* in the order of their ids */
};

/* Milliseconds; 0 leaves it to the settings. */
struct provider_timeouts {
	int64_t connect_ms;
	int64_t first_byte_ms;
	int64_t idle_ms;
	int64_t total_ms;
};

struct provider {
	int64_t id;
	struct str name;
	struct str dialect;
	struct str base_url; /* no slash at its end */
	struct str auth;     /* "bearer", or the header that takes the key */
	struct quirks quirks;
	const struct str *forward_headers; /* of the client's request */
	size_t forward_header_count;
	int64_t weight;
	struct provider_timeouts timeouts;
	bool enabled;
	struct provider_key *keys; /* the enabled ones; NULL: none */
	size_t key_count;
};

/* What a key is sealed for. */
struct str provider_key_context(
	int64_t id, char out[PROVIDER_KEY_CONTEXT_BYTES]);

/*
 * Add the provider or change the one of that name: name, dialect, base_url
 * (as base_url_read() gave it), auth, quirks, weight. *created says which.
 * ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool provider_save(struct db *db, const struct provider *provider,
	int64_t *id, bool *created, struct error *err);

/* With its keys, models and prices. ERR_NOT_FOUND. */
MUST_USE bool provider_remove(
	struct db *db, struct str name, int64_t *id, struct error *err);

/* Add a key or replace the one of that name. ERR_BAD_FIELD, ERR_CRYPTO. */
MUST_USE bool provider_key_save(struct db *db, const struct vault *vault,
	int64_t provider_id, struct str name, struct str text, int64_t weight,
	struct error *err);

/*
 * Move every key to the newest master key, disabled ones included; *count
 * says how many were not under it. ERR_CRYPTO names the first key that does
 * not open, and then the caller must not commit.
 */
MUST_USE bool provider_keys_rewrap(struct db *db, const struct vault *vault,
	struct arena *arena, size_t *count, struct error *err);

/* Does every key open? ERR_CRYPTO names the first that does not. */
MUST_USE bool provider_keys_check(struct db *db, const struct vault *vault,
	size_t *count, struct error *err);

#endif
