/*
 * tool.c - the member toolConfig: tools and the choice among them.
 *
 * What of it has another shape than the documented one, makes the whole
 * member one that only this format understands.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/anthropic/anthropic.h"

#define MAX_NAME 64

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static bool read_schema(struct json value, void *into, struct arena *arena);
static void write_schema(const void *from, const struct shape_out *out);

static const struct shape_row tool_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	{ "inputSchema", SHAPE_SPECIAL, 0, read_schema, write_schema },
	TOOL("strict", SHAPE_FLAG, strict),
};
static const struct shape tool_shape = SHAPE_OF(tool_rows);

static void read_list(
	struct json list, struct chat_request *request, struct arena *arena);
static void read_tool(
	struct json item, struct chat_tool *tool, struct arena *arena);
static bool attach_cache_point(struct chat_request *request, struct json item);
static bool read_choice(
	struct json choice, struct chat_request *request, struct arena *arena);
static bool is_empty_object(struct json value);
static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out);
static void write_choice(
	const struct chat_request *request, struct json_writer *w);

static bool refuse_choice(struct bedrock_translation *t);
static bool has_calls(const struct chat_request *request);
static bool check_tool(struct bedrock_translation *t, size_t index);
static bool is_name(struct str name);
static void translate_tool(struct bedrock_translation *t, size_t index);
static void translate_schema(struct bedrock_translation *t,
	const struct chat_tool *tool, const char *path);
static void write_tools_of_calls(struct bedrock_translation *t);
static bool is_first_call(
	const struct chat_request *request, const struct chat_call *call);
static void write_tool_of_call(
	const struct chat_call *call, struct json_writer *w);

bool bedrock_read_tools(struct json value, void *into, struct arena *arena)
{
	static const struct str names[] = { STR("tools"), STR("toolChoice") };
	struct chat_request *request = into;
	struct json tools = json_find(value, S("tools"));
	struct json choice = json_find(value, S("toolChoice"));
	struct json_cursor cursor = json_members(tools);
	struct json_member item;

	if (!bedrock_has_only(value, names, ARRAY_LEN(names)) ||
		tools.type != JSON_TYPE_ARRAY || json_is_empty(tools))
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	if (choice.type != JSON_TYPE_NONE &&
		!read_choice(choice, request, arena))
		return false;
	read_list(tools, request, arena);
	return true;
}

static void read_list(
	struct json list, struct chat_request *request, struct arena *arena)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	request->tools =
		ARENA_ARRAY(arena, struct chat_tool, json_length(list));
	while (json_next(&cursor, &item))
		if (!attach_cache_point(request, item.value))
			read_tool(item.value,
				&request->tools[request->tool_count++], arena);
}

/* A tool that the provider runs itself stays as it came. */
static void read_tool(
	struct json item, struct chat_tool *tool, struct arena *arena)
{
	struct json spec =
		bedrock_only_member(item, S("toolSpec"), JSON_TYPE_OBJECT);

	if (json_find(spec, S("name")).type != JSON_TYPE_STRING) {
		tool->json = item.text;
		return;
	}
	tool->type = S("function");
	shape_read(&tool_shape, spec, tool, &tool->inner_extra, arena);
}

static bool attach_cache_point(struct chat_request *request, struct json item)
{
	struct chat_tool *tool = request->tools + request->tool_count - 1;
	struct str cache_control;

	if (request->tool_count == 0 || tool->json.p || tool->cache_control.p ||
		!bedrock_read_cache_point(item, &cache_control))
		return false;
	tool->cache_control = cache_control;
	return true;
}

/* {"json": {schema}} */
static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct json schema =
		bedrock_only_member(value, S("json"), JSON_TYPE_OBJECT);
	struct chat_tool *tool = into;

	(void)arena;
	tool->parameters = schema.text;
	return schema.type == JSON_TYPE_OBJECT;
}

static void write_schema(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	if (!tool->parameters.p)
		return;
	json_name(out->w, "inputSchema");
	json_begin_object(out->w);
	json_member_raw(out->w, "json", tool->parameters);
	json_end_object(out->w);
}

/* {"auto": {}}, {"any": {}} or {"tool": {"name": "x"}} */
static bool read_choice(
	struct json choice, struct chat_request *request, struct arena *arena)
{
	struct json tool =
		bedrock_only_member(choice, S("tool"), JSON_TYPE_OBJECT);
	struct json name =
		bedrock_only_member(tool, S("name"), JSON_TYPE_STRING);

	if (json_text(name, arena, &request->tool_choice_name)) {
		request->tool_choice = CHAT_CHOICE_NAMED;
		return true;
	}
	if (is_empty_object(
		    bedrock_only_member(choice, S("auto"), JSON_TYPE_OBJECT)))
		request->tool_choice = CHAT_CHOICE_AUTO;
	else if (is_empty_object(bedrock_only_member(
			 choice, S("any"), JSON_TYPE_OBJECT)))
		request->tool_choice = CHAT_CHOICE_REQUIRED;
	return request->tool_choice != CHAT_CHOICE_UNSET;
}

static bool is_empty_object(struct json value)
{
	return value.type == JSON_TYPE_OBJECT && json_is_empty(value);
}

void bedrock_write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	json_name(out->w, "toolConfig");
	json_begin_object(out->w);
	json_name(out->w, "tools");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++)
		write_tool(&request->tools[i], out);
	json_end_array(out->w);
	write_choice(request, out->w);
	json_end_object(out->w);
}

static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out)
{
	if (tool->json.p) {
		json_write_raw(out->w, tool->json);
		return;
	}
	json_begin_object(out->w);
	json_name(out->w, "toolSpec");
	json_begin_object(out->w);
	shape_write(&tool_shape, tool, &tool->inner_extra, out);
	json_end_object(out->w);
	json_end_object(out->w);
	if (tool->cache_control.p)
		bedrock_write_cache_point(tool->cache_control, out->w);
}

/* "none" has no word. */
static void write_choice(
	const struct chat_request *request, struct json_writer *w)
{
	static const struct {
		enum chat_tool_choice choice;
		const char *word;
	} words[] = {
		{ CHAT_CHOICE_AUTO, "auto" },
		{ CHAT_CHOICE_REQUIRED, "any" },
		{ CHAT_CHOICE_NAMED, "tool" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (words[i].choice != request->tool_choice)
			continue;
		json_name(w, "toolChoice");
		json_begin_object(w);
		json_name(w, words[i].word);
		json_begin_object(w);
		if (words[i].choice == CHAT_CHOICE_NAMED)
			json_member_str(w, "name", request->tool_choice_name);
		json_end_object(w);
		json_end_object(w);
	}
}

/*
 * Another dialect's tools. A conversation that has calls must have tools, be
 * it those that were called: "The toolConfig field must be defined when using
 * toolUse and toolResult content blocks." Without calls, tools that must not
 * be used are best not shown; with calls, there is no way to say so.
 */
bool bedrock_translate_tools(struct bedrock_translation *t)
{
	const struct chat_request *request = t->request;
	bool must = has_calls(request);

	if (request->tool_choice == CHAT_CHOICE_NONE &&
		request->tool_count > 0) {
		return !must || refuse_choice(t);
	}
	for (size_t i = 0; i < request->tool_count; i++)
		if (!check_tool(t, i))
			return false;
	if (request->tool_count == 0) {
		if (must)
			write_tools_of_calls(t);
		return true;
	}
	json_name(t->out.w, "toolConfig");
	json_begin_object(t->out.w);
	json_name(t->out.w, "tools");
	json_begin_array(t->out.w);
	for (size_t i = 0; i < request->tool_count; i++)
		translate_tool(t, i);
	json_end_array(t->out.w);
	write_choice(request, t->out.w);
	json_end_object(t->out.w);
	return true;
}

static bool refuse_choice(struct bedrock_translation *t)
{
	const char *word = bedrock.words[FIELD_TOOL_CHOICE];

	if (t->losses && t->losses->from->words[FIELD_TOOL_CHOICE])
		word = t->losses->from->words[FIELD_TOOL_CHOICE];
	return error_refuse(t->err, ERR_UNSUPPORTED, word,
		"'%s': the provider of the chosen model cannot be told to use "
		"no tool once tools were used.",
		word);
}

static bool has_calls(const struct chat_request *request)
{
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL)
				return true;
	return false;
}

static bool check_tool(struct bedrock_translation *t, size_t index)
{
	const struct chat_tool *tool = &t->request->tools[index];
	char path[32];

	if (!tool->json.p && is_name(tool->name))
		return true;
	snprintf(path, sizeof(path), "tools[%zu]", index);
	return error_refuse(t->err, ERR_UNSUPPORTED, path,
		"'%s' is not a function with a name of up to %d letters, "
		"digits, '_' and '-', and the provider of the chosen model "
		"takes nothing else.",
		path, MAX_NAME);
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!isalnum((unsigned char)name.p[i]) && name.p[i] != '_' &&
			name.p[i] != '-')
			return false;
	return name.n >= 1 && name.n <= MAX_NAME;
}

static void translate_tool(struct bedrock_translation *t, size_t index)
{
	const struct chat_tool *tool = &t->request->tools[index];
	struct json_writer *w = t->out.w;
	char path[32];

	snprintf(path, sizeof(path), "tools[%zu]", index);
	json_begin_object(w);
	json_name(w, "toolSpec");
	json_begin_object(w);
	json_member_str(w, "name", tool->name);
	/* At least one character, or none at all. */
	if (tool->description.n > 0)
		json_member_str(w, "description", tool->description);
	translate_schema(t, tool, path);
	json_end_object(w);
	json_end_object(w);
	if (!tool->cache_control.p || !bedrock_carries(t, FIELD_CACHE_CONTROL))
		return;
	if (t->model.caches_tools)
		bedrock_write_cache_point(tool->cache_control, w);
	else if (t->losses)
		chat_losses_add(t->losses, "%s.cache_control", path);
}

/* Claude's rules hold for all: the schema is of an object, without a choice
 * at its top; a strict one has a part of JSON Schema alone. See
 * https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html
 */
static void translate_schema(struct bedrock_translation *t,
	const struct chat_tool *tool, const char *path)
{
	struct anthropic_translation claude = { .losses = t->losses,
		.w = t->out.w };
	bool wants = tool->strict == CHAT_YES && tool->parameters.p &&
		     bedrock_carries(t, FIELD_TOOL_STRICT);
	bool is_strict = wants && t->model.takes_strict;

	if (is_strict)
		json_member_bool(t->out.w, "strict", true);
	else if (wants && t->losses)
		chat_losses_add(t->losses, "%s.strict", path);
	json_name(t->out.w, "inputSchema");
	json_begin_object(t->out.w);
	json_name(t->out.w, "json");
	if (is_strict)
		anthropic_write_strict_schema(&claude, tool->parameters, path);
	else
		anthropic_write_input_schema(&claude, tool->parameters, path);
	json_end_object(t->out.w);
}

static void write_tools_of_calls(struct bedrock_translation *t)
{
	const struct chat_request *request = t->request;
	struct json_writer *w = t->out.w;

	json_name(w, "toolConfig");
	json_begin_object(w);
	json_name(w, "tools");
	json_begin_array(w);
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL &&
				is_first_call(request, &part->call))
				write_tool_of_call(&part->call, w);
	json_end_array(w);
	json_end_object(w);
}

/* Of its tool, in the whole conversation. */
static bool is_first_call(
	const struct chat_request *request, const struct chat_call *call)
{
	for (size_t i = 0; i < request->message_count; i++)
		for (const struct chat_part *part = request->messages[i].parts;
			part; part = part->next)
			if (part->kind == CHAT_TOOL_CALL &&
				str_equal(part->call.name, call->name))
				return &part->call == call;
	return false;
}

static void write_tool_of_call(
	const struct chat_call *call, struct json_writer *w)
{
	json_begin_object(w);
	json_name(w, "toolSpec");
	json_begin_object(w);
	json_member_str(w, "name", call->name);
	json_member_raw(
		w, "inputSchema", S("{\"json\":{\"type\":\"object\"}}"));
	json_end_object(w);
	json_end_object(w);
}
