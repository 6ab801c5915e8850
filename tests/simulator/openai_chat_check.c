/*
 * openai_chat_check.c - what OpenAI refuses in a Chat Completion request: the
 * places where a gateway that translates or repairs could go wrong.
 *
 * The wording is OpenAI's, as in recorded answers and in reports such as
 * https://github.com/openai/openai-python/issues/1106 (tool messages).
 */
#include "fields.h"
#include "openai.h"
#include "openai_chat.h"

#define MAX_CALL_ID_BYTES 40

/* Where the walk through the messages is. */
struct walk {
	const struct ask *ask;
	int index;                 /* of the current message */
	struct fields_calls calls; /* of the last assistant */
};

static bool is_empty(struct json array);
static bool check_message(
	struct walk *walk, struct json message, struct error *err);
static bool check_result(
	struct walk *walk, struct json message, struct error *err);
static bool check_calls(
	struct walk *walk, struct json calls, struct error *err);
static bool check_answered(const struct walk *walk, struct error *err);

bool openai_chat_check(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json messages = ask->messages;
	struct json_cursor cursor = json_members(messages);
	struct json_member message;

	if (ask->unknown.n > 0)
		return openai_refuse(err, OPENAI_NO_CODE, NULL,
			"Unrecognized request argument supplied: %.*s",
			STR_ARG(str_head(ask->unknown, 100)));
	if (messages.type != JSON_TYPE_ARRAY)
		return openai_refuse(err, "missing_required_parameter",
			"messages", "Missing required parameter: 'messages'.");
	if (is_empty(messages))
		return openai_refuse(err, "empty_array", "messages",
			"Invalid 'messages': empty array. Expected an array "
			"with minimum length 1, but got an empty array "
			"instead.");
	/* Walking a long conversation would show in a benchmark. */
	if (ask->tools[0].n == 0)
		return true;
	for (; json_next(&cursor, &message); walk.index++) {
		if (!check_message(&walk, message.value, err))
			return false;
	}
	return check_answered(&walk, err);
}

/* Without stepping over a first item, which may be large. */
static bool is_empty(struct json array)
{
	return str_trim(str_from(array.text, 1)).n == 1;
}

static bool check_message(
	struct walk *walk, struct json message, struct error *err)
{
	static const struct str roles[] = { STR("user"), STR("assistant"),
		STR("system"), STR("tool"), STR("developer"), STR("function") };
	struct json role = json_find(message, S("role"));
	size_t i = FIELDS_INDEX(role, roles);

	if (i == ARRAY_LEN(roles))
		return openai_refuse(err, "invalid_value", "messages",
			"Invalid value: '%.*s'. Supported values are: "
			"'system', 'assistant', 'user', 'function', 'tool', "
			"and 'developer'.",
			STR_ARG(str_head(ask_text(walk->ask, role), 40)));
	if (str_equal(roles[i], S("tool")))
		return check_result(walk, message, err);
	if (!check_answered(walk, err))
		return false;
	walk->calls.count = 0;
	if (str_equal(roles[i], S("assistant")))
		return check_calls(
			walk, json_find(message, S("tool_calls")), err);
	return true;
}

static bool check_result(
	struct walk *walk, struct json message, struct error *err)
{
	struct str id =
		ask_text(walk->ask, json_find(message, S("tool_call_id")));

	if (id.n == 0)
		return openai_refuse(err, "missing_required_parameter",
			"messages",
			"Missing required parameter: "
			"'messages[%d].tool_call_id'.",
			walk->index);
	if (fields_calls_answer(&walk->calls, id))
		return true;
	return openai_refuse(err, OPENAI_NO_CODE, "messages",
		"Invalid parameter: messages with role 'tool' must be a "
		"response to a preceeding message with 'tool_calls'.");
}

static bool check_calls(struct walk *walk, struct json calls, struct error *err)
{
	struct json_cursor cursor = json_members(calls);
	struct json_member call;

	for (int i = 0; json_next(&cursor, &call); i++) {
		struct json function = json_find(call.value, S("function"));
		struct json arguments = json_find(function, S("arguments"));
		struct str id =
			ask_text(walk->ask, json_find(call.value, S("id")));

		if (id.n > MAX_CALL_ID_BYTES)
			return openai_refuse(err, "string_above_max_length",
				"messages",
				"Invalid 'messages[%d].tool_calls[%d].id': "
				"string too long. Expected a string with "
				"maximum length %d, but got a string with "
				"length %zu instead.",
				walk->index, i, MAX_CALL_ID_BYTES, id.n);
		if (function.type != JSON_TYPE_NONE &&
			arguments.type != JSON_TYPE_STRING)
			return openai_refuse(err, "invalid_type", "messages",
				"Invalid type for 'messages[%d].tool_calls[%d]"
				".function.arguments': expected a string, but "
				"got %s instead.",
				walk->index, i, json_type_name(arguments.type));
		fields_calls_add(&walk->calls, id);
	}
	return true;
}

static bool check_answered(const struct walk *walk, struct error *err)
{
	struct str id = fields_calls_open(&walk->calls);

	if (id.n == 0)
		return true;
	return openai_refuse(err, OPENAI_NO_CODE, "messages",
		"An assistant message with 'tool_calls' must be followed by "
		"tool messages responding to each 'tool_call_id'. The "
		"following tool_call_ids did not have response messages: "
		"%.*s",
		STR_ARG(str_head(id, 100)));
}
