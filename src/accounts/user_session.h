/*
 * user_session.h - the table sessions: logins that can be taken back.
 *
 * A login has an id and a token. The token is the person's alone; the table
 * knows its SHA-256. It changes each time that the login renews itself, and
 * the one before is good for USER_SESSION_GRACE_MS more, for requests that
 * were under way together. One that comes after that was copied by somebody:
 * the login ends then.
 *
 * A login ends when it was not used for a while, when it is too old, when it
 * is revoked, and when its user is disabled. That is looked up at each
 * request, so it holds at once on all processes.
 */
#ifndef ACCOUNTS_USER_SESSION_H
#define ACCOUNTS_USER_SESSION_H

#include "accounts/one_time.h"
#include "accounts/user.h"
#include "crypto/jwt.h"

#define USER_SESSION_GRACE_MS 60000
/* How often its use is noted, at most. */
#define USER_SESSION_TOUCH_MS 60000

struct user_session {
	int64_t id;
	int64_t user_id;
	int64_t organisation_id; /* chosen to look at; 0: none */
	int64_t project_id;      /* the same; 0: all of them */
	int64_t created_ms;
	int64_t last_seen_ms; /* to the minute */
	int64_t expires_ms;
	struct str client_ip;
	struct str user_agent;
	struct user user;
};

/* From the settings. */
struct user_session_life {
	int64_t idle_ms; /* without being used */
	int64_t absolute_ms;
	/* A page asks by itself, with nobody there: that is no use. */
	bool is_unattended;
};

/* Begin one: user_id, client_ip and user_agent are given, the rest is filled
 * (but for `user`). */
MUST_USE bool user_session_create(struct db *db, struct user_session *session,
	const struct user_session_life *life, struct one_time *token,
	struct error *err);

/* *found: it runs, and its user may log in. Notes that it was seen, which
 * puts off its end. Texts in the arena. */
MUST_USE bool user_session_find(struct db *db, int64_t id,
	const struct user_session_life *life, struct arena *arena, bool *found,
	struct user_session *out, struct error *err);

/* The same by a JWT of user_session_write_jwt(), which says whose it is but
 * not that it still runs. Any other text is *found = false. */
MUST_USE bool user_session_of_jwt(struct db *db, const struct jwt_keys *keys,
	struct str jwt, const struct user_session_life *life,
	struct arena *arena, bool *found, struct user_session *out,
	struct error *err);

/* Append a token for lasts_ms, or until the login ends if that is sooner;
 * gives when (Unix seconds). */
int64_t user_session_write_jwt(const struct jwt_keys *keys,
	const struct user_session *session, int64_t lasts_ms, struct buf *out);

/*
 * The same by its token, which is changed: *renewed is empty when it was the
 * one before and another request has the new one already.
 */
MUST_USE bool user_session_renew(struct db *db, struct str token,
	const struct user_session_life *life, struct arena *arena, bool *found,
	struct user_session *out, struct one_time *renewed, struct error *err);

/* Those of a user that run, the latest used first. */
MUST_USE bool user_session_list(struct db *db, int64_t user_id,
	struct arena *arena, struct user_session **out, size_t *count,
	struct error *err);

/* What to look at; whether one may is decided with each request. */
MUST_USE bool user_session_choose(struct db *db, int64_t id,
	int64_t organisation_id, int64_t project_id, struct error *err);

/* ERR_NOT_FOUND: no session of that user that runs. */
MUST_USE bool user_session_revoke(
	struct db *db, int64_t user_id, int64_t id, struct error *err);
/* All but `except` (0: all). *count were running. */
MUST_USE bool user_session_revoke_all(struct db *db, int64_t user_id,
	int64_t except, int64_t *count, struct error *err);

/* Remove what ended more than a week ago; for the janitor. */
MUST_USE bool user_session_sweep(
	struct db *db, int64_t *removed, struct error *err);

#endif
