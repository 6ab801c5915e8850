/*
 * user_link.c - rows of user_links.
 */
#include "accounts/user_link.h"

#include "base/clock.h"
#include "db/stmt.h"

static bool end_older(
	struct db *db, int64_t user_id, int64_t now, struct error *err);
static bool claim(struct db *db, int64_t id, const struct one_time *token,
	bool *won, struct error *err);
static bool no_such(struct error *err);

bool user_link_create(struct db *db, int64_t user_id, struct one_time *token,
	int64_t *expires_ms, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	one_time_make(token);
	*expires_ms = now + USER_LINK_LASTS_MS;
	if (!end_older(db, user_id, now, err) ||
		!stmt_prepare(db, &stmt,
			"INSERT INTO user_links (user_id, purpose, "
			"token_hash, created_ms, expires_ms) "
			"VALUES (?, 'reset_password', ?, ?, ?)",
			err))
		return false;
	stmt_bind_int(stmt, user_id);
	stmt_bind_str(stmt, one_time_bytes(token->hash));
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, *expires_ms);
	return stmt_run(stmt, err);
}

bool user_link_request(
	struct db *db, struct str email, struct arena *arena, struct error *err)
{
	int64_t now = clock_unix_ms();
	char *lower = arena_cstr(arena, email);
	struct one_time nobody_has;
	struct stmt *stmt;

	for (size_t i = 0; i < email.n; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	one_time_make(&nobody_has);
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO user_links (user_id, purpose, token_hash, "
		    "created_ms, expires_ms, mail_asked_ms) "
		    "SELECT id, 'reset_password', ?, ?, ?, ? FROM users "
		    "WHERE email = ? AND disabled_ms IS NULL",
		    err))
		return false;
	stmt_bind_str(stmt, one_time_bytes(nobody_has.hash));
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, now + USER_LINK_LASTS_MS);
	stmt_bind_int(stmt, now);
	stmt_bind_str(stmt, (struct str){ lower, email.n });
	return stmt_run(stmt, err);
}

bool user_link_take(struct db *db, struct arena *arena, bool *found,
	struct user *user, struct one_time *token, struct error *err)
{
	struct stmt *stmt;
	int64_t id, user_id;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, user_id FROM user_links "
		    "WHERE mail_asked_ms IS NOT NULL AND used_ms IS NULL "
		    "AND expires_ms > ? ORDER BY mail_asked_ms LIMIT 1",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	id = stmt_int(stmt, 0);
	user_id = stmt_int(stmt, 1);
	one_time_make(token);
	return claim(db, id, token, found, err) &&
	       (!*found || user_find(db, user_id, arena, user, err));
}

bool user_link_find(struct db *db, struct str token, struct arena *arena,
	struct user *out, struct error *err)
{
	uint8_t hash[SHA256_BYTES];
	struct stmt *stmt;
	bool found;

	one_time_read(token, hash);
	if (!stmt_prepare(db, &stmt,
		    "SELECT l.user_id FROM user_links l "
		    "JOIN users u ON u.id = l.user_id "
		    "AND u.disabled_ms IS NULL "
		    "WHERE l.token_hash = ? AND l.purpose = 'reset_password' "
		    "AND l.used_ms IS NULL AND l.expires_ms > ?",
		    err))
		return false;
	stmt_bind_str(stmt, one_time_bytes(hash));
	stmt_bind_int(stmt, clock_unix_ms());
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	return found ? user_find(db, stmt_int(stmt, 0), arena, out, err)
		     : no_such(err);
}

bool user_link_use(struct db *db, struct str token, struct error *err)
{
	int64_t now = clock_unix_ms();
	uint8_t hash[SHA256_BYTES];
	struct stmt *stmt;

	one_time_read(token, hash);
	if (!stmt_prepare(db, &stmt,
		    "UPDATE user_links SET used_ms = ? WHERE token_hash = ? "
		    "AND used_ms IS NULL AND expires_ms > ?",
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_str(stmt, one_time_bytes(hash));
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	return stmt_affected_rows(stmt) == 1 || no_such(err);
}

static bool end_older(
	struct db *db, int64_t user_id, int64_t now, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE user_links SET used_ms = ? WHERE user_id = ? "
		    "AND purpose = 'reset_password' AND used_ms IS NULL",
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, user_id);
	return stmt_run(stmt, err);
}

/* Of several processes, one. */
static bool claim(struct db *db, int64_t id, const struct one_time *token,
	bool *won, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE user_links SET token_hash = ?, "
		    "mail_asked_ms = NULL "
		    "WHERE id = ? AND mail_asked_ms IS NOT NULL",
		    err))
		return false;
	stmt_bind_str(stmt, one_time_bytes(token->hash));
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err))
		return false;
	*won = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool no_such(struct error *err)
{
	return error_refuse(err, ERR_NOT_FOUND, "token",
		"This link is not valid: it was used, or its time is over. Ask "
		"for another one.");
}
