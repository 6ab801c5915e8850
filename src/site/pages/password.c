/*
 * password.c - /password: a new password for who has forgotten the old one.
 *
 * /password/forgotten asks for a link by e-mail, where the installation can
 * send any; it answers the same for every address, and the mail is sent by
 * another thread, so that time tells nothing either. /password/new?token=...
 * is where the link leads; it ends all logins of the person.
 */
#include "accounts/user_link.h"
#include "accounts/user_session.h"
#include "site/change.h"
#include "site/link.h"
#include "site/pages/pages.h"
#include "site/session.h"
#include "site/throttle.h"

#define HOUR_MS INT64_C(3600000)

static bool show_forgotten(
	struct site_request *request, json_t *out, struct error *err);
static bool ask(struct site_request *request, json_t *out, struct error *err);
static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool save(struct site_request *request, json_t *out, struct error *err);
static bool change(struct site_request *request, const struct user *user,
	struct error *err);

static const struct throttle_rule asked = { .name = "password-mail",
	.per_account = 3,
	.per_ip = 30,
	.window_ms = HOUR_MS };
static const struct throttle_rule tried = {
	.name = "password-link", .per_ip = 30, .window_ms = HOUR_MS
};

static const struct site_field email_field[] = {
	{ .name = "email",
		.type = SITE_TEXT,
		.required = true,
		.max_bytes = 191 },
	{ .name = NULL },
};

static const struct site_field token_field[] = {
	{ .name = "token", .type = SITE_TEXT, .required = true },
	{ .name = NULL },
};

static const struct site_field new_fields[] = {
	{ .name = "token", .type = SITE_TEXT, .required = true },
	{ .name = "password",
		.type = SITE_SECRET,
		.required = true,
		.max_bytes = 511 },
	{ .name = NULL },
};

const struct site_page pages_password[] = {
	{ .path = STR("/password/forgotten"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.load = show_forgotten,
		.template = "password_forgotten",
		.title = "password_forgotten.title" },
	{ .path = STR("/password/forgotten"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = email_field,
		.load = ask,
		.template = "password_forgotten",
		.title = "password_forgotten.title" },
	{ .path = STR("/password/new"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.fields = token_field,
		.load = show_new,
		.template = "password_new",
		.title = "password_new.title" },
	{ .path = STR("/password/new"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = new_fields,
		.load = save,
		.template = "password_new",
		.title = "password_new.title" },
	{ .path = STR("") },
};

static bool show_forgotten(
	struct site_request *request, json_t *out, struct error *err)
{
	(void)err;
	site_put_bool(
		out, "sends_mail", link_goes_by_mail(request->site->settings));
	return true;
}

static bool ask(struct site_request *request, json_t *out, struct error *err)
{
	struct str email = site_text(request, "email");
	struct throttle throttle;
	bool ok;

	if (!link_goes_by_mail(request->site->settings))
		return error_refuse(err, ERR_FORBIDDEN, NULL, "%s",
			"This installation sends no e-mail: ask an "
			"administrator for a link.");
	if (!throttle_begin(&throttle, request, &asked, email, err))
		return false;
	ok = user_link_request(request->db, email, request->arena, err);
	throttle_end(&throttle, true);
	site_put_bool(out, "sends_mail", true);
	site_put_bool(out, "asked", true);
	return ok;
}

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	struct str token = site_text(request, "token");
	struct user user;

	if (!user_link_find(request->db, token, request->arena, &user, err))
		return false;
	site_put(out, "token", token);
	site_put(out, "email", user.email);
	return true;
}

static bool save(struct site_request *request, json_t *out, struct error *err)
{
	struct throttle throttle;
	struct user user;
	bool ok;

	if (!throttle_begin(&throttle, request, &tried, S(""), err))
		return false;
	ok = user_link_find(request->db, site_text(request, "token"),
		     request->arena, &user, err) &&
	     change(request, &user, err);
	throttle_end(&throttle, !ok);
	if (!ok)
		return false;
	site_put(out, "email", user.email);
	site_redirect(request, S("/login"), "flash.password_saved");
	return true;
}

static bool change(struct site_request *request, const struct user *user,
	struct error *err)
{
	int64_t ended;

	return db_begin(request->db, err) &&
	       user_link_use(request->db, site_text(request, "token"), err) &&
	       user_set_password(request->db, user->id, user->email,
		       site_text(request, "password"), err) &&
	       user_session_revoke_all(request->db, user->id, 0, &ended, err) &&
	       site_change_note(request,
		       &(struct site_change){
			       .action = "user.password_link",
			       .object_id = user->id,
			       .object_name = user->email,
		       },
		       err) &&
	       site_change_commit(request, err);
}
