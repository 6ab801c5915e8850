/*
 * gemini_contents.c - what Gemini refuses in the contents of a request. The
 * one hard thing: as many function responses as calls, right behind them, and
 * in the current turn a signature on the first call of each step.
 *
 * https://ai.google.dev/gemini-api/docs/thought-signatures; the wording is
 * that of the API, as in
 * https://github.com/google-gemini/gemini-cli/issues/7410 and
 * https://github.com/nanbingxyz/5ire/issues/405.
 */
#include "fields.h"
#include "gemini.h"
#include "signature.h"

static const struct str content_names[] = { STR("parts"), STR("role") };

static const struct str part_names[] = { STR("text"), STR("thought"),
	STR("thoughtSignature"), STR("inlineData"), STR("fileData"),
	STR("functionCall"), STR("functionResponse"), STR("executableCode"),
	STR("codeExecutionResult"), STR("videoMetadata"),
	STR("mediaResolution"), STR("partMetadata"), STR("toolCall"),
	STR("toolResponse") };

static const struct str call_names[] = { STR("id"), STR("name"), STR("args") };

static const struct str response_names[] = { STR("id"), STR("name"),
	STR("response"), STR("parts"), STR("scheduling"), STR("willContinue") };

static const struct str blob_names[] = { STR("mimeType"), STR("data") };

/* Google names them for histories that another model made. */
static const struct str dummy_signatures[] = {
	STR("skip_thought_signature_validator"),
	STR("context_engineering_is_the_way_to_go")
};

/* What one content holds. */
struct content {
	bool is_model;
	int calls;
	int responses;
	bool is_prompt;           /* the user says something new */
	struct str unsigned_call; /* name of its first call, if that has no
				 signature */
};

struct walk {
	const struct ask *ask;
	int index;          /* of the current content */
	int open_calls;     /* of the model's last turn */
	int missing_at;     /* content whose first call has no signature */
	struct str missing; /* the name of that call */
};

static bool check_content(
	struct walk *walk, struct json content, struct error *err);
static bool check_part(const struct walk *walk, struct json part, int index,
	struct content *found, struct error *err);
static bool check_call(const struct walk *walk, struct json part,
	struct str where, struct content *found, struct error *err);
static bool check_response(const struct walk *walk, struct json response,
	struct str where, struct error *err);
static bool check_signature(const struct walk *walk, struct json part,
	struct str where, struct error *err);
static bool check_turn(
	struct walk *walk, const struct content *found, struct error *err);

bool gemini_check_contents(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json_cursor contents = json_members(ask->messages);
	struct json_member content;

	for (; json_next(&contents, &content); walk.index++) {
		if (!check_content(&walk, content.value, err))
			return false;
	}
	if (walk.index == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* GenerateContentRequest.contents: contents is not "
			"specified\n");
	if (walk.missing.n == 0 || !gemini_is_3(ask->model))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"Function call is missing a thought_signature in functionCall "
		"parts. This is required for tools to work correctly, and "
		"missing thought_signature may lead to degraded model "
		"performance. Additional data, function call "
		"`default_api:%.*s` , position %d.",
		STR_ARG(walk.missing), walk.missing_at + 1);
}

static bool check_content(
	struct walk *walk, struct json content, struct error *err)
{
	static const struct str roles[] = { STR("user"), STR("model"),
		STR("function") };
	struct str where =
		arena_printf(walk->ask->arena, "contents[%d]", walk->index);
	struct json role = json_find(content, S("role"));
	struct json_cursor parts = json_members(json_find(content, S("parts")));
	struct json_member part;
	struct content found = { 0 };
	int count = 0;

	if (!GEMINI_CHECK_NAMES(content, content_names, where, err))
		return false;
	if (!fields_absent(role) &&
		FIELDS_INDEX(role, roles) == ARRAY_LEN(roles))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Please use a valid role: user, model.");
	for (; json_next(&parts, &part); count++) {
		if (!check_part(walk, part.value, count, &found, err))
			return false;
	}
	if (count == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* GenerateContentRequest.%.*s.parts: contents.parts "
			"must not be empty.\n",
			STR_ARG(where));
	found.is_model = json_text_is(role, S("model"));
	found.is_prompt = !found.is_model && found.responses < count;
	return check_turn(walk, &found, err);
}

static bool check_part(const struct walk *walk, struct json part, int index,
	struct content *found, struct error *err)
{
	struct str where = arena_printf(
		walk->ask->arena, "contents[%d].parts[%d]", walk->index, index);
	struct json response = gemini_find(part, S("functionResponse"));

	if (!GEMINI_CHECK_NAMES(part, part_names, where, err) ||
		!GEMINI_CHECK_NAMES(gemini_find(part, S("inlineData")),
			blob_names, where, err) ||
		!check_signature(walk, part, where, err))
		return false;
	if (gemini_find(part, S("functionCall")).type != JSON_TYPE_NONE)
		return check_call(walk, part, where, found, err);
	if (response.type == JSON_TYPE_NONE)
		return true;
	found->responses++;
	return check_response(walk, response, where, err);
}

static bool check_call(const struct walk *walk, struct json part,
	struct str where, struct content *found, struct error *err)
{
	struct json call = gemini_find(part, S("functionCall"));
	struct json args = json_find(call, S("args"));
	struct str name = ask_text(walk->ask, json_find(call, S("name")));

	if (!GEMINI_CHECK_NAMES(call, call_names, where, err))
		return false;
	if (name.n == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* GenerateContentRequest.%.*s.function_call.name: "
			"Name cannot be empty.\n",
			STR_ARG(where));
	if (!fields_absent(args) && args.type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Invalid value at '%.*s.function_call.args' "
			"(type.googleapis.com/google.protobuf.Struct)",
			STR_ARG(where));
	if (found->calls++ == 0 &&
		gemini_find(part, S("thoughtSignature")).type == JSON_TYPE_NONE)
		found->unsigned_call = name;
	return true;
}

static bool check_response(const struct walk *walk, struct json response,
	struct str where, struct error *err)
{
	if (!GEMINI_CHECK_NAMES(response, response_names, where, err))
		return false;
	if (ask_text(walk->ask, json_find(response, S("name"))).n == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"* GenerateContentRequest.%.*s.function_response.name: "
			"Name cannot be empty.\n",
			STR_ARG(where));
	if (json_find(response, S("response")).type != JSON_TYPE_OBJECT)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Invalid value at '%.*s.function_response.response' "
			"(type.googleapis.com/google.protobuf.Struct)",
			STR_ARG(where));
	return true;
}

static bool check_signature(const struct walk *walk, struct json part,
	struct str where, struct error *err)
{
	struct json signature = gemini_find(part, S("thoughtSignature"));
	struct json call = gemini_find(part, S("functionCall"));
	struct str name = ask_text(walk->ask, json_find(call, S("name")));

	if (signature.type == JSON_TYPE_NONE ||
		FIELDS_INDEX(signature, dummy_signatures) <
			ARRAY_LEN(dummy_signatures) ||
		signature_is_ours(
			S("gemini"), name, ask_text(walk->ask, signature)))
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"Corrupted thought signature. (%.*s)", STR_ARG(where));
}

/* How this content follows the ones before. Contents of the model that follow
 * each other are one turn: that is how a stream is remembered. */
static bool check_turn(
	struct walk *walk, const struct content *found, struct error *err)
{
	if (found->responses > 0 && walk->open_calls == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Please ensure that function response turn comes "
			"immediately after a function call turn.");
	if (!found->is_model && found->responses != walk->open_calls)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"Please ensure that the number of function response "
			"parts is equal to the number of function call parts "
			"of the function call turn.");
	/* Signatures matter from the last prompt on. */
	if (found->is_prompt)
		walk->missing.n = 0;
	if (found->unsigned_call.n > 0 && walk->open_calls == 0 &&
		walk->missing.n == 0) {
		walk->missing = found->unsigned_call;
		walk->missing_at = walk->index;
	}
	walk->open_calls =
		found->is_model ? walk->open_calls + found->calls : 0;
	return true;
}
