/*
 * gateway_key.c - the table gateway_keys: what changes it, and what a key may
 * do. gateway_key_list.c and key_set.c read it.
 */
#include "accounts/gateway_key.h"

#include "accounts/key_set.h"
#include "base/clock.h"
#include "db/stmt.h"

#define MAX_LIST_BYTES (1 << 20)
/* Columns of a key that are lists. */
#define LISTS 4

static const struct str kind_names[] = {
	[GATEWAY_KEY_SECRET] = STR("secret"),
	[GATEWAY_KEY_PUBLISHABLE] = STR("publishable"),
};

static const struct str metadata_names[] = {
	[METADATA_DEFAULT] = STR("default"),
	[METADATA_ON] = STR("on"),
	[METADATA_OFF] = STR("off"),
};

static const struct str cache_policy_names[] = {
	[CACHE_POLICY_DEFAULT] = STR("default"),
	[CACHE_POLICY_ON] = STR("on"),
	[CACHE_POLICY_OFF] = STR("off"),
};

static bool check(const struct gateway_key *key, struct error *err);
static bool check_origin(struct str origin, struct error *err);
static bool insert(struct db *db, const struct gateway_key *key,
	struct str text, struct stmt **out, struct error *err);
static bool run_with_rights(struct stmt *stmt, const struct gateway_key *key,
	int64_t last, struct error *err);
static struct str join(
	struct str provider, struct str model, char *out, size_t out_bytes);

bool gateway_key_create(struct db *db, const struct gateway_key *key,
	struct str text, int64_t *id, struct error *err)
{
	struct stmt *stmt;

	if (!check(key, err) || !insert(db, key, text, &stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	return key_set_changed(db, err);
}

bool gateway_key_change(
	struct db *db, const struct gateway_key *key, struct error *err)
{
	struct stmt *stmt;

	return check(key, err) &&
	       stmt_prepare(db, &stmt,
		       "UPDATE gateway_keys SET name = ?, expires_ms = ?, "
		       "allowed_models = ?, allowed_providers = ?, "
		       "allowed_origins = ?, tags = ?, rpm = ?, tpm = ?, "
		       "concurrent = ?, metadata_mode = ?, strict = ?, "
		       "first_byte_timeout_ms = ?, total_timeout_ms = ?, "
		       "cache_policy = ?, cache_ttl_ms = ? WHERE id = ?",
		       err) &&
	       run_with_rights(stmt, key, key->id, err) &&
	       key_set_changed(db, err);
}

bool gateway_key_revoke(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM gateway_keys WHERE id = ? FOR UPDATE", err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no gateway key %" PRId64 ".", id);
	if (!stmt_prepare(db, &stmt,
		    "UPDATE gateway_keys SET revoked_ms = ? WHERE id = ? AND "
		    "revoked_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && key_set_changed(db, err);
}

bool gateway_key_check(
	const struct gateway_key *key, int64_t unix_ms, struct error *err)
{
	if (key->revoked_ms)
		return error_set(err, ERR_KEY_REVOKED, "key %" PRId64, key->id);
	if (key->expires_ms && key->expires_ms <= unix_ms)
		return error_set(err, ERR_KEY_EXPIRED, "key %" PRId64, key->id);
	return true;
}

bool gateway_key_serves_origin(const struct gateway_key *key, struct str origin)
{
	if (key->kind == GATEWAY_KEY_SECRET)
		return true;
	for (size_t i = 0; i < key->allowed_origins.count; i++)
		if (str_equal(key->allowed_origins.names[i], origin))
			return true;
	return false;
}

bool gateway_key_allows(
	const struct gateway_key *key, struct str provider, struct str model)
{
	char full[2 * NAME_MAX_BYTES + 2];

	return name_list_allows(key->allowed_providers, provider) &&
	       (name_list_allows(key->allowed_models, model) ||
		       name_list_allows(key->allowed_models,
			       join(provider, model, full, sizeof(full))));
}

bool gateway_key_allows_name(const struct gateway_key *key, struct str name)
{
	return name_list_allows(key->allowed_models, name);
}

struct str gateway_key_kind_name(enum gateway_key_kind kind)
{
	return kind_names[kind];
}

struct str gateway_key_metadata_name(enum metadata_mode mode)
{
	return metadata_names[mode];
}

struct str gateway_key_cache_name(enum cache_policy policy)
{
	return cache_policy_names[policy];
}

/* What stands in a page for all to read must not serve every page. */
static bool check(const struct gateway_key *key, struct error *err)
{
	if (!name_check(key->name, "name", err))
		return false;
	if (key->kind == GATEWAY_KEY_SECRET)
		return key->allowed_origins.count == 0 ||
		       error_refuse(err, ERR_BAD_FIELD, "origins",
			       "Only a publishable key is bound to origins.");
	if (key->allowed_origins.count == 0)
		return error_refuse(err, ERR_BAD_FIELD, "origins",
			"A publishable key needs the origins of the pages "
			"that use it, as in https://www.example.com.");
	if (key->allowed_models.count == 0)
		return error_refuse(err, ERR_BAD_FIELD, "models",
			"A publishable key needs a list of models.");
	if (key->limits.requests_per_minute == 0)
		return error_refuse(err, ERR_BAD_FIELD, "rpm",
			"A publishable key needs a limit of requests per "
			"minute.");
	for (size_t i = 0; i < key->allowed_origins.count; i++)
		if (!check_origin(key->allowed_origins.names[i], err))
			return false;
	return true;
}

/* As a browser sends it (RFC 6454): scheme, host in lower case, port. */
static bool check_origin(struct str origin, struct error *err)
{
	struct str host =
		str_from(origin, str_starts(origin, S("https://")) ? 8 : 7);
	bool ok = (str_starts(origin, S("https://")) ||
			  str_starts(origin, S("http://"))) &&
		  host.n > 0 && host.p[0] != ':';

	for (size_t i = 0; ok && i < host.n; i++)
		ok = islower((unsigned char)host.p[i]) ||
		     isdigit((unsigned char)host.p[i]) ||
		     strchr("-_.:[]", host.p[i]);
	return ok || error_refuse(err, ERR_BAD_FIELD, "origins",
			     "'%.*s' is not an origin: write it as in "
			     "https://www.example.com, without a path, in "
			     "lower case.",
			     STR_ARG(str_head(origin, 100)));
}

static bool insert(struct db *db, const struct gateway_key *key,
	struct str text, struct stmt **out, struct error *err)
{
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO gateway_keys (project_id, kind, hash, prefix, "
		    "created_by, created_ms, name, expires_ms, allowed_models, "
		    "allowed_providers, allowed_origins, tags, rpm, tpm, "
		    "concurrent, metadata_mode, strict, first_byte_timeout_ms, "
		    "total_timeout_ms, cache_policy, cache_ttl_ms, rotated_to) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
		    "?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	gateway_key_hash(text, hash);
	stmt_bind_int(stmt, key->project_id);
	stmt_bind_str(stmt, kind_names[key->kind]);
	stmt_bind_str(stmt, (struct str){ (const char *)hash, sizeof(hash) });
	stmt_bind_str(stmt, str_head(text, GATEWAY_KEY_SHOWN_BYTES));
	stmt_bind_int_or_null(stmt, key->created_by);
	stmt_bind_int(stmt, clock_unix_ms());
	*out = stmt;
	return run_with_rights(stmt, key, 0, err);
}

/* Bind what a key may do, in the order of both statements, and `last`, NULL
 * where it is 0. */
static bool run_with_rights(struct stmt *stmt, const struct gateway_key *key,
	int64_t last, struct error *err)
{
	const struct name_list given[LISTS] = { key->allowed_models,
		key->allowed_providers, key->allowed_origins, key->tags };
	struct buf lists[LISTS];
	bool ok;

	stmt_bind_str(stmt, key->name);
	stmt_bind_int_or_null(stmt, key->expires_ms);
	for (size_t i = 0; i < LISTS; i++) {
		buf_init(&lists[i], MAX_LIST_BYTES);
		name_list_write(given[i], &lists[i]);
		stmt_bind_str(stmt, buf_str(&lists[i]));
	}
	stmt_bind_int(stmt, key->limits.requests_per_minute);
	stmt_bind_int(stmt, key->limits.tokens_per_minute);
	stmt_bind_int(stmt, key->limits.concurrent);
	stmt_bind_str(stmt, metadata_names[key->metadata_mode]);
	stmt_bind_int(stmt, key->is_strict);
	stmt_bind_int(stmt, key->first_byte_timeout_ms);
	stmt_bind_int(stmt, key->total_timeout_ms);
	stmt_bind_str(stmt, cache_policy_names[key->cache_policy]);
	stmt_bind_int_or_null(stmt, key->cache_ttl_ms);
	stmt_bind_int_or_null(stmt, last);
	ok = stmt_run(stmt, err);
	for (size_t i = 0; i < LISTS; i++)
		buf_release(&lists[i]);
	return ok;
}

static struct str join(
	struct str provider, struct str model, char *out, size_t out_bytes)
{
	int n = snprintf(
		out, out_bytes, "%.*s/%.*s", STR_ARG(provider), STR_ARG(model));

	return (struct str){ out,
		(size_t)n < out_bytes ? (size_t)n : out_bytes - 1 };
}
