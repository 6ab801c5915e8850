/*
 * head.c - what the gateway must know of a client's request.
 */
#include "dialect/cohere/cohere.h"

#include "dialect/head.h"
#include "dialect/pick.h"

static bool read_messages(struct head_reader *r, struct json value);
static bool read_documents(struct head_reader *r, struct json value);
static bool read_response_format(struct head_reader *r, struct json value);
static bool read_thinking(struct head_reader *r, struct json value);
static bool read_logprobs(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("messages"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("max_tokens"), HEAD_NUMBER, "a whole number", true,
		head_read_max_tokens },
	{ STR("tools"), HEAD_ARRAY, "an array of tools", true, head_read_tools },
	{ STR("documents"), HEAD_ARRAY, "an array of documents", false,
		read_documents },
	{ STR("response_format"), HEAD_OBJECT, "an object", false,
		read_response_format },
	{ STR("thinking"), HEAD_OBJECT, "an object", false, read_thinking },
	{ STR("logprobs"), HEAD_BOOL, "true or false", false, read_logprobs },
};
/* clang-format on */

/* The members of one message that matter here. */
struct message_view {
	struct json role;
	struct json content;
	struct json tool_plan;
	struct json tool_calls;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
	{ STR("tool_plan"), offsetof(struct message_view, tool_plan) },
	{ STR("tool_calls"), offsetof(struct message_view, tool_calls) },
};

/* And those of an item of its content. */
struct part_view {
	struct json type;
	struct json text;
	struct json thinking;
	struct json document;
};

static const struct pick_row part_rows[] = {
	{ STR("type"), offsetof(struct part_view, type) },
	{ STR("text"), offsetof(struct part_view, text) },
	{ STR("thinking"), offsetof(struct part_view, thinking) },
	{ STR("document"), offsetof(struct part_view, document) },
};

static bool read_message(
	struct head_reader *r, size_t index, struct json message);
static bool read_role(struct head_reader *r, size_t index, struct json role);
static bool read_content(
	struct head_reader *r, size_t index, struct json content);
static bool read_part(
	struct head_reader *r, size_t message, size_t index, struct json part);
static void count_part(struct chat_head *head, const struct part_view *view);

bool cohere_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };

	if (!head_read(&r, body, fields, ARRAY_LEN(fields)))
		return false;
	return head_require_messages(out, "\"Hello\"", err);
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
	if (view.tool_calls.type != JSON_TYPE_NONE &&
		!(HEAD_ARRAY & HEAD_TYPE(view.tool_calls.type)))
		return head_refuse_type(r->err,
			head_path("messages[%zu].tool_calls", index).text,
			"an array", view.tool_calls);
	r->head->prompt_bytes += (int64_t)view.tool_calls.text.n;
	head_count_text(r->head, view.tool_plan);
	return read_role(r, index, view.role) &&
	       read_content(r, index, view.content);
}

/* Which roles there are, the provider knows; read_request() must. */
static bool read_role(struct head_reader *r, size_t index, struct json role)
{
	if (role.type == JSON_TYPE_STRING)
		return true;
	return head_refuse_role(r, index, role, NULL);
}

static bool read_content(
	struct head_reader *r, size_t index, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member part;
	size_t part_index = 0;

	if (content.type == JSON_TYPE_STRING)
		head_count_text(r->head, content);
	else if (content.type != JSON_TYPE_NONE &&
		 !(HEAD_ARRAY & HEAD_TYPE(content.type)))
		return head_refuse_type(r->err,
			head_path("messages[%zu].content", index).text,
			"a string or an array of content parts", content);
	while (json_next(&cursor, &part))
		if (!read_part(r, index, part_index++, part.value))
			return false;
	return true;
}

static bool read_part(
	struct head_reader *r, size_t message, size_t index, struct json part)
{
	struct part_view view;
	struct head_path path;

	if (part.type != JSON_TYPE_OBJECT)
		return head_refuse_type(r->err,
			head_path("messages[%zu].content[%zu]", message, index)
				.text,
			"an object", part);
	pick_members(part, part_rows, ARRAY_LEN(part_rows), &view);
	if (view.type.type == JSON_TYPE_STRING) {
		count_part(r->head, &view);
		return true;
	}
	path = head_path("messages[%zu].content[%zu].type", message, index);
	if (view.type.type == JSON_TYPE_NONE)
		return head_refuse_missing(r->err, path.text,
			"say what the part is, such as \"text\".");
	return head_refuse_type(r->err, path.text, "a string", view.type);
}

static void count_part(struct chat_head *head, const struct part_view *view)
{
	head_count_text(head, view->text);
	head_count_text(head, view->thinking);
	head->prompt_bytes += (int64_t)view->document.text.n;
	head->has_images |= json_text_is(view->type, S("image_url"));
}

/* They are texts that the model reads. */
static bool read_documents(struct head_reader *r, struct json value)
{
	r->head->prompt_text_bytes += (int64_t)value.text.n;
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_response_format(struct head_reader *r, struct json value)
{
	r->head->has_json_schema =
		json_find(value, S("json_schema")).type == JSON_TYPE_OBJECT ||
		json_find(value, S("schema")).type == JSON_TYPE_OBJECT;
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_thinking(struct head_reader *r, struct json value)
{
	struct json type = json_find(value, S("type"));

	r->head->has_reasoning = value.type == JSON_TYPE_OBJECT &&
				 !json_text_is(type, S("disabled"));
	return true;
}

static bool read_logprobs(struct head_reader *r, struct json value)
{
	r->head->has_logprobs = value.type == JSON_TYPE_TRUE;
	return true;
}
