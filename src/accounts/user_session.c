/*
 * user_session.c - rows of sessions. Each request reads one, by its primary
 * key and joined with its user; it is written once a minute.
 */
#include "accounts/user_session.h"

#include "base/clock.h"
#include "db/stmt.h"

#define KEPT_MS (7 * INT64_C(86400000))
#define SWEPT_AT_ONCE "1000"
#define RUNS "s.revoked_ms IS NULL AND s.expires_ms > ?"
#define SELECT_SESSION                                                        \
	"SELECT s.id, s.user_id, COALESCE(s.organisation_id, 0), "            \
	"COALESCE(s.project_id, 0), s.created_ms, s.last_seen_ms, "           \
	"s.expires_ms, s.client_ip, s.user_agent, u.email, u.is_operator, "   \
	"u.name, u.locale, u.time_zone, u.theme, u.created_ms, s.rotated_ms " \
	"FROM sessions s JOIN users u ON u.id = s.user_id "                   \
	"AND u.disabled_ms IS NULL WHERE " RUNS
#define ROTATED_MS 16 /* the column */

static int64_t expires_ms(const struct user_session_life *life,
	int64_t created_ms, int64_t now_ms);
static struct str clipped(struct str text, size_t max);
static void read_row(
	struct stmt *stmt, struct arena *arena, struct user_session *out);
static bool touch(struct db *db, const struct user_session_life *life,
	struct user_session *session, struct error *err);
static bool find_token(struct db *db, const uint8_t hash[SHA256_BYTES],
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err);
static bool find_previous(struct db *db, const uint8_t hash[SHA256_BYTES],
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err);
static bool rotate(struct db *db, int64_t id, const uint8_t hash[SHA256_BYTES],
	struct one_time *renewed, bool *done, struct error *err);

bool user_session_create(struct db *db, struct user_session *session,
	const struct user_session_life *life, struct one_time *token,
	struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	one_time_make(token);
	session->created_ms = session->last_seen_ms = now;
	session->expires_ms = expires_ms(life, now, now);
	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO sessions (user_id, token_hash, created_ms, "
		    "last_seen_ms, expires_ms, client_ip, user_agent, "
		    "rotated_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		    err))
		return false;
	stmt_bind_int(stmt, session->user_id);
	stmt_bind_str(stmt, one_time_bytes(token->hash));
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, session->expires_ms);
	stmt_bind_str(stmt, clipped(session->client_ip, 45));
	stmt_bind_str(stmt, clipped(session->user_agent, 255));
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	session->id = stmt_insert_id(stmt);
	return true;
}

bool user_session_find(struct db *db, int64_t id,
	const struct user_session_life *life, struct arena *arena, bool *found,
	struct user_session *out, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt, SELECT_SESSION " AND s.id = ?", err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	read_row(stmt, arena, out);
	return touch(db, life, out, err);
}

bool user_session_of_jwt(struct db *db, const struct jwt_keys *keys,
	struct str jwt, const struct user_session_life *life,
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err)
{
	struct jwt_claims claims;
	const char *why;

	*found = false;
	if (!jwt_read(keys, jwt, clock_unix_ms() / 1000, &claims, &why))
		return true;
	if (!user_session_find(
		    db, claims.session_id, life, arena, found, out, err))
		return false;
	*found = *found && out->user_id == claims.user_id;
	return true;
}

int64_t user_session_write_jwt(const struct jwt_keys *keys,
	const struct user_session *session, int64_t lasts_ms, struct buf *out)
{
	int64_t now_s = clock_unix_ms() / 1000;
	struct jwt_claims claims = {
		.user_id = session->user_id,
		.session_id = session->id,
		.issued_s = now_s,
		.not_before_s = now_s,
		.expires_s = now_s + (lasts_ms + 999) / 1000,
	};

	if (claims.expires_s > (session->expires_ms + 999) / 1000)
		claims.expires_s = (session->expires_ms + 999) / 1000;
	jwt_write(keys, &claims, out);
	return claims.expires_s;
}

bool user_session_renew(struct db *db, struct str token,
	const struct user_session_life *life, struct arena *arena, bool *found,
	struct user_session *out, struct one_time *renewed, struct error *err)
{
	uint8_t hash[SHA256_BYTES];
	bool rotated = false;

	*renewed = (struct one_time){ "", { 0 } };
	one_time_read(token, hash);
	if (!find_token(db, hash, arena, found, out, err) ||
		(*found && !rotate(db, out->id, hash, renewed, &rotated, err)))
		return false;
	if (!rotated) {
		*renewed = (struct one_time){ "", { 0 } };
		if (!find_previous(db, hash, arena, found, out, err))
			return false;
	}
	return !*found || touch(db, life, out, err);
}

bool user_session_list(struct db *db, int64_t user_id, struct arena *arena,
	struct user_session **out, size_t *count, struct error *err)
{
	size_t room = 16;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct user_session, room);
	if (!stmt_prepare(db, &stmt,
		    SELECT_SESSION " AND s.user_id = ? "
				   "ORDER BY s.last_seen_ms DESC, s.id DESC",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, user_id);
	if (!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		read_row(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

bool user_session_choose(struct db *db, int64_t id, int64_t organisation_id,
	int64_t project_id, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE sessions SET organisation_id = ?, project_id = ? "
		    "WHERE id = ?",
		    err))
		return false;
	stmt_bind_int_or_null(stmt, organisation_id);
	stmt_bind_int_or_null(stmt, project_id);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

bool user_session_revoke(
	struct db *db, int64_t user_id, int64_t id, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE sessions s SET s.revoked_ms = ? "
		    "WHERE s.id = ? AND s.user_id = ? AND " RUNS,
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, id);
	stmt_bind_int(stmt, user_id);
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	return stmt_affected_rows(stmt) == 1 ||
	       error_refuse(err, ERR_NOT_FOUND, "id",
		       "There is no such session, or it has ended.");
}

bool user_session_revoke_all(struct db *db, int64_t user_id, int64_t except,
	int64_t *count, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE sessions s SET s.revoked_ms = ? "
		    "WHERE s.user_id = ? AND s.id <> ? AND " RUNS,
		    err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, user_id);
	stmt_bind_int(stmt, except);
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	*count = stmt_affected_rows(stmt);
	return true;
}

/* A revoked one expires too: one index finds both. */
bool user_session_sweep(struct db *db, int64_t *removed, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "DELETE FROM sessions WHERE expires_ms < ? "
		    "ORDER BY expires_ms LIMIT " SWEPT_AT_ONCE,
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms() - KEPT_MS);
	if (!stmt_run(stmt, err))
		return false;
	*removed = stmt_affected_rows(stmt);
	return true;
}

static int64_t expires_ms(const struct user_session_life *life,
	int64_t created_ms, int64_t now_ms)
{
	int64_t idle = now_ms + life->idle_ms;
	int64_t absolute = created_ms + life->absolute_ms;

	return idle < absolute ? idle : absolute;
}

/* At a character's boundary: a piece of UTF-8 is no text. */
static struct str clipped(struct str text, size_t max)
{
	size_t n = text.n > max ? max : text.n;

	while (n < text.n && n > 0 && ((uint8_t)text.p[n] & 0xc0) == 0x80)
		n--;
	return str_head(text, n);
}

static void read_row(
	struct stmt *stmt, struct arena *arena, struct user_session *out)
{
	*out = (struct user_session){
		.id = stmt_int(stmt, 0),
		.user_id = stmt_int(stmt, 1),
		.organisation_id = stmt_int(stmt, 2),
		.project_id = stmt_int(stmt, 3),
		.created_ms = stmt_int(stmt, 4),
		.last_seen_ms = stmt_int(stmt, 5),
		.expires_ms = stmt_int(stmt, 6),
		.client_ip = arena_copy(arena, stmt_str(stmt, 7)),
		.user_agent = arena_copy(arena, stmt_str(stmt, 8)),
		.user = {
			.id = stmt_int(stmt, 1),
			.email = arena_copy(arena, stmt_str(stmt, 9)),
			.is_operator = stmt_int(stmt, 10) != 0,
			.name = arena_copy(arena, stmt_str(stmt, 11)),
			.locale = arena_copy(arena, stmt_str(stmt, 12)),
			.time_zone = arena_copy(arena, stmt_str(stmt, 13)),
			.theme = arena_copy(arena, stmt_str(stmt, 14)),
			.created_ms = stmt_int(stmt, 15),
		},
	};
}

/* A short life is noted in a quarter of it, so that it does not end early. */
static bool touch(struct db *db, const struct user_session_life *life,
	struct user_session *session, struct error *err)
{
	int64_t now = clock_unix_ms();
	int64_t every = life->idle_ms / 4 < USER_SESSION_TOUCH_MS
				? life->idle_ms / 4
				: USER_SESSION_TOUCH_MS;
	struct stmt *stmt;

	if (life->is_unattended || now - session->last_seen_ms < every)
		return true;
	if (!stmt_prepare(db, &stmt,
		    "UPDATE sessions SET last_seen_ms = ?, expires_ms = ? "
		    "WHERE id = ? AND last_seen_ms < ?",
		    err))
		return false;
	session->expires_ms = expires_ms(life, session->created_ms, now);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, session->expires_ms);
	stmt_bind_int(stmt, session->id);
	stmt_bind_int(stmt, now);
	session->last_seen_ms = now;
	return stmt_run(stmt, err);
}

static bool find_token(struct db *db, const uint8_t hash[SHA256_BYTES],
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(
		    db, &stmt, SELECT_SESSION " AND s.token_hash = ?", err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str(stmt, one_time_bytes(hash));
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (*found)
		read_row(stmt, arena, out);
	return true;
}

/* Late, it is a copy: nobody knows who of the two is the person. */
static bool find_previous(struct db *db, const uint8_t hash[SHA256_BYTES],
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(
		    db, &stmt, SELECT_SESSION " AND s.previous_hash = ?", err))
		return false;
	stmt_bind_int(stmt, now);
	stmt_bind_str(stmt, one_time_bytes(hash));
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, found, err))
		return false;
	if (!*found)
		return true;
	read_row(stmt, arena, out);
	if (now - stmt_int(stmt, ROTATED_MS) < USER_SESSION_GRACE_MS)
		return true;
	*found = false;
	return user_session_revoke(db, out->user_id, out->id, err);
}

/* Of several at once, one does. */
static bool rotate(struct db *db, int64_t id, const uint8_t hash[SHA256_BYTES],
	struct one_time *renewed, bool *done, struct error *err)
{
	struct stmt *stmt;

	one_time_make(renewed);
	if (!stmt_prepare(db, &stmt,
		    "UPDATE sessions SET previous_hash = token_hash, "
		    "token_hash = ?, rotated_ms = ? "
		    "WHERE id = ? AND token_hash = ?",
		    err))
		return false;
	stmt_bind_str(stmt, one_time_bytes(renewed->hash));
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	stmt_bind_str(stmt, one_time_bytes(hash));
	if (!stmt_run(stmt, err))
		return false;
	*done = stmt_affected_rows(stmt) == 1;
	return true;
}
