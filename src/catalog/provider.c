/*
 * provider.c - the table providers.
 */
#include "catalog/provider.h"

#include "base/clock.h"
#include "catalog/catalog.h"
#include "db/stmt.h"

#define MAX_QUIRKS_BYTES 4096

static bool check_name(struct str name, struct error *err);
static bool check_auth(struct str auth, struct error *err);
static bool save_row(struct db *db, const struct provider *provider,
	struct str quirks, bool *created, struct error *err);

bool provider_save(struct db *db, const struct provider *provider, int64_t *id,
	bool *created, struct error *err)
{
	struct buf quirks = BUF_INIT(MAX_QUIRKS_BYTES);
	bool ok;

	quirks_write(&provider->quirks, &quirks);
	ok = check_name(provider->name, err) &&
	     check_auth(provider->auth, err) &&
	     save_row(db, provider, buf_str(&quirks), created, err) &&
	     provider_find_id(db, provider->name, id, err) &&
	     catalog_changed(db, err);
	buf_release(&quirks);
	return ok;
}

bool provider_set_timeouts(struct db *db, int64_t id,
	const struct provider_timeouts *timeouts, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE providers SET connect_timeout_ms = ?, "
		    "first_byte_timeout_ms = ?, idle_timeout_ms = ?, "
		    "total_timeout_ms = ? WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, timeouts->connect_ms);
	stmt_bind_int(stmt, timeouts->first_byte_ms);
	stmt_bind_int(stmt, timeouts->idle_ms);
	stmt_bind_int(stmt, timeouts->total_ms);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

bool provider_set_enabled(
	struct db *db, int64_t id, bool enabled, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE providers SET enabled = ? WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, enabled);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

bool provider_remove(
	struct db *db, struct str name, int64_t *id, struct error *err)
{
	struct stmt *stmt;

	if (!provider_find_id(db, name, id, err) ||
		!stmt_prepare(
			db, &stmt, "DELETE FROM providers WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, *id);
	return stmt_run(stmt, err) && catalog_changed(db, err);
}

/* No slash: "provider/model" must have one reading. */
static bool check_name(struct str name, struct error *err)
{
	bool ok = name.n > 0 && name.n <= PROVIDER_NAME_MAX_BYTES;

	for (size_t i = 0; ok && i < name.n; i++)
		ok = isalnum((unsigned char)name.p[i]) ||
		     (name.p[i] != '\0' && strchr("-_.", name.p[i]));
	return ok || error_refuse(err, ERR_BAD_FIELD, "name",
			     "A provider's name has 1 to %d letters, digits, "
			     "'-', '_' and '.'.",
			     PROVIDER_NAME_MAX_BYTES);
}

/* A header's name is a token (RFC 9110); it must not frame the request. */
static bool check_auth(struct str auth, struct error *err)
{
	static const struct str refused[] = { STR("host"), STR("connection"),
		STR("content-length"), STR("content-type"),
		STR("transfer-encoding") };
	bool ok = auth.n > 0 && auth.n <= 64;

	for (size_t i = 0; ok && i < auth.n; i++)
		ok = isalnum((unsigned char)auth.p[i]) ||
		     (auth.p[i] != '\0' && strchr("-_", auth.p[i]));
	for (size_t i = 0; ok && i < ARRAY_LEN(refused); i++)
		ok = !str_equal_nocase(auth, refused[i]);
	return ok || error_refuse(err, ERR_BAD_FIELD, "auth",
			     "auth is 'bearer' or the name of the header that "
			     "takes the key, as in 'x-api-key'.");
}

static bool save_row(struct db *db, const struct provider *provider,
	struct str quirks, bool *created, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO providers (name, dialect, base_url, auth, "
		    "quirks, weight, rpm, tpm, concurrent, created_ms) "
		    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
		    "ON DUPLICATE KEY UPDATE dialect = VALUES(dialect), "
		    "base_url = VALUES(base_url), auth = VALUES(auth), "
		    "quirks = VALUES(quirks), weight = VALUES(weight), "
		    "rpm = VALUES(rpm), tpm = VALUES(tpm), "
		    "concurrent = VALUES(concurrent), enabled = 1",
		    err))
		return false;
	stmt_bind_str(stmt, provider->name);
	stmt_bind_str(stmt, provider->dialect);
	stmt_bind_str(stmt, provider->base_url);
	stmt_bind_str(stmt, provider->auth);
	stmt_bind_str(stmt, quirks);
	stmt_bind_int(stmt, provider->weight);
	stmt_bind_int(stmt, provider->requests_per_minute);
	stmt_bind_int(stmt, provider->tokens_per_minute);
	stmt_bind_int(stmt, provider->concurrent);
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err))
		return false;
	*created = stmt_affected_rows(stmt) == 1;
	return true;
}

bool provider_find_id(
	struct db *db, struct str name, int64_t *id, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(
		    db, &stmt, "SELECT id FROM providers WHERE name = ?", err))
		return false;
	stmt_bind_str(stmt, name);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(err, ERR_NOT_FOUND, "provider",
			"There is no provider '%.*s'.", STR_ARG(name));
	*id = stmt_int(stmt, 0);
	return true;
}
