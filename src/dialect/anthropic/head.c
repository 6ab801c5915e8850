/*
 * head.c - what the gateway must know of a client's request.
 *
 * A body for counting tokens is one without max_tokens and stream; the same
 * reader takes both, and Anthropic says what it misses.
 */
#include "dialect/anthropic/anthropic.h"

#include "dialect/head.h"
#include "dialect/pick.h"

static bool read_system(struct head_reader *r, struct json value);
static bool read_messages(struct head_reader *r, struct json value);
static bool read_max_tokens(struct head_reader *r, struct json value);
static bool read_metadata(struct head_reader *r, struct json value);
static bool read_thinking(struct head_reader *r, struct json value);
static bool read_output_config(struct head_reader *r, struct json value);
static bool read_output_format(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("messages"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("system"), HEAD_STRING | HEAD_TYPE(JSON_TYPE_ARRAY),
		"a string or an array of text blocks", true, read_system },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("service_tier"), HEAD_ANY, "a string", false,
		head_read_service_tier },
	{ STR("max_tokens"), HEAD_NUMBER, "a whole number", true,
		read_max_tokens },
	{ STR("tools"), HEAD_ARRAY, "an array of tools", true, head_read_tools },
	{ STR("tool_choice"), HEAD_OBJECT, "an object", false, NULL },
	{ STR("metadata"), HEAD_OBJECT, "an object", false, read_metadata },
	{ STR("stop_sequences"), HEAD_ARRAY, "an array of strings", false, NULL },
	{ STR("temperature"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("top_p"), HEAD_NUMBER, "a number", false, NULL },
	{ STR("top_k"), HEAD_NUMBER, "a whole number", false, NULL },
	{ STR("thinking"), HEAD_OBJECT, "an object", false, read_thinking },
	{ STR("output_config"), HEAD_OBJECT, "an object", false,
		read_output_config },
	{ STR("output_format"), HEAD_OBJECT, "an object", false,
		read_output_format },
};
/* clang-format on */

struct message_view {
	struct json role;
	struct json content;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
};

/* What counts of a block, whatever its type. */
struct block_view {
	struct json type;
	struct json text;
	struct json content; /* of a result */
	struct json input;   /* of a call */
	struct json source;  /* of an image or a document */
};

static const struct pick_row block_rows[] = {
	{ STR("type"), offsetof(struct block_view, type) },
	{ STR("text"), offsetof(struct block_view, text) },
	{ STR("content"), offsetof(struct block_view, content) },
	{ STR("input"), offsetof(struct block_view, input) },
	{ STR("source"), offsetof(struct block_view, source) },
};

/* Where a block stands. */
struct block_place {
	bool in_system;
	size_t message;
	size_t block;
};

static bool read_message(
	struct head_reader *r, size_t index, struct json message);
static bool read_role(struct head_reader *r, size_t index, struct json role);
static bool read_content(
	struct head_reader *r, size_t index, struct json content);
static bool read_block(
	struct head_reader *r, struct block_place place, struct json block);
static bool refuse_type(
	struct head_reader *r, struct block_place place, struct json type);
static void count_block(struct head_reader *r, const struct block_view *view);
static void count_inner(struct head_reader *r, struct json content);
static struct head_path block_path(
	struct block_place place, const char *member);

bool anthropic_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };

	if (!head_read(&r, body, fields, ARRAY_LEN(fields)))
		return false;
	return head_require_messages(out, "\"Hello\"", err);
}

static bool read_system(struct head_reader *r, struct json value)
{
	struct json_cursor cursor = json_members(value);
	struct json_member block;

	head_count_text(r->head, value);
	for (size_t i = 0; json_next(&cursor, &block); i++)
		if (!read_block(
			    r, (struct block_place){ true, 0, i }, block.value))
			return false;
	return true;
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
	return read_role(r, index, view.role) &&
	       read_content(r, index, view.content);
}

static bool read_role(struct head_reader *r, size_t index, struct json role)
{
	if (json_text_is(role, S("user")) ||
		json_text_is(role, S("assistant")) ||
		json_text_is(role, S("system")))
		return true;
	return head_refuse_role(r, index, role, "user, assistant and system");
}

static bool read_content(
	struct head_reader *r, size_t index, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member block;

	head_count_text(r->head, content);
	if (content.type == JSON_TYPE_NONE)
		return head_refuse_missing(r->err,
			head_message_path(index, ".content").text,
			"send a string or an array of content blocks.");
	if (content.type != JSON_TYPE_STRING && content.type != JSON_TYPE_ARRAY)
		return head_refuse_type(r->err,
			head_message_path(index, ".content").text,
			"a string or an array of content blocks", content);
	for (size_t i = 0; json_next(&cursor, &block); i++)
		if (!read_block(r, (struct block_place){ false, index, i },
			    block.value))
			return false;
	return true;
}

static bool read_block(
	struct head_reader *r, struct block_place place, struct json block)
{
	struct block_view view;

	if (block.type != JSON_TYPE_OBJECT)
		return head_refuse_type(
			r->err, block_path(place, "").text, "an object", block);
	pick_members(block, block_rows, ARRAY_LEN(block_rows), &view);
	if (view.type.type != JSON_TYPE_STRING)
		return refuse_type(r, place, view.type);
	count_block(r, &view);
	return true;
}

static bool refuse_type(
	struct head_reader *r, struct block_place place, struct json type)
{
	struct head_path path = block_path(place, ".type");

	if (type.type == JSON_TYPE_NONE)
		return head_refuse_missing(r->err, path.text,
			"say what the block is, such as \"text\".");
	return head_refuse_type(r->err, path.text, "a string", type);
}

static struct head_path block_path(struct block_place place, const char *member)
{
	if (place.in_system)
		return head_path("system[%zu]%s", place.block, member);
	return head_path("messages[%zu].content[%zu]%s", place.message,
		place.block, member);
}

/* Thinking of earlier turns is not counted: Anthropic leaves it out of the
 * prompt, too. */
static void count_block(struct head_reader *r, const struct block_view *view)
{
	struct chat_head *head = r->head;

	head_count_text(head, view->text);
	head->prompt_bytes += (int64_t)view->input.text.n;
	head->has_images |= json_text_is(view->type, S("image"));
	head->has_files |= json_text_is(view->type, S("document")) ||
			   json_text_is(view->type, S("container_upload"));
	/* A document that is plain text. */
	if (json_text_is(json_find(view->source, S("type")), S("text")))
		head_count_text(head, json_find(view->source, S("data")));
	count_inner(r, view->content);
}

/* Of a result: a text, or blocks, which the provider may judge. */
static void count_inner(struct head_reader *r, struct json content)
{
	struct json_cursor cursor = json_members(content);
	struct json_member item;
	struct block_view view;

	head_count_text(r->head, content);
	while (content.type == JSON_TYPE_ARRAY && json_next(&cursor, &item)) {
		pick_members(
			item.value, block_rows, ARRAY_LEN(block_rows), &view);
		view.content = (struct json){ .type = JSON_TYPE_NONE };
		count_block(r, &view);
	}
}

/* 0 asks for nothing but that the prompt be cached. */
static bool read_max_tokens(struct head_reader *r, struct json value)
{
	int64_t tokens;

	if (json_int(value, &tokens) && tokens == 0) {
		r->head->max_tokens = 0;
		return true;
	}
	return head_read_max_tokens(r, value);
}

static bool read_metadata(struct head_reader *r, struct json value)
{
	if (!json_text(
		    json_find(value, S("user_id")), r->arena, &r->head->user))
		r->head->user = S("");
	return true;
}

static bool read_thinking(struct head_reader *r, struct json value)
{
	struct json type = json_find(value, S("type"));

	r->head->has_reasoning |= json_text_is(type, S("enabled")) ||
				  json_text_is(type, S("adaptive"));
	return true;
}

/* Effort alone does not make a model think. */
static bool read_output_config(struct head_reader *r, struct json value)
{
	return read_output_format(r, json_find(value, S("format")));
}

static bool read_output_format(struct head_reader *r, struct json value)
{
	r->head->has_json_schema |= value.type == JSON_TYPE_OBJECT;
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}
