/*
 * ollama_check.c - what Ollama refuses. It reads JSON into Go's structs:
 * members it does not know are ignored, but a value of another type than the
 * struct's is an error, and there a gateway that translates could go wrong.
 *
 * https://github.com/ollama/ollama/blob/main/api/types.go (types, options,
 * `think`); docs/api.md (roles).
 */
#include "base64.h"
#include "fields.h"
#include "ollama.h"

static const struct {
	const char *name;
	enum { OPTION_INTEGER, OPTION_NUMBER, OPTION_LIST } type;
} options[] = {
	{ "num_predict", OPTION_INTEGER },
	{ "num_ctx", OPTION_INTEGER },
	{ "seed", OPTION_INTEGER },
	{ "top_k", OPTION_INTEGER },
	{ "temperature", OPTION_NUMBER },
	{ "top_p", OPTION_NUMBER },
	{ "min_p", OPTION_NUMBER },
	{ "repeat_penalty", OPTION_NUMBER },
	{ "presence_penalty", OPTION_NUMBER },
	{ "frequency_penalty", OPTION_NUMBER },
	{ "stop", OPTION_LIST },
};

static bool check_think(const struct ask *ask, struct error *err);
static bool check_options(const struct ask *ask, struct error *err);
static bool check_message(
	const struct ask *ask, struct json message, struct error *err);
static bool check_images(
	const struct ask *ask, struct json images, struct error *err);
static bool check_calls(struct json calls, struct error *err);
static bool refuse_type(struct error *err, struct json value,
	const char *member, const char *type);
static const char *go_type(struct json value);

bool ollama_check_chat(const struct ask *ask, struct error *err)
{
	struct json_cursor messages = json_members(ask->messages);
	struct json_member message;
	struct json format = json_find(ask->root, S("format"));

	if (!fields_absent(ask->messages) &&
		ask->messages.type != JSON_TYPE_ARRAY)
		return refuse_type(
			err, ask->messages, "messages", "[]api.Message");
	if (!fields_absent(format) && format.type != JSON_TYPE_OBJECT &&
		!json_text_is(format, S("json")) &&
		!json_text_is(format, S("")))
		return error_refuse(err, ERR_BAD_FIELD, "format",
			"invalid format: expected \"json\" or a JSON schema");
	if (!check_think(ask, err) || !check_options(ask, err))
		return false;
	while (json_next(&messages, &message)) {
		if (!check_message(ask, message.value, err))
			return false;
	}
	return true;
}

static bool check_think(const struct ask *ask, struct error *err)
{
	static const struct str levels[] = { STR("high"), STR("medium"),
		STR("low"), STR("max") };
	struct json think = json_find(ask->root, S("think"));
	bool flag;

	if (fields_absent(think) || json_bool(think, &flag) ||
		FIELDS_INDEX(think, levels) < ARRAY_LEN(levels))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "think",
		"invalid think value: %.*s (must be \"high\", \"medium\", "
		"\"low\", true, or false)",
		STR_ARG(str_head(think.text, 60)));
}

static bool check_options(const struct ask *ask, struct error *err)
{
	static const char *const types[] = {
		[OPTION_INTEGER] = "integer",
		[OPTION_NUMBER] = "float32",
		[OPTION_LIST] = "array",
	};
	struct json object = json_find(ask->root, S("options"));

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		struct json value = json_find(object, str_of(options[i].name));
		double number;
		int64_t integer;
		bool ok = fields_absent(value);

		switch (options[i].type) {
		case OPTION_INTEGER: ok |= json_int(value, &integer); break;
		case OPTION_NUMBER: ok |= json_double(value, &number); break;
		case OPTION_LIST: ok |= value.type == JSON_TYPE_ARRAY; break;
		}
		if (!ok)
			return error_refuse(err, ERR_BAD_FIELD, "options",
				"option \"%s\" must be of type %s",
				options[i].name, types[options[i].type]);
	}
	return true;
}

static bool check_message(
	const struct ask *ask, struct json message, struct error *err)
{
	static const struct str roles[] = { STR("system"), STR("user"),
		STR("assistant"), STR("tool") };
	struct json role = json_find(message, S("role"));
	struct json content = json_find(message, S("content"));

	if (FIELDS_INDEX(role, roles) == ARRAY_LEN(roles))
		return error_refuse(err, ERR_BAD_FIELD, "messages",
			"invalid role: %.*s, must be one of [system, user, "
			"assistant, tool]",
			STR_ARG(str_head(ask_text(ask, role), 40)));
	if (!fields_absent(content) && content.type != JSON_TYPE_STRING)
		return refuse_type(err, content, "messages.content", "string");
	return check_images(ask, json_find(message, S("images")), err) &&
	       check_calls(json_find(message, S("tool_calls")), err);
}

/* Bytes, so base64 alone: no data URL. */
static bool check_images(
	const struct ask *ask, struct json images, struct error *err)
{
	struct json_cursor cursor = json_members(images);
	struct json_member image;

	while (json_next(&cursor, &image)) {
		struct buf bytes = BUF_INIT(HTTP_MAX_BODY_BYTES);
		bool ok = image.value.type == JSON_TYPE_STRING &&
			  base64_decode(ask_text(ask, image.value), &bytes);

		buf_release(&bytes);
		if (!ok)
			return error_refuse(err, ERR_BAD_FIELD, "messages",
				"illegal base64 data at input byte 0");
	}
	return true;
}

static bool check_calls(struct json calls, struct error *err)
{
	struct json_cursor cursor = json_members(calls);
	struct json_member call;

	while (json_next(&cursor, &call)) {
		struct json function = json_find(call.value, S("function"));
		struct json arguments = json_find(function, S("arguments"));

		if (!fields_absent(arguments) &&
			arguments.type != JSON_TYPE_OBJECT)
			return refuse_type(err, arguments,
				"messages.tool_calls.function.arguments",
				"api.ToolCallFunctionArguments");
	}
	return true;
}

static bool refuse_type(struct error *err, struct json value,
	const char *member, const char *type)
{
	return error_refuse(err, ERR_BAD_FIELD, "messages",
		"json: cannot unmarshal %s into Go struct field "
		"ChatRequest.%s of type %s",
		go_type(value), member, type);
}

static const char *go_type(struct json value)
{
	bool is_bool =
		value.type == JSON_TYPE_TRUE || value.type == JSON_TYPE_FALSE;

	return is_bool ? "bool" : json_type_name(value.type);
}
