/*
 * user.h - people who log in.
 *
 * What a person may do is said by the member tables (member.h); the first
 * user of an installation is its operator besides, for somebody must be, and
 * is_operator reaches over all organisations. A disabled user keeps its rows,
 * and may do nothing.
 *
 * Functions that hash a password take tens of milliseconds. Whoever changes
 * something writes the audit row in the same transaction.
 */
#ifndef ACCOUNTS_USER_H
#define ACCOUNTS_USER_H

#include "base/arena.h"
#include "base/error.h"
#include "db/pool.h"

#define USER_PASSWORD_MIN_BYTES 8

struct user {
	int64_t id;
	struct str email; /* in lower case */
	bool created;     /* user_save(): it was not there before */
	bool is_operator;

	/* Filled by user_find(), user_find_email() and user_list(). */
	struct str name;      /* "" not said */
	struct str locale;    /* "en", "es" */
	struct str time_zone; /* IANA */
	struct str theme;     /* "light", "dark"; "" follows the browser */
	int64_t created_ms;
	int64_t last_login_ms; /* 0: never */
	int64_t disabled_ms;   /* 0: may log in */
};

/* What a person chooses. */
struct user_profile {
	struct str name;
	struct str locale;
	struct str time_zone;
	struct str theme;
};

/* As it is stored: in lower case, in the arena. ERR_BAD_FIELD. */
MUST_USE bool user_read_email(struct str text, struct arena *arena,
	struct str *out, struct error *err);
/* ERR_BAD_FIELD: too short, too long, or just the e-mail address. */
MUST_USE bool user_check_password(
	struct str password, struct str email, struct error *err);

/*
 * Add a user to the organisation, or give one that exists the role and the
 * password anew. `role` is owner, admin, member or viewer. ERR_BAD_FIELD,
 * ERR_DATABASE. Hashes.
 */
MUST_USE bool user_save(struct db *db, int64_t organisation_id,
	struct str email, struct str role, struct str password,
	struct arena *arena, struct user *out, struct error *err);

/* Add a user who is a member of nothing yet. ERR_DUPLICATE, "email"; else as
 * user_save(). Hashes. */
MUST_USE bool user_add(struct db *db, struct str email, struct str name,
	struct str password, struct arena *arena, struct user *out,
	struct error *err);

/* ERR_NOT_FOUND. Texts are copied into the arena. */
MUST_USE bool user_find(struct db *db, int64_t id, struct arena *arena,
	struct user *out, struct error *err);
MUST_USE bool user_find_email(struct db *db, struct str email,
	struct arena *arena, struct user *out, struct error *err);
/* All of them, by e-mail address. */
MUST_USE bool user_list(struct db *db, struct arena *arena, struct user **out,
	size_t *count, struct error *err);
/* Is there anybody? */
MUST_USE bool user_any(struct db *db, bool *any, struct error *err);

/*
 * Who that is, by e-mail address and password: *ok is false for a wrong
 * password, an unknown address and a disabled user alike, and takes as long.
 * A hash that is outdated is made anew. Hashes; needs no transaction.
 */
MUST_USE bool user_log_in(struct db *db, struct str email, struct str password,
	struct arena *arena, bool *ok, struct user *out, struct error *err);
/* The password of one who is logged in. Hashes. */
MUST_USE bool user_password_is(struct db *db, int64_t id, struct str password,
	bool *is, struct error *err);

/* ERR_BAD_FIELD, ERR_NOT_FOUND. Hashes. Ends no session: that is up to the
 * caller. */
MUST_USE bool user_set_password(struct db *db, int64_t id, struct str email,
	struct str password, struct error *err);
/* ERR_BAD_FIELD names what cannot be. */
MUST_USE bool user_set_profile(struct db *db, int64_t id,
	const struct user_profile *profile, struct error *err);
/* Or let in again. ERR_BAD_FIELD for the last operator. */
MUST_USE bool user_set_disabled(
	struct db *db, int64_t id, bool disabled, struct error *err);

#endif
