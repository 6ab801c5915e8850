/*
 * function_tool.c - reads and writes tools that are functions.
 */
#include "dialect/function_tool.h"

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);

static const struct shape_row tool_rows[] = {
	TOOL("type", SHAPE_TEXT, type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
};
static const struct shape tool_shape = SHAPE_OF(tool_rows);

static const struct shape_row function_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("parameters", SHAPE_OBJECT, parameters),
};
static const struct shape function_shape = SHAPE_OF(function_rows);

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool);

bool function_tools_read(struct json value, void *into, struct arena *arena)
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
	if (json_find(item, S("function")).type == JSON_TYPE_OBJECT)
		shape_read(&tool_shape, item, tool, &tool->extra, arena);
	else
		tool->json = item.text;
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	tool->inner_extra.within = "function";
	shape_read(&function_shape, value, tool, &tool->inner_extra, arena);
	return true;
}

void function_tool_write(
	const struct chat_tool *tool, const struct shape_out *out)
{
	struct chat_tool ours = *tool;

	if (tool->json.p) {
		json_write_raw(out->w, tool->json);
		return;
	}
	if (!out->own_words) {
		ours.type = S("function");
		if (!ours.parameters.p)
			ours.parameters = S("{\"type\":\"object\","
					    "\"properties\":{}}");
	}
	json_begin_object(out->w);
	shape_write(&tool_shape, &ours, &tool->extra, out);
	json_end_object(out->w);
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	json_name(out->w, "function");
	json_begin_object(out->w);
	shape_write(&function_shape, tool, &tool->inner_extra, out);
	json_end_object(out->w);
}
