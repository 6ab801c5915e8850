/*
 * bedrock_check.c - what Bedrock's Converse refuses: the places where a
 * gateway that translates could go wrong.
 *
 * Patterns and bounds are those of the API reference; the wording is that of
 * the service, as in https://github.com/langchain-ai/langchain-aws/issues/192
 * (alternating roles) and
 * https://github.com/genkit-ai/aws-bedrock-js-plugin/issues/664 (results).
 */
#include "base64.h"
#include "bedrock.h"
#include "fields.h"
#include "signature.h"

#define MAX_ID_BYTES 64

struct walk {
	const struct ask *ask;
	int message; /* index of the current one */
	int block;   /* and of the block in it */
	bool is_assistant;
	bool uses_tools;
	int results;               /* of this message */
	struct fields_calls calls; /* of the message before */
	struct fields_calls next;  /* of this one */
};

static bool check_config(const struct ask *ask, struct error *err);
static bool check_number(struct json config, const char *name, double min,
	double max, struct error *err);
static bool check_tools(const struct ask *ask, struct error *err);
static bool check_message(
	struct walk *walk, struct json message, struct error *err);
static bool check_turn(struct walk *walk, struct json role, struct error *err);
static bool check_block(
	struct walk *walk, struct json block, struct error *err);
static bool check_text(
	const struct walk *walk, struct json text, struct error *err);
static bool check_image(
	const struct walk *walk, struct json image, struct error *err);
static bool check_use(struct walk *walk, struct json use, struct error *err);
static bool check_result(
	struct walk *walk, struct json result, struct error *err);
static bool check_thought(
	const struct walk *walk, struct json reasoning, struct error *err);
static bool check_answered(const struct walk *walk, struct error *err);
static bool refuse_pattern(
	const struct walk *walk, const char *member, struct error *err);

bool bedrock_check(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json_cursor messages = json_members(ask->messages);
	struct json_member message;

	if (!check_config(ask, err) || !check_tools(ask, err))
		return false;
	for (; json_next(&messages, &message); walk.message++) {
		if (!check_message(&walk, message.value, err))
			return false;
	}
	if (walk.message == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"A conversation must start with a user message. Try "
			"again with a conversation that starts with a user "
			"message.");
	/* Calls that the conversation ends with have no results either. */
	walk.results = 0;
	if (walk.calls.count > 0 && !check_answered(&walk, err))
		return false;
	if (walk.uses_tools && ask->tools[0].n == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The toolConfig field must be defined when using "
			"toolUse and toolResult content blocks.");
	return true;
}

static bool check_config(const struct ask *ask, struct error *err)
{
	struct json config = json_find(ask->root, S("inferenceConfig"));
	struct json stops = json_find(config, S("stopSequences"));

	if (!fields_absent(stops) && stops.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Start of structure or map found where not expected.");
	return check_number(config, "maxTokens", 1, INT_MAX, err) &&
	       check_number(config, "temperature", 0, 1, err) &&
	       check_number(config, "topP", 0, 1, err);
}

static bool check_number(struct json config, const char *name, double min,
	double max, struct error *err)
{
	struct json value = json_find(config, str_of(name));
	double number;

	if (fields_absent(value))
		return true;
	if (!json_double(value, &number))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"%s can not be converted to a number",
			json_type_name(value.type));
	if (number >= min && number <= max)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"1 validation error detected: Value '%.*s' at "
		"'inferenceConfig.%s' failed to satisfy constraint: Member "
		"must have value %s than or equal to %g",
		STR_ARG(str_head(value.text, 40)), name,
		number < min ? "greater" : "less", number < min ? min : max);
}

static bool check_tools(const struct ask *ask, struct error *err)
{
	struct json_cursor tools = json_members(
		json_find(json_find(ask->root, S("toolConfig")), S("tools")));
	struct json_member tool;

	for (int i = 1; json_next(&tools, &tool); i++) {
		struct json spec = json_find(tool.value, S("toolSpec"));
		struct str name = ask_text(ask, json_find(spec, S("name")));
		struct json schema =
			json_find(json_find(spec, S("inputSchema")), S("json"));

		if (spec.type == JSON_TYPE_NONE)
			continue;
		if (!fields_is_name(name, MAX_ID_BYTES))
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"1 validation error detected: Value '%.*s' at "
				"'toolConfig.tools.%d.member.toolSpec.name' "
				"failed to satisfy constraint: Member must "
				"satisfy regular expression pattern: "
				"[a-zA-Z0-9_-]+",
				STR_ARG(str_head(name, 100)), i);
		if (schema.type != JSON_TYPE_OBJECT)
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"The value at toolConfig.tools.%d.toolSpec."
				"inputSchema.json is empty. Define a schema "
				"and try again.",
				i - 1);
	}
	return true;
}

static bool check_message(
	struct walk *walk, struct json message, struct error *err)
{
	struct json content = json_find(message, S("content"));
	struct json_cursor blocks = json_members(content);
	struct json_member block;

	if (!check_turn(walk, json_find(message, S("role")), err))
		return false;
	if (content.type != JSON_TYPE_ARRAY || json_length(content) == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The content field in the Message object at "
			"messages.%d is empty. Add a ContentBlock object to "
			"the content field and try again.",
			walk->message);
	walk->results = 0;
	walk->next.count = 0;
	for (walk->block = 0; json_next(&blocks, &block); walk->block++) {
		if (!check_block(walk, block.value, err))
			return false;
	}
	if (!check_answered(walk, err))
		return false;
	walk->calls = walk->next;
	return true;
}

static bool check_turn(struct walk *walk, struct json role, struct error *err)
{
	bool is_assistant = json_text_is(role, S("assistant"));

	if (!is_assistant && !json_text_is(role, S("user")))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"1 validation error detected: Value '%.*s' at "
			"'messages.%d.member.role' failed to satisfy "
			"constraint: Member must satisfy enum value set: "
			"[user, assistant]",
			STR_ARG(str_head(ask_text(walk->ask, role), 40)),
			walk->message + 1);
	if (walk->message == 0 && is_assistant)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"A conversation must start with a user message. Try "
			"again with a conversation that starts with a user "
			"message.");
	if (walk->message > 0 && is_assistant == walk->is_assistant)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"A conversation must alternate between user and "
			"assistant roles. Make sure the conversation "
			"alternates between user and assistant roles and try "
			"again.");
	walk->is_assistant = is_assistant;
	return true;
}

static bool check_block(struct walk *walk, struct json block, struct error *err)
{
	struct json text = json_find(block, S("text"));
	struct json image = json_find(block, S("image"));
	struct json use = json_find(block, S("toolUse"));
	struct json result = json_find(block, S("toolResult"));
	struct json reasoning = json_find(block, S("reasoningContent"));

	if (json_length(block) != 1)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The ContentBlock object at messages.%d.content.%d "
			"must set one of the following keys: text, image, "
			"toolUse, toolResult, document, video, cachePoint, "
			"reasoningContent.",
			walk->message, walk->block);
	if (text.type != JSON_TYPE_NONE)
		return check_text(walk, text, err);
	if (image.type != JSON_TYPE_NONE)
		return check_image(walk, image, err);
	if (use.type != JSON_TYPE_NONE)
		return check_use(walk, use, err);
	if (result.type != JSON_TYPE_NONE)
		return check_result(walk, result, err);
	if (reasoning.type != JSON_TYPE_NONE)
		return check_thought(walk, reasoning, err);
	return true;
}

static bool check_text(
	const struct walk *walk, struct json text, struct error *err)
{
	if (str_trim(ask_text(walk->ask, text)).n > 0)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"The text field in the ContentBlock object at messages.%d."
		"content.%d is blank. Add text to the text field, and try "
		"again.",
		walk->message, walk->block);
}

static bool check_image(
	const struct walk *walk, struct json image, struct error *err)
{
	static const struct str formats[] = { STR("png"), STR("jpeg"),
		STR("gif"), STR("webp") };
	struct json bytes =
		json_find(json_find(image, S("source")), S("bytes"));
	struct buf decoded = BUF_INIT(HTTP_MAX_BODY_BYTES);
	bool ok;

	if (FIELDS_INDEX(json_find(image, S("format")), formats) ==
		ARRAY_LEN(formats))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"1 validation error detected: Value at 'messages.%d."
			"member.content.%d.member.image.format' failed to "
			"satisfy constraint: Member must satisfy enum value "
			"set: [gif, jpeg, png, webp]",
			walk->message + 1, walk->block + 1);
	ok = bytes.type == JSON_TYPE_NONE ||
	     base64_decode(ask_text(walk->ask, bytes), &decoded);
	buf_release(&decoded);
	return ok || error_refuse(err, ERR_BAD_FIELD, NULL,
			     "The bytes of the image at messages.%d.content.%d "
			     "are not base64.",
			     walk->message, walk->block);
}

static bool check_use(struct walk *walk, struct json use, struct error *err)
{
	struct str id = ask_text(walk->ask, json_find(use, S("toolUseId")));
	struct str name = ask_text(walk->ask, json_find(use, S("name")));

	walk->uses_tools = true;
	if (!fields_is_name(id, MAX_ID_BYTES))
		return refuse_pattern(walk, "toolUse.toolUseId", err);
	if (!fields_is_name(name, MAX_ID_BYTES))
		return refuse_pattern(walk, "toolUse.name", err);
	if (json_find(use, S("input")).type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The format of the value at messages.%d.content.%d."
			"toolUse.input is invalid. Provide a json object for "
			"the field and try again.",
			walk->message, walk->block);
	fields_calls_add(&walk->next, id);
	return true;
}

static bool check_result(
	struct walk *walk, struct json result, struct error *err)
{
	struct str id = ask_text(walk->ask, json_find(result, S("toolUseId")));

	walk->uses_tools = true;
	walk->results++;
	if (json_find(result, S("content")).type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The content field of the toolResult at messages.%d."
			"content.%d must be a list.",
			walk->message, walk->block);
	if (walk->results > walk->calls.count)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The number of toolResult blocks at messages.%d."
			"content exceeds the number of toolUse blocks of "
			"previous turn.",
			walk->message);
	if (!fields_calls_answer(&walk->calls, id))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"The toolResult blocks at messages.%d.content contain "
			"an Id that is not one of the previous turn: %.*s",
			walk->message, STR_ARG(str_head(id, 100)));
	return true;
}

static bool check_thought(
	const struct walk *walk, struct json reasoning, struct error *err)
{
	struct json thought = json_find(reasoning, S("reasoningText"));
	struct str text = ask_text(walk->ask, json_find(thought, S("text")));

	if (thought.type == JSON_TYPE_NONE ||
		signature_is_ours(S("bedrock"), text,
			ask_text(
				walk->ask, json_find(thought, S("signature")))))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"The model returned the following errors: messages.%d.content."
		"%d: Invalid `signature` in `thinking` block",
		walk->message, walk->block);
}

static bool check_answered(const struct walk *walk, struct error *err)
{
	struct str id = fields_calls_open(&walk->calls);

	if (id.n == 0)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"Expected toolResult blocks at messages.%d.content for the "
		"following Ids: %.*s",
		walk->message, STR_ARG(str_head(id, 100)));
}

static bool refuse_pattern(
	const struct walk *walk, const char *member, struct error *err)
{
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"1 validation error detected: Value at 'messages.%d.member."
		"content.%d.member.%s' failed to satisfy constraint: Member "
		"must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
		walk->message + 1, walk->block + 1, member);
}
