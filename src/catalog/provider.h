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
#include "base/settings.h"
#include "catalog/quirks.h"
#include "crypto/seal.h"
#include "db/pool.h"
#include "dialect/dialect.h"

#define PROVIDER_NAME_MAX_BYTES 64
#define PROVIDER_KEY_MAX_BYTES 4096
#define PROVIDER_KEY_CONTEXT_BYTES 40
#define PROVIDER_DIALECTS 4
#define PROVIDER_HOSTS 64

struct provider_key {
	int64_t id;
	struct str name;
	struct str sealed;
	struct str hint;
	int64_t weight;
	struct provider_key *next; /* in the order of their ids */
};

/* One more machine that is the same provider. */
struct provider_host {
	struct str base_url;
	int64_t weight; /* that of the provider's own base URL is 1 */
	struct provider_host *next;
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
	struct str dialect;  /* names, separated by commas */
	struct str base_url; /* no slash at its end; see base_url.h */
	struct str auth;     /* "bearer", "aws", or the key's header */
	/* The formats of chats that it takes. The first one is for what must
	 * be translated; none at a provider that only embeds. */
	const struct dialect *dialects[PROVIDER_DIALECTS];
	size_t dialect_count;
	struct quirks quirks;
	const struct str *forward_headers; /* of the client's request */
	size_t forward_header_count;
	int64_t weight;
	int64_t requests_per_minute; /* that it allows us; 0: no limit */
	int64_t tokens_per_minute;
	int64_t concurrent; /* requests at once; 0: no limit */
	struct provider_timeouts timeouts;
	bool enabled;
	struct provider_key *keys; /* the enabled ones; NULL: none */
	size_t key_count;
	struct provider_host *hosts; /* beside base_url: a pool */
	size_t host_count;
};

/* Set `dialects` from `dialect`. ERR_BAD_FIELD names the one that is not
 * known, or what is wrong with the list. */
MUST_USE bool provider_read_dialects(
	struct provider *provider, struct error *err);
/* The first name of `dialect`. */
struct str provider_first_dialect(const struct provider *provider);
/* The client's own dialect where the provider speaks it, else its first one;
 * NULL: it takes no chats. */
const struct dialect *provider_dialect_for(
	const struct provider *provider, const struct dialect *client);

/* What a key is sealed for. */
struct str provider_key_context(
	int64_t id, char out[PROVIDER_KEY_CONTEXT_BYTES]);

/*
 * Add the provider or change the one of that name: name, dialect, base_url
 * (as base_url_read() gave it), auth, quirks, weight, rates. *created says
 * which.
 * ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool provider_save(struct db *db, const struct provider *provider,
	int64_t *id, bool *created, struct error *err);

/* What is not given stays as it is stored of that name, or comes from the
 * table of known providers; of a name that is in neither, only auth and
 * weight. Texts are in the arena. ERR_DATABASE. */
MUST_USE bool provider_prefill(struct db *db, struct str name,
	struct arena *arena, struct provider *out, struct error *err);
/* Before it is saved: dialects and address, which gets its stored form.
 * ERR_BAD_FIELD, ERR_BAD_REQUEST. */
MUST_USE bool provider_check_form(struct provider *provider, bool allow_private,
	struct arena *arena, struct error *err);
/* A new one at its known address gets the models that are known of it, in the
 * caller's transaction; *added may be 0. */
MUST_USE bool provider_add_models(struct db *db,
	const struct settings *settings, const struct provider *provider,
	struct arena *arena, size_t *added, struct error *err);

/* 0 leaves one to the settings. */
MUST_USE bool provider_set_timeouts(struct db *db, int64_t id,
	const struct provider_timeouts *timeouts, struct error *err);
/* One that is not enabled gets no calls. */
MUST_USE bool provider_set_enabled(
	struct db *db, int64_t id, bool enabled, struct error *err);

/* ERR_NOT_FOUND. */
MUST_USE bool provider_find_id(
	struct db *db, struct str name, int64_t *id, struct error *err);

/* Add a machine to the provider's pool, or change its weight; base_url as
 * base_url_read() gave it. ERR_BAD_REQUEST: there are too many. */
MUST_USE bool provider_host_save(struct db *db, int64_t provider_id,
	struct str base_url, int64_t weight, struct error *err);
/* ERR_NOT_FOUND. */
MUST_USE bool provider_host_remove(struct db *db, int64_t provider_id,
	struct str base_url, struct error *err);

/* Append the key in the clear; the caller wipes it. ERR_CRYPTO. */
MUST_USE bool provider_key_open(const struct vault *vault,
	const struct provider_key *key, struct buf *secret, struct error *err);

/* With its keys, models and prices. ERR_NOT_FOUND. */
MUST_USE bool provider_remove(
	struct db *db, struct str name, int64_t *id, struct error *err);

/* A key as its page shows it. */
struct provider_key_row {
	int64_t id;
	struct str name;
	struct str hint;
	int64_t weight;
	bool enabled;
	struct str disabled_reason;
	int64_t created_ms;
	int64_t validated_ms; /* the provider accepted it; 0: not known */
};

/* All of a provider's, disabled ones too, by id, in the arena. */
MUST_USE bool provider_key_list(struct db *db, int64_t provider_id,
	struct arena *arena, struct provider_key_row **out, size_t *count,
	struct error *err);
/* Its share, and whether it is used. ERR_NOT_FOUND. */
MUST_USE bool provider_key_change(struct db *db, int64_t provider_id,
	int64_t id, int64_t weight, bool enabled, struct error *err);
/* ERR_NOT_FOUND. */
MUST_USE bool provider_key_remove(
	struct db *db, int64_t provider_id, int64_t id, struct error *err);
/* The provider has just accepted the key of that name. */
MUST_USE bool provider_key_note_valid(
	struct db *db, int64_t provider_id, struct str name, struct error *err);
/* One that could not sign would fail with every call. ERR_BAD_FIELD. */
MUST_USE bool provider_key_check_form(
	struct str auth, struct str text, struct error *err);

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
