/*
 * tool.c - the tools of a request and which of them to use, to
 * and from the neutral form. A tool that is neither a function nor a custom
 * one is kept whole.
 */
#include "dialect/openai_chat/openai_chat.h"

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);
static bool read_custom(struct json value, void *into, struct arena *arena);
static void write_custom(const void *from, const struct shape_out *out);

static const struct shape_row tool_rows[] = {
	TOOL("type", SHAPE_TEXT, type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
	{ "custom", SHAPE_SPECIAL, 0, read_custom, write_custom },
	TOOL("cache_control", SHAPE_OBJECT, cache_control),
};
static const struct shape tool_shape = SHAPE_OF(tool_rows);

static const struct shape_row function_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("parameters", SHAPE_OBJECT, parameters),
	TOOL("strict", SHAPE_FLAG, strict),
};
static const struct shape function_shape = SHAPE_OF(function_rows);

static const struct shape_row custom_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("format", SHAPE_OBJECT, format),
};
static const struct shape custom_shape = SHAPE_OF(custom_rows);

/* The first word of each meaning is the one that is written. */
static const struct {
	struct str word;
	enum chat_tool_choice choice;
} choice_words[] = {
	{ STR("auto"), CHAT_CHOICE_AUTO }, { STR("none"), CHAT_CHOICE_NONE },
	{ STR("required"), CHAT_CHOICE_REQUIRED },
	{ STR("any"), CHAT_CHOICE_REQUIRED }, /* Mistral */
};

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool);
static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out);
static bool is_custom(const struct chat_tool *tool);
static bool read_named_choice(struct json value, struct str type,
	struct arena *arena, struct chat_request *request);
static bool only_members(struct json object, struct str a, struct str b);
static void write_named_choice(
	const struct chat_request *request, const struct shape_out *out);
static bool names_custom_tool(const struct chat_request *request);

bool openai_chat_read_tools(struct json value, void *into, struct arena *arena)
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
	bool custom = json_text_is(json_find(item, S("type")), S("custom"));
	struct json inner =
		json_find(item, custom ? S("custom") : S("function"));

	if (inner.type == JSON_TYPE_OBJECT)
		shape_read(&tool_shape, item, tool, &tool->extra, arena);
	else
		tool->json = item.text;
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	if (is_custom(tool))
		return false;
	tool->inner_extra.within = "function";
	shape_read(&function_shape, value, tool, &tool->inner_extra, arena);
	return true;
}

static bool read_custom(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	if (!is_custom(tool))
		return false;
	tool->inner_extra.within = "custom";
	shape_read(&custom_shape, value, tool, &tool->inner_extra, arena);
	return true;
}

static bool is_custom(const struct chat_tool *tool)
{
	return str_equal(tool->type, S("custom"));
}

void openai_chat_write_tools(const void *from, const struct shape_out *out)
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
	struct chat_tool ours = *tool;

	if (tool->json.p) {
		json_write_raw(out->w, tool->json);
		return;
	}
	if (!out->own_words && !is_custom(tool))
		ours.type = S("function");
	json_begin_object(out->w);
	shape_write(&tool_shape, &ours, &tool->extra, out);
	json_end_object(out->w);
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	if (!is_custom(tool))
		openai_chat_write_inner("function", &function_shape, tool,
			&tool->inner_extra, out);
}

static void write_custom(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	if (is_custom(tool))
		openai_chat_write_inner(
			"custom", &custom_shape, tool, &tool->inner_extra, out);
}

bool openai_chat_read_tool_choice(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (!json_text_is(value, choice_words[i].word))
			continue;
		request->tool_choice = choice_words[i].choice;
		request->tool_choice_word = choice_words[i].word;
		return true;
	}
	return read_named_choice(value, S("function"), arena, request) ||
	       read_named_choice(value, S("custom"), arena, request);
}

/* {"type": "function", "function": {"name": "x"}} and nothing more. */
static bool read_named_choice(struct json value, struct str type,
	struct arena *arena, struct chat_request *request)
{
	struct json inner = json_find(value, type);
	struct json name = json_find(inner, S("name"));

	if (!json_text_is(json_find(value, S("type")), type) ||
		!only_members(value, S("type"), type) ||
		!only_members(inner, S("name"), S("name")))
		return false;
	if (!json_text(name, arena, &request->tool_choice_name))
		return false;
	request->tool_choice = CHAT_CHOICE_NAMED;
	request->tool_choice_word = type;
	return true;
}

static bool only_members(struct json object, struct str a, struct str b)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		if (!json_name_is(member, a) && !json_name_is(member, b))
			return false;
	return object.type == JSON_TYPE_OBJECT;
}

void openai_chat_write_tool_choice(
	const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_choice == CHAT_CHOICE_NAMED) {
		write_named_choice(request, out);
		return;
	}
	if (out->own_words && request->tool_choice_word.p) {
		json_member_str(
			out->w, "tool_choice", request->tool_choice_word);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (choice_words[i].choice != request->tool_choice)
			continue;
		json_member_str(out->w, "tool_choice", choice_words[i].word);
		return;
	}
}

static void write_named_choice(
	const struct chat_request *request, const struct shape_out *out)
{
	bool custom = out->own_words ? str_equal(request->tool_choice_word,
					       S("custom"))
				     : names_custom_tool(request);
	const char *type = custom ? "custom" : "function";

	json_name(out->w, "tool_choice");
	json_begin_object(out->w);
	json_member_str(out->w, "type", str_of(type));
	json_name(out->w, type);
	json_begin_object(out->w);
	json_member_str(out->w, "name", request->tool_choice_name);
	json_end_object(out->w);
	json_end_object(out->w);
}

static bool names_custom_tool(const struct chat_request *request)
{
	for (size_t i = 0; i < request->tool_count; i++)
		if (str_equal(
			    request->tools[i].name, request->tool_choice_name))
			return is_custom(&request->tools[i]);
	return false;
}
