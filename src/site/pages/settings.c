/*
 * settings.c - /settings: what an organisation decides for itself; to an
 * operator also what the installation's file says of pages, log and mail.
 *
 * Language and theme of a person are on /account.
 */
#include "accounts/organisation.h"
#include "site/access.h"
#include "site/change.h"
#include "site/pages/pages.h"
#include "site/templates.h"

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static json_t *organisation_json(const struct organisation *organisation);
static void put_installation(struct site_request *request, json_t *out);
static void put_setting(struct site_request *request, const char *name,
	struct str value, json_t *out);
static void put_number(struct site_request *request, const char *name,
	int64_t value, json_t *out);

/* `needed`: a form that is sent has them; one that is asked for may. */
#define FIELDS(needed)                                                        \
	{ .name = "name", .required = needed, .max_bytes = 191 },             \
		{ .name = "time_zone", .required = needed, .max_bytes = 64 }, \
	{                                                                     \
		.name = "locale", .type = SITE_CHOICE, .choices = "en|es",    \
		.required = needed                                            \
	}

static const struct site_field query[] = { FIELDS(false), { .name = NULL } };
static const struct site_field fields[] = { FIELDS(true), { .name = NULL } };

const struct site_page pages_settings[] = {
	{ .path = STR("/settings"),
		.method = SITE_GET,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = query,
		.load = show,
		.template = "settings",
		.title = "settings.title",
		.nav = "settings" },
	{ .path = STR("/settings"),
		.method = SITE_POST,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = fields,
		.load = change },
	{ .path = STR("/settings"),
		.method = SITE_PUT,
		.who = SITE_ADMIN,
		.of_organisation = true,
		.fields = fields,
		.load = change },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	struct organisation organisation;
	json_t *json, *value;

	if (!organisation_find(request->db, request->session.organisation_id,
		    request->arena, &organisation, err))
		return false;
	json = organisation_json(&organisation);
	json_object_set_new(out, "organisation", json);
	value = json_deep_copy(json);
	if (site_has(request, "name"))
		site_put(value, "name", site_text(request, "name"));
	if (site_has(request, "time_zone"))
		site_put(value, "time_zone", site_text(request, "time_zone"));
	site_put_bool(value, "is_es",
		str_equal(site_has(request, "locale")
				  ? site_text(request, "locale")
				  : organisation.locale,
			S("es")));
	json_object_set_new(out, "value", value);
	site_put_bool(out, "may_rename", request->session.role >= ROLE_OWNER);
	if (request->session.is_operator)
		put_installation(request, out);
	return true;
}

/* The name is the organisation itself: its owners' (permission.h). */
static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct organisation before, after;

	if (!db_begin(request->db, err) ||
		!organisation_find(request->db,
			request->session.organisation_id, request->arena,
			&before, err))
		return false;
	after = (struct organisation){
		.id = before.id,
		.name = site_text(request, "name"),
		.time_zone = site_text(request, "time_zone"),
		.locale = site_text(request, "locale"),
	};
	if (!str_equal(before.name, after.name) &&
		!site_check_organisation(request, ROLE_OWNER, err))
		return false;
	if (!organisation_change(request->db, &after, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = after.id,
				.action = "organisation.change",
				.object_id = after.id,
				.object_name = after.name,
				.before = organisation_json(&before),
				.after = organisation_json(&after),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	json_object_set_new(out, "organisation", organisation_json(&after));
	site_redirect(request, S("/settings"), "flash.saved");
	return true;
}

static json_t *organisation_json(const struct organisation *organisation)
{
	json_t *json = json_object();

	site_put_int(json, "id", organisation->id);
	site_put(json, "name", organisation->name);
	site_put(json, "time_zone", organisation->time_zone);
	site_put(json, "locale", organisation->locale);
	return json;
}

/* Only to be read: the file decides, when the program starts. */
static void put_installation(struct site_request *request, json_t *out)
{
	const struct settings *settings = request->site->settings;
	json_t *installation = json_object();
	json_t *list = json_array();

	json_object_set_new(out, "installation", installation);
	json_object_set_new(installation, "settings", list);
	site_put(installation, "file", str_of(settings->path));
	put_setting(request, "site.signup", settings->site_signup, list);
	put_setting(request, "site.url", settings->site_url, list);
	put_number(request, "log.keep_days", settings->log_keep_days, list);
	put_setting(request, "alerts.smtp_url", settings->smtp_url, list);
	put_setting(request, "alerts.smtp_from", settings->smtp_from, list);
	put_number(request, "limits.user_rpm", settings->user_rpm, list);
	put_number(request, "limits.user_tokens_daily",
		settings->user_tokens_daily, list);
}

static void put_setting(struct site_request *request, const char *name,
	struct str value, json_t *out)
{
	struct str key = str_of(name);
	json_t *json = json_object();

	site_put(json, "name", key);
	site_put(json, "value", value);
	site_put(json, "meaning",
		template_text(request->texts,
			arena_printf(request->arena, "settings.meaning.%.*s",
				STR_ARG(str_from(
					key, str_index(key, '.') + 1)))));
	json_array_append_new(out, json);
}

static void put_number(struct site_request *request, const char *name,
	int64_t value, json_t *out)
{
	put_setting(request, name,
		arena_printf(request->arena, "%" PRId64, value), out);
}
