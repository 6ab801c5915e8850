/*
 * sync_json.c - changes of the catalogue as JSON.
 */
#include "site/pages/sync_json.h"

#include "site/templates.h"

#define MAX_TEXT_BYTES 512

static json_t *change_json(
	const struct site_request *request, const struct sync_history_row *row);
static json_t *parse(struct str json);
static json_t *differences(const json_t *before, const json_t *after);
static void add_difference(json_t *list, const char *name, const json_t *before,
	const json_t *after);
static void put_value(json_t *out, const char *name, const json_t *value);

json_t *sync_json_changes(struct site_request *request,
	const struct sync_history_row *rows, size_t count)
{
	struct format format = format_of(request);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *change = change_json(request, &rows[i]);

		site_put_int(change, "id", rows[i].id);
		format_put_time(&format, change, "time", rows[i].time_ms);
		json_array_append_new(list, change);
	}
	return list;
}

json_t *sync_json_plan(struct site_request *request,
	const struct sync_plan *plan, size_t limit)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct sync_change *change = &plan->changes[i];
		const char *kind = sync_change_kind_name(change->kind);

		if (!kind || json_array_size(list) == limit)
			continue;
		json_array_append_new(list,
			change_json(request,
				&(struct sync_history_row){
					.source = change->source,
					.provider = change->provider->name,
					.model = change->name,
					.kind = str_of(kind),
					.before_json = change->before_json,
					.after_json = change->after_json,
				}));
	}
	return list;
}

static json_t *change_json(
	const struct site_request *request, const struct sync_history_row *row)
{
	json_t *before = parse(row->before_json);
	json_t *after = parse(row->after_json);
	json_t *out = json_object();

	site_put(out, "source", row->source);
	site_put(out, "provider", row->provider);
	site_put(out, "model", row->model);
	site_put(out, "kind", row->kind);
	site_put(out, "kind_text",
		template_text(request->texts,
			arena_printf(request->arena, "model_changes.%.*s",
				STR_ARG(row->kind))));
	json_object_set_new(out, "facts", differences(before, after));
	json_object_set_new(out, "before", before);
	json_object_set_new(out, "after", after);
	return out;
}

static json_t *parse(struct str json)
{
	json_t *value =
		json.n ? json_loadb(json.p, json.n, JSON_DECODE_ANY, NULL)
		       : NULL;

	return value ? value : json_null();
}

static json_t *differences(const json_t *before, const json_t *after)
{
	json_t *list = json_array();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)after, name,
		value) if (!json_equal(value, json_object_get(before, name)))
		add_difference(
			list, name, json_object_get(before, name), value);
	json_object_foreach((json_t *)(uintptr_t)before, name,
		value) if (!json_object_get(after, name))
		add_difference(list, name, value, NULL);
	return list;
}

static void add_difference(json_t *list, const char *name, const json_t *before,
	const json_t *after)
{
	json_t *out = json_object();

	site_put(out, "name", str_of(name));
	put_value(out, "before", before);
	put_value(out, "after", after);
	json_array_append_new(list, out);
}

/* Texts as they are, anything else as JSON writes it. */
static void put_value(json_t *out, const char *name, const json_t *value)
{
	char *text;

	if (!value || json_is_null(value))
		return;
	if (json_is_string(value)) {
		site_put(out, name, str_of(json_string_value(value)));
		return;
	}
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	site_put(out, name, str_head(str_of(text), MAX_TEXT_BYTES));
	free(text);
}

json_t *sync_json_counts(
	const struct format *format, const size_t counts[SYNC_CHANGE_KINDS])
{
	json_t *out = json_object();

	format_put_count(format, out, "added", (int64_t)counts[SYNC_ADDED]);
	format_put_count(format, out, "changed", (int64_t)counts[SYNC_CHANGED]);
	format_put_count(
		format, out, "deprecated", (int64_t)counts[SYNC_DEPRECATED]);
	format_put_count(
		format, out, "prices_changed", (int64_t)counts[SYNC_PRICE]);
	return out;
}

json_t *sync_json_runs(const struct site_request *request,
	const struct sync_run *runs, size_t count)
{
	struct format format = format_of(request);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		const size_t counts[SYNC_CHANGE_KINDS] = {
			[SYNC_ADDED] = (size_t)runs[i].added,
			[SYNC_CHANGED] = (size_t)runs[i].changed,
			[SYNC_DEPRECATED] = (size_t)runs[i].deprecated,
			[SYNC_PRICE] = (size_t)runs[i].prices,
		};
		json_t *run = sync_json_counts(&format, counts);

		site_put_int(run, "id", runs[i].id);
		format_put_time(&format, run, "time", runs[i].started_ms);
		site_put(run, "source", runs[i].source);
		site_put(run, "result", runs[i].result);
		site_put(run, "result_text",
			template_text(request->texts,
				arena_printf(request->arena,
					"sync_results.%.*s",
					STR_ARG(runs[i].result))));
		site_put_bool(run, "is_bad",
			str_equal(runs[i].result, S("refused")) ||
				str_equal(runs[i].result, S("failed")));
		site_put(run, "reason", runs[i].reason);
		json_array_append_new(list, run);
	}
	return list;
}
