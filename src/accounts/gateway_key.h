/*
 * gateway_key.h - what an app calls with: made, revoked, listed.
 *
 * These functions write within the caller's transaction and raise the version
 * that tells every process to load its key_set anew (key_set.h). The text of
 * a key is known to gateway_key_create()'s caller alone, once.
 */
#ifndef ACCOUNTS_GATEWAY_KEY_H
#define ACCOUNTS_GATEWAY_KEY_H

#include "accounts/key_text.h"
#include "accounts/limit_set.h"
#include "accounts/names.h"
#include "accounts/project.h"
#include "base/arena.h"
#include "db/pool.h"

/* Whether answers carry the `metadata` member. */
enum metadata_mode { METADATA_DEFAULT, METADATA_ON, METADATA_OFF };

/* 0 is no limit. */
struct key_limits {
	int64_t requests_per_minute;
	int64_t tokens_per_minute;
	int64_t concurrent;
};

/* Whether its answers may come from the response cache. */
enum cache_policy { CACHE_POLICY_DEFAULT, CACHE_POLICY_ON, CACHE_POLICY_OFF };

struct gateway_key {
	int64_t id;
	int64_t project_id;
	int64_t organisation_id;
	struct str name;
	enum gateway_key_kind kind;
	enum metadata_mode metadata_mode;
	bool is_strict;     /* nothing may be dropped in translation */
	int64_t expires_ms; /* 0: never */
	int64_t revoked_ms; /* 0: not */
	struct key_limits limits;
	int64_t first_byte_timeout_ms; /* 0: provider and settings say */
	int64_t total_timeout_ms;      /* 0: the same */
	enum cache_policy cache_policy;
	int64_t cache_ttl_ms; /* 0: not said */
	struct name_list allowed_models;
	struct name_list allowed_providers;
	struct name_list allowed_origins;
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	/* Its budgets and quotas; set by key_set.c alone. */
	const struct limit_set *limit_set;
};

#define BUDGET_NONE (-1)

/* A key as lists show it. */
struct gateway_key_row {
	struct gateway_key key; /* without hash and limit_set */
	struct str project;
	struct str prefix;
	int64_t created_ms;
	int64_t last_used_ms;  /* 0: never */
	int64_t daily_picousd; /* its own budgets; BUDGET_NONE: none */
	int64_t monthly_picousd;
};

/*
 * Store a new key: `key` says what it may do (id, hash, revoked_ms,
 * limit_set are ignored), `text` is what gateway_key_make() gave. *id is the
 * new row's. ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool gateway_key_create(struct db *db, const struct gateway_key *key,
	struct str text, int64_t *id, struct error *err);

/* Final; a key that is revoked stays so. ERR_NOT_FOUND. */
MUST_USE bool gateway_key_revoke(struct db *db, int64_t id, struct error *err);

/* All keys, the oldest first, in the arena. */
MUST_USE bool gateway_key_list(struct db *db, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err);

/* May it be used at that time? ERR_KEY_REVOKED, ERR_KEY_EXPIRED. */
MUST_USE bool gateway_key_check(
	const struct gateway_key *key, int64_t unix_ms, struct error *err);

/* A model may be allowed by its name or as "provider/name". */
bool gateway_key_allows(
	const struct gateway_key *key, struct str provider, struct str model);
/* An alias, or a name whose provider is not chosen yet. */
bool gateway_key_allows_name(const struct gateway_key *key, struct str name);

#endif
