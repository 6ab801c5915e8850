/*
 * account.c - /account: one's own profile, password and logins.
 *
 * A new password ends all other logins of the person.
 */
#include "site/change.h"
#include "site/format.h"
#include "site/pages/pages.h"
#include "site/session.h"
#include "site/throttle.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool show_me(
	struct site_request *request, json_t *out, struct error *err);
static bool show_sessions(
	struct site_request *request, json_t *out, struct error *err);
static bool save_profile(
	struct site_request *request, json_t *out, struct error *err);
static bool save_password(
	struct site_request *request, json_t *out, struct error *err);
static bool end_session(
	struct site_request *request, json_t *out, struct error *err);
static bool end_others(
	struct site_request *request, json_t *out, struct error *err);
static void put_session(const struct format *format, json_t *list,
	const struct user_session *session, int64_t current);
static bool check_current(struct site_request *request, struct error *err);

static const struct site_field profile_fields[] = {
	{ .name = "name", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "locale",
		.type = SITE_CHOICE,
		.choices = "en|es",
		.required = true },
	{ .name = "time_zone",
		.type = SITE_TEXT,
		.max_bytes = 64,
		.required = true },
	{ .name = "theme", .type = SITE_CHOICE, .choices = "auto|light|dark" },
	{ .name = NULL },
};

static const struct site_field password_fields[] = {
	{ .name = "current",
		.type = SITE_SECRET,
		.required = true,
		.max_bytes = 511 },
	{ .name = "password",
		.type = SITE_SECRET,
		.required = true,
		.max_bytes = 511 },
	{ .name = NULL },
};

const struct site_page pages_account[] = {
	{ .path = STR("/account"),
		.method = SITE_GET,
		.who = SITE_SESSION,
		.load = show,
		.template = "account",
		.title = "account.title",
		.nav = "account" },
	{ .path = STR("/account"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = profile_fields,
		.load = save_profile,
		.template = "account",
		.title = "account.title",
		.nav = "account" },
	{ .path = STR("/account/password"),
		.method = SITE_GET,
		.who = SITE_SESSION,
		.template = "account_password",
		.title = "account_password.title",
		.nav = "account" },
	{ .path = STR("/account/password"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = password_fields,
		.load = save_password },
	{ .path = STR("/account/sessions/{id}/end"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = end_session },
	{ .path = STR("/account/sessions/end"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.load = end_others },
	{ .path = STR("/auth/me"),
		.method = SITE_GET,
		.who = SITE_SESSION,
		.load = show_me },
	{ .path = STR("/auth/me"),
		.method = SITE_PATCH,
		.who = SITE_SESSION,
		.fields = profile_fields,
		.load = save_profile },
	{ .path = STR("/auth/password"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = password_fields,
		.load = save_password },
	{ .path = STR("/auth/sessions"),
		.method = SITE_GET,
		.who = SITE_SESSION,
		.load = show_sessions },
	{ .path = STR("/auth/sessions"),
		.method = SITE_DELETE,
		.who = SITE_SESSION,
		.load = end_others },
	{ .path = STR("/auth/sessions/{id}"),
		.method = SITE_DELETE,
		.who = SITE_SESSION,
		.load = end_session },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	json_t *user;

	if (!show_me(request, out, err) || !show_sessions(request, out, err))
		return false;
	/* Which choices of the form are the present ones. */
	user = json_object_get(out, "user");
	site_put_bool(
		user, "is_es", str_equal(request->session.locale, S("es")));
	site_put_bool(user, "is_light",
		str_equal(request->session.theme, S("light")));
	site_put_bool(
		user, "is_dark", str_equal(request->session.theme, S("dark")));
	return true;
}

static bool show_me(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct user user;

	if (!user_find(
		    request->db, session->user_id, request->arena, &user, err))
		return false;
	json_object_set_new(out, "user", site_session_user(&user));
	site_put_int(out, "organisation_id", session->organisation_id);
	site_put(out, "organisation", session->organisation);
	site_put_int(out, "project_id", session->project_id);
	site_put(out, "role", role_name(session->role));
	site_put(out, "csrf_token", session->csrf_token);
	return true;
}

static bool show_sessions(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct user_session *sessions;
	json_t *list = json_array();
	size_t count;

	json_object_set_new(out, "sessions", list);
	if (!user_session_list(request->db, request->session.user_id,
		    request->arena, &sessions, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		put_session(&format, list, &sessions[i], request->session.id);
	return true;
}

static bool save_profile(
	struct site_request *request, json_t *out, struct error *err)
{
	struct str theme = site_text(request, "theme");
	struct user_profile profile = {
		.name = site_text(request, "name"),
		.locale = site_text(request, "locale"),
		.time_zone = site_text(request, "time_zone"),
		.theme = str_equal(theme, S("auto")) ? S("") : theme,
	};
	int64_t id = request->session.user_id;
	struct user user;

	if (!db_begin(request->db, err) ||
		!user_set_profile(request->db, id, &profile, err) ||
		!user_find(request->db, id, request->arena, &user, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					request->session.organisation_id,
				.action = "user.profile",
				.object_id = id,
				.object_name = user.email,
				.after = site_session_user(&user),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	json_object_set_new(out, "user", site_session_user(&user));
	site_redirect(request, S("/account"), "flash.saved");
	return true;
}

static bool save_password(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t ended;

	if (!check_current(request, err) || !db_begin(request->db, err) ||
		!user_set_password(request->db, session->user_id,
			session->email, site_text(request, "password"), err) ||
		!user_session_revoke_all(request->db, session->user_id,
			session->id, &ended, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = session->organisation_id,
				.action = "user.password",
				.object_id = session->user_id,
				.object_name = session->email,
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "sessions_ended", ended);
	site_redirect(request, S("/account"), "flash.password_saved");
	return true;
}

/* Whoever sits down at an open browser is a stranger. */
static bool check_current(struct site_request *request, struct error *err)
{
	struct throttle_rule rule = throttle_logins(request->site->settings);
	struct throttle throttle;
	bool ok, is_right;

	if (!throttle_begin(
		    &throttle, request, &rule, request->session.email, err))
		return false;
	ok = user_password_is(request->db, request->session.user_id,
		site_text(request, "current"), &is_right, err);
	throttle_end(&throttle, ok && !is_right);
	return ok && (is_right || error_refuse(err, ERR_BAD_FIELD, "current",
					  "That is not your password."));
}

static bool end_session(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such session.");
	if (!db_begin(request->db, err) ||
		!user_session_revoke(request->db, session->user_id, id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = session->organisation_id,
				.action = "session.revoke",
				.object_id = id,
				.object_name = session->email,
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_put_bool(out, "ended", true);
	site_redirect(request, S("/account"), "flash.session_ended");
	return true;
}

static bool end_others(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t ended;

	if (!db_begin(request->db, err) ||
		!user_session_revoke_all(request->db, session->user_id,
			session->id, &ended, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = session->organisation_id,
				.action = "session.revoke_others",
				.object_id = session->id,
				.object_name = session->email,
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "ended", ended);
	site_redirect(request, S("/account"), "flash.session_ended");
	return true;
}

static void put_session(const struct format *format, json_t *list,
	const struct user_session *session, int64_t current)
{
	json_t *item = json_object();

	site_put_int(item, "id", session->id);
	site_put_bool(item, "current", session->id == current);
	site_put(item, "client_ip", session->client_ip);
	site_put(item, "user_agent", session->user_agent);
	format_put_time(format, item, "created", session->created_ms);
	format_put_time(format, item, "last_seen", session->last_seen_ms);
	format_put_time(format, item, "expires", session->expires_ms);
	json_array_append_new(list, item);
}
