/*
 * gateway.c - the way of a call, on one screen.
 */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/grants.h"
#include "gateway/settler.h"
#include "gateway/stages.h"

struct stage {
	const char *name;
	enum verdict (*run)(struct call *call);
};

/* The last one of each table answers. */
static const struct stage chat_stages[] = {
	{ "authenticate", authenticate },
	{ "parse", parse },
	{ "route", route },
	{ "admit", admit },
	{ "cache", cache_lookup },
	{ "call", call_provider },
};

static const struct stage service_stages[] = {
	{ "authenticate", authenticate },
	{ "parse", parse_service },
	{ "route", route },
	{ "admit", admit },
	{ "call", call_provider },
};

static const struct stage count_stages[] = {
	{ "authenticate", authenticate },
	{ "parse", parse },
	{ "route", route },
	{ "admit", admit },
	{ "count", count_tokens },
};

static const struct stage models_stages[] = {
	{ "authenticate", authenticate },
	{ "list_models", list_models },
};

static const struct stage timed_stream_stages[] = {
	{ "authenticate", authenticate },
	{ "timed_stream", send_timed_stream },
};

static const struct stage cache_stats_stages[] = {
	{ "authenticate", authenticate },
	{ "cache_stats", cache_stats },
};

static const struct stage cache_clear_stages[] = {
	{ "authenticate", authenticate },
	{ "cache_clear", cache_remove },
};

static struct call *call_new(
	struct http_exchange *x, const struct dialect *dialect);
static void run_stages(struct http_exchange *x, void *owner);
static void run_with_database(struct http_exchange *x, void *owner);
static bool open_limits(struct gateway *gateway, struct error *err);
static void close_limits(struct gateway *gateway);
static void unpin_snapshot(void *thing);

void gateway_chat(struct http_exchange *x, const struct gateway_chat *chat)
{
	struct call *call = call_new(x, chat->dialect);

	call->stages = chat->is_count ? count_stages : chat_stages;
	call->is_count = chat->is_count;
	call->form = chat->form;
	call->url_model = chat->model;
	call->as_array = chat->as_array;
	call->is_recorded = true;
	run_stages(x, call);
}

void gateway_service(struct http_exchange *x, const struct dialect *dialect,
	const struct service_format *format, struct str model)
{
	struct call *call = call_new(x, dialect);

	call->stages = service_stages;
	call->service = format;
	call->url_model = model;
	call->is_recorded = true;
	run_stages(x, call);
}

void gateway_models(
	struct http_exchange *x, const struct dialect *dialect, struct str id)
{
	struct call *call = call_new(x, dialect);

	call->stages = models_stages;
	call->listed_id = id;
	run_stages(x, call);
}

void gateway_timed_stream(
	struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = timed_stream_stages;
	run_stages(x, call);
}

void gateway_cache_stats(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = cache_stats_stages;
	run_stages(x, call);
}

void gateway_cache_clear(struct http_exchange *x, const struct dialect *dialect,
	struct str pattern)
{
	struct call *call = call_new(x, dialect);

	call->stages = cache_clear_stages;
	call->listed_id = pattern;
	run_stages(x, call);
}

void call_run_stages(struct http_exchange *x, void *owner)
{
	run_stages(x, owner);
}

static void run_stages(struct http_exchange *x, void *owner)
{
	struct call *call = owner;

	for (;;) {
		const struct stage *stage = &call->stages[call->stage];

		switch (stage->run(call)) {
		case GO_ON: call->stage++; break;
		case WAITING:
		case ANSWERED: return;
		case FAILED:
			log_debug("%s: %s refused: %s", call->request_id,
				stage->name, error_detail(&call->error));
			answer_failure(call);
			return;
		case NEEDS_WORKER:
			assert(!x->on_worker);
			if (x->server->to_worker(x, run_stages, call))
				return;
			error_set(&call->error, ERR_OVERLOADED,
				"no place in the queue for workers");
			answer_failure(call);
			return;
		case NEEDS_DATABASE:
			if (x->on_worker) {
				run_with_database(x, call);
				return;
			}
			if (x->server->to_worker(x, run_with_database, call))
				return;
			/* Rather what is known than no answer at all. */
			if (call->is_stale) {
				call->is_stale = false;
				break;
			}
			error_set(&call->error, ERR_OVERLOADED,
				"no place in the queue for workers");
			answer_failure(call);
			return;
		}
	}
}

/* On a worker: a key or a name that is not known may be a new one, and one
 * that is known may have changed. */
static void run_with_database(struct http_exchange *x, void *owner)
{
	struct call *call = owner;
	struct snapshots *snapshots = call->gateway->snapshots;

	if (call->is_stale) {
		snapshot_catch_up(snapshots);
	} else if (!snapshot_refresh(snapshots, x->arrived_ns, &call->error)) {
		answer_failure(call);
		return;
	}
	call->refreshed = !call->is_stale;
	call->is_stale = false;
	unpin_snapshot(call);
	call->snapshot = snapshot_pin(snapshots);
	/* What the stages found belongs to the old snapshot. */
	call->stage = 0;
	run_stages(x, call);
}

bool gateway_open(struct gateway *gateway, const struct settings *settings,
	struct error *err)
{
	struct error unreached;

	*gateway = (struct gateway){ .settings = settings };
	gateway->host_name =
		settings_host_name(settings, gateway->host_name_text);
	if (!vault_load(settings, &gateway->vault, err) ||
		!db_pool_new(settings, &gateway->db, err) ||
		!hot_open(settings, true, &gateway->hot, err) ||
		!cache_open(settings, true, &gateway->cache, err) ||
		!cache_fleet_open(settings, &gateway->cache_fleet, err) ||
		!metrics_open(settings, &gateway->metrics, err) ||
		!journal_open(settings, &gateway->journal, err) ||
		!open_limits(gateway, err)) {
		gateway_close(gateway);
		return false;
	}
	gateway->snapshots = snapshots_new(gateway->db, gateway->hot);
	gateway->pool = pool_new();
	gateway->latencies = latencies_new();
	gateway->retry_budgets =
		retry_budgets_new(settings->retry_budget_percent);
	gateway->breaker_rules = breaker_rules_of(settings);
	if (!snapshot_refresh(
		    gateway->snapshots, clock_monotonic_ns(), &unreached))
		log_warn("starting without the database, calls answer 503 "
			 "until it can be reached: %s",
			error_detail(&unreached));
	return true;
}

/* Where several machines share the counters, this one has some of its own. */
static bool open_limits(struct gateway *gateway, struct error *err)
{
	struct settings alone = *gateway->settings;

	if (!limits_open(
		    gateway->settings, gateway->hot, &gateway->limits, err))
		return false;
	gateway->local_limits = gateway->limits;
	alone.limits_shared = S("no");
	if (limits_may_wait(gateway->limits)) {
		gateway->local_limits = NULL;
		if (!limits_open(
			    &alone, gateway->hot, &gateway->local_limits, err))
			return false;
	}
	grants_open(gateway);
	return settler_start(gateway, &gateway->settler, err);
}

static void close_limits(struct gateway *gateway)
{
	settler_stop(gateway->settler);
	if (gateway->local_limits != gateway->limits)
		limits_close(gateway->local_limits);
	limits_close(gateway->limits);
}

void gateway_close(struct gateway *gateway)
{
	close_limits(gateway);
	journal_close(gateway->journal);
	pool_free(gateway->pool);
	retry_budgets_free(gateway->retry_budgets);
	latencies_free(gateway->latencies);
	if (gateway->snapshots)
		snapshots_free(gateway->snapshots);
	metrics_close(gateway->metrics);
	cache_fleet_close(gateway->cache_fleet);
	cache_close(gateway->cache);
	hot_close(gateway->hot);
	if (gateway->db)
		db_pool_free(gateway->db);
	vault_free(gateway->vault);
	/* Who failed to open it may close it once more. */
	*gateway = (struct gateway){ .settings = gateway->settings };
}

static struct call *call_new(
	struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = ARENA_NEW(&x->arena, struct call);

	call->gateway = x->app;
	call->x = x;
	call->arena = &x->arena;
	call->dialect = dialect;
	call->connect_us = -1;
	call->request_bytes = x->body.n;
	call->started_ns = clock_monotonic_ns();
	random_request_id(call->request_id);
	call->is_stale = snapshot_is_stale(call->gateway->snapshots);
	call->snapshot = snapshot_pin(call->gateway->snapshots);
	arena_defer(call->arena, unpin_snapshot, call);
	relay_init(call);
	return call;
}

static void unpin_snapshot(void *thing)
{
	struct call *call = thing;

	if (call->snapshot)
		snapshot_unpin(call->gateway->snapshots, call->snapshot);
	call->snapshot = NULL;
}
