/*
 * head.c - what the gateway must know of a client's request.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/head.h"
#include "dialect/pick.h"

static bool read_input(struct head_reader *r, struct json value);
static bool read_instructions(struct head_reader *r, struct json value);
static bool read_text(struct head_reader *r, struct json value);
static bool read_reasoning(struct head_reader *r, struct json value);
static bool read_include(struct head_reader *r, struct json value);
static bool read_top_logprobs(struct head_reader *r, struct json value);
static bool read_user(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("input"), HEAD_STRING | HEAD_ARRAY, "a string or an array of items",
		true, read_input },
	{ STR("instructions"), HEAD_STRING, "a string", true, read_instructions },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("service_tier"), HEAD_ANY, "a string", false,
		head_read_service_tier },
	{ STR("max_output_tokens"), HEAD_NUMBER, "a whole number", true,
		head_read_max_tokens },
	{ STR("tools"), HEAD_ARRAY, "an array of tools", false, head_read_tools },
	{ STR("text"), HEAD_OBJECT, "an object", false, read_text },
	{ STR("reasoning"), HEAD_OBJECT, "an object", false, read_reasoning },
	{ STR("include"), HEAD_ARRAY, "an array of strings", true, read_include },
	{ STR("top_logprobs"), HEAD_NUMBER, "a whole number", false,
		read_top_logprobs },
	{ STR("user"), HEAD_STRING, "a string", false, read_user },
	{ STR("temperature"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("top_p"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("metadata"), HEAD_OBJECT, "an object", false, NULL },
	{ STR("parallel_tool_calls"), HEAD_BOOL, "true or false", false, NULL },
};
/* clang-format on */

/* The members of one item that matter here. */
struct item_view {
	struct json type;
	struct json role;
	struct json content;
	struct json id;
	struct json output;
	struct json arguments;
	struct json input;
	struct json summary;
};

#define ITEM(field)                                            \
	{                                                      \
		STR(#field), offsetof(struct item_view, field) \
	}

static const struct pick_row item_rows[] = {
	ITEM(type),
	ITEM(role),
	ITEM(content),
	ITEM(id),
	ITEM(output),
	ITEM(arguments),
	ITEM(input),
	ITEM(summary),
};

static const struct str roles[] = {
	STR("user"),
	STR("assistant"),
	STR("system"),
	STR("developer"),
};

static bool has_other_input(struct json root);
static bool read_item(struct head_reader *r, size_t index, struct json item);
static bool read_message(
	struct head_reader *r, size_t index, const struct item_view *view);
static bool read_role(struct head_reader *r, size_t index, struct json role);
static bool read_parts(struct head_reader *r, size_t index, struct json parts);
static bool read_part(
	struct head_reader *r, size_t item, size_t index, struct json part);
static void count_parts(struct chat_head *head, struct json parts);
static void count_part(struct chat_head *head, struct json part);
static struct head_path item_path(size_t index, const char *member);
static struct head_path part_path(
	size_t item, size_t index, const char *member);

bool openai_responses_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };

	if (!head_read(&r, body, fields, ARRAY_LEN(fields)))
		return false;
	/* The stream's last event always tells it. */
	out->wants_usage = out->stream;
	if (out->message_count > 0 || has_other_input(out->root))
		return true;
	if (out->messages.type == JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, "input",
			"'input' is empty: send at least one item.");
	return head_refuse_missing(err, "input",
		"send a text, or an array of items such as [{\"role\": "
		"\"user\", \"content\": \"Hello\"}].");
}

/* What the provider keeps may be all that it needs. */
static bool has_other_input(struct json root)
{
	static const struct str names[] = { STR("prompt"),
		STR("previous_response_id"), STR("conversation") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json value = json_find(root, names[i]);

		if (value.type != JSON_TYPE_NONE &&
			value.type != JSON_TYPE_NULL)
			return true;
	}
	return false;
}

static bool read_input(struct head_reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	size_t index = 0;

	r->head->messages = value;
	if (value.type == JSON_TYPE_STRING) {
		head_count_text(r->head, value);
		r->head->message_count = 1;
		return true;
	}
	while (json_next(&cursor, &item))
		if (!read_item(r, index++, item.value))
			return false;
	r->head->message_count = index;
	return true;
}

static bool read_item(struct head_reader *r, size_t index, struct json item)
{
	struct item_view view;

	if (item.type != JSON_TYPE_OBJECT)
		return head_refuse_type(
			r->err, item_path(index, "").text, "an object", item);
	pick_members(item, item_rows, ARRAY_LEN(item_rows), &view);
	if (json_text_is(view.type, S("message")))
		return read_message(r, index, &view);
	if (view.type.type == JSON_TYPE_NONE ||
		view.type.type == JSON_TYPE_NULL) {
		/* {"id": "msg_1"} refers to an item that the provider has. */
		if (view.role.type == JSON_TYPE_NONE &&
			view.id.type == JSON_TYPE_STRING)
			return true;
		return read_message(r, index, &view);
	}
	if (view.type.type != JSON_TYPE_STRING)
		return head_refuse_type(r->err, item_path(index, ".type").text,
			"a string", view.type);
	r->head->prompt_bytes += (int64_t)head_text_bytes(view.arguments) +
				 (int64_t)head_text_bytes(view.input);
	head_count_text(r->head, view.output);
	count_parts(r->head, view.output);
	count_parts(r->head, view.content);
	count_parts(r->head, view.summary);
	return true;
}

/* Other items have such members too, of other shapes. */
static void count_parts(struct chat_head *head, struct json parts)
{
	struct json_cursor cursor = json_members(parts);
	struct json_member part;

	if (parts.type != JSON_TYPE_ARRAY)
		return;
	while (json_next(&cursor, &part))
		count_part(head, part.value);
}

static void count_part(struct chat_head *head, struct json part)
{
	struct json type = json_find(part, S("type"));

	head_count_text(head, json_find(part, S("text")));
	head->has_images |= json_text_is(type, S("input_image"));
	head->has_files |= json_text_is(type, S("input_file"));
	head->has_audio |= json_text_is(type, S("input_audio"));
}

static bool read_message(
	struct head_reader *r, size_t index, const struct item_view *view)
{
	struct head_path path;

	if (!read_role(r, index, view->role))
		return false;
	if (view->content.type == JSON_TYPE_STRING) {
		head_count_text(r->head, view->content);
		return true;
	}
	if (view->content.type == JSON_TYPE_ARRAY)
		return read_parts(r, index, view->content);
	path = item_path(index, ".content");
	if (view->content.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: send a string or an array of "
			"content parts.",
			path.text);
	return head_refuse_type(r->err, path.text,
		"a string or an array of content parts", view->content);
}

static bool read_role(struct head_reader *r, size_t index, struct json role)
{
	struct head_path path;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (json_text_is(role, roles[i]))
			return true;
	path = item_path(index, ".role");
	if (role.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: say who speaks, such as \"user\".",
			path.text);
	if (role.type != JSON_TYPE_STRING)
		return head_refuse_type(r->err, path.text, "a string", role);
	return error_refuse(r->err, ERR_BAD_FIELD, path.text,
		"'%s' must be one of user, assistant, system and developer.",
		path.text);
}

static bool read_parts(struct head_reader *r, size_t index, struct json parts)
{
	struct json_cursor cursor = json_members(parts);
	struct json_member part;
	size_t part_index = 0;

	while (json_next(&cursor, &part))
		if (!read_part(r, index, part_index++, part.value))
			return false;
	return true;
}

static bool read_part(
	struct head_reader *r, size_t item, size_t index, struct json part)
{
	struct json type;
	struct head_path path;

	if (part.type != JSON_TYPE_OBJECT)
		return head_refuse_type(r->err, part_path(item, index, "").text,
			"an object", part);
	type = json_find(part, S("type"));
	if (type.type == JSON_TYPE_STRING) {
		count_part(r->head, part);
		return true;
	}
	path = part_path(item, index, ".type");
	if (type.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: say what the part is, such as "
			"\"input_text\".",
			path.text);
	return head_refuse_type(r->err, path.text, "a string", type);
}

/* Made only when something is wrong: a conversation has many items. */
static struct head_path item_path(size_t index, const char *member)
{
	return head_path("input[%zu]%s", index, member);
}

static struct head_path part_path(size_t item, size_t index, const char *member)
{
	return head_path("input[%zu].content[%zu]%s", item, index, member);
}

static bool read_instructions(struct head_reader *r, struct json value)
{
	head_count_text(r->head, value);
	return true;
}

static bool read_text(struct head_reader *r, struct json value)
{
	struct json format = json_find(value, S("format"));

	r->head->has_json_schema =
		json_text_is(json_find(format, S("type")), S("json_schema"));
	r->head->prompt_bytes += (int64_t)format.text.n;
	return true;
}

static bool read_reasoning(struct head_reader *r, struct json value)
{
	r->head->has_reasoning = !json_is_empty(value);
	return true;
}

static bool read_include(struct head_reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		r->head->has_logprobs |= json_text_is(
			item.value, S("message.output_text.logprobs"));
	return true;
}

static bool read_top_logprobs(struct head_reader *r, struct json value)
{
	int64_t count;

	r->head->has_logprobs |= json_int(value, &count) && count > 0;
	return true;
}

static bool read_user(struct head_reader *r, struct json value)
{
	if (!json_text(value, r->arena, &r->head->user))
		r->head->user = S(""); /* null */
	return true;
}
