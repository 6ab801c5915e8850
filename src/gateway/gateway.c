/*
 * gateway.c - the way of a call, on one screen.
 */
#include "gateway/gateway.h"

#include "base/clock.h"
#include "base/log.h"
#include "gateway/stages.h"

struct stage {
	const char *name;
	enum verdict (*run)(struct call *call);
};

/* The last one of each table answers. */
static const struct stage chat_stages[] = {
	{ "authenticate", authenticate },
	{ "capture", capture },
	{ "parse", parse },
	{ "classify", classify },
	{ "route", route },
	{ "admit", admit },
	{ "cache", cache_lookup },
	{ "call", call_provider },
};

static const struct stage service_stages[] = {
	{ "authenticate", authenticate },
	{ "capture", capture },
	{ "parse", parse_service },
	{ "route", route },
	{ "admit", admit },
	{ "cache", cache_lookup },
	{ "call", call_provider },
};

static const struct stage dry_run_stages[] = {
	{ "authenticate", authenticate },
	{ "parse", parse },
	{ "classify", classify },
	{ "route", route },
	{ "explain_route", explain_route },
};

static const struct stage explain_stages[] = {
	{ "parse", parse },
	{ "classify", classify },
	{ "route", route },
	{ "explain_route", explain_route },
};

static const struct stage count_stages[] = {
	{ "authenticate", authenticate },
	{ "capture", capture },
	{ "parse", parse },
	{ "classify", classify },
	{ "route", route },
	{ "admit", admit },
	{ "count", count_tokens },
};

static const struct stage models_stages[] = {
	{ "authenticate", authenticate },
	{ "list_models", list_models },
};

static const struct stage catalogue_stages[] = {
	{ "authenticate", authenticate },
	{ "list_catalogue", list_catalogue },
};

static const struct stage providers_stages[] = {
	{ "authenticate", authenticate },
	{ "list_providers", list_providers },
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

static const struct stage batch_stages[] = {
	{ "authenticate", authenticate },
	{ "batch", run_batch },
};

static const struct stage proxy_stages[] = {
	{ "authenticate", authenticate },
	{ "capture", capture },
	{ "parse", parse_proxy },
	{ "classify", classify },
	{ "route", route },
	{ "admit", admit },
	{ "cache", cache_lookup },
	{ "call", call_provider },
};

static const struct stage quota_stages[] = {
	{ "authenticate", authenticate },
	{ "quota", show_quota },
};

static const struct stage costs_stages[] = {
	{ "authenticate", authenticate },
	{ "costs", list_costs },
};

static const struct stage test_provider_stages[] = {
	{ "authenticate", authenticate },
	{ "test_provider", test_provider },
};

static struct call *call_new(
	struct http_exchange *x, const struct dialect *dialect);
static void push_to_nobody(struct http_exchange *x);
static void run_stages(struct http_exchange *x, void *owner);
static void run_with_database(struct http_exchange *x, void *owner);
static void unpin_snapshot(void *thing);

static const struct http_server nobody = { .push = push_to_nobody };

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

void gateway_route(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = dry_run_stages;
	call->is_dry_run = true;
	run_stages(x, call);
}

bool gateway_explain_route(struct http_exchange *outer,
	const struct gateway_key *key, struct str body, struct buf *answer,
	int *status, struct error *err)
{
	struct gateway *gateway = outer->app;
	struct http_exchange x;
	struct call *call;

	assert(outer->on_worker);
	/* What was changed a moment ago counts. */
	if (!snapshot_refresh(gateway->snapshots, clock_monotonic_ns(), err))
		return false;
	http_exchange_init(&x, body.n + 1);
	buf_append(&x.body, body);
	x.content_type = S("application/json");
	x.arrived_ns = outer->arrived_ns;
	x.arrived_unix_ms = outer->arrived_unix_ms;
	x.server = &nobody;
	x.app = gateway;
	x.loop = outer->loop;
	x.on_worker = true;
	call = call_new(&x, dialect_find(S("openai_chat")));
	call->stages = explain_stages;
	call->is_dry_run = true;
	call->key = key;
	run_stages(&x, call);
	http_read_answer(&x, answer);
	*status = x.status;
	http_exchange_release(&x);
	return !answer->failed ||
	       error_set(err, ERR_INTERNAL, "a route's answer is too large");
}

/* Whoever asked reads the answer when it has ended. */
static void push_to_nobody(struct http_exchange *x)
{
	(void)x;
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

void gateway_catalogue(struct http_exchange *x, const struct dialect *dialect,
	struct str provider)
{
	struct call *call = call_new(x, dialect);

	call->stages = catalogue_stages;
	call->listed_id = provider;
	run_stages(x, call);
}

void gateway_providers(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = providers_stages;
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

void gateway_batch(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = batch_stages;
	run_stages(x, call);
}

void gateway_proxy(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = proxy_stages;
	call->is_of_tenant = true;
	call->is_recorded = true;
	run_stages(x, call);
}

void gateway_quota(struct http_exchange *x, const struct dialect *dialect)
{
	struct call *call = call_new(x, dialect);

	call->stages = quota_stages;
	call->is_of_tenant = true;
	run_stages(x, call);
}

void gateway_costs(
	struct http_exchange *x, const struct dialect *dialect, struct str view)
{
	struct call *call = call_new(x, dialect);

	call->stages = costs_stages;
	call->listed_id = view;
	run_stages(x, call);
}

void gateway_test_provider(struct http_exchange *x,
	const struct dialect *dialect, struct str provider)
{
	struct call *call = call_new(x, dialect);

	call->stages = test_provider_stages;
	call->listed_id = provider;
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
