/*
 * session.h - who is logged in: cookies, tokens, and their renewal.
 *
 * A browser has two cookies. SITE_COOKIE_TOKEN holds a JWT that is good for
 * site.token_ms; SITE_COOKIE_LOGIN holds the login's own token
 * (accounts/user_session.h), which renews both when the first is over. A
 * program sends the JWT as `Authorization: Bearer`. In both cases the row of
 * the login is read with each request: a login that was taken back, and a
 * user who was disabled, are refused by the very next one.
 *
 * A change that comes with a cookie needs the session's CSRF token; one that
 * comes before there is a session (login, sign-up) must come from a page of
 * ours, which the browser says in its headers.
 *
 * site_session_load() is declared in page.h.
 */
#ifndef SITE_SESSION_H
#define SITE_SESSION_H

#include "accounts/user_session.h"
#include "site/page.h"

#define SITE_COOKIE_TOKEN S("gateway_token")
#define SITE_COOKIE_LOGIN S("gateway_login")
/* A page that renews itself sends it: a login that nobody uses ends all the
 * same. */
#define SITE_BACKGROUND_PARAM S("HTTP_X_GATEWAY_BACKGROUND")

/*
 * Log in as this user: a new login, whatever token came with the request, and
 * its cookies. The login that came is ended. `out` gets what a program needs:
 * token, token_type, expires, csrf_token, user. In the caller's transaction;
 * writes the audit row.
 */
MUST_USE bool site_session_begin(struct site_request *request,
	const struct user *user, json_t *out, struct error *err);

/* A new JWT for the session that there is, in the same form. */
MUST_USE bool site_session_token(
	struct site_request *request, json_t *out, struct error *err);

/* End the login and remove its cookies. */
MUST_USE bool site_session_end(struct site_request *request, struct error *err);

/* ERR_CSRF: a browser says that another site made it send this. */
MUST_USE bool site_session_check_origin(
	const struct site_request *request, struct error *err);

/* ERR_CSRF unless `given` is the session's CSRF token. */
MUST_USE bool site_session_check_csrf(const struct site_session *session,
	struct str given, struct error *err);

/* How long the login goes on unless it is used: at least 0. */
int64_t site_session_rest_ms(const struct site_request *request);

/* {"id","email","name","locale","time_zone","theme","operator"} */
json_t *site_session_user(const struct user *user);

#endif
