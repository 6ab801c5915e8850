/*
 * login.c - /login, /logout, and the same for programs: /api/v1/auth/...
 *
 * A wrong password, an address that nobody has and a person who is disabled
 * get one answer, after the same time.
 */
#include "base/log.h"
#include "site/change.h"
#include "site/pages/pages.h"
#include "site/session.h"
#include "site/throttle.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool log_in(
	struct site_request *request, json_t *out, struct error *err);
static bool log_out(
	struct site_request *request, json_t *out, struct error *err);
static bool refresh(
	struct site_request *request, json_t *out, struct error *err);
static bool show_session(
	struct site_request *request, json_t *out, struct error *err);
static bool verify(
	struct site_request *request, struct user *user, struct error *err);

static const struct site_field query[] = {
	{ .name = "next", .type = SITE_TEXT, .max_bytes = 1000 },
	{ .name = "ended", .type = SITE_BOOL },
	{ .name = NULL },
};

static const struct site_field credentials[] = {
	{ .name = "email", .type = SITE_TEXT, .required = true },
	{ .name = "password",
		.type = SITE_SECRET,
		.required = true,
		.max_bytes = 511 },
	{ .name = "next", .type = SITE_TEXT, .max_bytes = 1000 },
	{ .name = NULL },
};

const struct site_page pages_login[] = {
	{ .path = STR("/login"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.fields = query,
		.load = show,
		.template = "login",
		.title = "login.title" },
	{ .path = STR("/login"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = credentials,
		.load = log_in,
		.template = "login",
		.title = "login.title" },
	{ .path = STR("/auth/login"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = credentials,
		.load = log_in },
	{ .path = STR("/auth/refresh"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = refresh },
	{ .path = STR("/auth/session"),
		.method = SITE_GET,
		.who = SITE_SESSION,
		.load = show_session },
	{ .path = STR("/auth/logout"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = log_out },
	{ .path = STR("/logout"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = log_out },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct str signup = request->site->settings->site_signup;
	bool any;

	if (!user_any(request->db, &any, err))
		return false;
	site_put(out, "next", site_own_path(site_text(request, "next")));
	site_put_bool(out, "may_sign_up",
		str_equal(signup, S("open")) ||
			(!any && str_equal(signup, S("invite"))));
	site_put_bool(out, "ended", site_bool(request, "ended"));
	if (request->session.id)
		site_redirect(request,
			site_own_path(site_text(request, "next")), NULL);
	return true;
}

static bool log_in(struct site_request *request, json_t *out, struct error *err)
{
	struct user user;

	if (!verify(request, &user, err) || !db_begin(request->db, err) ||
		!site_session_begin(request, &user, out, err) ||
		!site_change_commit(request, err))
		return false;
	site_redirect(request, site_own_path(site_text(request, "next")), NULL);
	return true;
}

static bool verify(
	struct site_request *request, struct user *user, struct error *err)
{
	struct throttle_rule rule = throttle_logins(request->site->settings);
	struct str email = site_text(request, "email");
	struct throttle throttle;
	bool ok, is_right;

	if (!throttle_begin(&throttle, request, &rule, email, err))
		return false;
	ok = user_log_in(request->db, email, site_text(request, "password"),
		request->arena, &is_right, user, err);
	throttle_end(&throttle, ok && !is_right);
	if (!ok)
		return false;
	if (is_right)
		return true;
	log_info("login: refused, from %.*s",
		STR_ARG(request->exchange->client_ip));
	return error_refuse(err, ERR_LOGIN, NULL,
		"The e-mail address or the password is wrong.");
}

static bool log_out(
	struct site_request *request, json_t *out, struct error *err)
{
	site_put_bool(out, "logged_out", true);
	if (!db_begin(request->db, err) || !site_session_end(request, err) ||
		!site_change_commit(request, err))
		return false;
	site_redirect(request, S("/login"), "flash.logged_out");
	return true;
}

static bool refresh(
	struct site_request *request, json_t *out, struct error *err)
{
	return site_session_token(request, out, err);
}

/* How long it goes on if nothing happens: pages warn of its end. */
static bool show_session(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)err;
	site_put_int(out, "ends_in_ms", site_session_rest_ms(request));
	return true;
}
