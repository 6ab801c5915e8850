/*
 * signup.c - /signup: an account for whoever may have one.
 *
 * The setting site.signup says who: "open" lets everybody in, who becomes the
 * owner of a new organisation; "invite" wants the token of an invitation, and
 * gives what that says; "closed" lets nobody in. Where there is nobody yet,
 * the first to come becomes the operator, unless it is closed.
 */
#include "accounts/invitation.h"
#include "accounts/organisation.h"
#include "site/change.h"
#include "site/pages/pages.h"
#include "site/session.h"
#include "site/throttle.h"

#define HOUR_MS INT64_C(3600000)

/* How somebody comes in. */
enum way { BY_NO_WAY, BY_INVITATION, AS_FIRST, BY_SIGNUP };

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool sign_up(
	struct site_request *request, json_t *out, struct error *err);
static bool find_way(struct site_request *request, enum way *way,
	struct invitation *invitation, struct error *err);
static bool check_form(const struct site_request *request, enum way way,
	const struct invitation *invitation, struct error *err);
static bool make(struct site_request *request, enum way way,
	const struct invitation *invitation, struct user *user,
	struct error *err);
static bool join(struct site_request *request, enum way way,
	const struct invitation *invitation, const struct user *user,
	int64_t *organisation_id, struct error *err);

static const struct throttle_rule rule = {
	.name = "signup", .per_ip = 30, .window_ms = HOUR_MS
};

static const struct site_field query[] = {
	{ .name = "invitation", .type = SITE_TEXT },
	{ .name = NULL },
};

static const struct site_field form[] = {
	{ .name = "name", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "email",
		.type = SITE_TEXT,
		.required = true,
		.max_bytes = 191 },
	{ .name = "password",
		.type = SITE_SECRET,
		.required = true,
		.max_bytes = 511 },
	{ .name = "organisation", .type = SITE_TEXT, .max_bytes = 191 },
	{ .name = "invitation", .type = SITE_TEXT },
	{ .name = NULL },
};

const struct site_page pages_signup[] = {
	{ .path = STR("/signup"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.fields = query,
		.load = show,
		.template = "signup",
		.title = "signup.title" },
	{ .path = STR("/signup"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = form,
		.load = sign_up,
		.template = "signup",
		.title = "signup.title" },
	{ .path = STR("/auth/signup"),
		.method = SITE_POST,
		.who = SITE_PUBLIC,
		.fields = form,
		.load = sign_up },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct invitation invitation = { 0 };
	enum way way;

	if (!find_way(request, &way, &invitation, err))
		return false;
	site_put_bool(out, "closed", way == BY_NO_WAY);
	site_put_bool(out, "first", way == AS_FIRST);
	site_put_bool(out, "new_organisation", way == BY_SIGNUP);
	if (way == BY_INVITATION) {
		json_t *by = json_object();

		site_put(by, "token", site_text(request, "invitation"));
		site_put(by, "email", invitation.email);
		site_put(by, "organisation", invitation.organisation);
		site_put(by, "project", invitation.project);
		site_put(by, "role", role_name(invitation.role));
		json_object_set_new(out, "invited", by);
	}
	return true;
}

static bool sign_up(
	struct site_request *request, json_t *out, struct error *err)
{
	struct invitation invitation = { 0 };
	struct throttle throttle;
	struct user user;
	enum way way;
	bool ok;

	if (!throttle_begin(&throttle, request, &rule, S(""), err))
		return false;
	ok = find_way(request, &way, &invitation, err) &&
	     check_form(request, way, &invitation, err) &&
	     make(request, way, &invitation, &user, err) &&
	     site_session_begin(request, &user, out, err) &&
	     site_change_commit(request, err);
	throttle_end(&throttle, true);
	if (ok)
		site_redirect(request, S("/"), "flash.welcome");
	return ok;
}

static bool find_way(struct site_request *request, enum way *way,
	struct invitation *invitation, struct error *err)
{
	struct str mode = request->site->settings->site_signup;
	struct str token = site_text(request, "invitation");
	bool any;

	*way = BY_NO_WAY;
	if (str_equal(mode, S("closed")))
		return true;
	if (token.n > 0) {
		*way = BY_INVITATION;
		return invitation_find(
			request->db, token, request->arena, invitation, err);
	}
	if (!user_any(request->db, &any, err))
		return false;
	if (!any)
		*way = AS_FIRST;
	else if (str_equal(mode, S("open")))
		*way = BY_SIGNUP;
	return true;
}

static bool check_form(const struct site_request *request, enum way way,
	const struct invitation *invitation, struct error *err)
{
	if (way == BY_NO_WAY)
		return error_refuse(err, ERR_FORBIDDEN, "invitation", "%s",
			"Accounts are made by invitation here: ask an "
			"administrator for one.");
	if (way == BY_SIGNUP && site_text(request, "organisation").n == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "organisation",
			"Give your organisation a name.");
	if (way == BY_INVITATION &&
		!str_equal_nocase(
			site_text(request, "email"), invitation->email))
		return error_refuse(err, ERR_BAD_FIELD, "email",
			"This invitation is for another e-mail address.");
	return true;
}

static bool make(struct site_request *request, enum way way,
	const struct invitation *invitation, struct user *user,
	struct error *err)
{
	int64_t organisation_id = 0;

	return db_begin(request->db, err) &&
	       user_add(request->db, site_text(request, "email"),
		       site_text(request, "name"),
		       site_text(request, "password"), request->arena, user,
		       err) &&
	       join(request, way, invitation, user, &organisation_id, err) &&
	       user_find(request->db, user->id, request->arena, user, err) &&
	       site_change_note(request,
		       &(struct site_change){
			       .organisation_id = organisation_id,
			       .action = "user.sign_up",
			       .object_id = user->id,
			       .object_name = user->email,
			       .after = site_session_user(user),
		       },
		       err);
}

/* The first has what the command line has made already. */
static bool join(struct site_request *request, enum way way,
	const struct invitation *invitation, const struct user *user,
	int64_t *organisation_id, struct error *err)
{
	struct member_of of = { 0 };
	struct project project;

	switch (way) {
	case BY_INVITATION:
		*organisation_id = invitation->of.organisation_id;
		return invitation_accept(request->db, invitation, user->id,
			       user->email, err) &&
		       organisation_greet(
			       request->db, *organisation_id, user->id, err);
	case AS_FIRST:
		if (!project_default(request->db, &project, err))
			return false;
		*organisation_id = of.organisation_id = project.organisation_id;
		return member_set(request->db, &of, user->id, ROLE_OWNER, err);
	case BY_SIGNUP:
		if (!organisation_create(request->db,
			    site_text(request, "organisation"), user->id,
			    &project, err))
			return false;
		*organisation_id = project.organisation_id;
		return true;
	case BY_NO_WAY: break;
	}
	abort();
}
