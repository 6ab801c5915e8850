/*
 * gateway_key.c - the table gateway_keys, but for what key_set.c reads.
 */
#include "accounts/gateway_key.h"

#include "accounts/key_set.h"
#include "base/clock.h"
#include "db/stmt.h"

#define MAX_LIST_BYTES (1 << 20)

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

static bool insert_row(struct db *db, const struct gateway_key *key,
	struct str text, struct buf lists[3], int64_t *id, struct error *err);
static bool read_rows(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err);
static bool read_row(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row *row, struct error *err);
static struct str join(
	struct str provider, struct str model, char *out, size_t out_bytes);

bool gateway_key_create(struct db *db, const struct gateway_key *key,
	struct str text, int64_t *id, struct error *err)
{
	const struct name_list given[3] = { key->allowed_models,
		key->allowed_providers, key->allowed_origins };
	struct buf lists[3];
	bool ok;

	if (!name_check(key->name, "name", err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		buf_init(&lists[i], MAX_LIST_BYTES);
		name_list_write(given[i], &lists[i]);
	}
	ok = insert_row(db, key, text, lists, id, err) &&
	     key_set_changed(db, err);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		buf_release(&lists[i]);
	return ok;
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

bool gateway_key_list(struct db *db, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt,
		       "SELECT k.id, k.name, p.name, k.prefix, k.created_ms, "
		       "k.expires_ms, k.revoked_ms, k.last_used_ms, k.rpm, "
		       "k.tpm, k.allowed_models, k.metadata_mode = 'off', "
		       "d.limit_picousd, m.limit_picousd, k.project_id, "
		       "p.organisation_id, k.kind = 'publishable', k.strict, "
		       "k.concurrent "
		       "FROM gateway_keys k "
		       "JOIN projects p ON p.id = k.project_id "
		       "LEFT JOIN budgets d ON d.scope_kind = 'key' AND "
		       "d.scope_id = k.id AND d.user_name = '' AND "
		       "d.period = 'daily' "
		       "LEFT JOIN budgets m ON m.scope_kind = 'key' AND "
		       "m.scope_id = k.id AND m.user_name = '' AND "
		       "m.period = 'monthly' ORDER BY k.id",
		       err) &&
	       stmt_run(stmt, err) && read_rows(stmt, arena, out, count, err);
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

static bool insert_row(struct db *db, const struct gateway_key *key,
	struct str text, struct buf lists[3], int64_t *id, struct error *err)
{
	uint8_t hash[GATEWAY_KEY_HASH_BYTES];
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO gateway_keys (project_id, name, kind, hash, "
		    "prefix, created_ms, expires_ms, allowed_models, "
		    "allowed_providers, allowed_origins, rpm, tpm, concurrent, "
		    "metadata_mode, strict, first_byte_timeout_ms, "
		    "total_timeout_ms, cache_policy, cache_ttl_ms) VALUES "
		    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	gateway_key_hash(text, hash);
	stmt_bind_int(stmt, key->project_id);
	stmt_bind_str(stmt, key->name);
	stmt_bind_str(stmt, kind_names[key->kind]);
	stmt_bind_str(stmt, (struct str){ (const char *)hash, sizeof(hash) });
	stmt_bind_str(stmt, str_head(text, GATEWAY_KEY_SHOWN_BYTES));
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int_or_null(stmt, key->expires_ms);
	for (size_t i = 0; i < 3; i++)
		stmt_bind_str(stmt, buf_str(&lists[i]));
	stmt_bind_int(stmt, key->limits.requests_per_minute);
	stmt_bind_int(stmt, key->limits.tokens_per_minute);
	stmt_bind_int(stmt, key->limits.concurrent);
	stmt_bind_str(stmt, metadata_names[key->metadata_mode]);
	stmt_bind_int(stmt, key->is_strict);
	stmt_bind_int(stmt, key->first_byte_timeout_ms);
	stmt_bind_int(stmt, key->total_timeout_ms);
	stmt_bind_str(stmt, cache_policy_names[key->cache_policy]);
	stmt_bind_int_or_null(stmt, key->cache_ttl_ms);
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	return true;
}

static bool read_rows(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row **out, size_t *count, struct error *err)
{
	size_t room = 16;
	bool more;

	*out = ARENA_ARRAY(arena, struct gateway_key_row, room);
	*count = 0;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		if (*count == room) {
			struct gateway_key_row *larger = ARENA_ARRAY(
				arena, struct gateway_key_row, 2 * room);

			memcpy(larger, *out, room * sizeof(**out));
			*out = larger;
			room *= 2;
		}
		if (!read_row(stmt, arena, &(*out)[(*count)++], err))
			return false;
	}
	return false;
}

static bool read_row(struct stmt *stmt, struct arena *arena,
	struct gateway_key_row *row, struct error *err)
{
	struct gateway_key *key = &row->key;

	key->id = stmt_int(stmt, 0);
	key->name = arena_copy(arena, stmt_str(stmt, 1));
	row->project = arena_copy(arena, stmt_str(stmt, 2));
	row->prefix = arena_copy(arena, stmt_str(stmt, 3));
	row->created_ms = stmt_int(stmt, 4);
	key->expires_ms = stmt_int(stmt, 5);
	key->revoked_ms = stmt_int(stmt, 6);
	row->last_used_ms = stmt_int(stmt, 7);
	key->limits.requests_per_minute = stmt_int(stmt, 8);
	key->limits.tokens_per_minute = stmt_int(stmt, 9);
	key->metadata_mode =
		stmt_int(stmt, 11) ? METADATA_OFF : METADATA_DEFAULT;
	row->daily_picousd =
		stmt_is_null(stmt, 12) ? BUDGET_NONE : stmt_int(stmt, 12);
	row->monthly_picousd =
		stmt_is_null(stmt, 13) ? BUDGET_NONE : stmt_int(stmt, 13);
	key->project_id = stmt_int(stmt, 14);
	key->organisation_id = stmt_int(stmt, 15);
	key->kind = stmt_int(stmt, 16) ? GATEWAY_KEY_PUBLISHABLE
				       : GATEWAY_KEY_SECRET;
	key->is_strict = stmt_int(stmt, 17) != 0;
	key->limits.concurrent = stmt_int(stmt, 18);
	return name_list_read(
		stmt_str(stmt, 10), arena, &key->allowed_models, err);
}

static struct str join(
	struct str provider, struct str model, char *out, size_t out_bytes)
{
	int n = snprintf(
		out, out_bytes, "%.*s/%.*s", STR_ARG(provider), STR_ARG(model));

	return (struct str){ out,
		(size_t)n < out_bytes ? (size_t)n : out_bytes - 1 };
}
