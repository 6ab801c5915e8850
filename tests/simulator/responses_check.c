/*
 * responses_check.c - what OpenAI refuses in a Responses request: the places
 * where a gateway that translates could go wrong.
 *
 * The names are those of OpenAI's schema and of recorded requests; the wording
 * is that of recorded answers and of reports such as
 * https://github.com/openai/codex/issues/8128 (encrypted content).
 */
#include "fields.h"
#include "openai.h"
#include "responses.h"
#include "signature.h"

#define MIN_OUTPUT_TOKENS 16
#define MAX_CALL_ID_BYTES 64

static const struct str names[] = { STR("model"), STR("input"), STR("stream"),
	STR("instructions"), STR("tools"), STR("tool_choice"),
	STR("max_output_tokens"), STR("temperature"), STR("top_p"),
	STR("reasoning"), STR("text"), STR("include"), STR("store"),
	STR("parallel_tool_calls"), STR("previous_response_id"),
	STR("metadata"), STR("user"), STR("background"), STR("conversation"),
	STR("context_management"), STR("max_tool_calls"), STR("moderation"),
	STR("prompt"), STR("prompt_cache_key"), STR("prompt_cache_options"),
	STR("prompt_cache_retention"), STR("safety_identifier"),
	STR("service_tier"), STR("stream_options"), STR("top_logprobs"),
	STR("truncation"), STR("client_metadata") };

/* What Chat Completions calls it, and where it is now. */
static const struct {
	struct str old;
	const char *now;
} moved[] = {
	{ STR("messages"), "input" },
	{ STR("max_tokens"), "max_output_tokens" },
	{ STR("max_completion_tokens"), "max_output_tokens" },
	{ STR("response_format"), "text.format" },
	{ STR("reasoning_effort"), "reasoning.effort" },
};

struct walk {
	const struct ask *ask;
	int index; /* of the current item */
	struct fields_calls calls;
};

static bool check_names(const struct ask *ask, struct error *err);
static bool check_max_output_tokens(const struct ask *ask, struct error *err);
static bool check_tools(const struct ask *ask, struct error *err);
static bool check_format(const struct ask *ask, struct error *err);
static bool check_input(const struct ask *ask, struct error *err);
static bool check_item(struct walk *walk, struct json item, struct error *err);
static bool check_message(
	const struct walk *walk, struct json item, struct error *err);
static bool check_parts(const struct walk *walk, struct json content,
	bool is_assistant, struct error *err);
static bool check_reasoning(
	const struct walk *walk, struct json item, struct error *err);
static bool check_call(struct walk *walk, struct json item, struct error *err);
static bool check_output(
	struct walk *walk, struct json item, struct error *err);
static bool check_call_id(
	const struct walk *walk, struct json item, struct error *err);
static bool refuse_missing(struct error *err, const char *format, ...)
	PRINTF_LIKE(2, 3);

bool responses_check(const struct ask *ask, struct error *err)
{
	return check_names(ask, err) && check_max_output_tokens(ask, err) &&
	       check_tools(ask, err) && check_format(ask, err) &&
	       check_input(ask, err);
}

static bool check_names(const struct ask *ask, struct error *err)
{
	struct str unknown = FIELDS_UNKNOWN(ask->root, names);
	char name[64];

	if (unknown.n == 0)
		return true;
	snprintf(name, sizeof(name), "%.*s", STR_ARG(str_head(unknown, 60)));
	for (size_t i = 0; i < ARRAY_LEN(moved); i++) {
		if (str_equal(unknown, moved[i].old))
			return openai_refuse(err, "unsupported_parameter", name,
				"Unsupported parameter: '%s'. In the "
				"Responses API, this parameter has moved to "
				"'%s'.",
				name, moved[i].now);
	}
	return openai_refuse(err, "unknown_parameter", name,
		"Unknown parameter: '%s'.", name);
}

static bool check_max_output_tokens(const struct ask *ask, struct error *err)
{
	struct json max = json_find(ask->root, S("max_output_tokens"));
	int64_t value;

	if (fields_absent(max))
		return true;
	if (!json_int(max, &value))
		return openai_refuse(err, "invalid_type", "max_output_tokens",
			"Invalid type for 'max_output_tokens': expected an "
			"integer, but got %s instead.",
			json_type_name(max.type));
	if (value >= MIN_OUTPUT_TOKENS)
		return true;
	return openai_refuse(err, "integer_below_min_value",
		"max_output_tokens",
		"Invalid 'max_output_tokens': integer below minimum value. "
		"Expected a value >= %d, but got %" PRId64 " instead.",
		MIN_OUTPUT_TOKENS, value);
}

/* A function's name stands beside its type, not in an object within. */
static bool check_tools(const struct ask *ask, struct error *err)
{
	struct json_cursor tools =
		json_members(json_find(ask->root, S("tools")));
	struct json choice = json_find(ask->root, S("tool_choice"));
	struct json_member tool;

	for (int i = 0; json_next(&tools, &tool); i++) {
		struct json type = json_find(tool.value, S("type"));
		struct str name =
			ask_text(ask, json_find(tool.value, S("name")));

		if (type.type != JSON_TYPE_STRING)
			return refuse_missing(err, "tools[%d].type", i);
		if (!json_text_is(type, S("function")))
			continue;
		if (name.n == 0)
			return refuse_missing(err, "tools[%d].name", i);
		if (!fields_is_name(name, 128))
			return openai_refuse(err, "invalid_value", "tools",
				"Invalid 'tools[%d].name': string does not "
				"match pattern. Expected a string that matches "
				"the pattern '^[a-zA-Z0-9_-]+$'.",
				i);
	}
	if (json_text_is(json_find(choice, S("type")), S("function")) &&
		json_find(choice, S("name")).type != JSON_TYPE_STRING)
		return refuse_missing(err, "tool_choice.name");
	return true;
}

static bool check_format(const struct ask *ask, struct error *err)
{
	struct json format =
		json_find(json_find(ask->root, S("text")), S("format"));

	if (!json_text_is(json_find(format, S("type")), S("json_schema")))
		return true;
	if (json_find(format, S("name")).type != JSON_TYPE_STRING)
		return refuse_missing(err, "text.format.name");
	if (json_find(format, S("schema")).type != JSON_TYPE_OBJECT)
		return refuse_missing(err, "text.format.schema");
	return true;
}

static bool check_input(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json_cursor items = json_members(ask->messages);
	struct json_member item;
	struct str open;

	if (fields_absent(ask->messages) &&
		fields_absent(json_find(ask->root, S("prompt"))) &&
		fields_absent(json_find(ask->root, S("conversation"))) &&
		fields_absent(json_find(ask->root, S("previous_response_id"))))
		return refuse_missing(err, "input");
	for (; json_next(&items, &item); walk.index++) {
		if (!check_item(&walk, item.value, err))
			return false;
	}
	open = fields_calls_open(&walk.calls);
	if (open.n == 0)
		return true;
	return openai_refuse(err, OPENAI_NO_CODE, "input",
		"No tool output found for function call %.*s.",
		STR_ARG(str_head(open, 100)));
}

static bool check_item(struct walk *walk, struct json item, struct error *err)
{
	struct json type = json_find(item, S("type"));

	if (type.type == JSON_TYPE_NONE || json_text_is(type, S("message")))
		return check_message(walk, item, err);
	if (json_text_is(type, S("reasoning")))
		return check_reasoning(walk, item, err);
	if (json_text_is(type, S("function_call")))
		return check_call(walk, item, err);
	if (json_text_is(type, S("function_call_output")))
		return check_output(walk, item, err);
	return true;
}

static bool check_message(
	const struct walk *walk, struct json item, struct error *err)
{
	static const struct str roles[] = { STR("assistant"), STR("user"),
		STR("system"), STR("developer") };
	struct json role = json_find(item, S("role"));
	struct json content = json_find(item, S("content"));
	size_t i = FIELDS_INDEX(role, roles);

	if (i == ARRAY_LEN(roles))
		return openai_refuse(err, "invalid_value", "input",
			"Invalid value: '%.*s'. Supported values are: "
			"'assistant', 'system', 'developer', and 'user'.",
			STR_ARG(str_head(ask_text(walk->ask, role), 40)));
	if (content.type == JSON_TYPE_ARRAY)
		return check_parts(walk, content, i == 0, err);
	if (content.type != JSON_TYPE_STRING)
		return refuse_missing(err, "input[%d].content", walk->index);
	return true;
}

static bool check_parts(const struct walk *walk, struct json content,
	bool is_assistant, struct error *err)
{
	static const struct str asked[] = { STR("input_text"),
		STR("input_image"), STR("input_file"), STR("input_audio") };
	static const struct str said[] = { STR("output_text"), STR("refusal") };
	struct json_cursor parts = json_members(content);
	struct json_member part;

	for (int i = 0; json_next(&parts, &part); i++) {
		struct json type = json_find(part.value, S("type"));
		bool known =
			is_assistant
				? FIELDS_INDEX(type, said) < ARRAY_LEN(said)
				: FIELDS_INDEX(type, asked) < ARRAY_LEN(asked);

		if (known)
			continue;
		return openai_refuse(err, "invalid_value", "input",
			"Invalid value: '%.*s' in 'input[%d].content[%d]'. "
			"Supported values are: %s.",
			STR_ARG(str_head(ask_text(walk->ask, type), 40)),
			walk->index, i,
			is_assistant ? "'output_text' and 'refusal'"
				     : "'input_text', 'input_image', "
				       "'input_file' and 'input_audio'");
	}
	return true;
}

static bool check_reasoning(
	const struct walk *walk, struct json item, struct error *err)
{
	struct json encrypted = json_find(item, S("encrypted_content"));
	struct str text = ask_text(walk->ask, encrypted);

	if (json_find(item, S("summary")).type != JSON_TYPE_ARRAY)
		return refuse_missing(err, "input[%d].summary", walk->index);
	if (fields_absent(encrypted) ||
		signature_is_ours(S("openai"), S(""), text))
		return true;
	return openai_refuse(err, "invalid_encrypted_content", NULL,
		"The encrypted content %.*s... could not be verified.",
		STR_ARG(str_head(text, 4)));
}

static bool check_call(struct walk *walk, struct json item, struct error *err)
{
	struct json arguments = json_find(item, S("arguments"));
	struct json id = json_find(item, S("id"));
	struct str text = ask_text(walk->ask, id);

	if (!check_call_id(walk, item, err))
		return false;
	if (ask_text(walk->ask, json_find(item, S("name"))).n == 0)
		return refuse_missing(err, "input[%d].name", walk->index);
	if (arguments.type != JSON_TYPE_STRING)
		return openai_refuse(err, "invalid_type", "input",
			"Invalid type for 'input[%d].arguments': expected a "
			"string, but got %s instead.",
			walk->index, json_type_name(arguments.type));
	if (!fields_absent(id) && !str_starts(text, S("fc")))
		return openai_refuse(err, "invalid_value", "input",
			"Invalid 'input[%d].id': '%.*s'. Expected an ID that "
			"begins with 'fc'.",
			walk->index, STR_ARG(str_head(text, 100)));
	fields_calls_add(&walk->calls,
		ask_text(walk->ask, json_find(item, S("call_id"))));
	return true;
}

static bool check_output(struct walk *walk, struct json item, struct error *err)
{
	struct json output = json_find(item, S("output"));
	struct str id = ask_text(walk->ask, json_find(item, S("call_id")));

	if (!check_call_id(walk, item, err))
		return false;
	if (output.type != JSON_TYPE_STRING && output.type != JSON_TYPE_ARRAY)
		return refuse_missing(err, "input[%d].output", walk->index);
	/* The call may stand in what the provider has stored. */
	if (fields_calls_answer(&walk->calls, id) ||
		!fields_absent(json_find(
			walk->ask->root, S("previous_response_id"))) ||
		!fields_absent(json_find(walk->ask->root, S("conversation"))))
		return true;
	return openai_refuse(err, OPENAI_NO_CODE, "input",
		"No tool call found for function call output with call_id "
		"%.*s.",
		STR_ARG(str_head(id, 100)));
}

static bool check_call_id(
	const struct walk *walk, struct json item, struct error *err)
{
	struct str id = ask_text(walk->ask, json_find(item, S("call_id")));

	if (id.n == 0)
		return refuse_missing(err, "input[%d].call_id", walk->index);
	if (id.n <= MAX_CALL_ID_BYTES)
		return true;
	return openai_refuse(err, "string_above_max_length", "input",
		"Invalid 'input[%d].call_id': string too long. Expected a "
		"string with maximum length %d, but got a string with length "
		"%zu instead.",
		walk->index, MAX_CALL_ID_BYTES, id.n);
}

static bool refuse_missing(struct error *err, const char *format, ...)
{
	char param[sizeof(err->param)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(param, sizeof(param), format, arguments);
	va_end(arguments);
	return openai_refuse(err, "missing_required_parameter", param,
		"Missing required parameter: '%s'.", param);
}
