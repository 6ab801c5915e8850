/*
 * provider_health.c - from the metrics, the rollups, the breakers and the
 * resting keys.
 */
#include "server/provider_health.h"

#include "base/clock.h"
#include "hot/breaker.h"
#include "hot/key_rest.h"
#include "ledger/totals.h"

#define RECENT_MINUTES 5
#define MINUTE_MS 60000

/* What was found out before anything is written. */
struct findings {
	struct gateway *gateway;
	const struct catalog *catalog;
	struct arena *arena;
	int64_t now_ms;
	struct metrics_view view;
	bool has_totals;
	struct provider_total *totals;
	size_t total_count;
	struct breaker_status *breakers;
	size_t breaker_count;
	size_t breaker_room;
};

static bool write_all(
	struct findings *findings, struct json_writer *w, struct error *err);
static bool load_totals(struct findings *findings, struct error *err);
static breaker_visit keep_breaker;
static void write_provider(const struct findings *findings,
	const struct provider *provider, struct json_writer *w);
static const char *status_of(const struct findings *findings,
	const struct provider *provider, int64_t success_ms,
	int64_t failure_ms);
static void write_age(struct json_writer *w, const char *name,
	const struct findings *findings, int64_t unix_ms);
static void write_recent(const struct findings *findings,
	const struct provider *provider, struct json_writer *w);
static void write_breakers(const struct findings *findings,
	const struct provider *provider, struct json_writer *w);
static void write_keys(const struct findings *findings,
	const struct provider *provider, struct json_writer *w);
static void write_rests(const struct findings *findings,
	const struct provider *provider, const struct provider_key *key,
	struct json_writer *w);
static void write_key(const struct findings *findings,
	const struct provider_key *key, const struct key_rest *rest,
	const struct model *model, struct json_writer *w);
static const struct model *find_model(
	const struct catalog *catalog, int64_t id);

bool provider_health_write(struct gateway *gateway, struct arena *arena,
	struct json_writer *w, struct error *err)
{
	struct snapshot *snapshot = snapshot_pin(gateway->snapshots);
	struct findings findings = {
		.gateway = gateway, .arena = arena, .now_ms = clock_unix_ms()
	};
	bool ok;

	if (!snapshot)
		return error_set(
			err, ERR_DATABASE, "the catalogue was never loaded");
	findings.catalog = snapshot->catalog;
	ok = write_all(&findings, w, err);
	snapshot_unpin(gateway->snapshots, snapshot);
	return ok;
}

static bool write_all(
	struct findings *findings, struct json_writer *w, struct error *err)
{
	struct error unreached;

	if (!metrics_read(findings->gateway->metrics, &findings->view, err))
		return false;
	if (!breaker_list(findings->gateway->hot, findings->now_ms,
		    keep_breaker, findings, err)) {
		metrics_view_release(&findings->view);
		return false;
	}
	findings->has_totals = load_totals(findings, &unreached);
	json_begin_array(w);
	for (size_t i = 0; i < findings->catalog->provider_count; i++)
		write_provider(findings, findings->catalog->providers[i], w);
	json_end_array(w);
	metrics_view_release(&findings->view);
	return true;
}

static bool load_totals(struct findings *findings, struct error *err)
{
	struct db *db;
	bool ok;

	if (!db_take(findings->gateway->db, &db, err))
		return false;
	ok = totals_by_provider(db, TOTALS_MINUTES,
		findings->now_ms - RECENT_MINUTES * MINUTE_MS, findings->arena,
		&findings->totals, &findings->total_count, err);
	db_give(findings->gateway->db, db);
	return ok;
}

static bool keep_breaker(const struct breaker_status *status, void *context)
{
	struct findings *findings = context;
	struct breaker_status *old = findings->breakers;

	if (findings->breaker_count == findings->breaker_room) {
		findings->breaker_room = findings->breaker_room
						 ? findings->breaker_room * 2
						 : 16;
		findings->breakers = ARENA_ARRAY(findings->arena,
			struct breaker_status, findings->breaker_room);
		if (old)
			memcpy(findings->breakers, old,
				findings->breaker_count * sizeof(*old));
	}
	findings->breakers[findings->breaker_count++] = *status;
	return true;
}

static void write_provider(const struct findings *findings,
	const struct provider *provider, struct json_writer *w)
{
	int64_t success_ms = metrics_view_sum(
		&findings->view, METRIC_PROVIDER_SUCCESS, 0, provider->name);
	int64_t failure_ms = metrics_view_sum(
		&findings->view, METRIC_PROVIDER_FAILURE, 0, provider->name);

	json_begin_object(w);
	json_member_str(w, "name", provider->name);
	json_member_bool(w, "enabled", provider->enabled);
	json_member_str(w, "dialect", provider->dialect);
	json_member_str(w, "status",
		str_of(status_of(findings, provider, success_ms, failure_ms)));
	write_age(w, "last_success_age_ms", findings, success_ms);
	write_age(w, "last_failure_age_ms", findings, failure_ms);
	write_recent(findings, provider, w);
	write_breakers(findings, provider, w);
	write_keys(findings, provider, w);
	json_end_object(w);
}

static const char *status_of(const struct findings *findings,
	const struct provider *provider, int64_t success_ms, int64_t failure_ms)
{
	if (!provider->enabled)
		return "disabled";
	for (size_t i = 0; i < findings->breaker_count; i++) {
		if (findings->breakers[i].provider_id == provider->id &&
			findings->breakers[i].state != BREAKER_CLOSED)
			return "failing";
	}
	if (success_ms == 0 && failure_ms == 0)
		return "unknown";
	return failure_ms > success_ms ? "failing" : "up";
}

static void write_age(struct json_writer *w, const char *name,
	const struct findings *findings, int64_t unix_ms)
{
	int64_t age = findings->now_ms - unix_ms;

	if (unix_ms == 0)
		json_member_null(w, name);
	else
		json_member_int(w, name, age > 0 ? age : 0);
}

static void write_recent(const struct findings *findings,
	const struct provider *provider, struct json_writer *w)
{
	struct provider_total total = { .provider_id = provider->id };
	char share[32];

	if (!findings->has_totals) {
		json_member_null(w, "recent");
		return;
	}
	for (size_t i = 0; i < findings->total_count; i++) {
		if (findings->totals[i].provider_id == provider->id)
			total = findings->totals[i];
	}
	json_name(w, "recent");
	json_begin_object(w);
	json_member_int(w, "minutes", RECENT_MINUTES);
	json_member_int(w, "requests", total.requests);
	json_member_int(w, "errors", total.errors);
	snprintf(share, sizeof(share), "%.4f",
		total.requests > 0
			? (double)total.errors / (double)total.requests
			: 0.0);
	json_member_raw(w, "error_share", str_of(share));
	json_end_object(w);
}

static void write_breakers(const struct findings *findings,
	const struct provider *provider, struct json_writer *w)
{
	json_name(w, "breakers");
	json_begin_array(w);
	for (size_t i = 0; i < findings->breaker_count; i++) {
		const struct breaker_status *breaker = &findings->breakers[i];
		const struct model *model =
			find_model(findings->catalog, breaker->model_id);

		if (breaker->provider_id != provider->id || !model)
			continue;
		json_begin_object(w);
		json_member_str(w, "model", model->name);
		json_member_str(
			w, "state", str_of(breaker_state_name(breaker->state)));
		write_age(w, "age_ms", findings, breaker->since_ms);
		json_member_int(w, "failures", breaker->failures);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_keys(const struct findings *findings,
	const struct provider *provider, struct json_writer *w)
{
	json_name(w, "resting_keys");
	json_begin_array(w);
	for (const struct provider_key *key = provider->keys; key;
		key = key->next)
		write_rests(findings, provider, key, w);
	json_end_array(w);
}

/* Where it rests: for every model, or for some. */
static void write_rests(const struct findings *findings,
	const struct provider *provider, const struct provider_key *key,
	struct json_writer *w)
{
	const struct key_of_rest name = { key->id, key->sealed };
	const struct catalog *catalog = findings->catalog;
	struct hot *hot = findings->gateway->hot;
	struct key_rest rest = key_rest_read(hot, &name, 0, findings->now_ms);

	if (rest.until_ms) {
		write_key(findings, key, &rest, NULL, w);
		return;
	}
	for (size_t i = 0; i < catalog->model_count; i++) {
		const struct model *model = catalog->models[i];

		if (model->provider != provider)
			continue;
		rest = key_rest_read(hot, &name, model->id, findings->now_ms);
		if (rest.until_ms)
			write_key(findings, key, &rest, model, w);
	}
}

static void write_key(const struct findings *findings,
	const struct provider_key *key, const struct key_rest *rest,
	const struct model *model, struct json_writer *w)
{
	json_begin_object(w);
	json_member_int(w, "id", key->id);
	json_member_str(w, "name", key->name);
	if (model)
		json_member_str(w, "model", model->name);
	else
		json_member_null(w, "model");
	json_member_int(w, "status", rest->status);
	json_member_int(w, "for_ms", rest->until_ms - findings->now_ms);
	json_end_object(w);
}

static const struct model *find_model(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->model_count; i++) {
		if (catalog->models[i]->id == id)
			return catalog->models[i];
	}
	return NULL;
}
