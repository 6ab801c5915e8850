/*
 * config.c - the objects in which a request's parameters stand, in
 * our own words: inferenceConfig, additionalModelRequestFields, outputConfig,
 * serviceTier.
 *
 * Each is one row of the request. Where nothing in it is understood, the row
 * is not read and the whole object stays as it came.
 */
#include "dialect/bedrock/bedrock.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static void write_stop(const void *from, const struct shape_out *out);

static const struct shape_row inference_rows[] = {
	REQUEST("maxTokens", SHAPE_COUNT, max_tokens),
	REQUEST("temperature", SHAPE_NUMBER, temperature),
	REQUEST("topP", SHAPE_NUMBER, top_p),
	{ "stopSequences", SHAPE_SPECIAL, 0, chat_read_stops, write_stop },
};
static const struct shape inference_shape = SHAPE_OF(inference_rows);

static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_thinking(const void *from, const struct shape_out *out);
static bool read_model_effort(
	struct json value, void *into, struct arena *arena);
static void write_model_effort(const void *from, const struct shape_out *out);

/* Claude's top_k and thinking, gpt-oss's reasoning_effort. */
static const struct shape_row additional_rows[] = {
	REQUEST("top_k", SHAPE_NUMBER, top_k),
	{ "thinking", SHAPE_SPECIAL, 0, read_thinking, write_thinking },
	{ "reasoning_effort", SHAPE_SPECIAL, 0, read_model_effort,
		write_model_effort },
};
static const struct shape additional_shape = SHAPE_OF(additional_rows);

static bool read_effort(struct json value, void *into, struct arena *arena);
static void write_effort(const void *from, const struct shape_out *out);
static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);

static const struct shape_row output_rows[] = {
	{ "effort", SHAPE_SPECIAL, 0, read_effort, write_effort },
	{ "textFormat", SHAPE_SPECIAL, 0, read_format, write_format },
};
static const struct shape output_shape = SHAPE_OF(output_rows);

static bool read_schema(struct json value, void *into, struct arena *arena);
static void write_schema(const void *from, const struct shape_out *out);

static const struct shape_row schema_rows[] = {
	{ "schema", SHAPE_SPECIAL, 0, read_schema, write_schema },
	{ "name", SHAPE_TEXT, offsetof(struct chat_format, name), NULL, NULL },
	{ "description", SHAPE_TEXT, offsetof(struct chat_format, description),
		NULL, NULL },
};
static const struct shape schema_shape = SHAPE_OF(schema_rows);

static bool has_inference(const struct chat_request *request);
static bool has_additional(const struct chat_request *request);
static bool has_output(const struct chat_request *request);
static bool effort_is_from(
	const struct chat_request *request, struct str member);

bool bedrock_read_inference(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_request read = *request;

	read.inner_extra.within = "inferenceConfig";
	shape_read(&inference_shape, value, &read, &read.inner_extra, arena);
	if (!has_inference(&read))
		return false;
	*request = read;
	return true;
}

static bool has_inference(const struct chat_request *request)
{
	return request->max_tokens >= 0 || request->temperature.p ||
	       request->top_p.p || request->stop;
}

void bedrock_write_inference(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!has_inference(request))
		return;
	json_name(out->w, "inferenceConfig");
	json_begin_object(out->w);
	shape_write(&inference_shape, request, &request->inner_extra, out);
	json_end_object(out->w);
}

static void write_stop(const void *from, const struct shape_out *out)
{
	chat_write_stops("stopSequences", from, out->w);
}

/* What else a model takes stands among the extras of the reasoning. */
bool bedrock_read_additional(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_request read = *request;

	read.reasoning.extra.within = "additionalModelRequestFields";
	shape_read(
		&additional_shape, value, &read, &read.reasoning.extra, arena);
	if (!has_additional(&read))
		return false;
	*request = read;
	return true;
}

static bool has_additional(const struct chat_request *request)
{
	return request->top_k.p || request->reasoning.enabled != CHAT_UNSET ||
	       effort_is_from(request, S("reasoning_effort"));
}

void bedrock_write_additional(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!has_additional(request))
		return;
	json_name(out->w, "additionalModelRequestFields");
	json_begin_object(out->w);
	shape_write(&additional_shape, request, &request->reasoning.extra, out);
	json_end_object(out->w);
}

/* {"type": "enabled", "budget_tokens"}, {"type": "adaptive"} (a budget of -2,
 * as Gemini's dynamic one) or {"type": "disabled"} */
static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	static const struct str names[] = { STR("type"), STR("budget_tokens") };
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;
	struct json type = json_find(value, S("type"));
	struct json budget = json_find(value, S("budget_tokens"));
	bool has_budget = budget.type != JSON_TYPE_NONE;
	int64_t tokens;

	(void)arena;
	if (!bedrock_has_only(value, names, ARRAY_LEN(names)))
		return false;
	if (has_budget) {
		if (!json_int(budget, &tokens) || budget.text.p[0] == '-' ||
			!json_text_is(type, S("enabled")))
			return false;
		reasoning->enabled = CHAT_YES;
		reasoning->budget_tokens = tokens;
	} else if (json_text_is(type, S("adaptive"))) {
		reasoning->enabled = CHAT_YES;
		reasoning->budget_tokens = -2;
	} else if (json_text_is(type, S("disabled"))) {
		reasoning->enabled = CHAT_NO;
	}
	return reasoning->enabled != CHAT_UNSET;
}

static void write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning =
		&((const struct chat_request *)from)->reasoning;
	struct str type = S("enabled");

	if (reasoning->enabled == CHAT_UNSET)
		return;
	if (reasoning->enabled == CHAT_NO)
		type = S("disabled");
	else if (reasoning->budget_tokens == -2)
		type = S("adaptive");
	json_name(out->w, "thinking");
	json_begin_object(out->w);
	json_member_str(out->w, "type", type);
	if (reasoning->budget_tokens >= 0)
		json_member_int(
			out->w, "budget_tokens", reasoning->budget_tokens);
	json_end_object(out->w);
}

/* An effort is said in one of two places; `member` tells in which. */
static bool read_model_effort(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (!json_text(value, arena, &request->reasoning.effort))
		return false;
	request->reasoning.member = S("reasoning_effort");
	return true;
}

static void write_model_effort(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (effort_is_from(request, S("reasoning_effort")))
		json_member_str(
			out->w, "reasoning_effort", request->reasoning.effort);
}

static bool effort_is_from(
	const struct chat_request *request, struct str member)
{
	return request->reasoning.effort.p &&
	       str_equal(request->reasoning.member, member);
}

bool bedrock_read_output(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_request read = *request;

	read.format.extra.within = "outputConfig";
	shape_read(&output_shape, value, &read, &read.format.extra, arena);
	if (!has_output(&read))
		return false;
	*request = read;
	return true;
}

static bool has_output(const struct chat_request *request)
{
	return request->format.kind == CHAT_FORMAT_SCHEMA ||
	       effort_is_from(request, S("outputConfig"));
}

void bedrock_write_output(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!has_output(request))
		return;
	json_name(out->w, "outputConfig");
	json_begin_object(out->w);
	shape_write(&output_shape, request, &request->format.extra, out);
	json_end_object(out->w);
}

static bool read_effort(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (request->reasoning.effort.p ||
		!json_text(value, arena, &request->reasoning.effort))
		return false;
	request->reasoning.member = S("outputConfig");
	return true;
}

static void write_effort(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (effort_is_from(request, S("outputConfig")))
		json_member_str(out->w, "effort", request->reasoning.effort);
}

/* {"type": "json_schema", "structure": {"jsonSchema": {...}}} */
static bool read_format(struct json value, void *into, struct arena *arena)
{
	static const struct str names[] = { STR("type"), STR("structure") };
	struct chat_request *request = into;
	struct chat_format format = { .kind = CHAT_FORMAT_SCHEMA,
		.inner_extra.within =
			"outputConfig.textFormat.structure.jsonSchema" };
	struct json schema =
		bedrock_only_member(json_find(value, S("structure")),
			S("jsonSchema"), JSON_TYPE_OBJECT);

	if (!bedrock_has_only(value, names, ARRAY_LEN(names)) ||
		!json_text_is(json_find(value, S("type")), S("json_schema")))
		return false;
	shape_read(&schema_shape, schema, &format, &format.inner_extra, arena);
	if (!format.schema.p)
		return false;
	format.extra = request->format.extra;
	request->format = format;
	return true;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_format *format =
		&((const struct chat_request *)from)->format;

	if (format->kind != CHAT_FORMAT_SCHEMA)
		return;
	json_name(out->w, "textFormat");
	json_begin_object(out->w);
	json_member_str(out->w, "type", S("json_schema"));
	json_name(out->w, "structure");
	json_begin_object(out->w);
	json_name(out->w, "jsonSchema");
	json_begin_object(out->w);
	shape_write(&schema_shape, format, &format->inner_extra, out);
	json_end_object(out->w);
	json_end_object(out->w);
	json_end_object(out->w);
}

/* A schema is a text here, and JSON for everybody else. */
static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;
	struct error ignored = ERROR_INIT;
	struct json schema;
	struct str text;

	if (!json_text(value, arena, &text) ||
		!json_check(text, JSON_MAX_DEPTH, &schema, &ignored) ||
		schema.type != JSON_TYPE_OBJECT)
		return false;
	format->schema = text;
	return true;
}

static void write_schema(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;

	json_member_str(out->w, "schema", format->schema);
}

/* {"type": "flex"} */
bool bedrock_read_tier(struct json value, void *into, struct arena *arena)
{
	struct json type =
		bedrock_only_member(value, S("type"), JSON_TYPE_STRING);
	struct str *tier = into;

	return json_text(type, arena, tier);
}

void bedrock_write_tier(struct str tier, struct json_writer *w)
{
	if (!tier.p)
		return;
	json_name(w, "serviceTier");
	json_begin_object(w);
	json_member_str(w, "type", tier);
	json_end_object(w);
}
