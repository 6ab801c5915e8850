/*
 * provider_json.c - providers as JSON: from the catalogue, the rollups, the
 * breakers and the resting keys.
 */
#include "site/pages/provider_json.h"

#include "base/clock.h"
#include "hot/breaker.h"
#include "hot/key_rest.h"
#include "ledger/totals.h"
#include "site/templates.h"

#define HOUR_MS INT64_C(3600000)

struct keeping {
	struct provider_facts *facts;
	struct arena *arena;
};

static breaker_visit keep_breaker;
static void put_traffic(const struct format *format, json_t *json,
	const struct provider_facts *facts, int64_t id);
static bool put_breakers(const struct format *format, json_t *json,
	const struct provider_facts *facts, int64_t id);
static const struct model *find_model(
	const struct catalog *catalog, int64_t id);
static void put_status(const struct site_request *request, json_t *json,
	const struct provider *provider, bool is_broken);
static void put_hosts(json_t *json, const struct provider *provider);
static size_t count_models(
	const struct catalog *catalog, const struct provider *provider);
static void put_rest(const struct site_request *request, json_t *item,
	const struct provider *provider, int64_t key_id);

bool provider_facts_load(struct site_request *request,
	struct provider_facts *out, struct error *err)
{
	struct keeping keeping = { .arena = request->arena };
	int64_t now_ms = clock_unix_ms();

	*out = (struct provider_facts){ 0 };
	keeping.facts = out;
	return catalog_load(request->db, &out->catalog, err) &&
	       totals_by_provider(request->db, TOTALS_MINUTES, now_ms - HOUR_MS,
		       request->arena, &out->totals, &out->total_count, err) &&
	       breaker_list(
		       request->site->hot, now_ms, keep_breaker, &keeping, err);
}

void provider_facts_release(struct provider_facts *facts)
{
	catalog_free(facts->catalog);
	facts->catalog = NULL;
}

static bool keep_breaker(const struct breaker_status *status, void *context)
{
	struct keeping *keeping = context;
	struct provider_facts *facts = keeping->facts;
	struct breaker_status *old = facts->breakers;

	if (facts->breaker_count == facts->breaker_room) {
		facts->breaker_room =
			facts->breaker_room ? 2 * facts->breaker_room : 16;
		facts->breakers = ARENA_ARRAY(keeping->arena,
			struct breaker_status, facts->breaker_room);
		if (old)
			memcpy(facts->breakers, old,
				facts->breaker_count * sizeof(*old));
	}
	facts->breakers[facts->breaker_count++] = *status;
	return true;
}

json_t *provider_json(const struct site_request *request,
	const struct provider_facts *facts, const struct provider *provider)
{
	struct format format = format_of(request);
	json_t *json = json_object();

	site_put_int(json, "id", provider->id);
	site_put(json, "name", provider->name);
	site_put(json, "dialect", provider->dialect);
	site_put_bool(json, "enabled", provider->enabled);
	site_put_int(json, "weight", provider->weight);
	if (request->session.is_operator) {
		site_put(json, "base_url", provider->base_url);
		site_put(json, "auth", provider->auth);
		put_hosts(json, provider);
		provider_put_ways(json, provider);
	}
	site_put_int(json, "rpm", provider->requests_per_minute);
	site_put_int(json, "tpm", provider->tokens_per_minute);
	site_put_int(json, "concurrent", provider->concurrent);
	site_put_int(json, "key_count", (int64_t)provider->key_count);
	site_put_int(json, "host_count", (int64_t)provider->host_count);
	format_put_count(&format, json, "models",
		(int64_t)count_models(facts->catalog, provider));
	put_traffic(&format, json, facts, provider->id);
	put_status(request, json, provider,
		put_breakers(&format, json, facts, provider->id));
	return json;
}

void provider_put_ways(json_t *json, const struct provider *provider)
{
	const struct provider_timeouts *timeouts = &provider->timeouts;
	bool drains = provider->quirks.on_disconnect == DISCONNECT_DRAIN;

	site_put_int(json, "connect_timeout_ms", timeouts->connect_ms);
	site_put_int(json, "first_byte_timeout_ms", timeouts->first_byte_ms);
	site_put_int(json, "idle_timeout_ms", timeouts->idle_ms);
	site_put_int(json, "total_timeout_ms", timeouts->total_ms);
	site_put(json, "on_disconnect", drains ? S("drain") : S("cancel"));
	site_put_bool(json, "drains", drains);
}

bool provider_put_keys(struct site_request *request, json_t *json,
	const struct provider *provider, struct error *err)
{
	struct format format = format_of(request);
	struct provider_key_row *rows;
	json_t *list = json_array();
	size_t count;

	json_object_set_new(json, "keys", list);
	if (!provider_key_list(request->db, provider->id, request->arena, &rows,
		    &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		json_array_append_new(list, item);
		site_put_int(item, "id", rows[i].id);
		site_put(item, "name", rows[i].name);
		site_put(item, "hint", rows[i].hint);
		site_put_int(item, "weight", rows[i].weight);
		site_put_bool(item, "enabled", rows[i].enabled);
		site_put(item, "disabled_reason", rows[i].disabled_reason);
		format_put_time(&format, item, "created", rows[i].created_ms);
		if (rows[i].validated_ms)
			format_put_time(&format, item, "validated",
				rows[i].validated_ms);
		put_rest(request, item, provider, rows[i].id);
	}
	return true;
}

/* Of the last hour. */
static void put_traffic(const struct format *format, json_t *json,
	const struct provider_facts *facts, int64_t id)
{
	struct provider_total total = { .provider_id = id };

	for (size_t i = 0; i < facts->total_count; i++)
		if (facts->totals[i].provider_id == id)
			total = facts->totals[i];
	format_put_count(format, json, "requests", total.requests);
	format_put_count(format, json, "errors", total.errors);
	format_put_share(
		format, json, "error_rate", total.errors, total.requests);
	site_put_bool(json, "is_used", total.requests > 0);
	format_put_duration(format, json, "latency",
		total.total_requests ? total.total_us / total.total_requests
				     : -1);
}

/* Those that have something to tell; is one of them open? */
static bool put_breakers(const struct format *format, json_t *json,
	const struct provider_facts *facts, int64_t id)
{
	json_t *list = json_array();
	bool is_open = false;

	json_object_set_new(json, "breakers", list);
	for (size_t i = 0; i < facts->breaker_count; i++) {
		const struct breaker_status *breaker = &facts->breakers[i];
		const struct model *model =
			find_model(facts->catalog, breaker->model_id);
		json_t *item;

		if (breaker->provider_id != id || !model)
			continue;
		is_open = is_open || breaker->state != BREAKER_CLOSED;
		item = json_object();
		site_put(item, "model", model->name);
		site_put(item, "state",
			str_of(breaker_state_name(breaker->state)));
		site_put_int(item, "failures", breaker->failures);
		format_put_time(format, item, "since", breaker->since_ms);
		json_array_append_new(list, item);
	}
	site_put_bool(json, "has_breakers", json_array_size(list) > 0);
	return is_open;
}

static const struct model *find_model(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->model_count; i++)
		if (catalog->models[i]->id == id)
			return catalog->models[i];
	return NULL;
}

/* "disabled", "failing" (a breaker is open), "up", "idle". */
static void put_status(const struct site_request *request, json_t *json,
	const struct provider *provider, bool is_broken)
{
	bool is_used = json_is_true(json_object_get(json, "is_used"));
	const char *status = !provider->enabled ? "disabled"
			     : is_broken        ? "failing"
			     : is_used          ? "up"
						: "idle";
	json_t *is = json_object();

	site_put_bool(is, status, true);
	site_put(json, "status", str_of(status));
	site_put(json, "status_text",
		template_text(request->texts,
			arena_printf(request->arena, "providers.statuses.%s",
				status)));
	json_object_set_new(json, "status_is", is);
}

static void put_hosts(json_t *json, const struct provider *provider)
{
	json_t *list = json_array();

	json_object_set_new(json, "hosts", list);
	for (const struct provider_host *host = provider->hosts; host;
		host = host->next) {
		json_t *item = json_object();

		site_put(item, "base_url", host->base_url);
		site_put_int(item, "weight", host->weight);
		json_array_append_new(list, item);
	}
	site_put_bool(json, "has_hosts", json_array_size(list) > 0);
}

static size_t count_models(
	const struct catalog *catalog, const struct provider *provider)
{
	size_t count = 0;

	for (size_t i = 0; i < catalog->model_count; i++)
		count += catalog->models[i]->provider == provider &&
			 catalog->models[i]->enabled;
	return count;
}

/* Until when the gateway leaves it alone, for every model. */
static void put_rest(const struct site_request *request, json_t *item,
	const struct provider *provider, int64_t key_id)
{
	struct format format = format_of(request);

	for (const struct provider_key *key = provider->keys; key;
		key = key->next) {
		const struct key_of_rest name = { key->id, key->sealed };
		struct key_rest rest;

		if (key->id != key_id)
			continue;
		rest = key_rest_read(
			request->site->hot, &name, 0, clock_unix_ms());
		if (rest.until_ms == 0)
			continue;
		format_put_time(&format, item, "rests_until", rest.until_ms);
		site_put_int(item, "rests_status", rest.status);
	}
}
