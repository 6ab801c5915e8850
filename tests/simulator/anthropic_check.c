/*
 * anthropic_check.c - what Anthropic refuses: the places where a gateway that
 * translates could go wrong.
 *
 * The rules are those of the published schema (names, patterns, bounds) and of
 * https://docs.claude.com/en/docs/build-with-claude/extended-thinking and
 * .../agents-and-tools/tool-use/implement-tool-use; the wording is that of the
 * API, as in https://github.com/anthropics/claude-code/issues/8210 and /18947.
 * Turns of one role that follow each other are joined, not refused: the
 * schema says so.
 */
#include "anthropic.h"
#include "fields.h"

static const struct str names[] = { STR("model"), STR("messages"),
	STR("max_tokens"), STR("system"), STR("tools"), STR("tool_choice"),
	STR("stream"), STR("temperature"), STR("top_p"), STR("top_k"),
	STR("stop_sequences"), STR("thinking"), STR("metadata"),
	STR("output_config"), STR("cache_control"), STR("container"),
	STR("inference_geo"), STR("service_tier"),
	/* with a header that asks for them */
	STR("context_management"), STR("diagnostics"),
	STR("fallback_credit_token"), STR("fallbacks"), STR("mcp_servers"),
	STR("output_format"), STR("speed") };
#define STABLE_NAMES 18

static const struct str count_names[] = { STR("model"), STR("messages"),
	STR("system"), STR("tools"), STR("tool_choice"), STR("thinking"),
	STR("output_config"), STR("cache_control"), STR("context_management"),
	STR("mcp_servers"), STR("output_format"), STR("speed") };
#define STABLE_COUNT_NAMES 8

static bool check_names(const struct ask *ask, const struct str *known,
	size_t stable, size_t all, struct error *err);
static bool check_max_tokens(struct json max_tokens, struct error *err);
static bool check_sampling(const struct ask *ask, struct error *err);
static bool check_thinking(const struct ask *ask, struct error *err);
static bool check_tools(const struct ask *ask, struct error *err);
static bool check_tool(
	struct json tool, int index, struct str name, struct error *err);
static bool is_own_type(struct json type);
static bool check_tool_choice(const struct ask *ask, struct error *err);

bool anthropic_check_messages(const struct ask *ask, struct error *err)
{
	return check_names(ask, names, STABLE_NAMES, ARRAY_LEN(names), err) &&
	       check_max_tokens(json_find(ask->root, S("max_tokens")), err) &&
	       check_sampling(ask, err) && check_thinking(ask, err) &&
	       check_tools(ask, err) && check_tool_choice(ask, err) &&
	       anthropic_check_conversation(ask, err);
}

bool anthropic_check_count_tokens(const struct ask *ask, struct error *err)
{
	return check_names(ask, count_names, STABLE_COUNT_NAMES,
		       ARRAY_LEN(count_names), err) &&
	       check_tools(ask, err) && check_tool_choice(ask, err) &&
	       anthropic_check_conversation(ask, err);
}

static bool check_names(const struct ask *ask, const struct str *known,
	size_t stable, size_t all, struct error *err)
{
	bool is_beta = http_find_header(ask->http, S("anthropic-beta")).n > 0;
	struct str unknown =
		fields_unknown(ask->root, known, is_beta ? all : stable);

	if (unknown.n == 0)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"%.*s: Extra inputs are not permitted",
		STR_ARG(str_head(unknown, 100)));
}

static bool check_max_tokens(struct json max_tokens, struct error *err)
{
	int64_t value;

	if (max_tokens.type == JSON_TYPE_NONE)
		return error_refuse(
			err, ERR_BAD_FIELD, NULL, "max_tokens: Field required");
	if (!json_int(max_tokens, &value))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"max_tokens: Input should be a valid integer");
	if (value < 1)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"max_tokens: Input should be greater than or equal to "
			"1");
	return true;
}

static bool check_sampling(const struct ask *ask, struct error *err)
{
	static const char *const bounded[] = { "temperature", "top_p" };

	for (size_t i = 0; i < ARRAY_LEN(bounded); i++) {
		struct json value = json_find(ask->root, str_of(bounded[i]));
		double number;

		if (fields_absent(value))
			continue;
		if (!json_double(value, &number))
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"%s: Input should be a valid number",
				bounded[i]);
		/* -1 stands for the default, as recorded requests show. */
		if (number != -1 && (number < 0 || number > 1))
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"%s: Input should be %s", bounded[i],
				number < 0 ? "greater than or equal to 0"
					   : "less than or equal to 1");
	}
	return true;
}

static bool check_thinking(const struct ask *ask, struct error *err)
{
	static const struct str types[] = { STR("enabled"), STR("disabled"),
		STR("adaptive") };
	struct json thinking = json_find(ask->root, S("thinking"));
	struct json temperature = json_find(ask->root, S("temperature"));
	int64_t budget;
	int64_t max_tokens;
	double number;

	if (thinking.type == JSON_TYPE_NONE)
		return true;
	if (FIELDS_INDEX(json_find(thinking, S("type")), types) ==
		ARRAY_LEN(types))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"thinking: Input tag found using 'type' does not "
			"match any of the expected tags: 'adaptive', "
			"'disabled', 'enabled'");
	if (ask->wants_thinking && json_double(temperature, &number) &&
		number != 1)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"`temperature` may only be set to 1 when thinking is "
			"enabled.");
	if (ask->wants_thinking && ask->tool_choice == ASK_CHOICE_REQUIRED)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Thinking may not be enabled when tool_choice forces "
			"tool use.");
	if (!json_text_is(json_find(thinking, S("type")), S("enabled")))
		return true;
	if (!json_int(json_find(thinking, S("budget_tokens")), &budget))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"thinking.enabled.budget_tokens: Field required");
	if (budget < 1024)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"thinking.enabled.budget_tokens: Input should be "
			"greater than or equal to 1024");
	if (json_int(json_find(ask->root, S("max_tokens")), &max_tokens) &&
		max_tokens <= budget)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"`max_tokens` must be greater than "
			"`thinking.budget_tokens`.");
	return true;
}

static bool check_tools(const struct ask *ask, struct error *err)
{
	struct json tools = json_find(ask->root, S("tools"));
	struct json_cursor items = json_members(tools);
	struct json_member item;

	if (!fields_absent(tools) && tools.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools: Input should be a valid list");
	for (int i = 0; json_next(&items, &item); i++) {
		struct str name =
			ask_text(ask, json_find(item.value, S("name")));

		if (!check_tool(item.value, i, name, err))
			return false;
		if (fields_count(tools, S("name"), name) > 1)
			return error_refuse(err, ERR_BAD_FIELD, NULL,
				"tools: Tool names must be unique.");
	}
	return true;
}

static bool check_tool(
	struct json tool, int index, struct str name, struct error *err)
{
	static const struct str known[] = { STR("type"), STR("name"),
		STR("description"), STR("input_schema"), STR("cache_control"),
		STR("strict"), STR("allowed_callers"), STR("defer_loading"),
		STR("eager_input_streaming"), STR("input_examples") };
	struct json type = json_find(tool, S("type"));
	struct json schema = json_find(tool, S("input_schema"));
	struct str unknown = FIELDS_UNKNOWN(tool, known);

	if (is_own_type(type))
		return true;
	if (!fields_absent(type) && !json_text_is(type, S("custom")))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools.%d: Input tag found using 'type' does not match "
			"any of the expected tags",
			index);
	if (unknown.n > 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools.%d.custom.%.*s: Extra inputs are not permitted",
			index, STR_ARG(str_head(unknown, 100)));
	if (!fields_is_name(name, 128))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools.%d.custom.name: String should match pattern "
			"'^[a-zA-Z0-9_-]{1,128}$'",
			index);
	if (schema.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools.%d.custom.input_schema: Field required", index);
	if (!json_text_is(json_find(schema, S("type")), S("object")))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tools.%d.custom.input_schema.type: Input should be "
			"'object'",
			index);
	return true;
}

/* The provider's own tools have a date: "web_search_20250305". */
static bool is_own_type(struct json type)
{
	int digits = 0;

	if (type.type != JSON_TYPE_STRING)
		return false;
	for (size_t i = type.text.n - 1; i-- > 1 && digits < 8; digits++) {
		if (!isdigit((unsigned char)type.text.p[i]))
			return false;
	}
	return digits == 8;
}

static bool check_tool_choice(const struct ask *ask, struct error *err)
{
	static const struct str types[] = { STR("auto"), STR("any"),
		STR("tool"), STR("none") };
	struct json choice = json_find(ask->root, S("tool_choice"));
	struct json name = json_find(choice, S("name"));

	if (fields_absent(choice))
		return true;
	if (FIELDS_INDEX(json_find(choice, S("type")), types) ==
		ARRAY_LEN(types))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"tool_choice: Input tag found using 'type' does not "
			"match any of the expected tags: 'any', 'auto', "
			"'none', 'tool'");
	if (json_text_is(json_find(choice, S("type")), S("tool")) &&
		fields_count(json_find(ask->root, S("tools")), S("name"),
			ask_text(ask, name)) == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Tool '%.*s' not found in provided tools",
			STR_ARG(str_head(ask_text(ask, name), 128)));
	return true;
}
