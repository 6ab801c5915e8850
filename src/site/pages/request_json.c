/*
 * request_json.c - calls as JSON.
 */
#include "site/pages/request_json.h"

#include "base/clock.h"

static json_t *outcome(const struct usage_record *record);
static void put_tokens(const struct format *format, json_t *out,
	const char *name, int64_t tokens);
static json_t *attempts(
	const struct format *format, const struct usage_record *record);
static void put_span(
	json_t *out, int64_t from_us, int64_t us, int64_t whole_us);
static json_t *phases(
	const struct format *format, const struct usage_record *record);
static void add_phase(const struct format *format, json_t *list,
	const char *name, int64_t from_us, int64_t to_us, int64_t whole_us);

json_t *request_json(const struct format *format, const struct request_row *row)
{
	const struct usage_record *record = &row->record;
	json_t *out = json_object();

	site_put(out, "request_id", record->request_id);
	format_put_time(format, out, "time", record->started_unix_ms);
	site_put(out, "project", row->project);
	site_put(out, "key", row->key);
	site_put_int(out, "key_id", record->key_id);
	site_put(out, "user", record->user);
	site_put(out, "model_asked", record->model_asked);
	site_put(out, "model_used", record->model_used);
	site_put(out, "model",
		record->model_used.n ? record->model_used
				     : record->model_asked);
	site_put(out, "provider", record->provider);
	site_put_int(out, "status", record->status);
	json_object_set_new(out, "outcome", outcome(record));
	site_put(out, "error", record->error);
	site_put_bool(out, "streamed", record->streamed);
	site_put_bool(out, "complete", record->complete);
	site_put_bool(out, "cache_hit", record->cache_hit);
	put_tokens(format, out, "prompt_tokens", record->tokens.prompt);
	put_tokens(format, out, "completion_tokens", record->tokens.completion);
	site_put_bool(out, "priced", record->priced);
	format_put_usd(format, out, "cost", record->cost_picousd);
	format_put_duration(format, out, "latency", record->total_us);
	format_put_duration(format, out, "first_token", record->first_token_us);
	return out;
}

json_t *request_json_list(const struct format *format,
	const struct request_row *rows, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, request_json(format, &rows[i]));
	return list;
}

json_t *request_json_whole(
	const struct format *format, const struct request_row *row)
{
	const struct usage_record *record = &row->record;
	json_t *out = request_json(format, row);
	json_t *route = request_json_route(format, row);

	site_put(out, "client_ip", record->client_ip);
	site_put(out, "host", record->host);
	site_put(out, "route", record->route);
	site_put(out, "dialect", record->dialect);
	site_put(out, "provider_dialect", record->provider_dialect);
	site_put(out, "dropped", record->dropped);
	site_put(out, "error_detail", record->error_detail);
	site_put(out, "finish_reason", record->finish_reason);
	site_put_bool(out, "coalesced", record->coalesced);
	put_tokens(format, out, "cached_tokens", record->tokens.cached);
	put_tokens(
		format, out, "cache_write_tokens", record->tokens.cache_write);
	put_tokens(format, out, "reasoning_tokens", record->tokens.reasoning);
	format_put_usd(format, out, "saved", record->saved_picousd);
	format_put_count(format, out, "request_bytes", record->request_bytes);
	format_put_count(format, out, "response_bytes", record->response_bytes);
	json_object_set_new(out, "phases", phases(format, record));
	json_object_set_new(out, "attempts", attempts(format, record));
	json_object_update_new(out, route);
	return out;
}

json_t *request_json_route(
	const struct format *format, const struct request_row *row)
{
	const struct usage_record *record = &row->record;
	json_t *out = json_object();
	json_t *candidates = json_loadb(record->route_candidates.p,
		record->route_candidates.n, 0, NULL);

	site_put(out, "request_id", record->request_id);
	site_put(out, "model_asked", record->model_asked);
	site_put(out, "alias", record->alias);
	site_put(out, "complexity", record->complexity);
	site_put(out, "model_used", record->model_used);
	site_put(out, "provider", record->provider);
	site_put_bool(out, "was_routed", record->route_reason.n > 0);
	site_put(out, "route_reason", record->route_reason);
	json_object_set_new(
		out, "candidates", candidates ? candidates : json_array());
	if (record->has_route_saved)
		format_put_usd(format, out, "route_saved",
			record->route_saved_picousd);
	else
		json_object_set_new(out, "route_saved", json_null());
	return out;
}

/* One word of "ok", "cached", "cut", "failed", and true under that name. */
static json_t *outcome(const struct usage_record *record)
{
	const char *word = "ok";
	json_t *out = json_object();

	if (record->status >= 400 || record->status == 0)
		word = "failed";
	else if (!record->complete)
		word = "cut";
	else if (record->cache_hit)
		word = "cached";
	site_put(out, "word", str_of(word));
	site_put_bool(out, word, true);
	return out;
}

static void put_tokens(const struct format *format, json_t *out,
	const char *name, int64_t tokens)
{
	if (tokens >= 0)
		format_put_count(format, out, name, tokens);
	else
		json_object_set_new(out, name, json_null());
}

static json_t *attempts(
	const struct format *format, const struct usage_record *record)
{
	const struct attempt_record *attempt = record->attempt_list;
	json_t *list = json_array();

	for (int64_t number = 1; attempt; attempt = attempt->next, number++) {
		json_t *item = json_object();

		site_put_int(item, "number", number);
		site_put(item, "model", attempt->model_used);
		site_put(item, "provider", attempt->provider);
		site_put_int(item, "status", attempt->status);
		site_put_bool(item, "was_asked", attempt->status > 0);
		site_put_bool(item, "is_good", attempt->error.n == 0);
		site_put(item, "error", attempt->error);
		site_put(item, "error_detail", attempt->error_detail);
		site_put(item, "advice", attempt->advice);
		site_put(item, "upstream_request_id",
			attempt->upstream_request_id);
		format_put_duration(format, item, "began", attempt->offset_us);
		format_put_duration(
			format, item, "connect", attempt->connect_us);
		format_put_duration(
			format, item, "first_byte", attempt->first_byte_us);
		format_put_duration(format, item, "total", attempt->total_us);
		put_span(item, attempt->offset_us, attempt->total_us,
			record->total_us);
		json_array_append_new(list, item);
	}
	return list;
}

/* Where in the whole it is, in percent: for drawing it. */
static void put_span(json_t *out, int64_t from_us, int64_t us, int64_t whole_us)
{
	double x = 0, width = 0;

	if (from_us >= 0 && us >= 0 && whole_us > 0) {
		x = (double)from_us * 100 / (double)whole_us;
		width = (double)us * 100 / (double)whole_us;
	}
	x = x > 99 ? 99 : x;
	width = width < 0.5 ? 0.5 : width > 100 - x ? 100 - x : width;
	json_object_set_new(out, "x", json_real(x));
	json_object_set_new(out, "width", json_real(width));
}

/* What the time went into, as far as it is known. */
static json_t *phases(
	const struct format *format, const struct usage_record *record)
{
	int64_t whole = record->total_us;
	int64_t queue = record->queue_us > 0 ? record->queue_us : 0;
	int64_t ours = record->gateway_us > 0 ? record->gateway_us : 0;
	int64_t first = record->first_token_us;
	int64_t asked = queue + ours;
	json_t *list = json_array();

	if (whole < 0)
		return list;
	add_phase(format, list, "queue", 0, queue, whole);
	add_phase(format, list, "gateway", queue, asked, whole);
	if (first >= asked) {
		add_phase(format, list, "waiting", asked, first, whole);
		add_phase(format, list, "answer", first, whole, whole);
	} else {
		add_phase(format, list, "answer", asked, whole, whole);
	}
	return list;
}

static void add_phase(const struct format *format, json_t *list,
	const char *name, int64_t from_us, int64_t to_us, int64_t whole_us)
{
	json_t *phase;

	if (to_us <= from_us)
		return;
	phase = json_object();
	site_put(phase, "name", str_of(name));
	site_put_bool(phase, name, true);
	format_put_duration(format, phase, "duration", to_us - from_us);
	put_span(phase, from_us, to_us - from_us, whole_us);
	json_array_append_new(list, phase);
}
