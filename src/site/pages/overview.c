/*
 * overview.c - /: what the calls of a span of time were and cost.
 */
#include "base/clock.h"
#include "ledger/request_log.h"
#include "ledger/usage_list.h"
#include "site/chart.h"
#include "site/pages/pages.h"
#include "site/pages/request_json.h"
#include "site/range.h"

#define RECENT 8
#define SHARES 6 /* of a distribution; the others are one more */

static bool load(struct site_request *request, json_t *out, struct error *err);
static bool load_costs(
	struct site_request *request, json_t *out, struct error *err);
static bool load_distribution(
	struct site_request *request, json_t *out, struct error *err);
static bool read_range(struct site_request *request,
	const struct format *format, struct range *range, json_t *out,
	struct error *err);
static struct usage_scope scope_of(
	const struct site_request *request, const struct range *range);
static bool put_totals(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err);
static void put_quantile(
	const struct format *format, json_t *out, const struct usage_sum *sum);
static void put_change(const struct format *format, json_t *out,
	const char *name, int64_t now, int64_t before);
static bool put_charts(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err);
static json_t *chart_of(const struct format *format, const struct range *range,
	const struct usage_sum *sums, size_t count, bool of_cost);
static bool put_shares(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err);
static json_t *shares_json(const struct format *format, const char *name,
	const struct usage_row *rows, size_t count,
	const struct usage_sum *all);
static json_t *share_json(const struct format *format, const char *name,
	const struct usage_row *row, const struct usage_sum *all);
static bool put_recent(struct site_request *request,
	const struct format *format, json_t *out, struct error *err);

static const struct site_field fields[] = {
	RANGE_FIELDS,
	{ .name = NULL },
};

const struct site_page pages_overview[] = {
	{ .path = STR("/"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load,
		.template = "overview",
		.title = "overview.title",
		.nav = "overview" },
	{ .path = STR("/overview"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load,
		.template = "overview",
		.title = "overview.title",
		.nav = "overview" },
	{ .path = STR("/analytics/overview"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load },
	{ .path = STR("/analytics/costs"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load_costs },
	{ .path = STR("/analytics/distribution"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = fields,
		.load = load_distribution },
	{ .path = STR("") },
};

static bool load(struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct range range;

	return read_range(request, &format, &range, out, err) &&
	       put_totals(request, &format, &range, out, err) &&
	       put_charts(request, &format, &range, out, err) &&
	       put_shares(request, &format, &range, out, err) &&
	       put_recent(request, &format, out, err);
}

/* Parts of the same, for programs that want no more. */
static bool load_costs(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct range range;

	return read_range(request, &format, &range, out, err) &&
	       put_totals(request, &format, &range, out, err) &&
	       put_charts(request, &format, &range, out, err);
}

static bool load_distribution(
	struct site_request *request, json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct range range;

	return read_range(request, &format, &range, out, err) &&
	       put_shares(request, &format, &range, out, err);
}

static bool read_range(struct site_request *request,
	const struct format *format, struct range *range, json_t *out,
	struct error *err)
{
	if (!range_read(request, format, "24h", range, err))
		return false;
	range_put(request, format, range, out);
	return true;
}

static struct usage_scope scope_of(
	const struct site_request *request, const struct range *range)
{
	return (struct usage_scope){
		.organisation_id = request->session.organisation_id,
		.project_id = request->session.project_id,
		.step = range->step,
		.from_ms = range->from_ms,
		.to_ms = range->to_ms,
	};
}

/* And how they differ from those of the same span before. */
static bool put_totals(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err)
{
	struct usage_scope scope = scope_of(request, range);
	struct usage_sum sum, before;
	int64_t average_us;

	if (!usage_sum_all(request->db, &scope, &sum, err))
		return false;
	scope.to_ms = scope.from_ms;
	scope.from_ms -= range->to_ms - range->from_ms;
	if (!usage_sum_all(request->db, &scope, &before, err))
		return false;
	average_us =
		sum.total_requests ? sum.total_us / sum.total_requests : -1;
	site_put_bool(out, "is_empty", sum.requests == 0);
	format_put_usd(format, out, "cost", sum.cost_picousd);
	format_put_usd(format, out, "saved", sum.saved_picousd);
	format_put_usd(format, out, "route_saved", sum.route_saved_picousd);
	format_put_count(
		format, out, "route_saved_requests", sum.route_saved_requests);
	site_put_bool(out, "was_routed", sum.route_saved_requests > 0);
	format_put_count(format, out, "requests", sum.requests);
	format_put_count(format, out, "errors", sum.errors);
	format_put_count(format, out, "tokens",
		sum.prompt_tokens + sum.completion_tokens);
	format_put_count(format, out, "prompt_tokens", sum.prompt_tokens);
	format_put_count(
		format, out, "completion_tokens", sum.completion_tokens);
	format_put_share(format, out, "error_rate", sum.errors, sum.requests);
	format_put_share(
		format, out, "cache_hit_rate", sum.cache_hits, sum.requests);
	format_put_duration(format, out, "latency_average", average_us);
	put_quantile(format, out, &sum);
	put_change(format, out, "cost_change", sum.cost_picousd,
		before.cost_picousd);
	put_change(
		format, out, "requests_change", sum.requests, before.requests);
	put_change(format, out, "tokens_change",
		sum.prompt_tokens + sum.completion_tokens,
		before.prompt_tokens + before.completion_tokens);
	put_change(format, out, "errors_change", sum.errors, before.errors);
	put_change(format, out, "saved_change", sum.saved_picousd,
		before.saved_picousd);
	return true;
}

/* Of short calls the histogram tells no more than that they were short. */
static void put_quantile(
	const struct format *format, json_t *out, const struct usage_sum *sum)
{
	int64_t us = usage_sum_quantile_us(sum, 95);

	format_put_duration(format, out, "latency_p95", us);
	if (us == USAGE_SUM_SHORTEST_US)
		site_put_bool(json_object_get(out, "latency_p95"), "is_at_most",
			true);
}

/* null where there was nothing to compare with. */
static void put_change(const struct format *format, json_t *out,
	const char *name, int64_t now, int64_t before)
{
	int64_t more = now > before ? now - before : before - now;
	json_t *change;

	if (before == 0 || more == 0) {
		json_object_set_new(out, name, json_null());
		return;
	}
	change = json_object();
	site_put_bool(change, "is_more", now > before);
	site_put(change, "text", format_share(format, more, before));
	json_object_set_new(out, name, change);
}

static bool put_charts(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err)
{
	struct usage_scope scope = scope_of(request, range);
	struct usage_sum *sums;
	size_t count;

	if (!usage_sum_over_time(
		    request->db, &scope, request->arena, &sums, &count, err))
		return false;
	json_object_set_new(
		out, "cost_chart", chart_of(format, range, sums, count, true));
	json_object_set_new(out, "requests_chart",
		chart_of(format, range, sums, count, false));
	return true;
}

/* Buckets of the rollup into bars; a bar without a call is there, too. */
static json_t *chart_of(const struct format *format, const struct range *range,
	const struct usage_sum *sums, size_t count, bool of_cost)
{
	struct chart_bar bars[CHART_MAX_BARS] = { 0 };
	int64_t span_ms = range->to_ms - range->from_ms;
	size_t bar_count =
		(size_t)((span_ms + range->bar_ms - 1) / range->bar_ms);

	if (bar_count > CHART_MAX_BARS)
		bar_count = CHART_MAX_BARS;
	for (size_t i = 0; i < bar_count; i++)
		bars[i].begins_ms = range->from_ms + (int64_t)i * range->bar_ms;
	for (size_t i = 0; i < count; i++) {
		size_t at = (size_t)((sums[i].bucket_ms - range->from_ms) /
				     range->bar_ms);

		if (at < bar_count)
			bars[at].value += of_cost ? sums[i].cost_picousd
						  : sums[i].requests;
	}
	for (size_t i = 0; i < bar_count; i++)
		bars[i].text = of_cost ? format_usd(format, bars[i].value)
				       : format_count(format, bars[i].value);
	return chart_bars(format, bars, bar_count,
		range->step == USAGE_DAYS ? FORMAT_DAY : FORMAT_MINUTES,
		of_cost ? format_usd : format_short);
}

static bool put_shares(struct site_request *request,
	const struct format *format, const struct range *range, json_t *out,
	struct error *err)
{
	static const struct {
		const char *list, *name;
		enum usage_by by;
	} subjects[] = {
		{ "models", "model", USAGE_BY_MODEL },
		{ "providers", "provider", USAGE_BY_PROVIDER },
		{ "keys", "key", USAGE_BY_KEY },
	};
	struct usage_scope scope = scope_of(request, range);
	struct usage_sum all;

	if (!usage_sum_all(request->db, &scope, &all, err))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		struct usage_row *rows;
		size_t count;

		if (!usage_list(request->db, &scope, subjects[i].by,
			    USAGE_DEAREST, 0, SHARES, request->arena, &rows,
			    &count, err))
			return false;
		json_object_set_new(out, subjects[i].list,
			shares_json(
				format, subjects[i].name, rows, count, &all));
	}
	return true;
}

static json_t *shares_json(const struct format *format, const char *name,
	const struct usage_row *rows, size_t count, const struct usage_sum *all)
{
	struct usage_row rest = { .requests = all->requests,
		.cost_picousd = all->cost_picousd };
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_array_append_new(
			list, share_json(format, name, &rows[i], all));
		rest.requests -= rows[i].requests;
		rest.cost_picousd -= rows[i].cost_picousd;
	}
	/* A call may have come between the two sums. */
	if (rest.requests > 0 && rest.cost_picousd >= 0 && count == SHARES) {
		json_t *others = share_json(format, name, &rest, all);

		site_put_bool(others, "is_rest", true);
		json_array_append_new(list, others);
	}
	return list;
}

/* Its share of the cost, or of the calls where nothing cost anything. */
static json_t *share_json(const struct format *format, const char *name,
	const struct usage_row *row, const struct usage_sum *all)
{
	json_t *share = json_object();

	site_put_int(share, "id", row->id);
	site_put(share, name, row->name);
	site_put(share, "name", row->name);
	format_put_usd(format, share, "cost", row->cost_picousd);
	format_put_count(format, share, "requests", row->requests);
	if (all->cost_picousd > 0)
		format_put_share(format, share, "share", row->cost_picousd,
			all->cost_picousd);
	else
		format_put_share(
			format, share, "share", row->requests, all->requests);
	return share;
}

static bool put_recent(struct site_request *request,
	const struct format *format, json_t *out, struct error *err)
{
	const struct request_filter filter = {
		.organisation_id = request->session.organisation_id,
		.project_id = request->session.project_id,
		.to_ms = INT64_MAX,
		.from_ms = clock_unix_ms() - INT64_C(7) * 24 * 3600 * 1000,
	};
	const struct request_cursor newest = { 0 };
	struct request_reach reach;
	struct request_row *rows;
	size_t count;

	if (!request_log_list(request->db, &filter, &newest, RECENT,
		    request->arena, &rows, &count, &reach, err))
		return false;
	json_object_set_new(
		out, "recent", request_json_list(format, rows, count));
	return true;
}
