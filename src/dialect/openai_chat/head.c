/*
 * head.c - what the gateway must know of a client's request, and
 * the request with another model name.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/head.h"
#include "dialect/pick.h"

/* The most choices that OpenAI's specification allows. */
#define MAX_CHOICES 128

static bool read_messages(struct head_reader *r, struct json value);
static bool read_stream_options(struct head_reader *r, struct json value);
static bool read_n(struct head_reader *r, struct json value);
static bool read_user(struct head_reader *r, struct json value);
static bool read_response_format(struct head_reader *r, struct json value);
static bool read_reasoning(struct head_reader *r, struct json value);
static bool read_logprobs(struct head_reader *r, struct json value);
static bool read_modalities(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("messages"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("service_tier"), HEAD_ANY, "a string", false,
		head_read_service_tier },
	{ STR("stream_options"), HEAD_OBJECT, "an object", true,
		read_stream_options },
	{ STR("max_tokens"), HEAD_NUMBER, "a whole number", true,
		head_read_max_tokens },
	{ STR("max_completion_tokens"), HEAD_NUMBER, "a whole number", true,
		head_read_max_tokens },
	{ STR("n"), HEAD_NUMBER, "a whole number", true, read_n },
	{ STR("user"), HEAD_STRING, "a string", false, read_user },
	{ STR("temperature"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("top_p"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("presence_penalty"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("frequency_penalty"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("seed"), HEAD_NUMBER, "a whole number", false, NULL },
	{ STR("stop"), HEAD_STRING | HEAD_TYPE(JSON_TYPE_ARRAY),
		"a string or an array of strings", false, NULL },
	{ STR("tools"), HEAD_ARRAY, "an array of tools", false, head_read_tools },
	{ STR("functions"), HEAD_ARRAY, "an array of functions", false,
		head_read_tools },
	{ STR("tool_choice"), HEAD_STRING | HEAD_TYPE(JSON_TYPE_OBJECT),
		"a string or an object", false, NULL },
	{ STR("response_format"), HEAD_OBJECT, "an object", false,
		read_response_format },
	{ STR("metadata"), HEAD_OBJECT, "an object", false, NULL },
	{ STR("modalities"), HEAD_ARRAY, "an array of strings", false,
		read_modalities },
	{ STR("reasoning_effort"), HEAD_ANY, "", false, read_reasoning },
	{ STR("reasoning"), HEAD_ANY, "", false, read_reasoning },
	{ STR("thinking"), HEAD_ANY, "", false, read_reasoning },
	{ STR("logprobs"), HEAD_ANY, "", false, read_logprobs },
};
/* clang-format on */

struct role {
	struct str name;
	bool may_be_empty; /* content may be null or absent */
};

static const struct role roles[] = {
	{ STR("user"), false },
	{ STR("assistant"), true },
	{ STR("system"), false },
	{ STR("developer"), false },
	{ STR("tool"), false },
	{ STR("function"), true },
};

/* The members of one message that matter here. */
struct message_view {
	struct json role;
	struct json content;
	struct json tool_calls;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
	{ STR("tool_calls"), offsetof(struct message_view, tool_calls) },
};

/* And those of a part of its content. */
struct part_view {
	struct json type;
	struct json text;
};

static const struct pick_row part_rows[] = {
	{ STR("type"), offsetof(struct part_view, type) },
	{ STR("text"), offsetof(struct part_view, text) },
};

static bool read_message(
	struct head_reader *r, size_t index, struct json message);
static bool read_role(struct head_reader *r, size_t index, struct json role);
static const struct role *find_role(struct json role);
static bool read_content(struct head_reader *r, size_t index,
	const struct role *role, struct json content);
static bool read_no_content(struct head_reader *r, size_t index,
	const struct role *role, struct json content);
static bool read_part(
	struct head_reader *r, size_t message, size_t index, struct json part);
static void count_part(
	struct chat_head *head, struct json type, struct json text);
static struct head_path part_path(
	size_t message, size_t index, const char *member);

static struct splice_edit edit_usage(const struct chat_head *head);
bool openai_chat_read_head(struct str body, struct arena *arena,
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
			head_message_path(index, "").text, "an object",
			message);
	pick_members(message, message_rows, ARRAY_LEN(message_rows), &view);
	if (view.tool_calls.type != JSON_TYPE_NONE &&
		!(HEAD_ARRAY & HEAD_TYPE(view.tool_calls.type)))
		return head_refuse_type(r->err,
			head_message_path(index, ".tool_calls").text,
			"an array", view.tool_calls);
	r->head->prompt_bytes += (int64_t)view.tool_calls.text.n;
	return read_role(r, index, view.role) &&
	       read_content(r, index, find_role(view.role), view.content);
}

static bool read_role(struct head_reader *r, size_t index, struct json role)
{
	if (find_role(role))
		return true;
	return head_refuse_role(r, index, role,
		"system, developer, user, assistant, tool and function");
}

static const struct role *find_role(struct json role)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (json_text_is(role, roles[i].name))
			return &roles[i];
	return NULL;
}

static bool read_content(struct head_reader *r, size_t index,
	const struct role *role, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member part;
	size_t part_index = 0;

	if (content.type == JSON_TYPE_STRING) {
		head_count_text(r->head, content);
		return true;
	}
	if (content.type != JSON_TYPE_ARRAY)
		return read_no_content(r, index, role, content);
	while (json_next(&cursor, &part))
		if (!read_part(r, index, part_index++, part.value))
			return false;
	return true;
}

static bool read_no_content(struct head_reader *r, size_t index,
	const struct role *role, struct json content)
{
	struct head_path path = head_message_path(index, ".content");
	bool is_empty = content.type == JSON_TYPE_NONE ||
			content.type == JSON_TYPE_NULL;

	if (is_empty && role->may_be_empty)
		return true;
	if (content.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: send a string or an array of "
			"content parts.",
			path.text);
	return head_refuse_type(r->err, path.text,
		"a string or an array of content parts", content);
}

static bool read_part(
	struct head_reader *r, size_t message, size_t index, struct json part)
{
	struct part_view view;
	struct head_path path;

	if (part.type != JSON_TYPE_OBJECT)
		return head_refuse_type(r->err,
			part_path(message, index, "").text, "an object", part);
	pick_members(part, part_rows, ARRAY_LEN(part_rows), &view);
	if (view.type.type == JSON_TYPE_STRING) {
		count_part(r->head, view.type, view.text);
		return true;
	}
	path = part_path(message, index, ".type");
	if (view.type.type == JSON_TYPE_NONE)
		return error_refuse(r->err, ERR_MISSING_FIELD, path.text,
			"'%s' is missing: say what the part is, such as "
			"\"text\".",
			path.text);
	return head_refuse_type(r->err, path.text, "a string", view.type);
}

static struct head_path part_path(
	size_t message, size_t index, const char *member)
{
	return head_path(
		"messages[%zu].content[%zu]%s", message, index, member);
}

static void count_part(
	struct chat_head *head, struct json type, struct json text)
{
	head_count_text(head, text);
	if (json_text_is(type, S("text")))
		return;
	if (json_text_is(type, S("image_url")))
		head->has_images = true;
	else if (json_text_is(type, S("input_audio")))
		head->has_audio = true;
	else if (json_text_is(type, S("file")) ||
		 json_text_is(type, S("file_url")) ||
		 json_text_is(type, S("document_url")))
		head->has_files = true;
}

static bool read_stream_options(struct head_reader *r, struct json value)
{
	static const char path[] = "stream_options.include_usage";
	struct json wants = json_find(value, S("include_usage"));

	if (json_count(value, S("include_usage")) > 1)
		return error_refuse(r->err, ERR_BAD_FIELD, path,
			"'%s' appears twice: send it once.", path);
	if (wants.type != JSON_TYPE_NONE &&
		!(HEAD_BOOL & HEAD_TYPE(wants.type)))
		return head_refuse_type(r->err, path, "true or false", wants);
	r->head->stream_options = value;
	r->head->stream_options_place = head_place(r->head, value);
	r->head->wants_usage = wants.type == JSON_TYPE_TRUE;
	return true;
}

static bool read_n(struct head_reader *r, struct json value)
{
	int64_t n;

	if (value.type == JSON_TYPE_NULL)
		return true;
	if (!json_int(value, &n) || n < 1 || n > MAX_CHOICES)
		return error_refuse(r->err, ERR_BAD_FIELD, r->name,
			"'n' must be a whole number from 1 to %d.",
			MAX_CHOICES);
	r->head->n = n;
	return true;
}

static bool read_user(struct head_reader *r, struct json value)
{
	if (!json_text(value, r->arena, &r->head->user))
		r->head->user = S(""); /* null */
	return true;
}

static bool read_response_format(struct head_reader *r, struct json value)
{
	struct json type = json_find(value, S("type"));

	if (value.type == JSON_TYPE_NULL)
		return true;
	r->head->has_json_schema = json_text_is(type, S("json_schema"));
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_reasoning(struct head_reader *r, struct json value)
{
	r->head->has_reasoning |= value.type == JSON_TYPE_STRING ||
				  value.type == JSON_TYPE_OBJECT;
	return true;
}

static bool read_logprobs(struct head_reader *r, struct json value)
{
	r->head->has_logprobs =
		value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_NUMBER;
	return true;
}

static bool read_modalities(struct head_reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	while (json_next(&cursor, &item))
		r->head->has_audio |= json_text_is(item.value, S("audio"));
	return true;
}

void openai_chat_splice_request(const struct chat_head *head,
	struct str upstream_model, bool ask_usage, struct arena *arena,
	struct splice *out)
{
	struct splice_edit edits[2];
	size_t count = 0;

	if (head_wants_other_model(head, upstream_model))
		edits[count++] = head_edit_model(head, upstream_model, arena);
	if (ask_usage && head->stream && !head->wants_usage)
		edits[count++] = edit_usage(head);
	if (count == 2 && edits[1].at < edits[0].at) {
		struct splice_edit first = edits[1];

		edits[1] = edits[0];
		edits[0] = first;
	}
	splice_make(out, head->body, edits, count);
}

static struct splice_edit edit_usage(const struct chat_head *head)
{
	struct json options = head->stream_options;
	struct json asked = json_find(options, S("include_usage"));
	struct chat_place place;

	if (options.type == JSON_TYPE_NONE)
		return head_insert_first(head->root, head->body.p,
			S("\"stream_options\":{\"include_usage\":true},"),
			S(""));
	if (options.type == JSON_TYPE_NULL)
		return (struct splice_edit){ head->stream_options_place.at,
			head->stream_options_place.bytes,
			S("{\"include_usage\":true}") };
	if (asked.type == JSON_TYPE_NONE)
		return head_insert_first(options, head->body.p,
			S("\"include_usage\":true,"),
			S("\"include_usage\":true"));
	place = head_place(head, asked);
	return (struct splice_edit){ place.at, place.bytes, S("true") };
}
