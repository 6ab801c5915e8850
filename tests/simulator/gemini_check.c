/*
 * gemini_check.c - what Gemini refuses in a request, its contents apart: the
 * places where a gateway that translates could go wrong.
 *
 * The names are those of Google's discovery document (generativelanguage,
 * v1beta); a member that is not among them is an error wherever it stands.
 */
#include "gemini.h"

#include "fields.h"

static const struct str request_names[] = { STR("contents"),
	STR("systemInstruction"), STR("generationConfig"), STR("tools"),
	STR("toolConfig"), STR("safetySettings"), STR("cachedContent"),
	STR("model"), STR("serviceTier"), STR("store") };

static const struct str config_names[] = { STR("candidateCount"),
	STR("frequencyPenalty"), STR("imageConfig"), STR("logprobs"),
	STR("maxOutputTokens"), STR("mediaResolution"), STR("presencePenalty"),
	STR("responseFormat"), STR("responseJsonSchema"),
	STR("_responseJsonSchema"), STR("responseLogprobs"),
	STR("responseMimeType"), STR("responseModalities"),
	STR("responseSchema"), STR("seed"), STR("speechConfig"),
	STR("stopSequences"), STR("temperature"), STR("thinkingConfig"),
	STR("topK"), STR("topP"), STR("translationConfig"),
	STR("enableAffectiveDialog"), STR("enableEnhancedCivicAnswers") };

static const struct str thinking_names[] = { STR("includeThoughts"),
	STR("thinkingBudget"), STR("thinkingLevel") };

static const struct str tool_names[] = { STR("functionDeclarations"),
	STR("codeExecution"), STR("computerUse"), STR("fileSearch"),
	STR("googleMaps"), STR("googleSearch"), STR("googleSearchRetrieval"),
	STR("mcpServers"), STR("urlContext") };

static const struct str function_names[] = { STR("name"), STR("description"),
	STR("parameters"), STR("parametersJsonSchema"), STR("response"),
	STR("responseJsonSchema"), STR("behavior") };

static const struct str tool_config_names[] = { STR("functionCallingConfig"),
	STR("retrievalConfig"), STR("includeServerSideToolInvocations") };

static const struct str calling_names[] = { STR("mode"),
	STR("allowedFunctionNames") };

static const struct str schema_names[] = { STR("type"), STR("format"),
	STR("title"), STR("description"), STR("nullable"), STR("enum"),
	STR("maxItems"), STR("minItems"), STR("properties"), STR("required"),
	STR("minProperties"), STR("maxProperties"), STR("minLength"),
	STR("maxLength"), STR("pattern"), STR("example"), STR("anyOf"),
	STR("propertyOrdering"), STR("default"), STR("items"), STR("minimum"),
	STR("maximum") };

static bool check_config(const struct ask *ask, struct error *err);
static bool check_function(const struct ask *ask, struct json function,
	struct str where, struct error *err);
static bool check_schema(const struct ask *ask, struct json schema,
	struct str where, struct error *err);
static bool check_schemas(const struct ask *ask, struct json schemas,
	struct str where, struct error *err);
static bool is_function_name(struct str name);

bool gemini_check_generate(const struct ask *ask, struct error *err)
{
	return GEMINI_CHECK_NAMES(ask->root, request_names, S(""), err) &&
	       check_config(ask, err) && gemini_check_tools(ask, err) &&
	       gemini_check_contents(ask, err);
}

static bool check_config(const struct ask *ask, struct error *err)
{
	struct json config = gemini_find(ask->root, S("generationConfig"));
	struct json tools = gemini_find(ask->root, S("toolConfig"));

	return GEMINI_CHECK_NAMES(
		       config, config_names, S("generation_config"), err) &&
	       GEMINI_CHECK_NAMES(gemini_find(config, S("thinkingConfig")),
		       thinking_names, S("generation_config.thinking_config"),
		       err) &&
	       check_schema(ask, gemini_find(config, S("responseSchema")),
		       S("generation_config.response_schema"), err) &&
	       GEMINI_CHECK_NAMES(
		       tools, tool_config_names, S("tool_config"), err) &&
	       GEMINI_CHECK_NAMES(
		       gemini_find(tools, S("functionCallingConfig")),
		       calling_names, S("tool_config.function_calling_config"),
		       err);
}

bool gemini_check_tools(const struct ask *ask, struct error *err)
{
	struct json_cursor tools =
		json_members(json_find(ask->root, S("tools")));
	struct json_member tool;
	struct json_member function;

	for (int i = 0; json_next(&tools, &tool); i++) {
		struct str where = arena_printf(ask->arena, "tools[%d]", i);
		struct json_cursor functions = json_members(
			gemini_find(tool.value, S("functionDeclarations")));

		if (!GEMINI_CHECK_NAMES(tool.value, tool_names, where, err))
			return false;
		for (int j = 0; json_next(&functions, &function); j++) {
			where = arena_printf(ask->arena,
				"tools[%d].function_declarations[%d]", i, j);
			if (!check_function(ask, function.value, where, err))
				return false;
		}
	}
	return true;
}

static bool check_function(const struct ask *ask, struct json function,
	struct str where, struct error *err)
{
	struct str name = ask_text(ask, json_find(function, S("name")));

	if (!GEMINI_CHECK_NAMES(function, function_names, where, err))
		return false;
	if (!is_function_name(name))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* GenerateContentRequest.%.*s.name: Invalid function "
			"name. Must start with a letter or an underscore. Must "
			"be alphanumeric (a-z, A-Z, 0-9), underscores (_), "
			"dots (.), colons (:), or dashes (-), with a maximum "
			"length of 128.\n",
			STR_ARG(where));
	return check_schema(ask, json_find(function, S("parameters")),
		arena_printf(ask->arena, "%.*s.parameters", STR_ARG(where)),
		err);
}

/* Google's Schema is less than JSON Schema; what else stands in it is an
 * unknown name like any other. */
static bool check_schema(const struct ask *ask, struct json schema,
	struct str where, struct error *err)
{
	struct json type = json_find(schema, S("type"));
	struct json_cursor properties =
		json_members(json_find(schema, S("properties")));
	struct json_member property;

	if (fields_absent(schema))
		return true;
	if (!GEMINI_CHECK_NAMES(schema, schema_names, where, err))
		return false;
	if (type.type == JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Invalid JSON payload received. Unknown name \"type\" "
			"at '%.*s': Proto field is not repeating, cannot start "
			"list.",
			STR_ARG(where));
	for (int i = 0; json_next(&properties, &property); i++) {
		if (!check_schema(ask, property.value,
			    arena_printf(ask->arena,
				    "%.*s.properties[%d].value", STR_ARG(where),
				    i),
			    err))
			return false;
	}
	return check_schema(ask, json_find(schema, S("items")),
		       arena_printf(ask->arena, "%.*s.items", STR_ARG(where)),
		       err) &&
	       check_schemas(ask, gemini_find(schema, S("anyOf")),
		       arena_printf(ask->arena, "%.*s.any_of", STR_ARG(where)),
		       err);
}

static bool check_schemas(const struct ask *ask, struct json schemas,
	struct str where, struct error *err)
{
	struct json_cursor items = json_members(schemas);
	struct json_member item;

	for (int i = 0; json_next(&items, &item); i++) {
		if (!check_schema(ask, item.value,
			    arena_printf(
				    ask->arena, "%.*s[%d]", STR_ARG(where), i),
			    err))
			return false;
	}
	return true;
}

static bool is_function_name(struct str name)
{
	if (name.n == 0 || name.n > 128 ||
		(!isalpha((unsigned char)name.p[0]) && name.p[0] != '_'))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		if (!isalnum((unsigned char)name.p[i]) &&
			!memchr("_.:-", name.p[i], 4))
			return false;
	}
	return true;
}
