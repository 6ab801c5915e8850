/*
 * provider_edit.c - changing a provider that is there: its address, share,
 * rates, time-outs and what becomes of calls whose client leaves; and the
 * hosts of its pool. The operator's alone.
 *
 * An address is checked as when it was added: none that leads into our own
 * network, unless the settings allow it.
 */
#include "catalog/base_url.h"
#include "catalog/provider.h"
#include "site/change.h"
#include "site/pages/pages.h"
#include "site/pages/provider_json.h"

#define MAX_WEIGHT 1000000
#define MAX_RATE INT64_C(4000000000)
#define MAX_TIMEOUT_MS 3600000
#define MAX_URL_BYTES 512

static bool change(
	struct site_request *request, json_t *out, struct error *err);
static bool read_change(struct site_request *request, struct provider *provider,
	struct error *err);
static void set_int(
	const struct site_request *request, const char *name, int64_t *out);
static json_t *audit_json(
	struct site_request *request, const struct provider *provider);
static bool save_host(
	struct site_request *request, json_t *out, struct error *err);
static bool remove_host(
	struct site_request *request, json_t *out, struct error *err);
static bool read_url(
	struct site_request *request, struct str *url, struct error *err);
static bool finish_host(struct site_request *request, const char *action,
	const struct provider *provider, struct str url, int64_t weight,
	json_t *out, struct error *err);

static const struct site_field fields[] = {
	{ .name = "base_url", .type = SITE_TEXT, .max_bytes = MAX_URL_BYTES },
	{ .name = "weight", .type = SITE_INT, .min = 1, .max = MAX_WEIGHT },
	{ .name = "rpm", .type = SITE_INT, .max = MAX_RATE },
	{ .name = "tpm", .type = SITE_INT, .max = MAX_RATE },
	{ .name = "concurrent", .type = SITE_INT, .max = MAX_RATE },
	{ .name = "connect_timeout_ms",
		.type = SITE_INT,
		.max = MAX_TIMEOUT_MS },
	{ .name = "first_byte_timeout_ms",
		.type = SITE_INT,
		.max = MAX_TIMEOUT_MS },
	{ .name = "idle_timeout_ms", .type = SITE_INT, .max = MAX_TIMEOUT_MS },
	{ .name = "total_timeout_ms", .type = SITE_INT, .max = MAX_TIMEOUT_MS },
	{ .name = "on_disconnect",
		.type = SITE_CHOICE,
		.choices = "cancel|drain" },
	{ .name = NULL },
};

static const struct site_field host_fields[] = {
	{ .name = "base_url",
		.type = SITE_TEXT,
		.required = true,
		.max_bytes = MAX_URL_BYTES },
	{ .name = "weight", .type = SITE_INT, .min = 1, .max = MAX_WEIGHT },
	{ .name = NULL },
};

const struct site_page pages_provider_edit[] = {
	{ .path = STR("/providers/{id}"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = fields,
		.load = change },
	{ .path = STR("/providers/{id}"),
		.method = SITE_PATCH,
		.who = SITE_OPERATOR,
		.fields = fields,
		.load = change },
	{ .path = STR("/providers/{id}/hosts"),
		.method = SITE_GET,
		.who = SITE_OPERATOR,
		.load = provider_show,
		.template = "provider",
		.title = "providers.one",
		.nav = "providers" },
	{ .path = STR("/providers/{id}/hosts"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = host_fields,
		.load = save_host },
	{ .path = STR("/providers/{id}/host-remove"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = host_fields,
		.load = remove_host },
	{ .path = STR("/providers/{id}/hosts"),
		.method = SITE_DELETE,
		.who = SITE_OPERATOR,
		.fields = host_fields,
		.load = remove_host },
	{ .path = STR("") },
};

static bool change(struct site_request *request, json_t *out, struct error *err)
{
	struct provider provider;
	json_t *before;
	bool created;

	if (!db_begin(request->db, err) ||
		!provider_find_by_id(request, &provider, err))
		return false;
	before = audit_json(request, &provider);
	if (!read_change(request, &provider, err) ||
		!provider_save(
			request->db, &provider, &provider.id, &created, err) ||
		!provider_set_timeouts(
			request->db, provider.id, &provider.timeouts, err)) {
		json_decref(before);
		return false;
	}
	return provider_finish(request, "provider.change", &provider, before,
		audit_json(request, &provider), out, err);
}

/* What a form shows and is empty is none, but for what a provider must have:
 * that stays as it is. */
static bool read_change(struct site_request *request, struct provider *provider,
	struct error *err)
{
	struct provider_timeouts *timeouts = &provider->timeouts;
	struct str policy = site_text(request, "on_disconnect");

	if (site_has(request, "base_url"))
		provider->base_url = site_text(request, "base_url");
	if (site_has(request, "weight"))
		provider->weight = site_int(request, "weight");
	set_int(request, "rpm", &provider->requests_per_minute);
	set_int(request, "tpm", &provider->tokens_per_minute);
	set_int(request, "concurrent", &provider->concurrent);
	set_int(request, "connect_timeout_ms", &timeouts->connect_ms);
	set_int(request, "first_byte_timeout_ms", &timeouts->first_byte_ms);
	set_int(request, "idle_timeout_ms", &timeouts->idle_ms);
	set_int(request, "total_timeout_ms", &timeouts->total_ms);
	if (policy.n > 0)
		provider->quirks.on_disconnect = str_equal(policy, S("drain"))
							 ? DISCONNECT_DRAIN
							 : DISCONNECT_CANCEL;
	return provider_check_form(provider,
		request->site->settings->allow_private_upstreams,
		request->arena, err);
}

static void set_int(
	const struct site_request *request, const char *name, int64_t *out)
{
	if (!site_keeps(request, name))
		*out = site_int(request, name);
}

static json_t *audit_json(
	struct site_request *request, const struct provider *provider)
{
	json_t *json = json_object();

	(void)request;
	site_put(json, "base_url", provider->base_url);
	site_put_int(json, "weight", provider->weight);
	site_put_int(json, "rpm", provider->requests_per_minute);
	site_put_int(json, "tpm", provider->tokens_per_minute);
	site_put_int(json, "concurrent", provider->concurrent);
	provider_put_ways(json, provider);
	return json;
}

static bool save_host(
	struct site_request *request, json_t *out, struct error *err)
{
	int64_t weight =
		site_has(request, "weight") ? site_int(request, "weight") : 1;
	struct provider provider;
	struct str url;

	return read_url(request, &url, err) && db_begin(request->db, err) &&
	       provider_find_by_id(request, &provider, err) &&
	       provider_host_save(request->db, provider.id, url, weight, err) &&
	       finish_host(request, "provider.host_set", &provider, url, weight,
		       out, err);
}

/* As it is stored: what is forbidden by now may still be removed. */
static bool remove_host(
	struct site_request *request, json_t *out, struct error *err)
{
	struct str url = site_text(request, "base_url");
	struct provider provider;

	return db_begin(request->db, err) &&
	       provider_find_by_id(request, &provider, err) &&
	       provider_host_remove(request->db, provider.id, url, err) &&
	       finish_host(request, "provider.host_remove", &provider, url, 0,
		       out, err);
}

static bool read_url(
	struct site_request *request, struct str *url, struct error *err)
{
	return base_url_read(site_text(request, "base_url"),
		request->site->settings->allow_private_upstreams,
		request->arena, url, err);
}

static bool finish_host(struct site_request *request, const char *action,
	const struct provider *provider, struct str url, int64_t weight,
	json_t *out, struct error *err)
{
	json_t *after = json_object();

	site_put(after, "base_url", url);
	if (weight > 0)
		site_put_int(after, "weight", weight);
	return provider_finish(
		request, action, provider, NULL, after, out, err);
}
