/*
 * invitation.c - /invitation?token=... for who is invited; POST /members for
 * who invites.
 *
 * The link is shown once, to the person who invites: it is theirs to send.
 * Where the installation can, it sends one by e-mail as well.
 */
#include "accounts/invitation.h"
#include "accounts/user_session.h"
#include "site/change.h"
#include "site/format.h"
#include "site/link.h"
#include "site/pages/pages.h"
#include "site/throttle.h"

#define HOUR_MS INT64_C(3600000)

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool accept(
	struct site_request *request, json_t *out, struct error *err);
static bool invite(
	struct site_request *request, json_t *out, struct error *err);
static bool make(struct site_request *request, struct invitation *invitation,
	struct one_time *token, struct error *err);
static bool revoke(
	struct site_request *request, json_t *out, struct error *err);
static bool may_invite(struct site_request *request,
	const struct invitation *invitation, struct error *err);
static json_t *describe(const struct site_request *request,
	const struct invitation *invitation);

/* Mails to people who never asked for any. */
static const struct throttle_rule mailed = { .name = "invitation-mail",
	.per_account = 30,
	.per_ip = 60,
	.window_ms = HOUR_MS };

static const struct site_field token_field[] = {
	{ .name = "token", .type = SITE_TEXT, .required = true },
	{ .name = NULL },
};

static const struct site_field invite_fields[] = {
	{ .name = "email",
		.type = SITE_TEXT,
		.required = true,
		.max_bytes = 191 },
	{ .name = "role",
		.type = SITE_CHOICE,
		.choices = "viewer|member|admin|owner",
		.required = true },
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = NULL },
};

const struct site_page pages_invitation[] = {
	{ .path = STR("/invitation"),
		.method = SITE_GET,
		.who = SITE_PUBLIC,
		.fields = token_field,
		.load = show,
		.template = "invitation",
		.title = "invitation.title" },
	{ .path = STR("/invitation"),
		.method = SITE_POST,
		.who = SITE_SESSION,
		.fields = token_field,
		.load = accept,
		.template = "invitation",
		.title = "invitation.title" },
	{ .path = STR("/members"),
		.method = SITE_POST,
		.who = SITE_ADMIN,
		.fields = invite_fields,
		.load = invite,
		.template = "invited",
		.title = "invited.title",
		.nav = "members" },
	{ .path = STR("/invitations/{id}/revoke"),
		.method = SITE_POST,
		.who = SITE_ADMIN,
		.load = revoke },
	{ .path = STR("/invitations/{id}"),
		.method = SITE_DELETE,
		.who = SITE_ADMIN,
		.load = revoke },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct str token = site_text(request, "token");
	struct invitation invitation;

	if (!invitation_find(
		    request->db, token, request->arena, &invitation, err))
		return false;
	json_object_set_new(out, "invitation", describe(request, &invitation));
	site_put(out, "token", token);
	site_put_bool(out, "logged_in", session->id != 0);
	site_put_bool(
		out, "is_mine", str_equal(session->email, invitation.email));
	return true;
}

static bool accept(struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct invitation invitation;

	if (!invitation_find(request->db, site_text(request, "token"),
		    request->arena, &invitation, err) ||
		!db_begin(request->db, err) ||
		!invitation_accept(request->db, &invitation, session->user_id,
			session->email, err) ||
		!user_session_choose(request->db, session->id,
			invitation.of.organisation_id, invitation.of.project_id,
			err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id =
					invitation.of.organisation_id,
				.action = "invitation.accept",
				.object_id = invitation.id,
				.object_name = invitation.email,
				.after = describe(request, &invitation),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	json_object_set_new(out, "invitation", describe(request, &invitation));
	site_redirect(request, S("/"), "flash.joined");
	return true;
}

static bool invite(struct site_request *request, json_t *out, struct error *err)
{
	struct invitation invitation = {
		.of = { request->session.organisation_id,
			site_int(request, "project") },
		.email = site_text(request, "email"),
		.invited_by = request->session.user_id,
	};
	bool by_mail = link_goes_by_mail(request->site->settings);
	struct throttle throttle;
	struct one_time token;
	bool ok;

	if (!role_parse(site_text(request, "role"), &invitation.role, err) ||
		!may_invite(request, &invitation, err) ||
		(by_mail && !throttle_begin(&throttle, request, &mailed,
				    request->session.email, err)))
		return false;
	ok = make(request, &invitation, &token, err);
	if (by_mail)
		throttle_end(&throttle, ok);
	if (!ok)
		return false;
	json_object_set_new(out, "invitation", describe(request, &invitation));
	site_put(out, "link",
		link_of_page(request, "/invitation?token=", &token));
	site_put_bool(out, "mailed", by_mail);
	explicit_bzero(&token, sizeof(token));
	return true;
}

static bool make(struct site_request *request, struct invitation *invitation,
	struct one_time *token, struct error *err)
{
	return db_begin(request->db, err) &&
	       invitation_create(
		       request->db, invitation, token, request->arena, err) &&
	       (!link_goes_by_mail(request->site->settings) ||
		       invitation_ask_mail(request->db, invitation->id, err)) &&
	       site_change_note(request,
		       &(struct site_change){
			       .organisation_id =
				       invitation->of.organisation_id,
			       .action = "invitation.create",
			       .object_id = invitation->id,
			       .object_name = invitation->email,
			       .after = describe(request, invitation),
		       },
		       err) &&
	       site_change_commit(request, err);
}

static bool revoke(struct site_request *request, json_t *out, struct error *err)
{
	int64_t organisation_id = request->session.organisation_id;
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no such invitation.");
	if (!permission_allows(request->db, request->session.user_id,
		    ROLE_ADMIN, organisation_id, 0, err) ||
		!db_begin(request->db, err) ||
		!invitation_revoke(request->db, organisation_id, id, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = organisation_id,
				.action = "invitation.revoke",
				.object_id = id,
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", id);
	site_put_bool(out, "revoked", true);
	site_redirect(request, S("/members"), "flash.invitation_revoked");
	return true;
}

/* To the place itself, and with no more than one has there. */
static bool may_invite(struct site_request *request,
	const struct invitation *invitation, struct error *err)
{
	enum role actor;

	return permission_role(request->db, request->session.user_id,
		       invitation->of.organisation_id,
		       invitation->of.project_id, &actor, err) &&
	       member_may_change(actor, ROLE_NONE, invitation->role, err);
}

static json_t *describe(
	const struct site_request *request, const struct invitation *invitation)
{
	struct format format = format_of(request);
	json_t *json = json_object();

	site_put_int(json, "id", invitation->id);
	site_put(json, "email", invitation->email);
	site_put(json, "role", role_name(invitation->role));
	site_put_int(json, "organisation_id", invitation->of.organisation_id);
	site_put(json, "organisation", invitation->organisation);
	site_put_int(json, "project_id", invitation->of.project_id);
	site_put(json, "project", invitation->project);
	format_put_time(&format, json, "expires", invitation->expires_ms);
	return json;
}
