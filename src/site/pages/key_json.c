/*
 * key_json.c - gateway keys as JSON.
 */
#include "site/pages/key_json.h"

#include "base/clock.h"
#include "base/money.h"
#include "ledger/spend.h"
#include "site/link.h"
#include "site/templates.h"

static bool role_for(struct site_request *request,
	const struct gateway_key *key, enum role *out, struct error *err);
static void put_state(const struct site_request *request, json_t *json,
	const struct gateway_key_row *row);
static void put_limit(const struct format *format, json_t *json,
	const char *name, int64_t limit);
static void put_budget(const struct format *format, json_t *json,
	const char *name, int64_t picousd);
static void put_spent(const struct format *format, json_t *json,
	const char *name, int64_t spent, int64_t budget);
static void put_names(json_t *json, const char *name, struct name_list list);

bool key_load(
	struct site_request *request, struct key_seen *out, struct error *err)
{
	const struct site_session *session = &request->session;
	enum role role;
	int64_t id = 0;

	(void)!str_to_int64_in(request->id, 1, INT64_MAX, &id);
	if (!gateway_key_find(request->db, session->organisation_id, id,
		    request->arena, &out->row, err) ||
		!role_for(request, &out->row.key, &role, err))
		return false;
	if (role < ROLE_VIEWER)
		return error_refuse(err, ERR_NOT_FOUND, "id",
			"There is no gateway key %" PRId64 ".", id);
	out->may_change = role >= ROLE_ADMIN ||
			  (role >= ROLE_MEMBER &&
				  out->row.key.created_by == session->user_id);
	return true;
}

bool key_load_to_change(
	struct site_request *request, struct key_seen *out, struct error *err)
{
	if (!key_load(request, out, err))
		return false;
	return out->may_change ||
	       error_refuse(err, ERR_FORBIDDEN, NULL, "%s",
		       "Admins change this key, and the member who made it.");
}

/* In an archived project nobody has a role: there the organisation's counts. */
static bool role_for(struct site_request *request,
	const struct gateway_key *key, enum role *out, struct error *err)
{
	int64_t user_id = request->session.user_id;

	return permission_role(request->db, user_id, key->organisation_id,
		       key->project_id, out, err) &&
	       (*out != ROLE_NONE ||
		       permission_role(request->db, user_id,
			       key->organisation_id, 0, out, err));
}

json_t *key_json(
	const struct site_request *request, const struct gateway_key_row *row)
{
	struct format format = format_of(request);
	const struct gateway_key *key = &row->key;
	json_t *json = json_object();

	site_put_int(json, "id", key->id);
	site_put(json, "name", key->name);
	site_put(json, "kind", gateway_key_kind_name(key->kind));
	site_put_bool(
		json, "is_publishable", key->kind == GATEWAY_KEY_PUBLISHABLE);
	site_put_int(json, "project_id", key->project_id);
	site_put(json, "project", row->project);
	site_put(json, "prefix", row->prefix);
	put_state(request, json, row);
	format_put_time(&format, json, "created", row->created_ms);
	if (key->expires_ms)
		format_put_time(&format, json, "expires", key->expires_ms);
	if (row->last_used_ms)
		format_put_time(&format, json, "last_used", row->last_used_ms);
	if (row->rotated_to)
		site_put_int(json, "rotated_to", row->rotated_to);
	put_limit(&format, json, "rpm", key->limits.requests_per_minute);
	put_limit(&format, json, "tpm", key->limits.tokens_per_minute);
	put_limit(&format, json, "concurrent", key->limits.concurrent);
	put_limit(&format, json, "first_byte_timeout_ms",
		key->first_byte_timeout_ms);
	put_limit(&format, json, "total_timeout_ms", key->total_timeout_ms);
	put_budget(&format, json, "budget_daily", row->daily_picousd);
	put_budget(&format, json, "budget_monthly", row->monthly_picousd);
	put_names(json, "models", key->allowed_models);
	put_names(json, "providers", key->allowed_providers);
	put_names(json, "origins", key->allowed_origins);
	put_names(json, "tags", key->tags);
	site_put(json, "metadata",
		gateway_key_metadata_name(key->metadata_mode));
	site_put(json, "cache", gateway_key_cache_name(key->cache_policy));
	if (key->cache_ttl_ms)
		site_put_int(
			json, "cache_ttl_seconds", key->cache_ttl_ms / 1000);
	site_put_bool(json, "strict", key->is_strict);
	return json;
}

bool key_put_spend(struct site_request *request, json_t *const *json,
	const struct gateway_key_row *rows, size_t count, struct error *err)
{
	struct spend_asked *today =
		ARENA_ARRAY(request->arena, struct spend_asked, 2 * count);
	struct spend_asked *month = today + count;
	struct format format = format_of(request);
	int64_t now_ms = clock_unix_ms();

	for (size_t i = 0; i < count; i++) {
		today[i].of = month[i].of =
			(struct spend_of){ .scope = SPEND_KEY,
				.id = rows[i].key.id };
		today[i].from_ms = time_zone_day_start(rows[i].zone, now_ms);
		month[i].from_ms = time_zone_month_start(rows[i].zone, now_ms);
	}
	if (!spend_since_each(request->db, today, 2 * count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		put_spent(&format, json[i], "spent_today",
			today[i].spend.charged_picousd, rows[i].daily_picousd);
		put_spent(&format, json[i], "spent_month",
			month[i].spend.charged_picousd,
			rows[i].monthly_picousd);
	}
	return true;
}

void key_put_secret(struct site_request *request, json_t *out,
	const struct gateway_key *key, struct str text)
{
	const struct one_time none = { 0 };
	struct key_shown shown = {
		.kind = key->kind,
		.base_url = link_of_page(request, "", &none),
		.text = text,
		.model = S("auto"),
	};

	if (key->allowed_models.count > 0 &&
		str_index(key->allowed_models.names[0], '*') ==
			key->allowed_models.names[0].n)
		shown.model = key->allowed_models.names[0];
	site_put(out, "key", text);
	site_put(out, "base_url", shown.base_url);
	site_put_bool(
		out, "is_publishable", key->kind == GATEWAY_KEY_PUBLISHABLE);
	key_put_snippets(out, &shown);
}

json_t *key_audit_json(const struct gateway_key *key)
{
	json_t *json = json_object();

	site_put(json, "name", key->name);
	site_put_int(json, "project_id", key->project_id);
	site_put_int(json, "rpm", key->limits.requests_per_minute);
	site_put_int(json, "tpm", key->limits.tokens_per_minute);
	site_put_int(json, "concurrent", key->limits.concurrent);
	site_put_int(json, "expires_ms", key->expires_ms);
	put_names(json, "models", key->allowed_models);
	put_names(json, "providers", key->allowed_providers);
	put_names(json, "origins", key->allowed_origins);
	put_names(json, "tags", key->tags);
	return json;
}

/* "active", "rotated" (it still works), "expired", "revoked". */
static void put_state(const struct site_request *request, json_t *json,
	const struct gateway_key_row *row)
{
	struct error why;
	bool is_usable = gateway_key_check(&row->key, clock_unix_ms(), &why);
	const char *state =
		!is_usable ? why.kind == ERR_KEY_REVOKED ? "revoked" : "expired"
		: row->rotated_to ? "rotated"
				  : "active";
	json_t *is = json_object();

	site_put_bool(is, state, true);
	site_put(json, "state", str_of(state));
	site_put(json, "state_text",
		template_text(request->texts,
			arena_printf(request->arena, "keys.states.%s", state)));
	json_object_set_new(json, "state_is", is);
	site_put_bool(json, "is_usable", is_usable);
}

static void put_limit(const struct format *format, json_t *json,
	const char *name, int64_t limit)
{
	if (limit > 0)
		format_put_count(format, json, name, limit);
	else
		json_object_set_new(json, name, json_null());
}

static void put_budget(const struct format *format, json_t *json,
	const char *name, int64_t picousd)
{
	if (picousd != BUDGET_NONE)
		format_put_usd(format, json, name, picousd);
	else
		json_object_set_new(json, name, json_null());
}

static void put_spent(const struct format *format, json_t *json,
	const char *name, int64_t spent, int64_t budget)
{
	json_t *out;

	format_put_usd(format, json, name, spent);
	out = json_object_get(json, name);
	if (budget == BUDGET_NONE)
		return;
	site_put(out, "of", format_usd(format, budget));
	format_put_share(
		format, out, "share", spent < budget ? spent : budget, budget);
	site_put_bool(out, "is_over", spent >= budget);
	/* Without overflow: budgets reach millions of dollars. */
	site_put_bool(
		out, "is_near", spent < budget && spent >= budget / 5 * 4);
}

static void put_names(json_t *json, const char *name, struct name_list list)
{
	json_t *array = json_array();

	json_object_set_new(json, name, array);
	for (size_t i = 0; i < list.count; i++) {
		struct str text = list.names[i];

		json_array_append_new(array, json_stringn(text.p, text.n));
	}
}
