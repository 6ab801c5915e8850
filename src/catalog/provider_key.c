/*
 * provider_key.c - the table provider_keys: the one place where a provider's
 * key is sealed.
 */
#include "catalog/provider.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "db/stmt.h"

#define HINT_CHARACTERS 4
/* A hint of a short secret would tell too much of it. */
#define HINT_MIN_KEY_BYTES 16

struct sealed_key {
	int64_t id;
	struct str sealed;
	struct sealed_key *next;
};

static bool check_text(struct str text, struct error *err);
static bool save_row(struct db *db, int64_t provider_id, struct str name,
	struct str hint, int64_t weight, int64_t *id, struct error *err);
static bool seal_row(struct db *db, const struct vault *vault, int64_t id,
	struct str text, struct error *err);
static bool update_sealed(struct db *db, const struct vault *vault, int64_t id,
	struct str sealed, struct error *err);
static bool read_all(struct db *db, struct arena *arena,
	struct sealed_key **out, struct error *err);
static bool rewrap(struct db *db, const struct vault *vault,
	const struct sealed_key *key, struct error *err);
static bool opens(const struct vault *vault, const struct sealed_key *key,
	struct error *err);

struct str provider_key_context(
	int64_t id, char out[PROVIDER_KEY_CONTEXT_BYTES])
{
	int n = snprintf(
		out, PROVIDER_KEY_CONTEXT_BYTES, "provider_key:%" PRId64, id);

	return (struct str){ out, (size_t)n };
}

bool provider_key_open(const struct vault *vault,
	const struct provider_key *key, struct buf *secret, struct error *err)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];

	return vault_open(vault, provider_key_context(key->id, context),
		key->sealed, secret, err);
}

bool provider_key_save(struct db *db, const struct vault *vault,
	int64_t provider_id, struct str name, struct str text, int64_t weight,
	struct error *err)
{
	struct str hint = text.n >= HINT_MIN_KEY_BYTES
				  ? str_from(text, text.n - HINT_CHARACTERS)
				  : S("");
	int64_t id;

	return check_text(text, err) &&
	       save_row(db, provider_id, name, hint, weight, &id, err) &&
	       seal_row(db, vault, id, text, err) && catalog_changed(db, err);
}

bool provider_keys_rewrap(struct db *db, const struct vault *vault,
	struct arena *arena, size_t *count, struct error *err)
{
	struct sealed_key *key;

	*count = 0;
	if (!read_all(db, arena, &key, err))
		return false;
	for (; key; key = key->next) {
		if (vault_version(key->sealed) == vault_newest_version(vault))
			continue;
		if (!rewrap(db, vault, key, err))
			return false;
		(*count)++;
	}
	return *count == 0 || catalog_changed(db, err);
}

bool provider_keys_check(struct db *db, const struct vault *vault,
	size_t *count, struct error *err)
{
	struct sealed_key *key;
	struct arena arena;
	bool ok;

	*count = 0;
	arena_init(&arena, 16384);
	ok = read_all(db, &arena, &key, err);
	for (; ok && key; key = key->next, (*count)++)
		ok = opens(vault, key, err);
	arena_release(&arena);
	return ok;
}

/* It becomes a header's value: nothing that could end the header. */
static bool check_text(struct str text, struct error *err)
{
	if (text.n == 0 || text.n > PROVIDER_KEY_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "key",
			"A provider's key has 1 to %d bytes.",
			PROVIDER_KEY_MAX_BYTES);
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c >= 0x7f)
			return error_refuse(err, ERR_BAD_FIELD, "key",
				"A provider's key holds no spaces and no "
				"letters outside ASCII.");
	}
	return true;
}

static bool save_row(struct db *db, int64_t provider_id, struct str name,
	struct str hint, int64_t weight, int64_t *id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO provider_keys (provider_id, name, hint, "
		    "weight, created_ms) VALUES (?, ?, ?, ?, ?) "
		    "ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id), "
		    "hint = VALUES(hint), weight = VALUES(weight), "
		    "enabled = 1, disabled_reason = '', validated_ms = NULL",
		    err))
		return false;
	stmt_bind_int(stmt, provider_id);
	stmt_bind_str(stmt, name);
	stmt_bind_str(stmt, hint);
	stmt_bind_int(stmt, weight);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*id = stmt_insert_id(stmt);
	return true;
}

static bool seal_row(struct db *db, const struct vault *vault, int64_t id,
	struct str text, struct error *err)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];
	struct buf sealed =
		BUF_INIT(PROVIDER_KEY_MAX_BYTES + VAULT_OVERHEAD_BYTES);
	bool ok = vault_seal(vault, provider_key_context(id, context), text,
			  &sealed, err) &&
		  update_sealed(db, vault, id, buf_str(&sealed), err);

	buf_release(&sealed);
	return ok;
}

static bool update_sealed(struct db *db, const struct vault *vault, int64_t id,
	struct str sealed, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE provider_keys SET sealed = ?, key_version = ? "
		    "WHERE id = ?",
		    err))
		return false;
	stmt_bind_str(stmt, sealed);
	stmt_bind_int(stmt, vault_newest_version(vault));
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

static bool read_all(struct db *db, struct arena *arena,
	struct sealed_key **out, struct error *err)
{
	struct stmt *stmt;
	bool more;

	*out = NULL;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id, sealed FROM provider_keys ORDER BY id DESC",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		struct sealed_key *key;

		if (!more)
			return true;
		key = ARENA_NEW(arena, struct sealed_key);
		key->id = stmt_int(stmt, 0);
		key->sealed = arena_copy(arena, stmt_str(stmt, 1));
		key->next = *out;
		*out = key;
	}
	return false;
}

static bool rewrap(struct db *db, const struct vault *vault,
	const struct sealed_key *key, struct error *err)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];
	struct buf sealed =
		BUF_INIT(PROVIDER_KEY_MAX_BYTES + VAULT_OVERHEAD_BYTES);
	bool ok = vault_rewrap(vault, provider_key_context(key->id, context),
		key->sealed, &sealed, err);

	if (!ok)
		error_refuse(err, ERR_CRYPTO, NULL,
			"Provider key %" PRId64 " does not open with the "
			"master keys given; nothing was changed.",
			key->id);
	ok = ok && update_sealed(db, vault, key->id, buf_str(&sealed), err);
	buf_release(&sealed);
	return ok;
}

static bool opens(const struct vault *vault, const struct sealed_key *key,
	struct error *err)
{
	char context[PROVIDER_KEY_CONTEXT_BYTES];
	struct buf plain = BUF_INIT(PROVIDER_KEY_MAX_BYTES);
	bool ok = vault_open(vault, provider_key_context(key->id, context),
		key->sealed, &plain, err);

	vault_wipe(&plain);
	return ok || error_refuse(err, ERR_CRYPTO, NULL,
			     "Provider key %" PRId64
			     " does not open with this master key.",
			     key->id);
}
