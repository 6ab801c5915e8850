/*
 * cohere_check.c - what Cohere refuses in a chat: the places where a gateway
 * that translates could go wrong. The rules are those of
 * https://docs.cohere.com/v2/reference/chat: which roles there are, what a
 * content is made of, which members a tool's message needs, and which bounds
 * the numbers have.
 */
#include "cohere.h"
#include "fields.h"

struct walk {
	const struct ask *ask;
	int index; /* of the current message */
	struct fields_calls calls;
};

static bool check_number(const struct ask *ask, const char *name, double min,
	double max, struct error *err);
static bool check_message(
	struct walk *walk, struct json message, struct error *err);
static bool check_content(
	const struct walk *walk, struct json content, struct error *err);
static bool check_calls(
	struct walk *walk, struct json calls, struct error *err);
static bool check_result(
	struct walk *walk, struct json message, struct error *err);
static bool check_answered(const struct walk *walk, struct error *err);

bool cohere_check_chat(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json_cursor messages = json_members(ask->messages);
	struct json_member message;

	if (!check_number(ask, "p", 0.01, 0.99, err) ||
		!check_number(ask, "k", 0, 500, err) ||
		!check_number(ask, "frequency_penalty", 0, 1, err) ||
		!check_number(ask, "presence_penalty", 0, 1, err))
		return false;
	for (; json_next(&messages, &message); walk.index++) {
		if (!check_message(&walk, message.value, err))
			return false;
	}
	if (walk.index == 0)
		return error_refuse(err, ERR_BAD_FIELD, "messages",
			"invalid request: list of messages must not be empty");
	return check_answered(&walk, err);
}

static bool check_number(const struct ask *ask, const char *name, double min,
	double max, struct error *err)
{
	struct json value = json_find(ask->root, str_of(name));
	double number;

	if (fields_absent(value) ||
		(json_double(value, &number) && number >= min && number <= max))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, name,
		"invalid request: %s must be between %g and %g inclusive.",
		name, min, max);
}

static bool check_message(
	struct walk *walk, struct json message, struct error *err)
{
	static const struct str roles[] = { STR("user"), STR("assistant"),
		STR("system"), STR("tool") };
	struct json role = json_find(message, S("role"));
	struct json content = json_find(message, S("content"));
	size_t i = FIELDS_INDEX(role, roles);

	if (i == ARRAY_LEN(roles))
		return error_refuse(err, ERR_BAD_FIELD, "messages",
			"invalid request: messages[%d].role '%.*s' is not one "
			"of: user, assistant, system, tool.",
			walk->index,
			STR_ARG(str_head(ask_text(walk->ask, role), 40)));
	if (!check_content(walk, content, err))
		return false;
	if (str_equal(roles[i], S("tool")))
		return check_result(walk, message, err);
	if (!check_answered(walk, err))
		return false;
	walk->calls.count = 0;
	if (str_equal(roles[i], S("assistant")))
		return check_calls(
			walk, json_find(message, S("tool_calls")), err);
	if (fields_absent(content))
		return error_refuse(err, ERR_BAD_FIELD, "messages",
			"invalid request: messages[%d].content is required.",
			walk->index);
	return true;
}

static bool check_content(
	const struct walk *walk, struct json content, struct error *err)
{
	static const struct str types[] = { STR("text"), STR("image_url"),
		STR("thinking"), STR("document") };
	struct json_cursor parts = json_members(content);
	struct json_member part;

	if (fields_absent(content) || content.type == JSON_TYPE_STRING)
		return true;
	for (int i = 0; json_next(&parts, &part); i++) {
		struct json type = json_find(part.value, S("type"));

		if (FIELDS_INDEX(type, types) == ARRAY_LEN(types))
			return error_refuse(err, ERR_BAD_FIELD, "messages",
				"invalid request: messages[%d].content[%d]."
				"type '%.*s' is not supported.",
				walk->index, i,
				STR_ARG(str_head(
					ask_text(walk->ask, type), 40)));
	}
	return content.type == JSON_TYPE_ARRAY ||
	       error_refuse(err, ERR_BAD_FIELD, "messages",
		       "invalid request: messages[%d].content must be a string "
		       "or a list.",
		       walk->index);
}

static bool check_calls(struct walk *walk, struct json calls, struct error *err)
{
	struct json_cursor cursor = json_members(calls);
	struct json_member call;

	for (int i = 0; json_next(&cursor, &call); i++) {
		struct json function = json_find(call.value, S("function"));
		struct str id =
			ask_text(walk->ask, json_find(call.value, S("id")));

		if (id.n == 0 ||
			json_find(function, S("name")).type !=
				JSON_TYPE_STRING ||
			json_find(function, S("arguments")).type !=
				JSON_TYPE_STRING)
			return error_refuse(err, ERR_BAD_FIELD, "messages",
				"invalid request: messages[%d].tool_calls[%d] "
				"needs an id, a name and arguments as a "
				"string.",
				walk->index, i);
		fields_calls_add(&walk->calls, id);
	}
	return true;
}

static bool check_result(
	struct walk *walk, struct json message, struct error *err)
{
	struct str id =
		ask_text(walk->ask, json_find(message, S("tool_call_id")));

	if (fields_absent(json_find(message, S("content"))))
		return error_refuse(err, ERR_BAD_FIELD, "messages",
			"invalid request: messages[%d].content is required.",
			walk->index);
	if (id.n > 0 && fields_calls_answer(&walk->calls, id))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "messages",
		"invalid request: messages[%d].tool_call_id '%.*s' was not "
		"found in the previous tool calls.",
		walk->index, STR_ARG(str_head(id, 100)));
}

static bool check_answered(const struct walk *walk, struct error *err)
{
	struct str id = fields_calls_open(&walk->calls);

	if (id.n == 0)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, "messages",
		"invalid request: tool call '%.*s' must be followed by a tool "
		"message with its result.",
		STR_ARG(str_head(id, 100)));
}
