/*
 * route_explain.c - why this model: one line for the client, all candidates
 * for the log, and both without a call for who only wants to know.
 */
#include "gateway/routing.h"

#include "base/money.h"

#define MAX_CANDIDATES_BYTES 16384
#define MAX_ANSWER_BYTES (4 << 20)

static void write_candidates(
	const struct routing *routing, bool with_hidden, struct json_writer *w);
static void write_candidate(const struct routing *routing,
	const struct strategy_candidate *candidate, struct json_writer *w);
static void write_number(struct json_writer *w, const char *name, double value);
static void write_answer(struct call *call, struct json_writer *w);
static void write_reasons(struct call *call, struct json_writer *w);
static void write_targets(struct call *call, struct json_writer *w);

struct str route_reason(struct call *call, const struct strategy_candidate *all,
	size_t total, size_t count)
{
	const char *class = complexity_name(call->classification.complexity);
	bool is_cheapest = true, is_best = true;
	const char *why;

	if (count == 0)
		return arena_printf(call->arena,
			"none of %zu models can serve the request", total);
	if (count == 1)
		return arena_printf(call->arena,
			"%s request: the only one of %zu that can serve it",
			class, total);
	for (size_t i = 1; i < count; i++) {
		is_cheapest &= all[0].cost_picousd <= all[i].cost_picousd;
		is_best &= all[0].quality >= all[i].quality;
	}
	why = is_cheapest && is_best ? "the best one and the cheapest"
	      : is_cheapest          ? "good enough, and the cheapest"
	      : is_best              ? "the best one is needed, out"
				     : "good enough at its price, out";
	return arena_printf(
		call->arena, "%s request: %s of %zu", class, why, count);
}

void route_headers(struct call *call)
{
	const struct routing *routing = call->routing;

	if (call->is_classified)
		http_header(call->x, "X-Gateway-Complexity",
			str_of(complexity_name(
				call->classification.complexity)));
	if (!routing)
		return;
	http_header(call->x, "X-Gateway-Route",
		arena_printf(call->arena, "%.*s; %s; %.*s",
			STR_ARG(str_head(routing->asked, 64)), routing->policy,
			STR_ARG(str_head(routing->reason, 120))));
	if (routing->escalated)
		http_header(call->x, "X-Gateway-Escalated",
			str_of(routing->escalated));
}

void route_record(struct call *call, struct usage_record *usage)
{
	const struct routing *routing = call->routing;
	struct buf json = BUF_INIT(MAX_CANDIDATES_BYTES);
	struct json_writer w;

	if (call->is_classified)
		usage->complexity = str_of(
			complexity_name(call->classification.complexity));
	if (!routing)
		return;
	usage->route_reason = routing->reason;
	if (routing->escalated)
		usage->route_reason =
			arena_printf(call->arena, "%.*s; escalated: %s",
				STR_ARG(routing->reason), routing->escalated);
	json_writer_init(&w, &json);
	write_candidates(routing, true, &w);
	usage->route_candidates =
		json.failed ? S("[]") : arena_copy(call->arena, buf_str(&json));
	buf_release(&json);
	route_savings(call, usage);
}

enum verdict explain_route(struct call *call)
{
	struct buf body = BUF_INIT(MAX_ANSWER_BYTES);
	struct json_writer w;

	json_writer_init(&w, &body);
	write_answer(call, &w);
	call->status = 200;
	call->complete = true;
	http_begin(call->x, call->status, "application/json");
	answer_headers(call);
	http_header_int(call->x, "Content-Length", (int64_t)body.n);
	http_body(call->x, buf_str(&body));
	buf_release(&body);
	call_end(call);
	return ANSWERED;
}

static void write_candidates(
	const struct routing *routing, bool with_hidden, struct json_writer *w)
{
	json_begin_array(w);
	for (size_t i = 0; i < routing->count; i++)
		if (with_hidden || !routing->candidates[i].is_hidden)
			write_candidate(routing, &routing->candidates[i], w);
	json_end_array(w);
}

static void write_candidate(const struct routing *routing,
	const struct strategy_candidate *candidate, struct json_writer *w)
{
	const struct model *model = candidate->model;
	char cost[MONEY_TEXT_BYTES];

	json_begin_object(w);
	json_member_str(w, "model", model->name);
	json_member_str(w, "provider", model->provider->name);
	if (routing->is_ranked && !candidate->is_hidden) {
		money_format_usd(candidate->cost_picousd, cost);
		write_number(w, "score", candidate->score);
		write_number(w, "fit", candidate->fit);
		write_number(w, "quality", candidate->quality);
		json_member_str(w, "quality_source",
			str_of(strategy_quality_source_name(
				candidate->quality_source)));
		json_member_str(w, "expected_cost_usd", str_of(cost));
		if (!candidate->is_priced)
			json_member_bool(w, "unpriced", true);
		json_member_int(w, "latency_ms", candidate->latency_ms);
	}
	if (candidate->dropped)
		json_member_str(w, "dropped", str_of(candidate->dropped));
	json_end_object(w);
}

/* Scores are no money: four decimals are more than anybody reads. */
static void write_number(struct json_writer *w, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.4f", value);
	json_member_raw(w, name, str_of(text));
}

static void write_answer(struct call *call, struct json_writer *w)
{
	const struct target *first =
		call->target_count > 0 ? &call->targets[0] : NULL;

	json_begin_object(w);
	if (first) {
		json_member_str(w, "model", first->model->name);
		json_member_str(w, "provider", first->model->provider->name);
	} else {
		json_member_null(w, "model");
		json_member_null(w, "provider");
	}
	if (call->is_classified) {
		const struct classification *class = &call->classification;

		json_member_str(w, "complexity",
			str_of(complexity_name(class->complexity)));
		json_member_str(w, "task", str_of(class->task));
		write_number(w, "score", class->score);
	} else {
		json_member_null(w, "complexity");
		json_member_null(w, "task");
		json_member_null(w, "score");
	}
	json_member_str(w, "policy",
		str_of(call->routing ? call->routing->policy : "named"));
	write_reasons(call, w);
	json_name(w, "candidates");
	if (call->routing)
		write_candidates(call->routing, false, w);
	else
		write_targets(call, w);
	json_member_str(w, "request_id", str_of(call->request_id));
	json_end_object(w);
}

/* Why this model, and why this class. */
static void write_reasons(struct call *call, struct json_writer *w)
{
	const struct classification *class = &call->classification;

	json_name(w, "reasons");
	json_begin_array(w);
	if (call->error.kind != ERR_NONE)
		json_write_str(w, str_of(error_message(&call->error)));
	else
		json_write_str(w, call->routing ? call->routing->reason
						: S("the model was named"));
	for (size_t i = 0; call->is_classified && i < class->reason_count; i++)
		json_write_str(w, arena_printf(call->arena, "%s %+.2f",
					  class->reasons[i].feature,
					  class->reasons[i].weight));
	json_end_array(w);
}

static void write_targets(struct call *call, struct json_writer *w)
{
	json_begin_array(w);
	for (size_t i = 0; i < call->target_count; i++) {
		const struct model *model = call->targets[i].model;

		if (i > 0 && model == call->targets[i - 1].model)
			continue;
		json_begin_object(w);
		json_member_str(w, "model", model->name);
		json_member_str(w, "provider", model->provider->name);
		json_end_object(w);
	}
	json_end_array(w);
}
