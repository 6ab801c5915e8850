/*
 * key_edit.c - /keys/new and /keys/{id}/edit: what a gateway key may do.
 *
 * A field that is left empty is no limit. A change sets all of it, as the form
 * shows all of it; a PATCH changes what it names, and null is no limit.
 */
#include "accounts/member.h"
#include "base/clock.h"
#include "base/money.h"
#include "site/change.h"
#include "site/form.h"
#include "site/pages/key_json.h"
#include "site/pages/pages.h"

#define MAX_LIMIT INT64_C(4000000000)
#define MAX_TIMEOUT_MS 3600000
#define MAX_CACHE_TTL_S 31536000
#define LIST_BYTES 8000

static bool show_new(
	struct site_request *request, json_t *out, struct error *err);
static bool show_edit(
	struct site_request *request, json_t *out, struct error *err);
static bool put_projects(
	struct site_request *request, json_t *out, struct error *err);
static json_t *form_of(
	struct site_request *request, const struct gateway_key_row *row);
static struct str join_names(struct arena *arena, struct name_list list);
static void put_number(json_t *form, const char *name, int64_t value);
static void put_money(json_t *form, const char *name, int64_t picousd);
static void put_choice(json_t *form, const char *name, struct str value);
static bool create(
	struct site_request *request, json_t *out, struct error *err);
static bool change(
	struct site_request *request, json_t *out, struct error *err);
static bool read_key(struct site_request *request, struct gateway_key *key,
	struct error *err);
static int64_t read_expiry(const struct site_request *request, int64_t now_is);
static void set_int(const struct site_request *request, const char *name,
	int64_t unit, int64_t *out);
static bool read_names(struct site_request *request, const char *name,
	struct name_list *out, struct error *err);
static bool find_project(struct site_request *request, struct gateway_key *key,
	struct error *err);
static bool set_budgets(struct site_request *request,
	const struct gateway_key_row *row, struct error *err);
static bool read_money(const struct site_request *request, const char *name,
	int64_t *picousd, struct error *err);

/* `needed`: a PATCH may leave the name as it is. */
#define KEY_FIELDS(needed)                                                    \
	{ .name = "name",                                                     \
		.type = SITE_TEXT,                                            \
		.required = needed,                                           \
		.max_bytes = NAME_MAX_BYTES },                                \
		{ .name = "expires", .type = SITE_DATE },                     \
		{ .name = "models",                                           \
			.type = SITE_LIST,                                    \
			.max_bytes = LIST_BYTES },                            \
		{ .name = "providers",                                        \
			.type = SITE_LIST,                                    \
			.max_bytes = LIST_BYTES },                            \
		{ .name = "origins",                                          \
			.type = SITE_LIST,                                    \
			.max_bytes = LIST_BYTES },                            \
		{ .name = "tags",                                             \
			.type = SITE_LIST,                                    \
			.max_bytes = LIST_BYTES },                            \
		{ .name = "rpm", .type = SITE_INT, .max = MAX_LIMIT },        \
		{ .name = "tpm", .type = SITE_INT, .max = MAX_LIMIT },        \
		{ .name = "concurrent", .type = SITE_INT, .max = MAX_LIMIT }, \
		{ .name = "budget_daily",                                     \
			.type = SITE_TEXT,                                    \
			.max_bytes = MONEY_TEXT_BYTES },                      \
		{ .name = "budget_monthly",                                   \
			.type = SITE_TEXT,                                    \
			.max_bytes = MONEY_TEXT_BYTES },                      \
		{ .name = "cache",                                            \
			.type = SITE_CHOICE,                                  \
			.choices = "default|on|off" },                        \
		{ .name = "cache_ttl_seconds",                                \
			.type = SITE_INT,                                     \
			.max = MAX_CACHE_TTL_S },                             \
		{ .name = "metadata",                                         \
			.type = SITE_CHOICE,                                  \
			.choices = "default|on|off" },                        \
		{ .name = "strict", .type = SITE_BOOL },                      \
		{ .name = "first_byte_timeout_ms",                            \
			.type = SITE_INT,                                     \
			.max = MAX_TIMEOUT_MS },                              \
	{                                                                     \
		.name = "total_timeout_ms", .type = SITE_INT,                 \
		.max = MAX_TIMEOUT_MS                                         \
	}

static const struct site_field create_fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "kind",
		.type = SITE_CHOICE,
		.choices = "secret|publishable" },
	KEY_FIELDS(true),
	{ .name = NULL },
};

static const struct site_field change_fields[] = {
	KEY_FIELDS(true),
	{ .name = NULL },
};

static const struct site_field patch_fields[] = {
	KEY_FIELDS(false),
	{ .name = NULL },
};

const struct site_page pages_key_edit[] = {
	{ .path = STR("/keys/new"),
		.method = SITE_GET,
		.who = SITE_MEMBER,
		.load = show_new,
		.template = "key_edit",
		.title = "keys.new",
		.nav = "keys" },
	{ .path = STR("/keys/new"),
		.method = SITE_POST,
		.who = SITE_MEMBER,
		.fields = create_fields,
		.load = create,
		.template = "key_made",
		.title = "keys.made",
		.nav = "keys" },
	{ .path = STR("/keys"),
		.method = SITE_POST,
		.who = SITE_MEMBER,
		.fields = create_fields,
		.load = create },
	{ .path = STR("/keys/{id}/edit"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.load = show_edit,
		.template = "key_edit",
		.title = "keys.edit",
		.nav = "keys" },
	{ .path = STR("/keys/{id}/edit"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/keys/{id}"),
		.method = SITE_PUT,
		.who = SITE_VIEWER,
		.fields = change_fields,
		.load = change },
	{ .path = STR("/keys/{id}"),
		.method = SITE_PATCH,
		.who = SITE_VIEWER,
		.fields = patch_fields,
		.load = change },
	{ .path = STR("") },
};

static bool show_new(
	struct site_request *request, json_t *out, struct error *err)
{
	site_put_bool(out, "is_new", true);
	return put_projects(request, out, err);
}

static bool show_edit(
	struct site_request *request, json_t *out, struct error *err)
{
	struct key_seen seen;
	json_t *key;

	if (!key_load_to_change(request, &seen, err))
		return false;
	key = key_json(request, &seen.row);
	json_object_set_new(out, "edited", key);
	/* What was sent and refused is shown as it was sent. */
	if (request->values->count == 0)
		json_object_set_new(out, "form", form_of(request, &seen.row));
	return true;
}

/* Those where one may make keys. */
static bool put_projects(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct str chosen = request->values->count > 0
				    ? site_text(request, "project")
				    : S("");
	struct member_project *projects;
	json_t *list = json_array();
	int64_t current = session->project_id;
	size_t count;

	json_object_set_new(out, "projects", list);
	(void)!str_to_int64(chosen, &current);
	if (!member_projects(request->db, session->user_id,
		    session->organisation_id, request->arena, &projects, &count,
		    err))
		return false;
	for (size_t i = 0; i < count; i++) {
		enum role role;
		json_t *item;

		if (!permission_role(request->db, session->user_id,
			    session->organisation_id, projects[i].id, &role,
			    err))
			return false;
		if (role < ROLE_MEMBER)
			continue;
		item = json_object();
		site_put_int(item, "id", projects[i].id);
		site_put(item, "name", projects[i].name);
		site_put_bool(item, "is_chosen", projects[i].id == current);
		json_array_append_new(list, item);
	}
	return true;
}

/* The key's own, in the form's shape (form_json()). */
static json_t *form_of(
	struct site_request *request, const struct gateway_key_row *row)
{
	const struct gateway_key *key = &row->key;
	struct arena *arena = request->arena;
	json_t *form = json_object();
	char date[CLOCK_TEXT_BYTES];

	site_put(form, "name", key->name);
	clock_format(key->expires_ms, date);
	if (key->expires_ms)
		site_put(form, "expires", str_head(str_of(date), 10));
	site_put(form, "models", join_names(arena, key->allowed_models));
	site_put(form, "providers", join_names(arena, key->allowed_providers));
	site_put(form, "origins", join_names(arena, key->allowed_origins));
	site_put(form, "tags", join_names(arena, key->tags));
	put_number(form, "rpm", key->limits.requests_per_minute);
	put_number(form, "tpm", key->limits.tokens_per_minute);
	put_number(form, "concurrent", key->limits.concurrent);
	put_money(form, "budget_daily", row->daily_picousd);
	put_money(form, "budget_monthly", row->monthly_picousd);
	put_choice(form, "cache", gateway_key_cache_name(key->cache_policy));
	put_choice(form, "metadata",
		gateway_key_metadata_name(key->metadata_mode));
	put_number(form, "cache_ttl_seconds", key->cache_ttl_ms / 1000);
	put_number(form, "first_byte_timeout_ms", key->first_byte_timeout_ms);
	put_number(form, "total_timeout_ms", key->total_timeout_ms);
	site_put_bool(form, "strict", key->is_strict);
	return form;
}

static struct str join_names(struct arena *arena, struct name_list list)
{
	struct buf text = BUF_INIT(1 << 20);
	struct str copy;

	for (size_t i = 0; i < list.count; i++) {
		if (i > 0)
			buf_append(&text, S(", "));
		buf_append(&text, list.names[i]);
	}
	copy = arena_copy(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

static void put_number(json_t *form, const char *name, int64_t value)
{
	if (value > 0)
		site_put_int(form, name, value);
}

static void put_money(json_t *form, const char *name, int64_t picousd)
{
	char text[MONEY_TEXT_BYTES];

	if (picousd == BUDGET_NONE)
		return;
	money_format_usd(picousd, text);
	site_put(form, name, str_of(text));
}

static void put_choice(json_t *form, const char *name, struct str value)
{
	json_object_set_new(form, name,
		json_pack("{s:s%,s:{s:b}}", "value", value.p, value.n, "is",
			value.p, 1));
}

static bool create(struct site_request *request, json_t *out, struct error *err)
{
	bool is_publishable =
		str_equal(site_text(request, "kind"), S("publishable"));
	struct gateway_key key = { .kind = is_publishable
						   ? GATEWAY_KEY_PUBLISHABLE
						   : GATEWAY_KEY_SECRET };
	char text[GATEWAY_KEY_TEXT_BYTES];
	struct gateway_key_row row;

	if (!db_begin(request->db, err) || !read_key(request, &key, err) ||
		!find_project(request, &key, err))
		return false;
	if (key.expires_ms && key.expires_ms <= clock_unix_ms())
		return error_refuse(err, ERR_BAD_FIELD, "expires",
			"This day is over or has begun: name a later one.");
	gateway_key_make(key.kind, text);
	if (!gateway_key_create(
		    request->db, &key, str_of(text), &key.id, err) ||
		!gateway_key_find(request->db, key.organisation_id, key.id,
			request->arena, &row, err) ||
		!set_budgets(request, &row, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = key.organisation_id,
				.action = "key.create",
				.object_id = key.id,
				.object_name = key.name,
				.after = key_audit_json(&key),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	site_put_int(out, "id", key.id);
	site_put(out, "name", key.name);
	key_put_secret(request, out, &key, str_of(text));
	explicit_bzero(text, sizeof(text));
	return true;
}

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct key_seen seen;
	struct gateway_key key;

	if (!db_begin(request->db, err) ||
		!key_load_to_change(request, &seen, err))
		return false;
	key = seen.row.key;
	if (!read_key(request, &key, err) ||
		!gateway_key_change(request->db, &key, err) ||
		!set_budgets(request, &seen.row, err) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = key.organisation_id,
				.action = "key.change",
				.object_id = key.id,
				.object_name = key.name,
				.before = key_audit_json(&seen.row.key),
				.after = key_audit_json(&key),
			},
			err) ||
		!gateway_key_find(request->db, key.organisation_id, key.id,
			request->arena, &seen.row, err) ||
		!site_change_commit(request, err))
		return false;
	json_object_set_new(out, "key", key_json(request, &seen.row));
	site_redirect(request,
		arena_printf(request->arena, "/keys/%" PRId64, key.id),
		"flash.saved");
	return true;
}

/* --- what was filled in */

static bool read_names(struct site_request *request, const char *name,
	struct name_list *out, struct error *err)
{
	return site_keeps(request, name) ||
	       name_list_split(site_text(request, name), name, request->arena,
		       out, err);
}

static bool read_money(const struct site_request *request, const char *name,
	int64_t *picousd, struct error *err)
{
	*picousd = BUDGET_NONE;
	return !site_has(request, name) ||
	       money_parse_usd(site_text(request, name), picousd) ||
	       error_refuse(err, ERR_BAD_FIELD, name,
		       "'%s' is an amount of US dollars, as in 12.50.", name);
}

/* The date is what the form shows; a time of that day stays as it was. */
static int64_t read_expiry(const struct site_request *request, int64_t now_is)
{
	int64_t date = site_int(request, "expires");

	return now_is > date && now_is - date < INT64_C(86400000) && date != 0
		       ? now_is
		       : date;
}

static void set_int(const struct site_request *request, const char *name,
	int64_t unit, int64_t *out)
{
	if (!site_keeps(request, name))
		*out = site_int(request, name) * unit;
}

static bool read_key(struct site_request *request, struct gateway_key *key,
	struct error *err)
{
	struct str cache = site_text(request, "cache");
	struct str metadata = site_text(request, "metadata");

	if (!site_keeps(request, "name"))
		key->name = site_text(request, "name");
	if (!site_keeps(request, "expires"))
		key->expires_ms = read_expiry(request, key->expires_ms);
	set_int(request, "rpm", 1, &key->limits.requests_per_minute);
	set_int(request, "tpm", 1, &key->limits.tokens_per_minute);
	set_int(request, "concurrent", 1, &key->limits.concurrent);
	set_int(request, "first_byte_timeout_ms", 1,
		&key->first_byte_timeout_ms);
	set_int(request, "total_timeout_ms", 1, &key->total_timeout_ms);
	set_int(request, "cache_ttl_seconds", 1000, &key->cache_ttl_ms);
	if (!site_keeps(request, "strict"))
		key->is_strict = site_bool(request, "strict");
	if (!site_keeps(request, "cache"))
		key->cache_policy = str_equal(cache, S("on")) ? CACHE_POLICY_ON
				    : str_equal(cache, S("off"))
					    ? CACHE_POLICY_OFF
					    : CACHE_POLICY_DEFAULT;
	if (!site_keeps(request, "metadata"))
		key->metadata_mode = str_equal(metadata, S("on")) ? METADATA_ON
				     : str_equal(metadata, S("off"))
					     ? METADATA_OFF
					     : METADATA_DEFAULT;
	return read_names(request, "models", &key->allowed_models, err) &&
	       read_names(request, "providers", &key->allowed_providers, err) &&
	       read_names(request, "origins", &key->allowed_origins, err) &&
	       read_names(request, "tags", &key->tags, err);
}

static bool set_budgets(struct site_request *request,
	const struct gateway_key_row *row, struct error *err)
{
	int64_t daily = row->daily_picousd, monthly = row->monthly_picousd;

	return (site_keeps(request, "budget_daily") ||
		       read_money(request, "budget_daily", &daily, err)) &&
	       (site_keeps(request, "budget_monthly") ||
		       read_money(request, "budget_monthly", &monthly, err)) &&
	       gateway_key_set_budget(
		       request->db, row, PERIOD_DAILY, daily, err) &&
	       gateway_key_set_budget(
		       request->db, row, PERIOD_MONTHLY, monthly, err);
}

/* The one that is asked for, else the one that is looked at. */
static bool find_project(struct site_request *request, struct gateway_key *key,
	struct error *err)
{
	const struct site_session *session = &request->session;
	int64_t id = site_int(request, "project");

	key->organisation_id = session->organisation_id;
	key->project_id = id ? id : session->project_id;
	key->created_by = session->user_id;
	if (key->project_id == 0)
		return error_refuse(err, ERR_MISSING_FIELD, "project",
			"Say which project it belongs to.");
	return permission_allows(request->db, session->user_id, ROLE_MEMBER,
		key->organisation_id, key->project_id, err);
}
