/*
 * tool.c - tools, and the choice among them, in our own words.
 *
 * A tool with a schema is the client's function; its type is "custom" or not
 * said, which other formats use for something else. Any other tool is
 * Anthropic's own, and kept whole.
 */
#include "dialect/anthropic/anthropic.h"

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static bool read_type(struct json value, void *into, struct arena *arena);
static void write_type(const void *from, const struct shape_out *out);

static const struct shape_row tool_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, read_type, write_type },
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("input_schema", SHAPE_OBJECT, parameters),
	TOOL("strict", SHAPE_FLAG, strict),
	TOOL("cache_control", SHAPE_OBJECT, cache_control),
};
static const struct shape tool_shape = SHAPE_OF(tool_rows);

static const struct {
	struct str word;
	enum chat_tool_choice choice;
} choices[] = {
	{ STR("auto"), CHAT_CHOICE_AUTO },
	{ STR("any"), CHAT_CHOICE_REQUIRED },
	{ STR("tool"), CHAT_CHOICE_NAMED },
	{ STR("none"), CHAT_CHOICE_NONE },
};

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool);
static bool is_function(struct json item);
static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out);
static bool read_choice_member(const struct json_member *member,
	struct arena *arena, struct chat_request *request);
static bool read_choice_type(struct json value, struct chat_request *request);

bool anthropic_read_tools(struct json value, void *into, struct arena *arena)
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
	if (is_function(item))
		shape_read(&tool_shape, item, tool, &tool->extra, arena);
	else
		tool->json = item.text;
}

static bool is_function(struct json item)
{
	struct json type = json_find(item, S("type"));

	return (type.type == JSON_TYPE_NONE || type.type == JSON_TYPE_NULL ||
		       json_text_is(type, S("custom"))) &&
	       json_find(item, S("name")).type == JSON_TYPE_STRING &&
	       json_find(item, S("input_schema")).type == JSON_TYPE_OBJECT;
}

/* Absent or null is another thing than "custom" only to write it again. */
static bool read_type(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	(void)arena;
	if (value.type != JSON_TYPE_STRING)
		return false;
	tool->type = S("function");
	return true;
}

static void write_type(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	if (tool->type.p && out->own_words)
		json_member_str(out->w, "type", S("custom"));
}

void anthropic_write_tools(const void *from, const struct shape_out *out)
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
	shape_write(&tool_shape, tool, &tool->extra, out);
	json_end_object(out->w);
}

/* Understood as a whole or not at all: half a choice would be another one. */
bool anthropic_read_tool_choice(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_request read = *request;
	struct json_cursor cursor = json_members(value);
	struct json_member member;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	while (json_next(&cursor, &member))
		if (!read_choice_member(&member, arena, &read))
			return false;
	if (read.tool_choice == CHAT_CHOICE_UNSET ||
		(read.tool_choice == CHAT_CHOICE_NAMED) !=
			(read.tool_choice_name.p != NULL))
		return false;
	*request = read;
	return true;
}

static bool read_choice_member(const struct json_member *member,
	struct arena *arena, struct chat_request *request)
{
	bool flag;

	if (json_name_is(*member, S("type")))
		return read_choice_type(member->value, request);
	if (json_name_is(*member, S("name")))
		return json_text(
			member->value, arena, &request->tool_choice_name);
	if (!json_name_is(*member, S("disable_parallel_tool_use")) ||
		!json_bool(member->value, &flag))
		return false;
	request->parallel_tool_calls = flag ? CHAT_NO : CHAT_YES;
	return true;
}

static bool read_choice_type(struct json value, struct chat_request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(choices); i++) {
		if (!json_text_is(value, choices[i].word))
			continue;
		request->tool_choice = choices[i].choice;
		request->tool_choice_word = choices[i].word;
		return true;
	}
	return false;
}

void anthropic_write_tool_choice(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_choice == CHAT_CHOICE_UNSET)
		return;
	json_name(out->w, "tool_choice");
	json_begin_object(out->w);
	for (size_t i = 0; i < ARRAY_LEN(choices); i++)
		if (choices[i].choice == request->tool_choice)
			json_member_str(out->w, "type", choices[i].word);
	if (request->tool_choice == CHAT_CHOICE_NAMED)
		json_member_str(out->w, "name", request->tool_choice_name);
	if (request->parallel_tool_calls != CHAT_UNSET)
		json_member_bool(out->w, "disable_parallel_tool_use",
			request->parallel_tool_calls == CHAT_NO);
	json_end_object(out->w);
}
