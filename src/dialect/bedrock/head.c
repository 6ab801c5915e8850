/*
 * head.c - what the gateway must know of a client's request. The
 * model's name and whether to stream stand in the address, not here.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/head.h"
#include "dialect/pick.h"

static bool read_messages(struct head_reader *r, struct json value);
static bool read_system(struct head_reader *r, struct json value);
static bool read_inference(struct head_reader *r, struct json value);
static bool read_tool_config(struct head_reader *r, struct json value);
static bool read_additional(struct head_reader *r, struct json value);
static bool read_output(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("messages"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("system"), HEAD_ARRAY, "an array of content blocks", true,
		read_system },
	{ STR("inferenceConfig"), HEAD_OBJECT, "an object", true,
		read_inference },
	{ STR("toolConfig"), HEAD_OBJECT, "an object", true, read_tool_config },
	{ STR("additionalModelRequestFields"), HEAD_OBJECT, "an object", true,
		read_additional },
	{ STR("outputConfig"), HEAD_OBJECT, "an object", true, read_output },
	{ STR("guardrailConfig"), HEAD_OBJECT, "an object", true, NULL },
	{ STR("requestMetadata"), HEAD_OBJECT, "an object", false, NULL },
};
/* clang-format on */

/* The members of one message. */
struct message_view {
	struct json role;
	struct json content;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
};

static bool read_message(
	struct head_reader *r, size_t index, struct json message);
static bool read_role(struct head_reader *r, size_t index, struct json role);
static bool read_content(
	struct head_reader *r, size_t index, struct json content);
static void count_block(struct chat_head *head, struct json block);
static void count_result(struct chat_head *head, struct json result);
static bool read_max_tokens(struct head_reader *r, struct json value);
static bool refuse_twice(struct head_reader *r, const char *path);

bool bedrock_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };

	if (!head_read(&r, body, fields, ARRAY_LEN(fields)))
		return false;
	return head_require_messages(out, "[{\"text\": \"Hello\"}]", err);
}

static bool read_messages(struct head_reader *r, struct json value)
{
	return head_read_messages(r, value, read_message);
}

static bool read_message(
	struct head_reader *r, size_t index, struct json message)
{
	struct message_view view;

	if (message.type != JSON_TYPE_OBJECT)
		return head_refuse_type(r->err,
			head_path("messages[%zu]", index).text, "an object",
			message);
	pick_members(message, message_rows, ARRAY_LEN(message_rows), &view);
	if (json_count(message, S("role")) > 1)
		return refuse_twice(
			r, head_path("messages[%zu].role", index).text);
	if (json_count(message, S("content")) > 1)
		return refuse_twice(
			r, head_path("messages[%zu].content", index).text);
	return read_role(r, index, view.role) &&
	       read_content(r, index, view.content);
}

static bool read_role(struct head_reader *r, size_t index, struct json role)
{
	static const struct str roles[] = { STR("user"), STR("assistant"),
		STR("system") };

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (json_text_is(role, roles[i]))
			return true;
	return head_refuse_role(r, index, role, "user, assistant and system");
}

static bool read_content(
	struct head_reader *r, size_t index, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct head_path path;
	struct json_member item;
	size_t block = 0;

	path = head_path("messages[%zu].content", index);
	if (content.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: send an array of content blocks.",
			path.text);
	if (content.type != JSON_TYPE_ARRAY)
		return head_refuse_type(r->err, path.text,
			"an array of content blocks", content);
	for (; json_next(&cursor, &item); block++) {
		if (item.value.type != JSON_TYPE_OBJECT)
			return head_refuse_type(r->err,
				head_path("messages[%zu].content[%zu]", index,
					block)
					.text,
				"an object", item.value);
		count_block(r->head, item.value);
	}
	return true;
}

static void count_block(struct chat_head *head, struct json block)
{
	struct json_cursor cursor = json_members(block);
	struct json_member kind;

	while (json_next(&cursor, &kind)) {
		if (json_name_is(kind, S("text")))
			head_count_text(head, kind.value);
		else if (json_name_is(kind, S("image")))
			head->has_images = true;
		else if (json_name_is(kind, S("audio")))
			head->has_audio = true;
		else if (json_name_is(kind, S("document")) ||
			 json_name_is(kind, S("video")))
			head->has_files = true;
		else if (json_name_is(kind, S("toolResult")))
			count_result(head, kind.value);
		else
			head->prompt_bytes += (int64_t)kind.value.text.n;
	}
}

static void count_result(struct chat_head *head, struct json result)
{
	struct json_cursor cursor =
		json_members(json_find(result, S("content")));
	struct json_member item;

	while (json_next(&cursor, &item))
		if (item.value.type == JSON_TYPE_OBJECT)
			count_block(head, item.value);
}

static bool read_system(struct head_reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	for (size_t i = 0; json_next(&cursor, &item); i++) {
		if (item.value.type != JSON_TYPE_OBJECT)
			return head_refuse_type(r->err,
				head_path("system[%zu]", i).text, "an object",
				item.value);
		count_block(r->head, item.value);
	}
	return true;
}

static bool read_inference(struct head_reader *r, struct json value)
{
	static const char path[] = "inferenceConfig.maxTokens";

	if (json_count(value, S("maxTokens")) > 1)
		return refuse_twice(r, path);
	r->name = path;
	return read_max_tokens(r, json_find(value, S("maxTokens")));
}

static bool read_max_tokens(struct head_reader *r, struct json value)
{
	if (value.type == JSON_TYPE_NONE)
		return true;
	if (!(HEAD_NUMBER & HEAD_TYPE(value.type)))
		return head_refuse_type(
			r->err, r->name, "a whole number", value);
	return head_read_max_tokens(r, value);
}

static bool read_tool_config(struct head_reader *r, struct json value)
{
	static const char path[] = "toolConfig.tools";
	struct json tools = json_find(value, S("tools"));

	if (json_count(value, S("tools")) > 1)
		return refuse_twice(r, path);
	if (tools.type == JSON_TYPE_NONE)
		return true;
	if (!(HEAD_ARRAY & HEAD_TYPE(tools.type)))
		return head_refuse_type(
			r->err, path, "an array of tools", tools);
	return head_read_tools(r, tools);
}

/* Of the ways in which models are told to think, those that say no. */
static bool read_additional(struct head_reader *r, struct json value)
{
	static const struct str names[] = { STR("thinking"),
		STR("reasoning_effort"), STR("reasoning_config"),
		STR("reasoningConfig") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json way = json_find(value, names[i]);
		struct json type = json_find(way, S("type"));

		r->head->has_reasoning |= way.type > JSON_TYPE_NULL &&
					  !json_text_is(type, S("disabled")) &&
					  !json_text_is(way, S("none"));
	}
	return true;
}

static bool read_output(struct head_reader *r, struct json value)
{
	struct json format = json_find(value, S("textFormat"));

	r->head->has_json_schema =
		json_text_is(json_find(format, S("type")), S("json_schema"));
	r->head->has_reasoning |=
		json_find(value, S("effort")).type == JSON_TYPE_STRING;
	r->head->prompt_bytes += (int64_t)format.text.n;
	return true;
}

static bool refuse_twice(struct head_reader *r, const char *path)
{
	return error_refuse(r->err, ERR_BAD_FIELD, path,
		"'%s' appears twice in the request body: send it once.", path);
}
