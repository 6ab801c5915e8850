/*
 * rules.c - what a client's request must be to be understood. A
 * provider of this format checks it itself; who speaks for another one's
 * client must do so first.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/head.h"

/* Where in the client's message a part stands. */
struct place {
	size_t message;
	size_t content; /* items of its lists so far */
	size_t call;
};

static bool check_message(
	const struct chat_message *message, size_t index, struct error *err);
static bool check_part(const struct chat_part *part, const struct place *place,
	struct error *err);
static bool check_call(const struct chat_part *part, const struct place *place,
	struct error *err);
static const char *missing_of(const struct chat_part *part);
static bool refuse_missing(struct error *err, struct head_path path);
static bool check_tool(
	const struct chat_tool *tool, size_t index, struct error *err);
static bool check_format(const struct chat_format *format, struct error *err);
static bool has_wrong(const struct chat_extra *extra, struct str name);

bool openai_chat_check_request(
	const struct chat_request *request, struct error *err)
{
	for (size_t i = 0; i < request->message_count; i++)
		if (!check_message(&request->messages[i], i, err))
			return false;
	for (size_t i = 0; i < request->tool_count; i++)
		if (!check_tool(&request->tools[i], i, err))
			return false;
	if (has_wrong(&request->extra, S("stop")))
		return error_refuse(err, ERR_BAD_FIELD, "stop",
			"'stop' must be a string or an array of strings.");
	return check_format(&request->format, err);
}

static bool check_message(
	const struct chat_message *message, size_t index, struct error *err)
{
	struct place place = { .message = index };

	if (message->role == CHAT_TOOL && message->tool_call_id.n == 0)
		return refuse_missing(
			err, head_path("messages[%zu].tool_call_id", index));
	if (message->role == CHAT_FUNCTION && message->tool_call_id.n == 0)
		return error_refuse(err, ERR_BAD_FIELD,
			head_path("messages[%zu].role", index).text,
			"'messages[%zu]' is the result of a function that was "
			"not called before.",
			index);
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (part->kind == CHAT_TOOL_CALL &&
			message->role != CHAT_ASSISTANT)
			return error_refuse(err, ERR_BAD_FIELD,
				head_path("messages[%zu].%.*s", index,
					STR_ARG(part->member))
					.text,
				"Only a message of the assistant may have tool "
				"calls.");
		if (!check_part(part, &place, err))
			return false;
		place.content += str_equal(part->member, S("content"));
		place.call += str_equal(part->member, S("tool_calls"));
	}
	return true;
}

static bool check_part(const struct chat_part *part, const struct place *place,
	struct error *err)
{
	const char *missing = missing_of(part);

	if (part->kind == CHAT_TOOL_CALL)
		return check_call(part, place, err);
	if (!missing || !str_equal(part->member, S("content")))
		return true;
	return refuse_missing(
		err, head_path("messages[%zu].content[%zu].%s", place->message,
			     place->content, missing));
}

/* The member that a part of the content cannot be without; NULL: it has what
 * it needs. */
static const char *missing_of(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT: return part->text.p ? NULL : "text";
	case CHAT_REFUSAL: return part->text.p ? NULL : "refusal";
	case CHAT_IMAGE: return part->url.n > 0 ? NULL : "image_url.url";
	case CHAT_VIDEO: return part->url.n > 0 ? NULL : "video_url.url";
	case CHAT_AUDIO: return part->data.n > 0 ? NULL : "input_audio.data";
	case CHAT_FILE:
		return part->url.n > 0 || part->file_id.n > 0
			       ? NULL
			       : "file.file_data";
	default: return NULL;
	}
}

static bool check_call(const struct chat_part *part, const struct place *place,
	struct error *err)
{
	struct head_path path = head_path(
		"messages[%zu].tool_calls[%zu]", place->message, place->call);
	bool is_custom = openai_chat_is_custom(part);
	const char *inner = is_custom ? "custom" : "function";
	const char *what = is_custom ? "input" : "arguments";

	if (str_equal(part->member, S("function_call"))) {
		path = head_path("messages[%zu]", place->message);
		inner = "function_call";
	}
	if (part->call.id.n == 0)
		return refuse_missing(err, head_path("%s.id", path.text));
	if (part->call.name.n == 0)
		return refuse_missing(
			err, head_path("%s.%s.name", path.text, inner));
	if (!has_wrong(&part->inner_extra, str_of(what)) &&
		!has_wrong(&part->extra, str_of(what)))
		return true;
	path = head_path("%s.%s.%s", path.text, inner, what);
	return error_refuse(err, ERR_BAD_FIELD, path.text,
		"'%s' must be a string.", path.text);
}

static bool refuse_missing(struct error *err, struct head_path path)
{
	return error_refuse(err, ERR_MISSING_FIELD, path.text,
		"'%s' is missing or empty.", path.text);
}

static bool check_tool(
	const struct chat_tool *tool, size_t index, struct error *err)
{
	bool is_custom = str_equal(tool->type, S("custom"));
	struct head_path path = head_path(
		"tools[%zu].%s", index, is_custom ? "custom" : "function");

	if (tool->json.p)
		return true; /* no other provider has it: see the losses */
	if (tool->name.n == 0)
		return refuse_missing(err, head_path("%s.name", path.text));
	if (!has_wrong(&tool->inner_extra, S("parameters")))
		return true;
	path = head_path("%s.parameters", path.text);
	return error_refuse(err, ERR_BAD_FIELD, path.text,
		"'%s' must be an object: a JSON schema.", path.text);
}

static bool check_format(const struct chat_format *format, struct error *err)
{
	if (format->kind == CHAT_FORMAT_SCHEMA && !format->schema.p)
		return refuse_missing(
			err, head_path("response_format.json_schema.schema"));
	return true;
}

/* A member of ours that stands among those that were not understood. */
static bool has_wrong(const struct chat_extra *extra, struct str name)
{
	for (const struct chat_member *kept = extra->first; kept;
		kept = kept->next)
		if (kept->member.value.type != JSON_TYPE_NULL &&
			json_name_is(kept->member, name))
			return kept->member.value.type != JSON_TYPE_ARRAY ||
			       !json_is_empty(kept->member.value);
	return false;
}
