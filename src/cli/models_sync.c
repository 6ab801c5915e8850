/*
 * models_sync.c - bring models and prices to what public catalogues say.
 */
#include "base/clock.h"
#include "base/log.h"
#include "catalog/sync_record.h"
#include "catalog/sync_sources.h"
#include "cli/command.h"

#define MAX_CHANGES_BYTES (256 * 1024 * 1024)
#define MAX_REASON_BYTES 1024
#define AUDIT_NAME_BYTES 191

static const struct option_row options[] = {
	{ "from", "FILE|URL",
		"a catalogue; may be repeated, the first counts most (default: "
		"catalog.sources, else the one installed with the program)" },
	{ "format", "NAME",
		"litellm, models.dev, genai-prices, openrouter or llm-gateway "
		"(default: found out)" },
	{ "add", "PROVIDER",
		"add its models; from then on new ones are added by "
		"themselves" },
	{ "add-all", NULL, "the same for every provider that is known" },
	{ "allow-large-changes", NULL,
		"believe what is not plausible: prices changed twentyfold, "
		"half of the models gone" },
	{ "dry-run", NULL, "show what would change, and change nothing" },
	{ NULL, NULL, NULL },
};

static bool read_request(struct session *session, struct sync_request *request,
	struct sync_sources *sources, const struct catalog_format **format,
	struct error *err);
static bool add_sources(struct session *session, struct sync_sources *sources,
	struct error *err);
static bool sync_models(struct session *session, struct sync_sources *sources,
	const struct sync_request *request, const struct catalog_format *format,
	struct error *err);
static bool apply(struct session *session, const struct sync_sources *sources,
	const struct sync_plan *plan, struct error *err);
static void tell(struct session *session, const struct sync_sources *sources,
	const size_t counts[SYNC_CHANGE_KINDS], const char *result);
static void tell_changes(struct session *session, const struct sync_plan *plan);
static struct str changes_json(
	const struct sync_plan *plan, struct arena *arena);
static bool record(struct session *session, const struct sync_sources *sources,
	const char *result, int64_t started_ms, struct str reason,
	struct error *err);
static const char *result_of(const struct error *why);

static bool run(struct session *session, struct error *err)
{
	bool dry = arguments_has(&session->arguments, "dry-run");
	struct sync_sources sources = { .count = 0 };
	struct sync_request request = { .now_ms = clock_unix_ms() };
	const struct catalog_format *format = NULL;
	struct error ignored = ERROR_INIT;
	bool ok;

	if (!read_request(session, &request, &sources, &format, err) ||
		(!dry && !sync_lock(session->db, err)))
		return false;
	ok = sync_models(session, &sources, &request, format, err);
	if (!ok && !dry &&
		!record(session, &sources, result_of(err), request.now_ms,
			str_of(error_message(err)), &ignored))
		log_warn("this run is not in the history: %s",
			error_detail(&ignored));
	sync_sources_release(&sources);
	return ok;
}

static bool read_request(struct session *session, struct sync_request *request,
	struct sync_sources *sources, const struct catalog_format **format,
	struct error *err)
{
	const struct arguments *arguments = &session->arguments;
	struct str name = arguments_text(arguments, "format");

	request->adds_to = arguments_text(arguments, "add");
	request->adds_all = arguments_has(arguments, "add-all");
	request->allow_large_changes =
		arguments_has(arguments, "allow-large-changes");
	if (name.n && !catalog_format_find(name, format, err)) {
		err->kind = ERR_BAD_REQUEST;
		return false;
	}
	return add_sources(session, sources, err);
}

static bool add_sources(struct session *session, struct sync_sources *sources,
	struct error *err)
{
	struct str name;
	size_t at = 0;

	while (arguments_next(&session->arguments, "from", &at, &name)) {
		if (!sync_sources_add(sources, name, err))
			return false;
	}
	return sources->count > 0 ||
	       sync_sources_add_usual(
		       sources, &session->settings, &session->arena, err);
}

static bool sync_models(struct session *session, struct sync_sources *sources,
	const struct sync_request *request, const struct catalog_format *format,
	struct error *err)
{
	bool dry = arguments_has(&session->arguments, "dry-run");
	const size_t nothing[SYNC_CHANGE_KINDS] = { 0 };
	bool asks_more = dry || request->adds_all || request->adds_to.n;
	struct catalog *catalog = NULL;
	struct sync_plan plan;
	bool ok;

	if (!sync_sources_read(sources, &session->settings, format,
		    asks_more ? NULL : session->db, request->now_ms,
		    &session->arena, err))
		return false;
	if (sources->unchanged) {
		tell(session, sources, nothing, "unchanged");
		return record(session, sources, "unchanged", request->now_ms,
			S(""), err);
	}
	if (!session_begin_change(session, err))
		return false;
	ok = sync_check_sizes(session->db, sources->items, sources->count,
		     request, err) &&
	     catalog_load(session->db, &catalog, err) &&
	     sync_plan_make(&plan, &session->arena, catalog, &sources->entries,
		     sources->items, sources->count, request, err);
	if (ok && dry)
		tell(session, sources, plan.counts, "dry-run");
	else if (ok)
		ok = apply(session, sources, &plan, err);
	if (ok)
		tell_changes(session, &plan);
	catalog_free(catalog);
	return ok;
}

static bool apply(struct session *session, const struct sync_sources *sources,
	const struct sync_plan *plan, struct error *err)
{
	struct str names = sync_sources_names(sources, &session->arena);
	bool news = sync_plan_news(plan) > 0;
	int64_t id;

	if (!sync_plan_apply(session->db, plan, sources->items, sources->count,
		    plan->request->now_ms, &id, err))
		return false;
	tell(session, sources, plan->counts, news ? "applied" : "unchanged");
	if (!news)
		return db_commit(session->db, err);
	return session_commit_change(session, "models.sync", id,
		str_head(names, AUDIT_NAME_BYTES), err);
}

static void tell(struct session *session, const struct sync_sources *sources,
	const size_t counts[SYNC_CHANGE_KINDS], const char *result)
{
	struct output *output = &session->output;

	output_str(output, "result", str_of(result));
	output_str(output, "sources",
		sync_sources_names(sources, &session->arena));
	output_int(output, "models_read", (int64_t)sources->entries.count);
	output_int(output, "added", (int64_t)counts[SYNC_ADDED]);
	output_int(output, "changed", (int64_t)counts[SYNC_CHANGED]);
	output_int(output, "deprecated", (int64_t)counts[SYNC_DEPRECATED]);
	output_int(output, "prices_changed", (int64_t)counts[SYNC_PRICE]);
}

/* Not before the commit: the audit keeps what the output has by then. */
static void tell_changes(struct session *session, const struct sync_plan *plan)
{
	if (session->output.json) {
		output_json(&session->output, "changes",
			changes_json(plan, &session->arena));
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		const struct sync_change *change = &plan->changes[i];
		const char *kind = sync_change_kind_name(change->kind);

		if (kind)
			printf("%-16s %.*s/%.*s  %.*s%s%.*s\n", kind,
				STR_ARG(change->provider->name),
				STR_ARG(change->name),
				STR_ARG(change->before_json),
				change->before_json.n ? " -> " : "",
				STR_ARG(change->after_json));
	}
}

static struct str changes_json(
	const struct sync_plan *plan, struct arena *arena)
{
	struct buf out = BUF_INIT(MAX_CHANGES_BYTES);
	struct json_writer w;
	struct str text;

	json_writer_init(&w, &out);
	json_begin_array(&w);
	for (size_t i = 0; i < plan->count; i++) {
		const struct sync_change *change = &plan->changes[i];
		const char *kind = sync_change_kind_name(change->kind);

		if (!kind)
			continue;
		json_begin_object(&w);
		json_member_str(&w, "kind", str_of(kind));
		json_member_str(&w, "provider", change->provider->name);
		json_member_str(&w, "model", change->name);
		json_name(&w, "before");
		json_write_raw(&w, change->before_json.n ? change->before_json
							 : S("null"));
		json_member_raw(&w, "after", change->after_json);
		json_end_object(&w);
	}
	json_end_array(&w);
	text = out.failed ? S("null") : arena_copy(arena, buf_str(&out));
	buf_release(&out);
	return text;
}

/* What went wrong in the transaction is undone first. */
static bool record(struct session *session, const struct sync_sources *sources,
	const char *result, int64_t started_ms, struct str reason,
	struct error *err)
{
	int64_t id;

	db_rollback(session->db);
	return sync_record_add(session->db,
		sync_sources_names(sources, &session->arena), NULL, result,
		str_head(reason, MAX_REASON_BYTES), NULL, started_ms, &id, err);
}

static const char *result_of(const struct error *why)
{
	switch (why->kind) {
	case ERR_BAD_FIELD:
	case ERR_BAD_JSON:
	case ERR_TOO_DEEP:
	case ERR_TOO_LARGE:
	case ERR_UPSTREAM_TOO_LARGE: return "refused";
	default: return "failed";
	}
}

const struct command command_models_sync = {
	.words = "models sync",
	.operands = "",
	.help = "update models and prices from public catalogues",
	.options = options,
	.needs = NEEDS_DATABASE,
	.run = run,
};
