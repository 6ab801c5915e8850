/*
 * alert_channel.c - one channel that alerts go to: a new one, a try, another
 * secret, on and off, its end.
 *
 * A webhook's secret is made here, shown once and kept sealed.
 */
#include "base/clock.h"
#include "crypto/random.h"
#include "ledger/alert.h"
#include "site/access.h"
#include "site/change.h"
#include "site/channel_check.h"
#include "site/pages/alert_json.h"
#include "site/pages/pages.h"

#define SECRET_PREFIX "whsec_"
#define SECRET_CHARS 43 /* 256 bits */
#define SECRET_BYTES (sizeof(SECRET_PREFIX) + SECRET_CHARS)

static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static bool try_it(
	struct site_request *request, json_t *out, struct error *err);
static bool set_enabled(
	struct site_request *request, json_t *out, struct error *err);
static bool renew_secret(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_one(
	struct site_request *request, json_t *out, struct error *err);
static bool find(struct site_request *request, struct alert_channel *out,
	struct error *err);
static bool save_new(struct site_request *request,
	struct alert_channel *channel, struct str secret, struct error *err);
static void make_secret(char out[SECRET_BYTES]);
static bool finish(struct site_request *request, const char *action,
	const struct alert_channel *before, const struct alert_channel *after,
	struct error *err);

static const struct site_field new_fields[] = {
	{ .name = "name", .required = true, .max_bytes = 191 },
	{ .name = "kind",
		.type = SITE_CHOICE,
		.choices = "email|slack|webhook",
		.required = true },
	{ .name = "target",
		.required = true,
		.max_bytes = ALERT_TARGET_MAX_BYTES },
	{ .name = NULL },
};

static const struct site_field enabled_fields[] = {
	{ .name = "enabled",
		.type = SITE_CHOICE,
		.choices = "on|off",
		.required = true },
	{ .name = NULL },
};

#define ADMIN_ROW(where, how, function)                                    \
	.path = STR("/alerts/channels" where), .method = how,              \
	.who = SITE_ADMIN, .load = function, .title = "alert_channel.new", \
	.nav = "alerts"

const struct site_page pages_alert_channel[] = {
	{ ADMIN_ROW("/new", SITE_GET, show_new), .template = "alert_channel" },
	{ ADMIN_ROW("/new", SITE_POST, create), .fields = new_fields,
		.template = "alert_channel_made" },
	{ ADMIN_ROW("", SITE_POST, create), .fields = new_fields },
	{ ADMIN_ROW("/{id}/test", SITE_POST, try_it) },
	{ ADMIN_ROW("/{id}/enabled", SITE_POST, set_enabled),
		.fields = enabled_fields },
	{ ADMIN_ROW("/{id}/secret", SITE_POST, renew_secret),
		.template = "alert_channel_made" },
	{ ADMIN_ROW("/{id}/remove", SITE_POST, remove_one) },
	{ ADMIN_ROW("/{id}", SITE_DELETE, remove_one) },
	{ .path = STR("") },
};

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	site_put_bool(out, "has_mail", request->site->settings->smtp_url.n > 0);
	return site_check_organisation(request, ROLE_ADMIN, err);
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	char secret[SECRET_BYTES] = "";
	struct alert_channel channel = {
		.organisation_id = request->session.organisation_id,
		.name = site_text(request, "name"),
		.target = site_text(request, "target"),
		.enabled = true,
	};
	bool ok;

	if (!site_check_organisation(request, ROLE_ADMIN, err))
		return false;
	if (!alert_channel_kind_find(site_text(request, "kind"), &channel.kind))
		abort(); /* it is one of the choices */
	if (channel.kind == CHANNEL_WEBHOOK)
		make_secret(secret);
	ok = channel_check(
		     &channel, request->site->settings, request->arena, err) &&
	     save_new(request, &channel, str_of(secret), err) &&
	     finish(request, "channel.add", NULL, &channel, err);
	if (ok) {
		json_object_set_new(out, "channel",
			alert_channel_json(&channel, request->arena));
		if (channel.kind == CHANNEL_WEBHOOK)
			site_put(out, "secret", str_of(secret));
		else
			site_redirect(request, S("/alerts"), "flash.saved");
	}
	explicit_bzero(secret, sizeof(secret));
	return ok;
}

/* The command line changes the one of that name; a form that says "new" shall
 * overwrite nothing. */
static bool save_new(struct site_request *request,
	struct alert_channel *channel, struct str secret, struct error *err)
{
	bool created;

	if (!db_begin(request->db, err) ||
		!alert_channel_save(request->db, request->site->vault, channel,
			secret, &created, err))
		return false;
	return created || error_refuse(err, ERR_DUPLICATE, "name",
				  "There is a channel of this name already.");
}

static void make_secret(char out[SECRET_BYTES])
{
	memcpy(out, SECRET_PREFIX, strlen(SECRET_PREFIX));
	random_base62(out + strlen(SECRET_PREFIX), SECRET_CHARS);
}

/* The queue's sender brings it; the log below shows what became of it. */
static bool try_it(struct site_request *request, json_t *out, struct error *err)
{
	struct alert_channel channel;

	if (!find(request, &channel, err) || !db_begin(request->db, err) ||
		!alert_test(request->db, &channel, clock_unix_ms(), err) ||
		!finish(request, "channel.test", NULL, &channel, err))
		return false;
	site_put_int(out, "id", channel.id);
	site_put_bool(out, "queued", true);
	site_redirect(request, S("/alerts#log"), "flash.test_queued");
	return true;
}

static bool set_enabled(
	struct site_request *request, json_t *out, struct error *err)
{
	bool enabled = str_equal(site_text(request, "enabled"), S("on"));
	struct alert_channel before, after;

	if (!find(request, &before, err))
		return false;
	after = before;
	after.enabled = enabled;
	if (!db_begin(request->db, err) ||
		!alert_channel_set_enabled(
			request->db, &before, enabled, err) ||
		!finish(request, "channel.change", &before, &after, err))
		return false;
	json_object_set_new(
		out, "channel", alert_channel_json(&after, request->arena));
	site_redirect(request, S("/alerts"), "flash.saved");
	return true;
}

static bool renew_secret(
	struct site_request *request, json_t *out, struct error *err)
{
	char secret[SECRET_BYTES];
	struct alert_channel channel;
	bool ok;

	if (!find(request, &channel, err))
		return false;
	if (channel.kind != CHANNEL_WEBHOOK)
		return error_refuse(err, ERR_BAD_FIELD, "id",
			"Only a webhook has a secret.");
	make_secret(secret);
	ok = db_begin(request->db, err) &&
	     alert_channel_set_secret(request->db, request->site->vault,
		     &channel, str_of(secret), err) &&
	     finish(request, "channel.secret", NULL, &channel, err);
	if (ok) {
		json_object_set_new(out, "channel",
			alert_channel_json(&channel, request->arena));
		site_put(out, "secret", str_of(secret));
	}
	explicit_bzero(secret, sizeof(secret));
	return ok;
}

static bool remove_one(
	struct site_request *request, json_t *out, struct error *err)
{
	struct alert_channel channel;
	int64_t id;

	if (!find(request, &channel, err) || !db_begin(request->db, err) ||
		!alert_channel_remove(request->db, channel.organisation_id,
			channel.name, &id, err) ||
		!finish(request, "channel.remove", &channel, NULL, err))
		return false;
	site_put_int(out, "id", id);
	site_put_bool(out, "removed", true);
	site_redirect(request, S("/alerts"), "flash.removed");
	return true;
}

static bool find(struct site_request *request, struct alert_channel *out,
	struct error *err)
{
	int64_t id;

	if (!str_to_int64_in(request->id, 1, INT64_MAX, &id))
		return error_refuse(
			err, ERR_NOT_FOUND, "id", "There is no such channel.");
	return site_check_organisation(request, ROLE_ADMIN, err) &&
	       alert_channel_find_id(request->db,
		       request->session.organisation_id, id, request->arena,
		       out, err);
}

static bool finish(struct site_request *request, const char *action,
	const struct alert_channel *before, const struct alert_channel *after,
	struct error *err)
{
	const struct alert_channel *channel = after ? after : before;

	assert(channel);
	return site_change_note(request,
		       &(struct site_change){
			       .organisation_id = channel->organisation_id,
			       .action = action,
			       .object_id = channel->id,
			       .object_name = channel->name,
			       .before = before ? alert_channel_json(before,
							  request->arena)
						: NULL,
			       .after = after ? alert_channel_json(
							after, request->arena)
					      : NULL,
		       },
		       err) &&
	       site_change_commit(request, err);
}
