/*
 * tool.c - tools and the choice among them, to and from the neutral
 * form.
 *
 * One entry of "tools" holds any number of function declarations, and tools
 * that only Google has beside them. Each becomes a tool of the neutral form;
 * in own words the whole member stays as it came.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/head.h"

static bool read_schema(struct json value, void *into, struct arena *arena);
static bool read_json_schema(
	struct json value, void *into, struct arena *arena);
static void write_json_schema(const void *from, const struct shape_out *out);

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

/* "parametersJsonSchema" takes any JSON schema, so nothing of one is lost:
 * https://ai.google.dev/api/caching#FunctionDeclaration. */
static const struct shape_row function_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	{ "parameters", SHAPE_SPECIAL, 0, read_schema, NULL },
	{ "parametersJsonSchema", SHAPE_SPECIAL, 0, read_json_schema,
		write_json_schema },
};
static const struct shape function_shape = SHAPE_OF(function_rows);

static const struct {
	struct str mode;
	enum chat_tool_choice choice;
} modes[] = {
	{ STR("AUTO"), CHAT_CHOICE_AUTO },
	{ STR("ANY"), CHAT_CHOICE_REQUIRED },
	{ STR("NONE"), CHAT_CHOICE_NONE },
	/* As it likes, but what it calls fits the schema. */
	{ STR("VALIDATED"), CHAT_CHOICE_AUTO },
	{ STR("MODE_UNSPECIFIED"), CHAT_CHOICE_AUTO },
};

struct reader {
	struct arena *arena;
	struct error *err;
	struct chat_request *out;
	size_t entry; /* its index in "tools" */
};

static size_t count_tools(struct json entry);
static bool read_entry(struct reader *r, struct json entry);
static bool read_functions(struct reader *r, struct json list);
static void read_other(struct reader *r, const struct json_member *member);
static bool read_mode(struct json mode, struct chat_request *request);
static bool has_only(struct json object, const char *a, const char *b);

bool gemini_read_tools(struct json tools, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	struct reader r = { .arena = arena, .err = err, .out = out };
	struct gemini_items items = gemini_items(tools);
	struct json entry;
	size_t count = 0;

	while (gemini_next(&items, &entry))
		count += count_tools(entry);
	out->tools = ARENA_ARRAY(arena, struct chat_tool, count);
	items = gemini_items(tools);
	for (; gemini_next(&items, &entry); r.entry++)
		if (!read_entry(&r, entry))
			return false;
	assert(out->tool_count <= count);
	return true;
}

static size_t count_tools(struct json entry)
{
	struct json_cursor cursor = json_members(entry);
	struct json_member member;
	size_t count = 0;

	if (entry.type != JSON_TYPE_OBJECT)
		return 0;
	while (json_next(&cursor, &member))
		count += gemini_name_is(&member, "functionDeclarations")
				 ? gemini_length(member.value)
				 : 1;
	return count;
}

static bool read_entry(struct reader *r, struct json entry)
{
	struct json_cursor cursor = json_members(entry);
	struct head_path path = head_path("tools[%zu]", r->entry);
	struct json_member member;

	if (entry.type != JSON_TYPE_OBJECT)
		return head_refuse_type(r->err, path.text, "an object", entry);
	while (json_next(&cursor, &member)) {
		if (!gemini_name_is(&member, "functionDeclarations"))
			read_other(r, &member);
		else if (!read_functions(r, member.value))
			return false;
	}
	return true;
}

static bool read_functions(struct reader *r, struct json list)
{
	struct gemini_items items = gemini_items(list);
	struct json item;

	for (size_t i = 0; gemini_next(&items, &item); i++) {
		struct chat_tool *tool = &r->out->tools[r->out->tool_count++];
		struct head_path path = head_path(
			"tools[%zu].functionDeclarations[%zu]", r->entry, i);

		if (item.type != JSON_TYPE_OBJECT)
			return head_refuse_type(
				r->err, path.text, "an object", item);
		tool->type = S("function");
		gemini_read_shape(
			&function_shape, item, tool, &tool->extra, r->arena);
		if (tool->name.n > 0)
			continue;
		path = head_path("tools[%zu].functionDeclarations[%zu].name",
			r->entry, i);
		return head_refuse_missing(
			r->err, path.text, "send the function's name.");
	}
	return true;
}

/* {"googleSearch": {}}: a tool by the name of its member. */
static void read_other(struct reader *r, const struct json_member *member)
{
	struct chat_tool *tool = &r->out->tools[r->out->tool_count];

	if (member->value.type == JSON_TYPE_NULL)
		return;
	r->out->tool_count++;
	tool->type = member->name;
	tool->json = arena_printf(r->arena, "{\"%.*s\":%.*s}",
		STR_ARG(member->name), STR_ARG(member->value.text));
}

static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	tool->parameters = gemini_read_schema(value, arena);
	return true;
}

static bool read_json_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT || tool->parameters.p)
		return false;
	tool->parameters = value.text;
	return true;
}

static void write_json_schema(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	if (tool->parameters.p)
		json_member_raw(
			out->w, "parametersJsonSchema", tool->parameters);
}

void gemini_write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	json_name(out->w, "tools");
	json_begin_array(out->w);
	json_begin_object(out->w);
	json_name(out->w, "functionDeclarations");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++) {
		const struct chat_tool *tool = &request->tools[i];

		if (tool->json.p)
			continue; /* refused as a loss */
		json_begin_object(out->w);
		gemini_write_shape(&function_shape, tool, &tool->extra, out);
		json_end_object(out->w);
	}
	json_end_array(out->w);
	json_end_object(out->w);
	json_end_array(out->w);
}

bool gemini_check_tool_config(struct json root, struct error *err)
{
	static const char path[] = "toolConfig.functionCallingConfig.mode";
	struct json config = gemini_find(root, "toolConfig");
	struct json calling = gemini_find(config, "functionCallingConfig");
	struct json mode = json_find(calling, S("mode"));
	struct chat_request ignored;

	if (mode.type == JSON_TYPE_NONE || mode.type == JSON_TYPE_NULL ||
		read_mode(mode, &ignored))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, path,
		"'%s' must be AUTO, ANY, NONE or VALIDATED.", path);
}

/* False: there is more in it than the neutral form can say. */
bool gemini_read_tool_config(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json calling = gemini_find(value, "functionCallingConfig");
	struct json names = gemini_find(calling, "allowedFunctionNames");
	struct json_cursor cursor = json_members(names);
	bool is_known = read_mode(json_find(calling, S("mode")), request);
	struct json_member only;

	if (json_length(names) == 1 && json_next(&cursor, &only) &&
		request->tool_choice == CHAT_CHOICE_REQUIRED &&
		json_text(only.value, arena, &request->tool_choice_name))
		request->tool_choice = CHAT_CHOICE_NAMED;
	else if (names.type != JSON_TYPE_NONE)
		is_known = false;
	return is_known && has_only(value, "functionCallingConfig", "") &&
	       has_only(calling, "mode", "allowedFunctionNames");
}

static bool read_mode(struct json mode, struct chat_request *request)
{
	struct str word = mode.text;

	if (mode.type != JSON_TYPE_STRING)
		return false;
	word = (struct str){ word.p + 1, word.n - 2 };
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		if (!str_equal_nocase(word, modes[i].mode))
			continue;
		request->tool_choice = modes[i].choice;
		return true;
	}
	return false;
}

static bool has_only(struct json object, const char *a, const char *b)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		if (!gemini_name_is(&member, a) && !gemini_name_is(&member, b))
			return false;
	return object.type == JSON_TYPE_OBJECT;
}

void gemini_write_tool_config(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	enum chat_tool_choice choice = request->tool_choice;
	bool is_named = choice == CHAT_CHOICE_NAMED;
	size_t i = 0;

	if (is_named)
		choice = CHAT_CHOICE_REQUIRED;
	while (i < ARRAY_LEN(modes) && modes[i].choice != choice)
		i++;
	if (i == ARRAY_LEN(modes) || request->tool_count == 0)
		return;
	json_name(out->w, "toolConfig");
	json_begin_object(out->w);
	json_name(out->w, "functionCallingConfig");
	json_begin_object(out->w);
	json_member_str(out->w, "mode", modes[i].mode);
	if (is_named) {
		json_name(out->w, "allowedFunctionNames");
		json_begin_array(out->w);
		json_write_str(out->w, request->tool_choice_name);
		json_end_array(out->w);
	}
	json_end_object(out->w);
	json_end_object(out->w);
}
