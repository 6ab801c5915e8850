/*
 * routing.c - /routing: which model a prompt would get in a project and why;
 * what its router prefers; and what that has saved.
 *
 * The choice is the gateway's own (site->explain_route), made with the rights
 * of a key that may do everything.
 */
#include "base/clock.h"
#include "ledger/request_route.h"
#include "site/change.h"
#include "site/form.h"
#include "site/format.h"
#include "site/pages/model_json.h"
#include "site/pages/pages.h"
#include "site/pages/project_choice.h"
#include "site/templates.h"

#define MAX_PROMPT_BYTES (64 * 1024)
#define MAX_ANSWER_BYTES (4 << 20)
#define DAY_MS INT64_C(86400000)
#define SAVINGS_DAYS 30
/* Of the log only so much is read. */
#define SAVINGS_CALLS 1000
#define RECENT 8

static bool show(struct site_request *request, json_t *out, struct error *err);
static bool try_prompt(
	struct site_request *request, json_t *out, struct error *err);
static bool put_policy(struct site_request *request, int64_t project,
	json_t *out, struct error *err);
static bool put_savings(struct site_request *request, int64_t project,
	json_t *out, struct error *err);
static bool explain(struct site_request *request, int64_t project, json_t *out,
	struct error *err);
static json_t *body_of(const struct site_request *request);
static bool read_answer(struct site_request *request, struct str answer,
	int status, json_t *out, struct error *err);
static void describe(struct site_request *request, json_t *answer);
static void describe_reasons(json_t *answer);
static void describe_candidate(
	const struct format *format, json_t *candidate, double best);
static bool set_policy(
	struct site_request *request, json_t *out, struct error *err);
static bool read_policy(const struct site_request *request,
	struct routing_policy *out, struct error *err);
static json_t *policy_json(const struct routing_policy *policy);

static const struct site_field show_fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "model", .type = SITE_TEXT },
	{ .name = NULL },
};

static const struct site_field try_fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "model", .type = SITE_TEXT },
	{ .name = "prompt",
		.type = SITE_LINES,
		.required = true,
		.max_bytes = MAX_PROMPT_BYTES },
	{ .name = "system", .type = SITE_LINES, .max_bytes = MAX_PROMPT_BYTES },
	{ .name = "max_tokens", .type = SITE_INT, .min = 1, .max = 1000000 },
	{ .name = "json", .type = SITE_BOOL },
	{ .name = "tools", .type = SITE_BOOL },
	{ .name = NULL },
};

static const struct site_field policy_fields[] = {
	{ .name = "project", .type = SITE_INT, .max = INT64_MAX },
	{ .name = "preset",
		.type = SITE_CHOICE,
		.choices = "default|cheap|balanced|quality",
		.required = true },
	{ .name = "quality", .type = SITE_TEXT, .max_bytes = 16 },
	{ .name = "cost", .type = SITE_TEXT, .max_bytes = 16 },
	{ .name = "speed", .type = SITE_TEXT, .max_bytes = 16 },
	{ .name = NULL },
};

const struct site_page pages_routing[] = {
	{ .path = STR("/routing"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = show_fields,
		.load = show,
		.template = "routing",
		.title = "routing.title",
		.nav = "routing" },
	{ .path = STR("/routing"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = try_fields,
		.load = try_prompt,
		.template = "routing",
		.title = "routing.title",
		.nav = "routing" },
	{ .path = STR("/routing/policy"),
		.method = SITE_GET,
		.who = SITE_VIEWER,
		.fields = show_fields,
		.load = show,
		.template = "routing",
		.title = "routing.title",
		.nav = "routing" },
	{ .path = STR("/routing/policy"),
		.method = SITE_POST,
		.who = SITE_VIEWER,
		.fields = policy_fields,
		.load = set_policy },
	{ .path = STR("/routing/policy"),
		.method = SITE_PUT,
		.who = SITE_VIEWER,
		.fields = policy_fields,
		.load = set_policy },
	{ .path = STR("") },
};

static bool show(struct site_request *request, json_t *out, struct error *err)
{
	int64_t project;

	return project_choice(request, out, &project, err) &&
	       (project == 0 ||
		       (put_policy(request, project, out, err) &&
			       put_savings(request, project, out, err)));
}

static bool try_prompt(
	struct site_request *request, json_t *out, struct error *err)
{
	int64_t project;

	if (!show(request, out, err))
		return false;
	project = json_integer_value(
		json_object_get(json_object_get(out, "project"), "id"));
	if (project == 0)
		return error_refuse(err, ERR_NOT_FOUND, "project",
			"There is no project yet.");
	return explain(request, project, out, err);
}

/* What counts for its calls, and the presets to choose from. */
static bool put_policy(struct site_request *request, int64_t project,
	json_t *out, struct error *err)
{
	static const struct str presets[] = { STR("default"), STR("cheap"),
		STR("balanced"), STR("quality") };
	struct str usual = request->site->settings->routing_preset;
	enum routing_preset preset = ROUTING_BALANCED;
	struct routing_policy policy;
	struct error no;
	json_t *json;

	if (!project_routing(request->db, project, &policy, err))
		return false;
	if (!policy.is_set) {
		if (!routing_preset_find(usual, &preset))
			preset = ROUTING_BALANCED;
		policy = routing_policy_of(preset);
		policy.is_set = false;
	}
	json = policy_json(&policy);
	site_put_bool(json, "is_of_project", policy.is_set);
	json_object_set_new(out, "policy", json);
	json_object_set_new(out, "presets",
		model_json_options(request, "routing_presets", presets,
			ARRAY_LEN(presets),
			policy.is_set
				? str_of(routing_preset_name(policy.preset))
				: S("default")));
	site_put_bool(out, "may_change",
		permission_allows(request->db, request->session.user_id,
			ROLE_ADMIN, request->session.organisation_id, project,
			&no));
	return true;
}

/* Weights rank models and are no money: numbers. */
static json_t *policy_json(const struct routing_policy *policy)
{
	const struct routing_weights *weights = &policy->weights;
	char text[32];
	json_t *out = json_object();
	const struct {
		const char *name;
		double value;
	} members[] = { { "quality", weights->quality },
		{ "cost", weights->cost }, { "speed", weights->speed } };

	site_put(out, "preset", str_of(routing_preset_name(policy->preset)));
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		snprintf(text, sizeof(text), "%.6g", members[i].value);
		site_put(out, members[i].name, str_of(text));
	}
	return out;
}

static bool put_savings(struct site_request *request, int64_t project,
	json_t *out, struct error *err)
{
	struct format format = format_of(request);
	struct route_choice recent[RECENT];
	struct route_savings savings;
	json_t *list = json_array();
	json_t *json = json_object();
	size_t count;

	json_object_set_new(out, "recent", list);
	json_object_set_new(out, "savings", json);
	if (!request_route_savings(request->db, project,
		    clock_unix_ms() - SAVINGS_DAYS * DAY_MS, SAVINGS_CALLS,
		    &savings, recent, RECENT, &count, request->arena, err))
		return false;
	format_put_count(&format, json, "calls", savings.calls);
	format_put_usd(&format, json, "chosen", savings.chosen_picousd);
	format_put_usd(&format, json, "best", savings.best_picousd);
	format_put_usd(&format, json, "saved",
		savings.best_picousd - savings.chosen_picousd);
	format_put_share(&format, json, "share",
		savings.best_picousd - savings.chosen_picousd,
		savings.best_picousd);
	site_put_bool(out, "has_savings", savings.calls > 0);
	for (size_t i = 0; i < count; i++) {
		json_t *item = json_object();

		format_put_time(
			&format, item, "time", recent[i].started_unix_ms);
		site_put(item, "request_id", recent[i].request_id);
		site_put(item, "reason", recent[i].reason);
		json_array_append_new(list, item);
	}
	return true;
}

static bool explain(struct site_request *request, int64_t project, json_t *out,
	struct error *err)
{
	struct gateway_key key = {
		.project_id = project,
		.organisation_id = request->session.organisation_id,
		.kind = GATEWAY_KEY_SECRET,
	};
	struct buf answer = BUF_INIT(MAX_ANSWER_BYTES);
	json_t *body = body_of(request);
	char *text = json_dumps(body, JSON_COMPACT);
	int status;
	bool ok;

	ok = project_routing(request->db, project, &key.routing, err) &&
	     request->site->explain_route(request->exchange, &key, str_of(text),
		     &answer, &status, err) &&
	     read_answer(request, buf_str(&answer), status, out, err);
	buf_release(&answer);
	free(text);
	json_decref(body);
	return ok;
}

/* A chat as an app would send it. */
static json_t *body_of(const struct site_request *request)
{
	struct str model = site_text(request, "model");
	struct str system = site_text(request, "system");
	struct str prompt = site_text(request, "prompt");
	json_t *messages = json_array();
	json_t *body = json_object();

	site_put(body, "model", model.n ? model : S("auto"));
	if (system.n > 0)
		json_array_append_new(
			messages, json_pack("{s:s,s:s%}", "role", "system",
					  "content", system.p, system.n));
	json_array_append_new(messages, json_pack("{s:s,s:s%}", "role", "user",
						"content", prompt.p, prompt.n));
	json_object_set_new(body, "messages", messages);
	if (site_has(request, "max_tokens"))
		site_put_int(
			body, "max_tokens", site_int(request, "max_tokens"));
	if (site_bool(request, "json"))
		json_object_set_new(body, "response_format",
			json_pack("{s:s}", "type", "json_object"));
	if (site_bool(request, "tools"))
		json_object_set_new(body, "tools",
			json_pack("[{s:s,s:{s:s,s:{s:s,s:{}}}}]", "type",
				"function", "function", "name", "look_up",
				"parameters", "type", "object", "properties"));
	return body;
}

static bool read_answer(struct site_request *request, struct str answer,
	int status, json_t *out, struct error *err)
{
	json_t *json = json_loadb(answer.p, answer.n, 0, NULL);
	const char *message = json_string_value(
		json_object_get(json_object_get(json, "error"), "message"));
	bool ok = json && status < 400;

	if (!json)
		error_set(err, ERR_INTERNAL, "a route's answer is not JSON");
	else if (!ok)
		error_refuse(err, ERR_BAD_FIELD, "model", "%s",
			message ? message : "");
	if (!ok) {
		json_decref(json);
		return false;
	}
	describe(request, json);
	json_object_set_new(out, "route", json);
	return true;
}

/* Beside what the API says, what people read. */
static void describe(struct site_request *request, json_t *answer)
{
	struct format format = format_of(request);
	json_t *candidates = json_object_get(answer, "candidates");
	const char *complexity =
		json_string_value(json_object_get(answer, "complexity"));
	double best = 0;
	json_t *candidate;
	size_t i;

	if (complexity)
		site_put(answer, "complexity_text",
			template_text(request->texts,
				arena_printf(request->arena, "complexities.%s",
					complexity)));
	json_array_foreach(candidates, i, candidate)
	{
		double score =
			json_number_value(json_object_get(candidate, "score"));

		best = score > best ? score : best;
	}
	json_array_foreach(candidates, i, candidate)
	{
		const char *why = json_string_value(
			json_object_get(candidate, "dropped"));

		site_put_int(candidate, "place", (int64_t)i + 1);
		site_put_bool(candidate, "is_first", i == 0 && !why);
		if (why)
			site_put(candidate, "dropped_text",
				template_text(request->texts,
					arena_printf(request->arena,
						"route_drops.%s", why)));
		describe_candidate(&format, candidate, best);
	}
	describe_reasons(answer);
}

static void describe_candidate(
	const struct format *format, json_t *candidate, double best)
{
	static const char *const numbers[] = { "score", "fit", "quality" };
	double score = json_number_value(json_object_get(candidate, "score"));

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		json_t *number = json_object_get(candidate, numbers[i]);
		char name[32];

		if (!number)
			continue;
		snprintf(name, sizeof(name), "%s_text", numbers[i]);
		site_put(candidate, name,
			arena_printf(format->arena, i == 2 ? "%.0f" : "%.2f",
				json_number_value(number)));
	}
	if (json_object_get(candidate, "score"))
		site_put_int(candidate, "score_percent",
			best > 0 ? (int64_t)(100 * score / best) : 0);
	if (json_object_get(candidate, "latency_ms"))
		format_put_duration(format, candidate, "latency",
			1000 * json_integer_value(json_object_get(
				       candidate, "latency_ms")));
}

/* "code +1.20": the first one is the choice's, the others are features. */
static void describe_reasons(json_t *answer)
{
	json_t *reasons = json_object_get(answer, "reasons");
	json_t *features = json_array();
	json_t *reason;
	size_t i;

	json_array_foreach(reasons, i, reason)
	{
		struct str text = str_of(json_string_value(reason));
		size_t space = text.n;
		json_t *feature;

		if (i == 0) {
			site_put(answer, "reason", text);
			continue;
		}
		while (space > 0 && text.p[space - 1] != ' ')
			space--;
		feature = json_object();
		site_put(
			feature, "name", str_head(text, space ? space - 1 : 0));
		site_put(feature, "weight", str_from(text, space));
		site_put_bool(feature, "is_up",
			str_starts(str_from(text, space), S("+")));
		json_array_append_new(features, feature);
	}
	json_object_set_new(answer, "features", features);
}

static bool set_policy(
	struct site_request *request, json_t *out, struct error *err)
{
	const struct site_session *session = &request->session;
	struct project project = { .id = 0 };
	struct routing_policy policy, before;
	bool is_default = str_equal(site_text(request, "preset"), S("default"));

	if (!project_choice(request, out, &project.id, err) ||
		!permission_allows(request->db, session->user_id, ROLE_ADMIN,
			session->organisation_id, project.id, err) ||
		!read_policy(request, &policy, err) ||
		!db_begin(request->db, err) ||
		!project_routing(request->db, project.id, &before, err) ||
		!(is_default ? project_unset_routing(
				       request->db, project.id, err)
			     : project_set_routing(
				       request->db, &project, &policy, err)) ||
		!site_change_note(request,
			&(struct site_change){
				.organisation_id = session->organisation_id,
				.action = "routing.set",
				.object_id = project.id,
				.object_name = str_of(
					json_string_value(json_object_get(
						json_object_get(out, "project"),
						"name"))),
				.before = before.is_set ? policy_json(&before)
							: NULL,
				.after = is_default ? NULL
						    : policy_json(&policy),
			},
			err) ||
		!site_change_commit(request, err))
		return false;
	json_object_set_new(
		out, "policy", is_default ? json_null() : policy_json(&policy));
	site_redirect(request,
		arena_printf(request->arena, "/routing?project=%" PRId64,
			project.id),
		"flash.saved");
	return true;
}

/* A preset, and over it what weights were given. */
static bool read_policy(const struct site_request *request,
	struct routing_policy *out, struct error *err)
{
	static const char *const weights[] = { "quality", "cost", "speed" };
	struct buf words = BUF_INIT(256);
	bool ok;

	if (str_equal(site_text(request, "preset"), S("default"))) {
		for (size_t i = 0; i < ARRAY_LEN(weights); i++)
			if (site_has(request, weights[i]))
				return error_refuse(err, ERR_BAD_FIELD,
					weights[i],
					"Weights of a project's own begin "
					"with a preset: choose one.");
		return true;
	}
	buf_append(&words, site_text(request, "preset"));
	for (size_t i = 0; i < ARRAY_LEN(weights); i++)
		if (site_has(request, weights[i]))
			buf_printf(&words, ",%s=%.*s", weights[i],
				STR_ARG(site_text(request, weights[i])));
	ok = routing_policy_parse(buf_str(&words), out, err);
	buf_release(&words);
	return ok;
}
