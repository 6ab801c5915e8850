/*
 * head.c - what the gateway must know of a client's request.
 *
 * Ollama is written in Go, whose JSON decoder takes "MODEL" for "model", and
 * the last of them counts (https://pkg.go.dev/encoding/json#Unmarshal). What
 * the gateway reads must be what Ollama reads, so other spellings of the
 * members that matter are refused.
 */
#include "dialect/ollama/ollama.h"

#include "dialect/head.h"
#include "dialect/pick.h"

static bool read_messages(struct head_reader *r, struct json value);
static bool read_options(struct head_reader *r, struct json value);
static bool read_format(struct head_reader *r, struct json value);
static bool read_think(struct head_reader *r, struct json value);
static bool read_logprobs(struct head_reader *r, struct json value);

/* clang-format off */
static const struct head_field fields[] = {
	{ STR("model"), HEAD_STRING, "a string", true, head_read_model },
	{ STR("messages"), HEAD_TYPE(JSON_TYPE_ARRAY), "an array of messages", true,
		read_messages },
	{ STR("stream"), HEAD_BOOL, "true or false", true, head_read_stream },
	{ STR("options"), HEAD_OBJECT, "an object", true, read_options },
	{ STR("tools"), HEAD_ARRAY, "an array of tools", true, head_read_tools },
	{ STR("format"), HEAD_STRING | HEAD_TYPE(JSON_TYPE_OBJECT),
		"\"json\" or a JSON schema", true, read_format },
	{ STR("think"), HEAD_BOOL | HEAD_TYPE(JSON_TYPE_STRING),
		"true, false or a level", false, read_think },
	{ STR("logprobs"), HEAD_BOOL, "true or false", false, read_logprobs },
};
/* clang-format on */

/* The members of one message that matter here. */
struct message_view {
	struct json role;
	struct json content;
	struct json thinking;
	struct json images;
	struct json tool_calls;
};

static const struct pick_row message_rows[] = {
	{ STR("role"), offsetof(struct message_view, role) },
	{ STR("content"), offsetof(struct message_view, content) },
	{ STR("thinking"), offsetof(struct message_view, thinking) },
	{ STR("images"), offsetof(struct message_view, images) },
	{ STR("tool_calls"), offsetof(struct message_view, tool_calls) },
};

static bool check_spelling(
	const struct chat_head *head, struct arena *arena, struct error *err);
static bool is_other_spelling(struct str name, struct str of);
static bool read_message(
	struct head_reader *r, size_t index, struct json message);
static bool read_images(
	struct head_reader *r, size_t index, struct json images);
static bool refuse_type(struct head_reader *r, size_t index, const char *member,
	const char *expected, struct json value);

bool ollama_read_head(struct str body, struct arena *arena,
	struct chat_head *out, struct error *err)
{
	struct head_reader r = { .head = out, .arena = arena, .err = err };
	struct json stream;

	if (!head_read(&r, body, fields, ARRAY_LEN(fields)) ||
		!check_spelling(out, arena, err))
		return false;
	/* Alone among all: when nothing is said, the answer is a stream. */
	stream = json_find(out->root, S("stream"));
	out->stream = stream.type != JSON_TYPE_FALSE;
	return head_require_messages(out, "\"Hello\"", err);
}

static bool check_spelling(
	const struct chat_head *head, struct arena *arena, struct error *err)
{
	struct json_cursor cursor = json_members(head->root);
	struct json_member member;

	while (json_next(&cursor, &member)) {
		const struct json name = { JSON_TYPE_STRING,
			{ member.name.p - 1, member.name.n + 2 } };
		struct str text;

		if (!json_text(name, arena, &text))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (is_other_spelling(text, fields[i].name))
				return error_refuse(err, ERR_BAD_FIELD,
					fields[i].name.p,
					"'%s' must be written like this.",
					fields[i].name.p);
	}
	return true;
}

/* The decoder folds two signs that are not ASCII into letters: the long s
 * (U+017F) and the sign of the Kelvin (U+212A). */
static bool is_other_spelling(struct str name, struct str of)
{
	static const struct {
		struct str sign;
		char letter;
	} folded[] = { { STR("\xc5\xbf"), 's' }, { STR("\xe2\x84\xaa"), 'k' } };
	struct str rest = name;

	for (size_t i = 0; i < of.n; i++) {
		size_t bytes = 1;
		char c = rest.n > 0 ? rest.p[0] : 0;

		for (size_t j = 0; j < ARRAY_LEN(folded); j++) {
			if (!str_starts(rest, folded[j].sign))
				continue;
			c = folded[j].letter;
			bytes = folded[j].sign.n;
		}
		if (tolower((unsigned char)c) != of.p[i])
			return false;
		rest = str_from(rest, bytes);
	}
	return rest.n == 0 && !str_equal(name, of);
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
		return refuse_type(r, index, "", "an object", message);
	pick_members(message, message_rows, ARRAY_LEN(message_rows), &view);
	if (view.role.type != JSON_TYPE_STRING)
		return head_refuse_role(r, index, view.role, NULL);
	if (view.content.type != JSON_TYPE_NONE &&
		!(HEAD_STRING & HEAD_TYPE(view.content.type)))
		return refuse_type(
			r, index, ".content", "a string", view.content);
	if (view.tool_calls.type != JSON_TYPE_NONE &&
		!(HEAD_ARRAY & HEAD_TYPE(view.tool_calls.type)))
		return refuse_type(
			r, index, ".tool_calls", "an array", view.tool_calls);
	head_count_text(r->head, view.content);
	head_count_text(r->head, view.thinking);
	r->head->prompt_bytes += (int64_t)view.tool_calls.text.n;
	return read_images(r, index, view.images);
}

static bool read_images(struct head_reader *r, size_t index, struct json images)
{
	struct json_cursor cursor = json_members(images);
	struct json_member image;
	size_t count = 0;

	if (images.type != JSON_TYPE_NONE &&
		!(HEAD_ARRAY & HEAD_TYPE(images.type)))
		return refuse_type(
			r, index, ".images", "an array of base64", images);
	for (; json_next(&cursor, &image); count++)
		if (image.value.type != JSON_TYPE_STRING)
			return head_refuse_type(r->err,
				head_path("messages[%zu].images[%zu]", index,
					count)
					.text,
				"base64", image.value);
	r->head->has_images |= count > 0;
	return true;
}

static bool refuse_type(struct head_reader *r, size_t index, const char *member,
	const char *expected, struct json value)
{
	return head_refuse_type(r->err,
		head_path("messages[%zu]%s", index, member).text, expected,
		value);
}

/* num_predict: a limit, when it is positive. -1 is none, -2 what the context
 * has room for. */
static bool read_options(struct head_reader *r, struct json value)
{
	static const char path[] = "options.num_predict";
	struct json limit = json_find(value, S("num_predict"));
	double tokens;

	if (json_count(value, S("num_predict")) > 1)
		return error_refuse(r->err, ERR_BAD_FIELD, path,
			"'%s' appears twice: send it once.", path);
	if (limit.type != JSON_TYPE_NONE &&
		!(HEAD_NUMBER & HEAD_TYPE(limit.type)))
		return head_refuse_type(r->err, path, "a whole number", limit);
	/* 128.0 and 1e3 are numbers like any other to it. */
	if (json_double(limit, &tokens) && tokens >= 1)
		r->head->max_tokens =
			tokens < INT32_MAX ? (int64_t)tokens : INT32_MAX;
	return true;
}

static bool read_format(struct head_reader *r, struct json value)
{
	r->head->has_json_schema = value.type == JSON_TYPE_OBJECT;
	r->head->prompt_bytes += (int64_t)value.text.n;
	return true;
}

static bool read_think(struct head_reader *r, struct json value)
{
	r->head->has_reasoning =
		value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_STRING;
	return true;
}

static bool read_logprobs(struct head_reader *r, struct json value)
{
	r->head->has_logprobs = value.type == JSON_TYPE_TRUE;
	return true;
}
