/*
 * metrics.c - the pages on metrics.
 */
#include "server/metrics.h"

#include "base/clock.h"
#include "hot/breaker.h"
#include "server/health.h"
#include "server/metrics_format.h"
#include "server/page.h"

/* Every series there is room for, several times. */
#define MAX_PAGE_BYTES (64 * 1024 * 1024)

/* What goes along with the list of breakers. */
struct breakers {
	struct metrics_view *view;
	const struct catalog *catalog;
};

static http_work write_prometheus, write_custom, reset;
static void write_page(struct http_exchange *x, const char *type,
	void (*format)(const struct metrics_view *view, struct buf *out));
static void add_process(
	const struct gateway *gateway, struct metrics_view *view);
static void add_cache_ratio(struct metrics_view *view);
static bool add_cache_size(
	struct gateway *gateway, struct metrics_view *view, struct error *err);
static bool add_breakers(
	struct gateway *gateway, struct metrics_view *view, struct error *err);
static breaker_visit add_breaker;
static const struct model *find_model(
	const struct catalog *catalog, int64_t id);

void metrics_prometheus_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_prometheus);
}

void metrics_custom_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_custom);
}

void metrics_reset_page(struct http_exchange *x)
{
	page_serve(x, PAGE_WITH_TOKEN, reset);
}

bool metrics_gather(
	struct gateway *gateway, struct metrics_view *view, struct error *err)
{
	if (!metrics_read(gateway->metrics, view, err))
		return false;
	add_process(gateway, view);
	add_cache_ratio(view);
	if (!add_cache_size(gateway, view, err) ||
		!add_breakers(gateway, view, err)) {
		metrics_view_release(view);
		return false;
	}
	metrics_view_sort(view);
	return true;
}

static void write_prometheus(struct http_exchange *x, void *owner)
{
	(void)owner;
	write_page(x, "text/plain; version=0.0.4; charset=utf-8",
		metrics_format_prometheus);
}

static void write_custom(struct http_exchange *x, void *owner)
{
	(void)owner;
	write_page(x, "application/json", metrics_format_json);
}

static void write_page(struct http_exchange *x, const char *type,
	void (*format)(const struct metrics_view *view, struct buf *out))
{
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct metrics_view view;
	struct error err;

	if (!metrics_gather(x->app, &view, &err)) {
		page_refuse(x, &err);
		return;
	}
	format(&view, &text);
	metrics_view_release(&view);
	assert(!text.failed);
	page_answer(x, 200, type, buf_str(&text));
	buf_release(&text);
}

static void reset(struct http_exchange *x, void *owner)
{
	struct gateway *gateway = x->app;
	struct error err;

	(void)owner;
	if (metrics_reset(gateway->metrics, &err))
		page_answer_json(x, 200, S("{\"reset\":true}\n"));
	else
		page_refuse(x, &err);
}

static void add_process(
	const struct gateway *gateway, struct metrics_view *view)
{
	metrics_view_set(
		view, METRIC_INFO, METRIC_LABELS(S(LLM_GATEWAY_VERSION)), 1);
	metrics_view_set(
		view, METRIC_PROCESSES, NULL, (int64_t)view->processes);
	metrics_view_set(view, METRIC_UPTIME, NULL,
		clock_unix_ms() - view->oldest_started_ms);
	metrics_view_set(view, METRIC_JOURNAL_BYTES, NULL,
		journal_depth_bytes(&gateway->journal_depth));
}

static void add_cache_ratio(struct metrics_view *view)
{
	int64_t hits =
		metrics_view_sum(view, METRIC_CACHE_REQUESTS, 0, S("hit"));
	int64_t asked = hits + metrics_view_sum(view, METRIC_CACHE_REQUESTS, 0,
				       S("miss"));

	metrics_view_set(view, METRIC_CACHE_HIT_RATIO, NULL,
		asked > 0 ? (int64_t)((double)hits * 1e6 / (double)asked) : 0);
}

/* Of this machine; a Redis has an exporter of its own. */
static bool add_cache_size(
	struct gateway *gateway, struct metrics_view *view, struct error *err)
{
	const struct str *strategy =
		METRIC_LABELS(gateway->settings->cache_strategy);
	struct cache_size size;

	if (!cache_measure(gateway->cache, &size, err))
		return false;
	metrics_view_set(view, METRIC_CACHE_ANSWERS, strategy, size.answers);
	metrics_view_set(view, METRIC_CACHE_BYTES, strategy, size.bytes);
	metrics_view_set(
		view, METRIC_CACHE_MAX_BYTES, strategy, size.max_bytes);
	return true;
}

static bool add_breakers(
	struct gateway *gateway, struct metrics_view *view, struct error *err)
{
	struct snapshot *snapshot = snapshot_pin(gateway->snapshots);
	struct breakers breakers = { .view = view };
	bool ok;

	if (!snapshot)
		return true;
	breakers.catalog = snapshot->catalog;
	ok = breaker_list(
		gateway->hot, clock_unix_ms(), add_breaker, &breakers, err);
	snapshot_unpin(gateway->snapshots, snapshot);
	return ok;
}

static bool add_breaker(const struct breaker_status *status, void *context)
{
	static const int64_t numbers[] = {
		[BREAKER_CLOSED] = 0,
		[BREAKER_HALF_OPEN] = 1,
		[BREAKER_OPEN] = 2,
	};
	const struct breakers *breakers = context;
	const struct model *model =
		find_model(breakers->catalog, status->model_id);

	if (model)
		metrics_view_set(breakers->view, METRIC_BREAKER_STATE,
			METRIC_LABELS(model->provider->name, model->name),
			numbers[status->state]);
	return true;
}

static const struct model *find_model(const struct catalog *catalog, int64_t id)
{
	for (size_t i = 0; i < catalog->model_count; i++) {
		if (catalog->models[i]->id == id)
			return catalog->models[i];
	}
	return NULL;
}
