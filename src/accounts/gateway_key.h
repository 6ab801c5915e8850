/*
 * gateway_key.h - what an app calls with: made, changed, rotated, revoked,
 * listed.
 *
 * These functions write within the caller's transaction and raise the version
 * that tells every process to load its key_set anew (key_set.h). The text of
 * a key is known to gateway_key_create()'s caller alone, once.
 */
#ifndef ACCOUNTS_GATEWAY_KEY_H
#define ACCOUNTS_GATEWAY_KEY_H

#include "accounts/capture_policy.h"
#include "accounts/key_text.h"
#include "accounts/limit_set.h"
#include "accounts/names.h"
#include "accounts/project.h"
#include "accounts/routing_policy.h"
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
	int64_t revoked_ms; /* 0: not; or since its project is archived */
	int64_t created_by; /* a user's id; 0: the command line */
	struct key_limits limits;
	int64_t first_byte_timeout_ms; /* 0: provider and settings say */
	int64_t total_timeout_ms;      /* 0: the same */
	enum cache_policy cache_policy;
	int64_t cache_ttl_ms; /* 0: not said */
	struct name_list allowed_models;
	struct name_list allowed_providers;
	struct name_list allowed_origins;
	struct name_list tags;         /* conditions of aliases look at them */
	struct routing_policy routing; /* its project's; by key_set.c alone */
	struct capture_policy capture; /* the same */
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	/* Its budgets and quotas; set by key_set.c alone. */
	const struct limit_set *limit_set;
};

#define BUDGET_NONE (-1)

/* A key as lists show it. */
struct gateway_key_row {
	struct gateway_key key; /* without what key_set.c sets, and hash */
	struct str project;
	const struct time_zone *zone; /* of the project's days */
	struct str prefix;
	int64_t created_ms;
	int64_t last_used_ms;  /* 0: never */
	int64_t rotated_to;    /* the key that takes its place; 0: none */
	int64_t daily_picousd; /* its own budgets; BUDGET_NONE: none */
	int64_t monthly_picousd;
	int64_t daily_budget_id; /* 0: none */
	int64_t monthly_budget_id;
};

/* Which keys: 0 and "" leave it open. */
struct gateway_key_filter {
	int64_t organisation_id;
	int64_t project_id;
	int64_t id;
	struct str text; /* a part of name, prefix or tags, in any case */
	bool is_usable;  /* not those that are revoked or expired */
	int64_t before_id;
	size_t limit;
};

/*
 * Store a new key: `key` says what it may do (id, hash, revoked_ms,
 * limit_set are ignored), `text` is what gateway_key_make() gave. *id is the
 * new row's. ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool gateway_key_create(struct db *db, const struct gateway_key *key,
	struct str text, int64_t *id, struct error *err);

/*
 * From now on the key of that id may do what `key` says; project, kind and
 * created_by stay. ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool gateway_key_change(
	struct db *db, const struct gateway_key *key, struct error *err);

#define GATEWAY_KEY_MAX_GRACE_MS INT64_C(2592000000)

/*
 * A new key of the text that gateway_key_make() gave, which may do the same,
 * with budgets and quotas of the same size that begin anew. The old one
 * expires grace_ms from now, unless it does before. ERR_BAD_REQUEST: it is
 * not usable any more, or was rotated before.
 */
MUST_USE bool gateway_key_rotate(struct db *db,
	const struct gateway_key_row *old, int64_t grace_ms, int64_t by,
	struct str text, struct arena *arena, int64_t *id, struct error *err);

/*
 * Set what it may spend in a day or month, over what the row says;
 * BUDGET_NONE takes that budget away. It is a hard one, unless it was a soft
 * one before. ERR_BAD_FIELD, ERR_DATABASE.
 */
MUST_USE bool gateway_key_set_budget(struct db *db,
	const struct gateway_key_row *row, enum limit_period period,
	int64_t picousd, struct error *err);

/* Final; a key that is revoked stays so. ERR_NOT_FOUND. */
MUST_USE bool gateway_key_revoke(struct db *db, int64_t id, struct error *err);

/* All keys, the oldest first, in the arena. */
MUST_USE bool gateway_key_list(struct db *db, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err);

/* Those that fit, the newest first, at most filter->limit, in the arena. */
MUST_USE bool gateway_key_search(struct db *db,
	const struct gateway_key_filter *filter, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err);

/* One of the organisation's (0: of any). ERR_NOT_FOUND. */
MUST_USE bool gateway_key_find(struct db *db, int64_t organisation_id,
	int64_t id, struct arena *arena, struct gateway_key_row *out,
	struct error *err);

/* "secret", "publishable"; "default", "on", "off". */
struct str gateway_key_kind_name(enum gateway_key_kind kind);
struct str gateway_key_metadata_name(enum metadata_mode mode);
struct str gateway_key_cache_name(enum cache_policy policy);

/* May it be used at that time? ERR_KEY_REVOKED, ERR_KEY_EXPIRED. */
MUST_USE bool gateway_key_check(
	const struct gateway_key *key, int64_t unix_ms, struct error *err);

/* May it be used by a page of that origin ("": by no page)? Anybody may use a
 * secret one; a publishable one is for its own origins alone. */
bool gateway_key_serves_origin(
	const struct gateway_key *key, struct str origin);

/* A model may be allowed by its name or as "provider/name". */
bool gateway_key_allows(
	const struct gateway_key *key, struct str provider, struct str model);
/* An alias, or a name whose provider is not chosen yet. */
bool gateway_key_allows_name(const struct gateway_key *key, struct str name);

#endif
