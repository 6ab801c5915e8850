/*
 * user.c - the tables users and organisation_members.
 */
#include "accounts/user.h"

#include "accounts/names.h"
#include "base/clock.h"
#include "crypto/password.h"
#include "db/stmt.h"

static bool read_email(struct str text, struct arena *arena, struct str *out,
	struct error *err);
static bool check_role(struct str role, struct error *err);
static bool save_row(
	struct db *db, struct str hash, struct user *user, struct error *err);
static bool read_row(struct db *db, struct user *user, struct error *err);
static bool save_role(struct db *db, int64_t organisation_id, int64_t user_id,
	struct str role, struct error *err);

bool user_save(struct db *db, int64_t organisation_id, struct str email,
	struct str role, struct str password, struct arena *arena,
	struct user *out, struct error *err)
{
	char hash[PASSWORD_HASH_BYTES];

	if (!read_email(email, arena, &out->email, err) ||
		!check_role(role, err))
		return false;
	if (password.n < USER_PASSWORD_MIN_BYTES)
		return error_refuse(err, ERR_BAD_FIELD, "password",
			"A password has at least %d characters.",
			USER_PASSWORD_MIN_BYTES);
	return password_hash(password, hash, err) &&
	       save_row(db, str_of(hash), out, err) && read_row(db, out, err) &&
	       save_role(db, organisation_id, out->id, role, err);
}

static bool read_email(struct str text, struct arena *arena, struct str *out,
	struct error *err)
{
	size_t at = str_index(text, '@');
	char *copy = arena_cstr(arena, text);

	if (!name_check(text, "email", err))
		return false;
	if (at == 0 || at + 1 >= text.n || str_index(text, ' ') < text.n ||
		str_index(str_from(text, at + 1), '@') < text.n - at - 1)
		return error_refuse(err, ERR_BAD_FIELD, "email",
			"'%.*s' is not an e-mail address.", STR_ARG(text));
	for (size_t i = 0; i < text.n; i++)
		copy[i] = (char)tolower((unsigned char)copy[i]);
	*out = (struct str){ copy, text.n };
	return true;
}

static bool check_role(struct str role, struct error *err)
{
	static const struct str roles[] = { STR("owner"), STR("admin"),
		STR("member"), STR("viewer") };

	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (str_equal(role, roles[i]))
			return true;
	}
	return error_refuse(err, ERR_BAD_FIELD, "role",
		"'%.*s' is not a role: owner, admin, member or viewer.",
		STR_ARG(role));
}

static bool save_row(
	struct db *db, struct str hash, struct user *user, struct error *err)
{
	int64_t now = clock_unix_ms();
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO users (email, password_hash, is_operator, "
		    "created_ms, password_changed_ms) SELECT ?, ?, "
		    "NOT EXISTS (SELECT 1 FROM users), ?, ? "
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

static bool save_role(struct db *db, int64_t organisation_id, int64_t user_id,
	struct str role, struct error *err)
{
	struct stmt *stmt;

	if (!stmt_prepare(db, &stmt,
		    "INSERT INTO organisation_members (organisation_id, "
		    "user_id, role, created_ms) VALUES (?, ?, ?, ?) "
		    "ON DUPLICATE KEY UPDATE role = VALUES(role)",
		    err))
		return false;
	stmt_bind_int(stmt, organisation_id);
	stmt_bind_int(stmt, user_id);
	stmt_bind_str(stmt, role);
	stmt_bind_int(stmt, clock_unix_ms());
	return stmt_run(stmt, err);
}
