/*
 * user_change.c - the table users: what a person is changed to.
 */
#include "accounts/user.h"

#include "accounts/names.h"
#include "base/clock.h"
#include "base/time_zone.h"
#include "crypto/password.h"
#include "db/stmt.h"

static bool is_one_of(struct str value, const struct str *words, size_t count);
static bool check_profile(
	const struct user_profile *profile, struct error *err);
static bool is_last_operator(
	struct db *db, int64_t id, bool *is_last, struct error *err);
static bool run_for_one(struct stmt *stmt, struct error *err);

bool user_set_password(struct db *db, int64_t id, struct str email,
	struct str password, struct error *err)
{
	char hash[PASSWORD_HASH_BYTES];
	struct stmt *stmt;

	if (!user_check_password(password, email, err) ||
		!password_hash(password, hash, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE users SET password_hash = ?, "
			"password_changed_ms = ? WHERE id = ?",
			err))
		return false;
	stmt_bind_str(stmt, str_of(hash));
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	return run_for_one(stmt, err);
}

bool user_set_profile(struct db *db, int64_t id,
	const struct user_profile *profile, struct error *err)
{
	struct stmt *stmt;

	if (!check_profile(profile, err) ||
		!stmt_prepare(db, &stmt,
			"UPDATE users SET name = ?, locale = ?, "
			"time_zone = ?, theme = ? WHERE id = ?",
			err))
		return false;
	stmt_bind_str(stmt, profile->name);
	stmt_bind_str(stmt, profile->locale);
	stmt_bind_str(stmt, profile->time_zone);
	stmt_bind_str(stmt, profile->theme);
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

bool user_set_disabled(
	struct db *db, int64_t id, bool disabled, struct error *err)
{
	bool is_last = false;
	struct stmt *stmt;

	if (disabled && !is_last_operator(db, id, &is_last, err))
		return false;
	if (is_last)
		return error_refuse(err, ERR_BAD_FIELD, "email",
			"This is the last operator: nobody could let anybody "
			"in again.");
	if (!stmt_prepare(db, &stmt,
		    "UPDATE users SET disabled_ms = IF(?, "
		    "COALESCE(disabled_ms, ?), NULL) WHERE id = ?",
		    err))
		return false;
	stmt_bind_int(stmt, disabled);
	stmt_bind_int(stmt, clock_unix_ms());
	stmt_bind_int(stmt, id);
	return stmt_run(stmt, err);
}

static bool check_profile(const struct user_profile *profile, struct error *err)
{
	static const struct str locales[] = { STR("en"), STR("es") };
	static const struct str themes[] = { STR(""), STR("light"),
		STR("dark") };
	const struct time_zone *zone;

	if (profile->name.n > 0 && !name_check(profile->name, "name", err))
		return false;
	if (!is_one_of(profile->locale, locales, ARRAY_LEN(locales)))
		return error_refuse(err, ERR_BAD_FIELD, "locale",
			"The language is 'en' or 'es'.");
	if (!is_one_of(profile->theme, themes, ARRAY_LEN(themes)))
		return error_refuse(err, ERR_BAD_FIELD, "theme",
			"The theme is 'light', 'dark' or empty.");
	return time_zone_load(profile->time_zone, &zone, err);
}

static bool is_one_of(struct str value, const struct str *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(value, words[i]))
			return true;
	}
	return false;
}

/* Locks the operators, so that two cannot disable each other. */
static bool is_last_operator(
	struct db *db, int64_t id, bool *is_last, struct error *err)
{
	struct stmt *stmt;
	bool is_one = false, others = false;
	bool more;

	if (!stmt_prepare(db, &stmt,
		    "SELECT id FROM users WHERE is_operator = 1 "
		    "AND disabled_ms IS NULL FOR UPDATE",
		    err) ||
		!stmt_run(stmt, err))
		return false;
	while (stmt_fetch(stmt, &more, err)) {
		if (!more) {
			*is_last = is_one && !others;
			return true;
		}
		if (stmt_int(stmt, 0) == id)
			is_one = true;
		else
			others = true;
	}
	return false;
}

static bool run_for_one(struct stmt *stmt, struct error *err)
{
	if (!stmt_run(stmt, err))
		return false;
	return stmt_affected_rows(stmt) == 1 ||
	       error_refuse(
		       err, ERR_NOT_FOUND, "email", "There is no such user.");
}
