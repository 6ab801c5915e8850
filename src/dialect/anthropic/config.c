/*
 * config.c - how to think and in what shape to answer, in our own
 * words: `thinking`, `output_config` and its forerunner `output_format`.
 *
 * Thinking whose amount the model chooses ("adaptive") is a budget of -2, as
 * Gemini's dynamic one is.
 */
#include "dialect/anthropic/anthropic.h"

#define DYNAMIC_BUDGET (-2)

#define REASONING(name, kind, field)                                           \
	{                                                                      \
		name, kind, offsetof(struct chat_reasoning, field), NULL, NULL \
	}

static bool read_type(struct json value, void *into, struct arena *arena);
static void write_type(const void *from, const struct shape_out *out);
static bool read_budget(struct json value, void *into, struct arena *arena);
static void write_budget(const void *from, const struct shape_out *out);
static bool read_display(struct json value, void *into, struct arena *arena);
static void write_display(const void *from, const struct shape_out *out);

static const struct shape_row thinking_rows[] = {
	{ "type", SHAPE_SPECIAL_TEXT, 0, read_type, write_type },
	{ "budget_tokens", SHAPE_SPECIAL_NUMBER, 0, read_budget, write_budget },
	{ "display", SHAPE_SPECIAL_TEXT, 0, read_display, write_display },
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

static bool read_effort(struct json value, void *into, struct arena *arena);
static void write_effort(const void *from, const struct shape_out *out);
static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);

static const struct shape_row output_rows[] = {
	{ "effort", SHAPE_SPECIAL_TEXT, 0, read_effort, write_effort },
	{ "format", SHAPE_SPECIAL, 0, read_format, write_format },
};
static const struct shape output_shape = SHAPE_OF(output_rows);

static bool read_format_type(
	struct json value, void *into, struct arena *arena);

static const struct shape_row format_rows[] = {
	{ "type", SHAPE_SPECIAL_TEXT, 0, read_format_type, NULL },
	{ "schema", SHAPE_OBJECT, offsetof(struct chat_format, schema), NULL,
		NULL },
};
static const struct shape format_shape = SHAPE_OF(format_rows);

static bool read_schema(
	struct json value, struct arena *arena, struct chat_format *out);
static void write_schema(const char *name, const struct chat_format *format,
	const struct shape_out *out);

bool anthropic_read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;
	struct chat_reasoning read = *reasoning;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	read.extra.within = "thinking";
	shape_read(&thinking_shape, value, &read, &read.extra, arena);
	if (read.enabled == CHAT_UNSET)
		return false;
	read.member = S("thinking");
	read.is_default = read.enabled == CHAT_NO;
	/* Here what is thought is shown unless that is said not to be. */
	if (read.enabled == CHAT_YES && read.exclude != CHAT_YES)
		read.summary = S("auto");
	*reasoning = read;
	return true;
}

void anthropic_write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning =
		&((const struct chat_request *)from)->reasoning;

	if (!reasoning->member.p)
		return;
	json_name(out->w, "thinking");
	json_begin_object(out->w);
	shape_write(&thinking_shape, reasoning, &reasoning->extra, out);
	json_end_object(out->w);
}

static bool read_type(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	(void)arena;
	if (json_text_is(value, S("disabled")))
		reasoning->enabled = CHAT_NO;
	else if (json_text_is(value, S("enabled")))
		reasoning->enabled = CHAT_YES;
	else if (json_text_is(value, S("adaptive"))) {
		reasoning->enabled = CHAT_YES;
		reasoning->budget_tokens = DYNAMIC_BUDGET;
	}
	return reasoning->enabled != CHAT_UNSET;
}

static void write_type(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;
	struct str type = S("enabled");

	if (reasoning->enabled == CHAT_NO)
		type = S("disabled");
	else if (reasoning->budget_tokens == DYNAMIC_BUDGET)
		type = S("adaptive");
	json_member_str(out->w, "type", type);
}

/* Of thinking whose amount the model chooses it stays as it is. */
static bool read_budget(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;
	int64_t tokens;

	(void)arena;
	if (reasoning->budget_tokens == DYNAMIC_BUDGET ||
		!json_int(value, &tokens) || value.text.p[0] == '-')
		return false;
	reasoning->budget_tokens = tokens;
	return true;
}

static void write_budget(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;

	if (reasoning->budget_tokens >= 0)
		json_member_int(
			out->w, "budget_tokens", reasoning->budget_tokens);
}

static bool read_display(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	(void)arena;
	if (json_text_is(value, S("omitted")))
		reasoning->exclude = CHAT_YES;
	else if (json_text_is(value, S("summarized")))
		reasoning->exclude = CHAT_NO;
	return reasoning->exclude != CHAT_UNSET;
}

static void write_display(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;

	if (reasoning->exclude != CHAT_UNSET)
		json_member_str(out->w, "display",
			reasoning->exclude == CHAT_YES ? S("omitted")
						       : S("summarized"));
}

/* An object without members could not be told from none. */
bool anthropic_read_output_config(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	request->format.extra.within = "output_config";
	shape_read(
		&output_shape, value, request, &request->format.extra, arena);
	return true;
}

void anthropic_write_output_config(
	const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!request->reasoning.effort.p && !request->format.has_inner &&
		!request->format.extra.first)
		return;
	json_name(out->w, "output_config");
	json_begin_object(out->w);
	shape_write(&output_shape, request, &request->format.extra, out);
	json_end_object(out->w);
}

static bool read_effort(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	return json_text(value, arena, &request->reasoning.effort);
}

static void write_effort(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->reasoning.effort.p)
		json_member_str(out->w, "effort", request->reasoning.effort);
}

/* has_inner says that it stood in output_config. */
static bool read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = &((struct chat_request *)into)->format;

	format->has_inner = read_schema(value, arena, format);
	return format->has_inner;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->format.has_inner)
		write_schema("format", &request->format, out);
}

bool anthropic_read_output_format(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	return !request->format.has_inner &&
	       read_schema(value, arena, &request->format);
}

void anthropic_write_output_format(
	const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->format.kind == CHAT_FORMAT_SCHEMA &&
		!request->format.has_inner)
		write_schema("output_format", &request->format, out);
}

static bool read_schema(
	struct json value, struct arena *arena, struct chat_format *out)
{
	struct chat_format read = *out;

	shape_read(&format_shape, value, &read, &read.inner_extra, arena);
	if (read.kind != CHAT_FORMAT_SCHEMA || !read.schema.p)
		return false;
	*out = read;
	return true;
}

static bool read_format_type(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	(void)arena;
	if (!json_text_is(value, S("json_schema")))
		return false;
	format->kind = CHAT_FORMAT_SCHEMA;
	return true;
}

static void write_schema(const char *name, const struct chat_format *format,
	const struct shape_out *out)
{
	json_name(out->w, name);
	json_begin_object(out->w);
	json_member_str(out->w, "type", S("json_schema"));
	shape_write(&format_shape, format, &format->inner_extra, out);
	json_end_object(out->w);
}
