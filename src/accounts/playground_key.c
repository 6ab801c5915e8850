/*
 * playground_key.c - the table playground_keys.
 */
#include "accounts/playground_key.h"

#include "base/clock.h"
#include "db/stmt.h"

static bool lock_project(struct db *db, int64_t id, struct error *err);
static bool create(
	struct db *db, const struct gateway_key *key, struct error *err);

bool playground_key_find(struct db *db, int64_t project_id,
	struct playground_key *out, struct error *err)
{
	struct stmt *stmt;
	struct str hash;
	bool found;

	*out = (struct playground_key){ .id = 0 };
	if (!stmt_prepare(db, &stmt,
		    "SELECT k.id, k.hash, k.revoked_ms IS NOT NULL OR "
		    "COALESCE(k.expires_ms <= ?, 0) FROM playground_keys p "
		    "JOIN gateway_keys k ON k.id = p.gateway_key_id "
		    "WHERE p.project_id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, project_id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return true;
	hash = stmt_str(stmt, 1);
	if (hash.n != sizeof(out->hash))
		return error_set(err, ERR_DATABASE,
			"a key's hash has %zu bytes", hash.n);
	out->id = stmt_int(stmt, 0);
	out->is_closed = stmt_int(stmt, 2) != 0;
	memcpy(out->hash, hash.p, sizeof(out->hash));
	return true;
}

bool playground_key_make(struct db *db, int64_t project_id, int64_t user_id,
	bool reopens, struct playground_key *out, bool *made, struct error *err)
{
	const struct gateway_key key = {
		.project_id = project_id,
		.name = S(PLAYGROUND_KEY_NAME),
		.kind = GATEWAY_KEY_SECRET,
		.created_by = user_id,
	};

	*made = false;
	if (!lock_project(db, project_id, err) ||
		!playground_key_find(db, project_id, out, err))
		return false;
	if (out->id && !(reopens && out->is_closed))
		return true;
	*made = true;
	return create(db, &key, err) &&
	       playground_key_find(db, project_id, out, err);
}

/* Of several who find no key one makes it. */
static bool lock_project(struct db *db, int64_t id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM projects WHERE id = ? FOR UPDATE", err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return found || error_refuse(err, ERR_NOT_FOUND, "project",
				"There is no such project.");
}

static bool create(
	struct db *db, const struct gateway_key *key, struct error *err)
{
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct stmt *stmt;
	int64_t id;
	bool ok;

	gateway_key_make(key->kind, text);
	ok = gateway_key_create(db, key, str_of(text), &id, err);
	explicit_bzero(text, sizeof(text));
	if (!ok || !stmt_prepare(db, &stmt,
			   "REPLACE INTO playground_keys "
			   "(project_id, gateway_key_id) VALUES (?, ?)",
			   err))
		return false;
	stmt_bind_int(stmt, key->project_id);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}
