/*
 * check.c - what a request must say where it is translated.
 *
 * read_head() leaves it to the provider whether a call has a name. Who
 * translates must know: the reader that runs after this cannot fail.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/head.h"

struct required {
	struct str type; /* of the item, the part, the tool */
	const char *names[3];
	unsigned types; /* HEAD_TYPE() */
	const char *expected;
};

#define TEXT HEAD_TYPE(JSON_TYPE_STRING), "a string"
#define OUTPUT                                                    \
	HEAD_TYPE(JSON_TYPE_STRING) | HEAD_TYPE(JSON_TYPE_ARRAY), \
		"a string or an array of parts"

static const struct required items[] = {
	{ STR("function_call"), { "call_id", "name", "arguments" }, TEXT },
	{ STR("custom_tool_call"), { "call_id", "name", "input" }, TEXT },
	{ STR("function_call_output"), { "call_id" }, TEXT },
	{ STR("function_call_output"), { "output" }, OUTPUT },
	{ STR("custom_tool_call_output"), { "call_id" }, TEXT },
	{ STR("custom_tool_call_output"), { "output" }, OUTPUT },
};

static const struct required parts[] = {
	{ STR("input_text"), { "text" }, TEXT },
	{ STR("output_text"), { "text" }, TEXT },
};

static const struct required tools[] = {
	{ STR("function"), { "name" }, TEXT },
	{ STR("custom"), { "name" }, TEXT },
};

/* Of these one must be there. */
static const struct {
	struct str type;
	const char *names[3];
} sources[] = {
	{ STR("input_image"), { "image_url", "file_id" } },
	{ STR("input_file"), { "file_data", "file_url", "file_id" } },
};

static bool check_item(size_t index, struct json item, struct error *err);
static bool check_parts(
	const char *list, struct json list_of_parts, struct error *err);
static bool check_source(const char *path, struct json part, struct error *err);
static bool check_tools(struct json list, struct error *err);
static bool check_members(const struct required *rows, size_t count,
	const char *path, struct json object, struct error *err);
static bool check_member(const struct required *row, const char *name,
	const char *path, struct json object, struct error *err);

bool openai_responses_check(const struct chat_head *head, struct error *err)
{
	struct json_cursor cursor = json_members(head->messages);
	struct json_member item;
	size_t index = 0;

	while (json_next(&cursor, &item))
		if (!check_item(index++, item.value, err))
			return false;
	return check_tools(json_find(head->root, S("tools")), err);
}

static bool check_item(size_t index, struct json item, struct error *err)
{
	struct head_path path = head_path("input[%zu]", index);
	const char *name;

	if (!check_members(items, ARRAY_LEN(items), path.text, item, err))
		return false;
	switch (openai_responses_kind_of(item)) {
	case OPENAI_RESPONSES_MESSAGE: name = "content"; break;
	case OPENAI_RESPONSES_RESULT: name = "output"; break;
	default: return true;
	}
	path = head_path("input[%zu].%s", index, name);
	return check_parts(path.text, json_find(item, str_of(name)), err);
}

static bool check_parts(
	const char *list, struct json list_of_parts, struct error *err)
{
	struct json_cursor cursor = json_members(list_of_parts);
	struct json_member part;

	for (size_t i = 0; json_next(&cursor, &part); i++) {
		struct head_path path = head_path("%s[%zu]", list, i);

		if (part.value.type != JSON_TYPE_OBJECT)
			return head_refuse_type(
				err, path.text, "an object", part.value);
		if (!check_members(parts, ARRAY_LEN(parts), path.text,
			    part.value, err) ||
			!check_source(path.text, part.value, err))
			return false;
	}
	return true;
}

static bool check_source(const char *path, struct json part, struct error *err)
{
	struct json type = json_find(part, S("type"));

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		bool has_any = false;

		if (!json_text_is(type, sources[i].type))
			continue;
		for (size_t k = 0; k < 3 && sources[i].names[k]; k++)
			has_any |= json_find(part, str_of(sources[i].names[k]))
					   .type == JSON_TYPE_STRING;
		if (!has_any)
			return head_refuse_missing(err,
				head_path("%s.%s", path, sources[i].names[0])
					.text,
				"say where it is, or send its file_id.");
	}
	return true;
}

static bool check_tools(struct json list, struct error *err)
{
	struct json_cursor cursor = json_members(list);
	struct json_member tool;

	for (size_t i = 0; json_next(&cursor, &tool); i++)
		if (!check_members(tools, ARRAY_LEN(tools),
			    head_path("tools[%zu]", i).text, tool.value, err))
			return false;
	return true;
}

static bool check_members(const struct required *rows, size_t count,
	const char *path, struct json object, struct error *err)
{
	struct json type = json_find(object, S("type"));

	for (size_t i = 0; i < count; i++) {
		if (!json_text_is(type, rows[i].type))
			continue;
		for (size_t k = 0; k < 3 && rows[i].names[k]; k++)
			if (!check_member(&rows[i], rows[i].names[k], path,
				    object, err))
				return false;
	}
	return true;
}

static bool check_member(const struct required *row, const char *name,
	const char *path, struct json object, struct error *err)
{
	struct json value = json_find(object, str_of(name));
	struct head_path where;

	if (row->types & HEAD_TYPE(value.type))
		return true;
	where = head_path("%s.%s", path, name);
	if (value.type == JSON_TYPE_NONE)
		return error_refuse(err, ERR_MISSING_FIELD, where.text,
			"'%s' is missing: it must be %s.", where.text,
			row->expected);
	return head_refuse_type(err, where.text, row->expected, value);
}
