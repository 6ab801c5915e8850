/*
 * tool.c - tools, which of them to call, the answer's format
 * and reasoning: rows of the request's table.
 */
#include "dialect/openai_responses/openai_responses.h"

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static const struct shape_row function_rows[] = {
	TOOL("type", SHAPE_TEXT, type),
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("parameters", SHAPE_OBJECT, parameters),
	TOOL("strict", SHAPE_FLAG, strict),
};
static const struct shape function_shape = SHAPE_OF(function_rows);

static bool read_grammar(struct json value, void *into, struct arena *arena);
static void write_grammar(const void *from, const struct shape_out *out);

static const struct shape_row custom_rows[] = {
	TOOL("type", SHAPE_TEXT, type),
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	{ "format", SHAPE_SPECIAL, 0, read_grammar, write_grammar },
};
static const struct shape custom_shape = SHAPE_OF(custom_rows);

static const struct {
	struct str word;
	enum chat_tool_choice choice;
} choice_words[] = {
	{ STR("auto"), CHAT_CHOICE_AUTO },
	{ STR("none"), CHAT_CHOICE_NONE },
	{ STR("required"), CHAT_CHOICE_REQUIRED },
};

static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);

static const struct shape_row text_rows[] = {
	{ "format", SHAPE_SPECIAL, 0, read_format, write_format },
	{ "verbosity", SHAPE_TEXT, offsetof(struct chat_request, verbosity),
		NULL, NULL },
};
static const struct shape text_shape = SHAPE_OF(text_rows);

#define FORMAT(name, kind, field)                                           \
	{                                                                   \
		name, kind, offsetof(struct chat_format, field), NULL, NULL \
	}

static bool read_format_type(
	struct json value, void *into, struct arena *arena);
static void write_format_type(const void *from, const struct shape_out *out);

static const struct shape_row format_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, read_format_type, write_format_type },
	FORMAT("name", SHAPE_TEXT, name),
	FORMAT("description", SHAPE_TEXT, description),
	FORMAT("schema", SHAPE_OBJECT, schema),
	FORMAT("strict", SHAPE_FLAG, strict),
};
static const struct shape format_shape = SHAPE_OF(format_rows);

static const struct {
	struct str type;
	enum chat_format_kind kind;
} format_types[] = {
	{ STR("text"), CHAT_FORMAT_TEXT },
	{ STR("json_object"), CHAT_FORMAT_JSON },
	{ STR("json_schema"), CHAT_FORMAT_SCHEMA },
};

#define REASONING(name, kind, field)                                           \
	{                                                                      \
		name, kind, offsetof(struct chat_reasoning, field), NULL, NULL \
	}

static bool read_old_summary(
	struct json value, void *into, struct arena *arena);
static void write_summary(const void *from, const struct shape_out *out);
static bool read_summary(struct json value, void *into, struct arena *arena);

static const struct shape_row reasoning_rows[] = {
	REASONING("effort", SHAPE_TEXT, effort),
	{ "summary", SHAPE_SPECIAL_TEXT, 0, read_summary, write_summary },
	{ "generate_summary", SHAPE_SPECIAL_TEXT, 0, read_old_summary, NULL },
	/* OpenRouter */
	REASONING("max_tokens", SHAPE_COUNT, budget_tokens),
	REASONING("enabled", SHAPE_FLAG, enabled),
};
static const struct shape reasoning_shape = SHAPE_OF(reasoning_rows);

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool);
static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out);
static void write_foreign_tool(
	const struct chat_tool *tool, struct json_writer *w);
static bool is_custom(const struct chat_tool *tool);
static void write_format_of(
	const struct chat_tool *tool, struct json_writer *w);
static bool has_members(struct json object, size_t count);
static const struct chat_tool *find_tool(
	const struct chat_request *request, struct str name);
static void write_shape(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out);

bool openai_responses_read_tools(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	request->tool_count = json_length(value);
	request->tools =
		ARENA_ARRAY(arena, struct chat_tool, request->tool_count);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		read_tool(item.value, arena, &request->tools[i]);
	return true;
}

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool)
{
	struct json type = json_find(item, S("type"));

	if (json_text_is(type, S("function")))
		shape_read(&function_shape, item, tool, &tool->extra, arena);
	else if (json_text_is(type, S("custom")))
		shape_read(&custom_shape, item, tool, &tool->extra, arena);
	else
		tool->json = item.text;
}

void openai_responses_write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	json_name(out->w, "tools");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++)
		write_tool(&request->tools[i], out);
	json_end_array(out->w);
}

static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out)
{
	if (tool->json.p) {
		json_write_raw(out->w, tool->json);
		return;
	}
	json_begin_object(out->w);
	if (out->own_words)
		shape_write(is_custom(tool) ? &custom_shape : &function_shape,
			tool, &tool->extra, out);
	else
		write_foreign_tool(tool, out->w);
	json_end_object(out->w);
}

static bool is_custom(const struct chat_tool *tool)
{
	return str_equal(tool->type, S("custom"));
}

/* A function must have parameters; and where it does not say `strict` it is
 * strict here, other than in the other formats: the schema would be changed
 * or refused. The recorded answers show "strict":true for such tools. */
static void write_foreign_tool(
	const struct chat_tool *tool, struct json_writer *w)
{
	struct str parameters = tool->parameters;

	json_member_str(
		w, "type", is_custom(tool) ? S("custom") : S("function"));
	json_member_str(w, "name", tool->name);
	if (tool->description.p)
		json_member_str(w, "description", tool->description);
	if (is_custom(tool)) {
		write_format_of(tool, w);
		return;
	}
	if (!parameters.p)
		parameters = S("{\"type\":\"object\",\"properties\":{}}");
	json_member_raw(w, "parameters", parameters);
	json_member_bool(w, "strict", tool->strict == CHAT_YES);
}

/* The neutral form has OpenAI's older shape, with a grammar in an object of its
 * own: {"type": "grammar", "grammar": {"syntax", "definition"}}. */
static bool read_grammar(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;
	struct json type = json_find(value, S("type"));
	struct json syntax = json_find(value, S("syntax"));
	struct json definition = json_find(value, S("definition"));

	if (has_members(value, 1) && json_text_is(type, S("text"))) {
		tool->format = value.text;
		return true;
	}
	if (!has_members(value, 3) || !json_text_is(type, S("grammar")) ||
		syntax.type != JSON_TYPE_STRING ||
		definition.type != JSON_TYPE_STRING)
		return false;
	tool->format = arena_printf(arena,
		"{\"type\":\"grammar\",\"grammar\":{\"syntax\":%.*s,"
		"\"definition\":%.*s}}",
		STR_ARG(syntax.text), STR_ARG(definition.text));
	return true;
}

static void write_grammar(const void *from, const struct shape_out *out)
{
	write_format_of(from, out->w);
}

static void write_format_of(const struct chat_tool *tool, struct json_writer *w)
{
	static const char *const names[] = { "syntax", "definition" };
	struct error ignored = ERROR_INIT;
	struct json format, grammar;

	if (!tool->format.p ||
		!json_check(tool->format, JSON_MAX_DEPTH, &format, &ignored))
		return;
	grammar = json_find(format, S("grammar"));
	if (grammar.type != JSON_TYPE_OBJECT) {
		json_member_raw(w, "format", tool->format);
		return;
	}
	json_name(w, "format");
	json_begin_object(w);
	json_member_str(w, "type", S("grammar"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json value = json_find(grammar, str_of(names[i]));

		if (value.type != JSON_TYPE_NONE)
			json_member_raw(w, names[i], value.text);
	}
	json_end_object(w);
}

bool openai_responses_read_tool_choice(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json type = json_find(value, S("type"));
	bool is_function = json_text_is(type, S("function"));

	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (!json_text_is(value, choice_words[i].word))
			continue;
		request->tool_choice = choice_words[i].choice;
		request->tool_choice_word = choice_words[i].word;
		return true;
	}
	/* {"type": "function", "name": "x"} and nothing more. */
	if (!has_members(value, 2) ||
		!(is_function || json_text_is(type, S("custom"))) ||
		!json_text(json_find(value, S("name")), arena,
			&request->tool_choice_name))
		return false;
	request->tool_choice = CHAT_CHOICE_NAMED;
	request->tool_choice_word = is_function ? S("function") : S("custom");
	return true;
}

static bool has_members(struct json object, size_t count)
{
	return object.type == JSON_TYPE_OBJECT && json_length(object) == count;
}

void openai_responses_write_tool_choice(
	const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_tool *tool =
		find_tool(request, request->tool_choice_name);
	struct str type = request->tool_choice_word;

	if (request->tool_choice == CHAT_CHOICE_NAMED) {
		if (!out->own_words)
			type = tool && is_custom(tool) ? S("custom")
						       : S("function");
		json_name(out->w, "tool_choice");
		json_begin_object(out->w);
		json_member_str(out->w, "type", type);
		json_member_str(out->w, "name", request->tool_choice_name);
		json_end_object(out->w);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++)
		if (choice_words[i].choice == request->tool_choice)
			json_member_str(
				out->w, "tool_choice", choice_words[i].word);
}

static const struct chat_tool *find_tool(
	const struct chat_request *request, struct str name)
{
	for (size_t i = 0; i < request->tool_count; i++)
		if (str_equal(request->tools[i].name, name))
			return &request->tools[i];
	return NULL;
}

bool openai_responses_read_text(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	request->inner_extra.within = "text";
	shape_read(&text_shape, value, request, &request->inner_extra, arena);
	return true;
}

void openai_responses_write_text(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	bool has_extra = out->own_words && request->inner_extra.first;

	if (request->format.kind != CHAT_FORMAT_UNSET || request->verbosity.p ||
		has_extra)
		write_shape("text", &text_shape, request, &request->inner_extra,
			out);
}

static bool read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_format format = { .kind = CHAT_FORMAT_UNSET,
		.extra.within = "text.format" };

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	shape_read(&format_shape, value, &format, &format.extra, arena);
	if (format.kind == CHAT_FORMAT_UNSET)
		return false;
	request->format = format;
	return true;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	struct chat_format ours = request->format;

	if (ours.kind == CHAT_FORMAT_UNSET)
		return;
	if (!out->own_words && ours.kind == CHAT_FORMAT_SCHEMA) {
		/* A name and a schema must be there. */
		if (!ours.name.p)
			ours.name = S("response");
		if (!ours.schema.p)
			ours.schema = S("{\"type\":\"object\"}");
	}
	write_shape("format", &format_shape, &ours, &ours.extra, out);
}

static bool read_format_type(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(format_types); i++)
		if (json_text_is(value, format_types[i].type))
			format->kind = format_types[i].kind;
	return format->kind != CHAT_FORMAT_UNSET;
}

static void write_format_type(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;

	for (size_t i = 0; i < ARRAY_LEN(format_types); i++)
		if (format_types[i].kind == format->kind)
			json_member_str(out->w, "type", format_types[i].type);
}

bool openai_responses_read_reasoning(
	struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;

	if (value.type != JSON_TYPE_OBJECT || json_is_empty(value))
		return false;
	reasoning->member = S("reasoning");
	reasoning->extra.within = "reasoning";
	shape_read(
		&reasoning_shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

void openai_responses_write_reasoning(
	const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_reasoning *reasoning = &request->reasoning;
	struct chat_reasoning ours = { .budget_tokens = -1 };

	if (out->own_words) {
		if (reasoning->member.p)
			write_shape("reasoning", &reasoning_shape, reasoning,
				&reasoning->extra, out);
		return;
	}
	ours.effort = reasoning->effort;
	ours.summary = reasoning->summary;
	if (ours.effort.p || ours.summary.p)
		write_shape(
			"reasoning", &reasoning_shape, &ours, &ours.extra, out);
}

static bool read_summary(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	return json_text(value, arena, &reasoning->summary);
}

/* What the summary was called at first. */
static bool read_old_summary(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	if (reasoning->summary.p ||
		!json_text(value, arena, &reasoning->summary))
		return false;
	reasoning->member = S("generate_summary");
	return true;
}

static void write_summary(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;
	bool is_old = str_equal(reasoning->member, S("generate_summary"));

	if (reasoning->summary.p)
		json_member_str(out->w, is_old ? "generate_summary" : "summary",
			reasoning->summary);
}

static void write_shape(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out)
{
	json_name(out->w, name);
	json_begin_object(out->w);
	shape_write(shape, from, extra, out);
	json_end_object(out->w);
}
