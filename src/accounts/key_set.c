/*
 * key_set.c - an open-addressing hash table over one arena. A key's hash is a
 * SHA-256, so its first bytes are as good a table index as any.
 */
#include "accounts/key_set.h"

#include "accounts/limit_rows.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/stmt.h"

#define ARENA_BLOCK_BYTES (256 * 1024)
/* Keys that may be added between counting and reading. */
#define SPARE_KEYS 1024

struct publishable {
	const struct gateway_key *key;
	struct publishable *next;
};

struct key_set {
	struct arena arena;
	const struct gateway_key **slots;
	size_t mask; /* number of slots - 1 */
	size_t count;
	int64_t version;
	struct limit_rows *limits;
	struct publishable *publishable; /* of the keys */
};

static bool load(struct db *db, struct key_set *set, struct error *err);
static bool make_slots(struct db *db, struct key_set *set, struct error *err);
static bool read_rows(
	struct stmt *stmt, struct key_set *set, struct error *err);
static void add_publishable(struct key_set *set, const struct gateway_key *key);
static bool read_row(struct stmt *stmt, struct key_set *set,
	struct gateway_key *key, struct error *err);
static bool read_lists(struct stmt *stmt, struct arena *arena,
	struct gateway_key *key, struct error *err);
static const struct gateway_key **slot_of(
	const struct key_set *set, const uint8_t *hash);

bool key_set_load(struct db *db, struct key_set **out, struct error *err)
{
	struct key_set *set = calloc(1, sizeof(*set));

	if (!set)
		return error_set(err, ERR_INTERNAL, "no memory for keys");
	arena_init(&set->arena, ARENA_BLOCK_BYTES);
	if (!load(db, set, err)) {
		key_set_free(set);
		return false;
	}
	*out = set;
	return true;
}

void key_set_free(struct key_set *set)
{
	if (!set)
		return;
	arena_release(&set->arena);
	free(set);
}

const struct gateway_key *key_set_find(
	const struct key_set *set, const uint8_t hash[GATEWAY_KEY_HASH_BYTES])
{
	return *slot_of(set, hash);
}

bool key_set_serves_origin(
	const struct key_set *set, struct str origin, int64_t unix_ms)
{
	struct error unusable;

	for (const struct publishable *one = set->publishable; one;
		one = one->next)
		if (gateway_key_serves_origin(one->key, origin) &&
			gateway_key_check(one->key, unix_ms, &unusable))
			return true;
	return false;
}

size_t key_set_count(const struct key_set *set)
{
	return set->count;
}

int64_t key_set_version(const struct key_set *set)
{
	return set->version;
}

bool key_set_version_now(struct db *db, int64_t *version, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT version FROM snapshot_version WHERE topic = 'keys'",
		    err) ||
		!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	*version = found ? stmt_int(stmt, 0) : 0;
	return true;
}

bool key_set_changed(struct db *db, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO snapshot_version (topic, version, changed_ms) "
		    "VALUES ('keys', 1, ?) ON DUPLICATE KEY UPDATE "
		    "version = version + 1, changed_ms = VALUES(changed_ms)",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}

/* The version comes first: a change that falls between is loaded again. */
static bool load(struct db *db, struct key_set *set, struct error *err)
{
	struct stmt *stmt;

	return key_set_version_now(db, &set->version, err) &&
	       limit_rows_load(db, &set->arena, &set->limits, err) &&
	       make_slots(db, set, err) &&
	       stmt_prepare(db, &stmt,
		       "SELECT k.id, k.project_id, p.organisation_id, k.name, "
		       "k.kind = 'publishable', k.metadata_mode, k.expires_ms, "
		       "COALESCE(k.revoked_ms, p.archived_ms), "
		       "k.rpm, k.tpm, k.concurrent, "
		       "k.first_byte_timeout_ms, k.total_timeout_ms, "
		       "k.allowed_models, k.allowed_providers, "
		       "k.allowed_origins, k.hash, k.strict, k.cache_policy, "
		       "k.cache_ttl_ms, k.tags, p.settings "
		       "FROM gateway_keys k "
		       "JOIN projects p ON p.id = k.project_id",
		       err) &&
	       stmt_run(stmt, err) && read_rows(stmt, set, err);
}

static bool make_slots(struct db *db, struct key_set *set, struct error *err)
{
	struct stmt *stmt;
	size_t slots = 1;
	bool found;

	if (!stmt_prepare(
		    db, &stmt, "SELECT COUNT(*) FROM gateway_keys", err) ||
		!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	while (slots < 2 * ((size_t)stmt_int(stmt, 0) + SPARE_KEYS))
		slots *= 2;
	set->slots =
		ARENA_ARRAY(&set->arena, const struct gateway_key *, slots);
	set->mask = slots - 1;
	return true;
}

static bool read_rows(struct stmt *stmt, struct key_set *set, struct error *err)
{
	bool more;

	while (stmt_fetch(stmt, &more, err)) {
		struct gateway_key *key;

		if (!more)
			return true;
		if (set->count > set->mask / 2)
			return error_set(err, ERR_DATABASE,
				"keys were added faster than they were read");
		key = ARENA_NEW(&set->arena, struct gateway_key);
		if (!read_row(stmt, set, key, err))
			return false;
		*slot_of(set, key->hash) = key;
		if (key->kind == GATEWAY_KEY_PUBLISHABLE)
			add_publishable(set, key);
		set->count++;
	}
	return false;
}

static void add_publishable(struct key_set *set, const struct gateway_key *key)
{
	struct publishable *one = ARENA_NEW(&set->arena, struct publishable);

	one->key = key;
	one->next = set->publishable;
	set->publishable = one;
}

static bool read_row(struct stmt *stmt, struct key_set *set,
	struct gateway_key *key, struct error *err)
{
	struct str mode = stmt_str(stmt, 5);
	struct str hash = stmt_str(stmt, 16);
	struct str cache = stmt_str(stmt, 18);
	struct error unread;

	key->id = stmt_int(stmt, 0);
	key->project_id = stmt_int(stmt, 1);
	key->organisation_id = stmt_int(stmt, 2);
	key->name = arena_copy(&set->arena, stmt_str(stmt, 3));
	key->kind = stmt_int(stmt, 4) ? GATEWAY_KEY_PUBLISHABLE
				      : GATEWAY_KEY_SECRET;
	key->metadata_mode = str_equal(mode, S("off"))  ? METADATA_OFF
			     : str_equal(mode, S("on")) ? METADATA_ON
							: METADATA_DEFAULT;
	key->is_strict = stmt_int(stmt, 17) != 0;
	key->cache_policy = str_equal(cache, S("off"))  ? CACHE_POLICY_OFF
			    : str_equal(cache, S("on")) ? CACHE_POLICY_ON
							: CACHE_POLICY_DEFAULT;
	key->cache_ttl_ms = stmt_int(stmt, 19);
	key->expires_ms = stmt_int(stmt, 6);
	key->revoked_ms = stmt_int(stmt, 7);
	key->limits.requests_per_minute = stmt_int(stmt, 8);
	key->limits.tokens_per_minute = stmt_int(stmt, 9);
	key->limits.concurrent = stmt_int(stmt, 10);
	key->first_byte_timeout_ms = stmt_int(stmt, 11);
	key->total_timeout_ms = stmt_int(stmt, 12);
	key->limit_set = limit_rows_find_set(set->limits, &set->arena,
		&(struct limit_key){
			key->id, key->project_id, key->organisation_id });
	if (!routing_policy_read(stmt_str(stmt, 21), &key->routing, &unread))
		log_error("project %" PRId64 " is routed as all others: %s",
			key->project_id, error_detail(&unread));
	if (!capture_policy_read(stmt_str(stmt, 21), &key->capture, &unread))
		log_error("project %" PRId64 " keeps no bodies: %s",
			key->project_id, error_detail(&unread));
	if (hash.n != sizeof(key->hash))
		return error_set(err, ERR_DATABASE,
			"key %" PRId64 " has a hash of %zu bytes", key->id,
			hash.n);
	memcpy(key->hash, hash.p, hash.n);
	return read_lists(stmt, &set->arena, key, err);
}

static bool read_lists(struct stmt *stmt, struct arena *arena,
	struct gateway_key *key, struct error *err)
{
	if (name_list_read(
		    stmt_str(stmt, 13), arena, &key->allowed_models, err) &&
		name_list_read(stmt_str(stmt, 14), arena,
			&key->allowed_providers, err) &&
		name_list_read(stmt_str(stmt, 15), arena, &key->allowed_origins,
			err) &&
		name_list_read(stmt_str(stmt, 20), arena, &key->tags, err))
		return true;
	/* Loading on without the list would allow what it forbids. */
	return error_set(err, ERR_DATABASE,
		"key %" PRId64 " has a list that cannot be read", key->id);
}

/* Where that hash is, or the free slot where it would be. */
static const struct gateway_key **slot_of(
	const struct key_set *set, const uint8_t *hash)
{
	uint64_t start;
	size_t i;

	memcpy(&start, hash, sizeof(start));
	for (i = start & set->mask; set->slots[i]; i = (i + 1) & set->mask) {
		if (memcmp(set->slots[i]->hash, hash, GATEWAY_KEY_HASH_BYTES) ==
			0)
			break;
	}
	return &set->slots[i];
}
