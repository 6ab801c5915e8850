/*
 * user.c - the table users: adding people, finding them, letting them in.
 */
#include "accounts/user.h"

#include "accounts/member.h"
#include "accounts/names.h"
#include "base/clock.h"
#include "crypto/password.h"
#include "db/stmt.h"

#define FIRST_IS_OPERATOR "NOT EXISTS (SELECT 1 FROM users)"
#define COLUMNS                                                    \
	"id, email, is_operator, name, locale, time_zone, theme, " \
	"created_ms, COALESCE(last_login_ms, 0), "                 \
	"COALESCE(disabled_ms, 0)"

static bool save_row(
	struct db *db, struct str hash, struct user *user, struct error *err);
static bool insert_row(struct db *db, struct str name, struct str hash,
	struct user *user, struct error *err);
static bool read_row(struct db *db, struct user *user, struct error *err);
static bool read_found(struct stmt *stmt, struct arena *arena, struct user *out,
	struct error *err);
static void read_columns(
	struct stmt *stmt, struct arena *arena, struct user *out);
static bool read_hash(struct db *db, struct str email, int64_t *id,
	char hash[PASSWORD_HASH_BYTES], struct error *err);
static bool note_login(
	struct db *db, int64_t id, struct str new_hash, struct error *err);
static struct str lowered(struct str text, struct arena *arena);

bool user_read_email(struct str text, struct arena *arena, struct str *out,
	struct error *err)
{
	size_t at = str_index(text, '@');

	if (!name_check(text, "email", err))
		return false;
	if (at == 0 || at + 1 >= text.n || str_index(text, ' ') < text.n ||
		str_index(str_from(text, at + 1), '@') < text.n - at - 1)
		return error_refuse(err, ERR_BAD_FIELD, "email",
			"'%.*s' is not an e-mail address.", STR_ARG(text));
	*out = lowered(text, arena);
	return true;
}

bool user_check_password(
	struct str password, struct str email, struct error *err)
{
	if (password.n < USER_PASSWORD_MIN_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "password",
			"A password has at least %d characters.",
			USER_PASSWORD_MIN_BYTES);
	if (password.n > PASSWORD_MAX_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "password",
			"A password has at most %d bytes.", PASSWORD_MAX_BYTES);
	if (str_equal_nocase(password, email))
		return error_refuse(err, ERR_BAD_FIELD, "password",
			"The e-mail address is no password: everybody knows "
			"it.");
	return true;
}

bool user_save(struct db *db, int64_t organisation_id, struct str email,
	struct str role, struct str password, struct arena *arena,
	struct user *out, struct error *err)
{
	char hash[PASSWORD_HASH_BYTES];
	enum role is;

	*out = (struct user){ 0 };
	return user_read_email(email, arena, &out->email, err) &&
	       role_parse(role, &is, err) &&
	       user_check_password(password, out->email, err) &&
	       password_hash(password, hash, err) &&
	       save_row(db, str_of(hash), out, err) && read_row(db, out, err) &&
	       member_set(db,
		       &(struct member_of){
			       .organisation_id = organisation_id },
		       out->id, is, err);
}

bool user_add(struct db *db, struct str email, struct str name,
	struct str password, struct arena *arena, struct user *out,
	struct error *err)
{
	char hash[PASSWORD_HASH_BYTES];

	*out = (struct user){ .created = true, .name = name };
	return user_read_email(email, arena, &out->email, err) &&
	       (name.n == 0 || name_check(name, "name", err)) &&
	       user_check_password(password, out->email, err) &&
	       password_hash(password, hash, err) &&
	       insert_row(db, name, str_of(hash), out, err) &&
	       read_row(db, out, err);
}

bool user_find(struct db *db, int64_t id, struct arena *arena, struct user *out,
	struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM users WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, id);
	return read_found(stmt, arena, out, err);
}

bool user_find_email(struct db *db, struct str email, struct arena *arena,
	struct user *out, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM users WHERE email = ?", err))
		return false;
	stmt_bind_str(stmt, lowered(email, arena));
	return read_found(stmt, arena, out, err);
}

bool user_list(struct db *db, struct arena *arena, struct user **out,
	size_t *count, struct error *err)
{
	size_t room = 64;
	struct stmt *stmt;
	bool more;

	*count = 0;
	*out = ARENA_ARRAY(arena, struct user, room);
	if (!stmt_prepare(db, &stmt,
		    "SELECT " COLUMNS " FROM users ORDER BY email", err) ||
		!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more)
			return true;
		*out = arena_widen(arena, *out, *count, &room, sizeof(**out));
		read_columns(stmt, arena, &(*out)[(*count)++]);
	}
	return false;
}

bool user_any(struct db *db, bool *any, struct error *err)
{
	struct stmt *stmt;

	return stmt_prepare(db, &stmt, "SELECT id FROM users LIMIT 1", err) &&
	       stmt_run(stmt, err) && stmt_fetch(stmt, any, err);
}

bool user_log_in(struct db *db, struct str email, struct str password,
	struct arena *arena, bool *ok, struct user *out, struct error *err)
{
	char hash[PASSWORD_HASH_BYTES];
	char again[PASSWORD_HASH_BYTES] = "";
	int64_t id;

	if (!read_hash(db, lowered(email, arena), &id, hash, err))
		return false;
	/* Also for nobody, whose hash is empty: it takes as long. */
	*ok = password_verify(password, str_of(hash));
	if (!*ok)
		return true;
	if (password_is_outdated(str_of(hash)) &&
		!password_hash(password, again, err))
		return false;
	return note_login(db, id, str_of(again), err) &&
	       user_find(db, id, arena, out, err);
}

bool user_password_is(struct db *db, int64_t id, struct str password, bool *is,
	struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT password_hash FROM users WHERE id = ?", err))
		return false;
	stmt_bind_int(stmt, id);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	*is = password_verify(password, found ? stmt_str(stmt, 0) : S(""));
	return true;
}

static bool save_row(
	struct db *db, struct str hash, struct user *user, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO users (email, password_hash, is_operator, "
		    "created_ms, password_changed_ms) SELECT ?, ?, " FIRST_IS_OPERATOR
		    ", ?, ? "
		    "ON DUPLICATE KEY UPDATE "
		    "password_hash = VALUES(password_hash), "
		    "password_changed_ms = VALUES(password_changed_ms)",
		    err))
		return false;
	stmt_bind_str(stmt, user->email);
	stmt_bind_str(stmt, hash);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, now);
	if (!stmt_run(stmt, err))
		return false;
	user->created = stmt_affected_rows(stmt) == 1;
	return true;
}

static bool insert_row(struct db *db, struct str name, struct str hash,
	struct user *user, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO users (email, name, password_hash, "
		    "is_operator, created_ms, password_changed_ms) "
		    "SELECT ?, ?, ?, " FIRST_IS_OPERATOR ", ?, ?",
		    err))
		return false;
	stmt_bind_str(stmt, user->email);
	stmt_bind_str(stmt, name);
	stmt_bind_str(stmt, hash);
	stmt_bind_int(stmt, now);
	stmt_bind_int(stmt, now);
	if (stmt_run(stmt, err))
		return true;
	return err->kind != ERR_DUPLICATE
		       ? false
		       : error_refuse(err, ERR_DUPLICATE, "email",
				 "There is an account with this e-mail "
				 "address already: log in instead.");
}

static bool read_row(struct db *db, struct user *user, struct error *err)
{
	struct stmt *stmt;
	bool found;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id, is_operator FROM users WHERE email = ?", err))
		return false;
	stmt_bind_str(stmt, user->email);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_set(err, ERR_DATABASE,
			"a user that was just written is not there");
	user->id = stmt_int(stmt, 0);
	user->is_operator = stmt_int(stmt, 1) != 0;
	return true;
}

static bool read_found(struct stmt *stmt, struct arena *arena, struct user *out,
	struct error *err)
{
	bool found;

	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return error_refuse(
			err, ERR_NOT_FOUND, "email", "There is no such user.");
	read_columns(stmt, arena, out);
	return true;
}

static void read_columns(
	struct stmt *stmt, struct arena *arena, struct user *out)
{
	*out = (struct user){
		.id = stmt_int(stmt, 0),
		.email = arena_copy(arena, stmt_str(stmt, 1)),
		.is_operator = stmt_int(stmt, 2) != 0,
		.name = arena_copy(arena, stmt_str(stmt, 3)),
		.locale = arena_copy(arena, stmt_str(stmt, 4)),
		.time_zone = arena_copy(arena, stmt_str(stmt, 5)),
		.theme = arena_copy(arena, stmt_str(stmt, 6)),
		.created_ms = stmt_int(stmt, 7),
		.last_login_ms = stmt_int(stmt, 8),
		.disabled_ms = stmt_int(stmt, 9),
	};
}

/* Nobody, and who is disabled, has the empty hash. */
static bool read_hash(struct db *db, struct str email, int64_t *id,
	char hash[PASSWORD_HASH_BYTES], struct error *err)
{
	struct stmt *stmt;
	struct str text;
	bool found;

	hash[0] = '\0';
	*id = 0;
	if (!stmt_prepare(db, &stmt,
		    "SELECT id, password_hash FROM users WHERE email = ? "
		    "AND disabled_ms IS NULL",
		    err))
		return false;
	stmt_bind_str(stmt, email);
	if (!stmt_run(stmt, err) || !stmt_fetch(stmt, &found, err))
		return false;
	if (!found)
		return true;
	*id = stmt_int(stmt, 0);
	text = stmt_str(stmt, 1);
	if (text.n < PASSWORD_HASH_BYTES) {
		memcpy(hash, text.p, text.n);
		hash[text.n] = '\0';
	}
	return true;
}

static bool note_login(
	struct db *db, int64_t id, struct str new_hash, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "UPDATE users SET last_login_ms = ?, "
		    "password_hash = COALESCE(?, password_hash) WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_str_or_null(stmt, new_hash);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

static struct str lowered(struct str text, struct arena *arena)
{
	char *copy = arena_cstr(arena, text);

	for (size_t i = 0; i < text.n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	return (struct str){ copy, text.n };
}
