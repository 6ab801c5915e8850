/*
 * models_sync.c - /models/sync: the catalogue's updater, for operators, who
 * see what would change before they apply it; /models/changes: what it did.
 */
#include "base/clock.h"
#include "base/log.h"
#include "catalog/catalog.h"
#include "catalog/sync_record.h"
#include "catalog/sync_sources.h"
#include "site/change.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"
#include "site/pages/sync_json.h"

#define PAGE_CHANGES 100
#define SHOWN_CHANGES 300
#define RUNS 10
#define MAX_REASON_BYTES 1024

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool put_runs(
	struct site_request *request, json_t *out, struct error *err);
static bool run(struct site_request *request, json_t *out, struct error *err);
static bool plan_and_apply(struct site_request *request,
	struct sync_sources *sources, const struct sync_request *wanted,
	json_t *out, struct error *err);
static bool apply(struct site_request *request,
	const struct sync_sources *sources, const struct sync_plan *plan,
	struct error *err);
static void note_failure(struct site_request *request,
	const struct sync_sources *sources, int64_t started_ms,
	const struct error *why);
static void unlock(struct site_request *request);
static bool changes(
	struct site_request *request, json_t *out, struct error *err);

static const struct site_field sync_fields[] = {
	{ .name = "apply", .type = SITE_BOOL },
	{ .name = "add_all", .type = SITE_BOOL },
	{ .name = "allow_large_changes", .type = SITE_BOOL },
	{ .name = NULL },
};

static const struct site_field changes_fields[] = {
	{ .name = "model", .type = SITE_TEXT },
	{ .name = "before", .type = SITE_INT, .min = 1, .max = INT64_MAX },
	{ .name = NULL },
};

const struct site_page pages_models_sync[] = {
	{ .path = STR("/models/sync"),
		.method = SITE_GET,
		.who = SITE_OPERATOR,
		.load = show,
		.template = "models_sync",
		.title = "models_sync.title",
		.nav = "models" },
	{ .path = STR("/models/sync"),
		.method = SITE_POST,
		.who = SITE_OPERATOR,
		.fields = sync_fields,
		.load = run,
		.template = "models_sync",
		.title = "models_sync.title",
		.nav = "models" },
	{ .path = STR("/models/changes"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = changes_fields,
		.load = changes,
		.template = "models_changes",
		.title = "models_changes.title",
		.nav = "models" },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	site_put(out, "sources", request->site->settings->catalog_sources);
	return put_runs(request, out, err);
}

static bool put_runs(
	struct site_request *request, json_t *out, struct error *err)
{
	struct sync_run *runs;
	size_t count;

	if (!sync_runs_load(
		    request->db, RUNS, request->arena, &runs, &count, err))
		return false;
	json_object_set_new(out, "runs", sync_json_runs(request, runs, count));
	site_put_bool(out, "has_runs", count > 0);
	return true;
}

/* Without `apply` it only tells what would change. Sources have a time limit
 * of their own (catalog/fetch.h). */
static bool run(struct site_request *request, json_t *out, struct error *err)
{
	bool applies = site_bool(request, "apply");
	const struct sync_request wanted = {
		.adds_all = site_bool(request, "add_all"),
		.allow_large_changes =
			site_bool(request, "allow_large_changes"),
		.now_ms = clock_unix_ms(),
	};
	struct sync_sources sources = { .count = 0 };
	bool ok;

	if (!sync_sources_add_usual(
		    &sources, request->site->settings, request->arena, err) ||
		(applies && !sync_lock(request->db, err)))
		return false;
	ok = plan_and_apply(request, &sources, &wanted, out, err);
	if (!ok && applies)
		note_failure(request, &sources, wanted.now_ms, err);
	if (applies)
		unlock(request);
	sync_sources_release(&sources);
	return ok;
}

static bool plan_and_apply(struct site_request *request,
	struct sync_sources *sources, const struct sync_request *wanted,
	json_t *out, struct error *err)
{
	struct format format = format_of(request);
	const struct catalog *catalog;
	struct sync_plan plan;

	if (!sync_sources_read(sources, request->site->settings, NULL, NULL,
		    wanted->now_ms, request->arena, err) ||
		!db_begin(request->db, err) ||
		!sync_check_sizes(request->db, sources->items, sources->count,
			wanted, err) ||
		!model_json_catalog(request, &catalog, err) ||
		!sync_plan_make(&plan, request->arena, catalog,
			&sources->entries, sources->items, sources->count,
			wanted, err))
		return false;
	site_put(out, "sources", sync_sources_names(sources, request->arena));
	format_put_count(
		&format, out, "models_read", (int64_t)sources->entries.count);
	json_object_set_new(
		out, "counts", sync_json_counts(&format, plan.counts));
	json_object_set_new(
		out, "changes", sync_json_plan(request, &plan, SHOWN_CHANGES));
	format_put_count(&format, out, "news", (int64_t)sync_plan_news(&plan));
	site_put_bool(out, "is_plan", true);
	site_put_bool(out, "has_news", sync_plan_news(&plan) > 0);
	site_put_bool(out, "is_cut", sync_plan_news(&plan) > SHOWN_CHANGES);
	site_put_bool(out, "add_all", wanted->adds_all);
	if (site_bool(request, "apply"))
		return apply(request, sources, &plan, err);
	db_rollback(request->db);
	return put_runs(request, out, err);
}

static bool apply(struct site_request *request,
	const struct sync_sources *sources, const struct sync_plan *plan,
	struct error *err)
{
	int64_t id;

	if (!sync_plan_apply(request->db, plan, sources->items, sources->count,
		    plan->request->now_ms, &id, err) ||
		(sync_plan_news(plan) > 0 &&
			!site_change_note(request,
				&(struct site_change){
					.action = "models.sync",
					.object_id = id,
					.object_name = str_head(
						sync_sources_names(sources,
							request->arena),
						191),
				},
				err)) ||
		!site_change_commit(request, err))
		return false;
	site_redirect(request, S("/models/changes"), "flash.models_synced");
	return true;
}

/* The history keeps what was refused, too; what was begun is undone first. */
static void note_failure(struct site_request *request,
	const struct sync_sources *sources, int64_t started_ms,
	const struct error *why)
{
	struct error late;
	int64_t id;

	db_rollback(request->db);
	if (!sync_record_add(request->db,
		    sync_sources_names(sources, request->arena), NULL,
		    error_http_status(why) < 500 ? "refused" : "failed",
		    str_head(str_of(error_message(why)), MAX_REASON_BYTES),
		    NULL, started_ms, &id, &late))
		log_warn("this run is not in the history: %s",
			error_detail(&late));
}

/* One that cannot be reached any more has lost it by that. */
static void unlock(struct site_request *request)
{
	struct error late;

	if (!sync_unlock(request->db, &late))
		log_warn("the updater's lock is not given back: %s",
			error_detail(&late));
}

static bool changes(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct sync_history_filter filter = {
		.model = site_text(request, "model"),
		.before_id = site_int(request, "before"),
		.limit = PAGE_CHANGES + 1,
	};
	struct sync_history_row *rows;
	size_t count;

	if (!sync_history_load(
		    request->db, &filter, request->arena, &rows, &count, err))
		return false;
	if (count > PAGE_CHANGES) {
		count = PAGE_CHANGES;
		site_put_int(out, "next", rows[count - 1].id);
	}
	json_object_set_new(
		out, "changes", sync_json_changes(request, rows, count));
	site_put_bool(out, "has_changes", count > 0);
	site_put_bool(out, "is_filtered", site_has(request, "model"));
	site_put_bool(out, "may_sync", request->session.is_operator);
	return true;
}
