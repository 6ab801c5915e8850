/*
 * health_pages.c - what an operator wants to know first when something is
 * wrong.
 */
#include "server/health.h"

#include "base/clock.h"
#include "base/money.h"
#include "ledger/totals.h"
#include "server/dependency.h"
#include "server/metrics.h"
#include "server/page.h"
#include "server/provider_health.h"

#define MAX_PAGE_BYTES (16 * 1024 * 1024)
#define DAY_MS (24 * INT64_C(3600000))

static http_work write_detailed, write_dependencies, write_providers,
	write_cache, write_costs, write_status;
static void finish(struct http_exchange *x, bool is_good, struct buf *text);
static void write_process(struct gateway *gateway, struct json_writer *w);
static bool write_cost(struct http_exchange *x, struct json_writer *w,
	const char *name, int64_t from_ms, struct error *err);
static void write_total(const struct catalog *catalog,
	const struct provider_total *total, struct json_writer *w);
static void write_usd(struct json_writer *w, const char *name, int64_t picousd);
static int64_t month_start_ms(int64_t unix_ms);

void health_detailed_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_detailed);
}

void health_dependencies_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_dependencies);
}

void health_providers_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_providers);
}

void health_cache_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_cache);
}

void health_costs_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_costs);
}

void health_status_page(struct http_exchange *x)
{
	page_serve(x, PAGE_FOR_OPERATORS, write_status);
}

static void write_detailed(struct http_exchange *x, void *owner)
{
	struct gateway *gateway = x->app;
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;
	bool is_good;

	(void)owner;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_member_str(&w, "version", S(LLM_GATEWAY_VERSION));
	write_process(gateway, &w);
	json_name(&w, "dependencies");
	is_good = dependency_write_all(gateway, &w);
	is_good = is_good &&
		  !__atomic_load_n(&gateway->is_draining, __ATOMIC_RELAXED);
	json_member_str(&w, "status", is_good ? S("ok") : S("degraded"));
	json_end_object(&w);
	finish(x, is_good, &text);
}

static void write_dependencies(struct http_exchange *x, void *owner)
{
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;
	bool is_good;

	(void)owner;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_name(&w, "dependencies");
	is_good = dependency_write_all(x->app, &w);
	json_member_str(&w, "status", is_good ? S("ok") : S("degraded"));
	json_end_object(&w);
	finish(x, is_good, &text);
}

static void write_providers(struct http_exchange *x, void *owner)
{
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;
	struct error err;

	(void)owner;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_name(&w, "providers");
	if (!provider_health_write(x->app, &x->arena, &w, &err)) {
		buf_release(&text);
		page_refuse(x, &err);
		return;
	}
	json_end_object(&w);
	finish(x, true, &text);
}

/* As counted since the metrics were last reset. */
static void write_cache(struct http_exchange *x, void *owner)
{
	static const char *const results[] = { "hit", "miss", "bypass", "off" };
	struct gateway *gateway = x->app;
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct metrics_view view;
	struct json_writer w;
	struct error err;

	(void)owner;
	if (!metrics_gather(gateway, &view, &err)) {
		page_refuse(x, &err);
		return;
	}
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_name(&w, "requests");
	json_begin_object(&w);
	for (size_t i = 0; i < ARRAY_LEN(results); i++)
		json_member_int(&w, results[i],
			metrics_view_sum(&view, METRIC_CACHE_REQUESTS, 0,
				str_of(results[i])));
	json_end_object(&w);
	write_usd(&w, "saved_usd",
		metrics_view_sum(&view, METRIC_LLM_SAVED, 0, S("")));
	json_end_object(&w);
	metrics_view_release(&view);
	finish(x, true, &text);
}

static void write_costs(struct http_exchange *x, void *owner)
{
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	int64_t now = clock_unix_ms();
	struct json_writer w;
	struct error err;

	(void)owner;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	if (!write_cost(x, &w, "today", now / DAY_MS * DAY_MS, &err) ||
		!write_cost(x, &w, "month", month_start_ms(now), &err)) {
		buf_release(&text);
		page_refuse(x, &err);
		return;
	}
	json_end_object(&w);
	finish(x, true, &text);
}

static void write_status(struct http_exchange *x, void *owner)
{
	struct gateway *gateway = x->app;
	struct buf text = BUF_INIT(MAX_PAGE_BYTES);
	struct json_writer w;
	struct error err;
	bool is_good =
		!__atomic_load_n(&gateway->is_draining, __ATOMIC_RELAXED);

	(void)owner;
	json_writer_init(&w, &text);
	json_begin_object(&w);
	json_member_str(&w, "status", is_good ? S("ok") : S("draining"));
	json_member_str(&w, "version", S(LLM_GATEWAY_VERSION));
	json_name(&w, "providers");
	if (!provider_health_write(gateway, &x->arena, &w, &err)) {
		buf_release(&text);
		page_refuse(x, &err);
		return;
	}
	json_end_object(&w);
	finish(x, is_good, &text);
}

static void finish(struct http_exchange *x, bool is_good, struct buf *text)
{
	buf_append_char(text, '\n');
	assert(!text->failed);
	page_answer_json(x, is_good ? 200 : 503, buf_str(text));
	buf_release(text);
}

static void write_process(struct gateway *gateway, struct json_writer *w)
{
	struct metrics_view view;
	struct error err;

	json_member_int(
		w, "uptime_ms", clock_unix_ms() - gateway->started_unix_ms);
	json_member_int(
		w, "snapshot_age_ms", snapshot_age_ms(gateway->snapshots));
	json_member_int(w, "journal_bytes",
		journal_depth_bytes(&gateway->journal_depth));
	if (!metrics_read(gateway->metrics, &view, &err))
		return;
	json_member_int(w, "processes", (int64_t)view.processes);
	json_member_int(
		w, "loops", metrics_view_sum(&view, METRIC_LOOPS, 0, S("")));
	json_member_int(w, "worker_queue",
		metrics_view_sum(&view, METRIC_WORKER_QUEUE, 0, S("")));
	json_member_int(w, "active_connections",
		metrics_view_sum(&view, METRIC_ACTIVE_CONNECTIONS, 0, S("")));
	metrics_view_release(&view);
}

static bool write_cost(struct http_exchange *x, struct json_writer *w,
	const char *name, int64_t from_ms, struct error *err)
{
	struct gateway *gateway = x->app;
	struct snapshot *snapshot;
	struct provider_total *totals;
	struct provider_total sum = { .provider_id = 0 };
	size_t count;
	struct db *db;
	bool ok;

	if (!db_take(gateway->db, &db, err))
		return false;
	ok = totals_by_provider(
		db, TOTALS_DAYS, from_ms, &x->arena, &totals, &count, err);
	db_give(gateway->db, db);
	if (!ok)
		return false;
	snapshot = snapshot_pin(gateway->snapshots);
	json_name(w, name);
	json_begin_object(w);
	json_name(w, "providers");
	json_begin_array(w);
	for (size_t i = 0; i < count; i++) {
		write_total(snapshot ? snapshot->catalog : NULL, &totals[i], w);
		money_add(&sum.cost_picousd, 1, totals[i].cost_picousd);
		money_add(&sum.saved_picousd, 1, totals[i].saved_picousd);
		sum.requests += totals[i].requests;
	}
	json_end_array(w);
	json_member_int(w, "requests", sum.requests);
	write_usd(w, "cost_usd", sum.cost_picousd);
	write_usd(w, "saved_usd", sum.saved_picousd);
	json_end_object(w);
	if (snapshot)
		snapshot_unpin(gateway->snapshots, snapshot);
	return true;
}

/* A provider that was removed, or none: its name is null. */
static void write_total(const struct catalog *catalog,
	const struct provider_total *total, struct json_writer *w)
{
	struct str name = S("");

	for (size_t i = 0; catalog && i < catalog->provider_count; i++) {
		if (catalog->providers[i]->id == total->provider_id)
			name = catalog->providers[i]->name;
	}
	json_begin_object(w);
	if (name.n > 0)
		json_member_str(w, "provider", name);
	else
		json_member_null(w, "provider");
	json_member_int(w, "requests", total->requests);
	json_member_int(w, "errors", total->errors);
	write_usd(w, "cost_usd", total->cost_picousd);
	write_usd(w, "saved_usd", total->saved_picousd);
	json_end_object(w);
}

static void write_usd(struct json_writer *w, const char *name, int64_t picousd)
{
	char text[MONEY_TEXT_BYTES];

	money_format_usd(picousd, text);
	json_member_str(w, name, str_of(text));
}

static int64_t month_start_ms(int64_t unix_ms)
{
	char text[CLOCK_TEXT_BYTES];
	int64_t start = unix_ms;

	clock_format(unix_ms, text);
	memcpy(text + 8, "01", 2);
	text[10] = '\0';
	if (!clock_parse(str_of(text), &start))
		abort();
	return start;
}
