/*
 * anthropic_conversation.c - what Anthropic refuses in a conversation. The
 * one hard thing: messages of one role are one turn, and each call of a turn
 * has its result at the front of the next turn.
 */
#include "anthropic.h"
#include "base64.h"
#include "fields.h"
#include "signature.h"

/* The kinds of blocks that a client itself may write. */
enum block_type {
	TYPE_TEXT,
	TYPE_IMAGE,
	TYPE_DOCUMENT,
	TYPE_TOOL_USE,
	TYPE_TOOL_RESULT,
	TYPE_THINKING,
	TYPE_REDACTED,
	TYPE_OTHER, /* from here on: made by the provider's own tools */
};

static const struct str types[] = { STR("text"), STR("image"), STR("document"),
	STR("tool_use"), STR("tool_result"), STR("thinking"),
	STR("redacted_thinking"), STR("search_result"), STR("server_tool_use"),
	STR("web_search_tool_result"), STR("web_fetch_tool_result"),
	STR("code_execution_tool_result"),
	STR("bash_code_execution_tool_result"),
	STR("text_editor_code_execution_tool_result"),
	STR("tool_search_tool_result"), STR("container_upload"),
	STR("mid_conv_system"), STR("mcp_tool_use"), STR("mcp_tool_result"),
	STR("compaction"), STR("tool_addition"), STR("tool_removal") };

#define MAX_BLOCK_NAMES 7

static const struct str block_names[TYPE_OTHER][MAX_BLOCK_NAMES] = {
	[TYPE_TEXT] = { STR("type"), STR("text"), STR("cache_control"),
		STR("citations") },
	[TYPE_IMAGE] = { STR("type"), STR("source"), STR("cache_control") },
	[TYPE_DOCUMENT] = { STR("type"), STR("source"), STR("title"),
		STR("context"), STR("citations"), STR("cache_control") },
	[TYPE_TOOL_USE] = { STR("type"), STR("id"), STR("name"), STR("input"),
		STR("cache_control"), STR("caller") },
	[TYPE_TOOL_RESULT] = { STR("type"), STR("tool_use_id"), STR("content"),
		STR("is_error"), STR("cache_control") },
	[TYPE_THINKING] = { STR("type"), STR("thinking"), STR("signature") },
	[TYPE_REDACTED] = { STR("type"), STR("data") },
};

struct walk {
	const struct ask *ask;
	int message;               /* index of the current one */
	int block;                 /* and of the block in it */
	bool is_assistant;         /* whose turn it is */
	int call_message;          /* the last that has calls */
	struct fields_calls calls; /* of the turn before, or of this one */
	bool results_over;         /* something else came in this turn */
	bool last_calls;           /* of the last assistant message */
	size_t last_first;         /* the type of its first block */
};

static bool check_message(
	struct walk *walk, struct json message, struct error *err);
static bool begin_turn(struct walk *walk, bool is_assistant, struct error *err);
static bool check_block(
	struct walk *walk, struct json block, struct error *err);
static bool check_block_names(const struct walk *walk, struct json block,
	size_t type, struct error *err);
static bool check_text(
	const struct walk *walk, struct json text, struct error *err);
static bool check_image(
	const struct walk *walk, struct json source, struct error *err);
static bool check_call(struct walk *walk, struct json block, struct error *err);
static bool check_result(
	struct walk *walk, struct json block, struct error *err);
static bool check_thought(
	const struct walk *walk, struct json block, struct error *err);
static bool check_end(struct walk *walk, struct json last, struct error *err);
static bool check_last_thinking(const struct walk *walk, struct error *err);
static bool refuse_block(const struct walk *walk, struct error *err,
	const char *format, ...) PRINTF_LIKE(3, 4);

bool anthropic_check_conversation(const struct ask *ask, struct error *err)
{
	struct walk walk = { .ask = ask };
	struct json_cursor messages = json_members(ask->messages);
	struct json_member message;
	struct json last = { JSON_TYPE_NONE, S("") };

	if (ask->messages.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			ask->messages.type == JSON_TYPE_NONE
				? "messages: Field required"
				: "messages: Input should be a valid list");
	for (; json_next(&messages, &message); walk.message++) {
		last = message.value;
		if (!check_message(&walk, message.value, err))
			return false;
	}
	if (walk.message == 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages: at least one message is required");
	return check_end(&walk, last, err);
}

static bool check_message(
	struct walk *walk, struct json message, struct error *err)
{
	static const struct str known[] = { STR("role"), STR("content") };
	static const struct str roles[] = { STR("user"), STR("assistant") };
	struct json content = json_find(message, S("content"));
	struct json_cursor blocks = json_members(content);
	struct json_member block;
	struct str unknown = FIELDS_UNKNOWN(message, known);
	size_t role = FIELDS_INDEX(json_find(message, S("role")), roles);

	/* A header may ask for system messages between the turns. */
	if (json_text_is(json_find(message, S("role")), S("system")) &&
		http_find_header(walk->ask->http, S("anthropic-beta")).n > 0)
		return true;
	if (role == ARRAY_LEN(roles))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages: Unexpected role \"%.*s\". Allowed roles are "
			"\"user\" or \"assistant\".",
			STR_ARG(str_head(ask_text(walk->ask,
						 json_find(message, S("role"))),
				40)));
	if (unknown.n > 0)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages.%d.%.*s: Extra inputs are not permitted",
			walk->message, STR_ARG(str_head(unknown, 100)));
	if (!begin_turn(walk, role == 1, err))
		return false;
	if (content.type == JSON_TYPE_STRING)
		walk->results_over = true;
	else if (content.type != JSON_TYPE_ARRAY)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages.%d.content: Input should be a valid list",
			walk->message);
	for (walk->block = 0; json_next(&blocks, &block); walk->block++) {
		if (!check_block(walk, block.value, err))
			return false;
	}
	return true;
}

/* A new message, perhaps of the same turn. */
static bool begin_turn(struct walk *walk, bool is_assistant, struct error *err)
{
	struct str open;

	if (is_assistant) {
		walk->last_calls = false;
		walk->last_first = TYPE_TEXT;
	}
	if (walk->message > 0 && is_assistant == walk->is_assistant)
		return true;
	walk->is_assistant = is_assistant;
	walk->results_over = false;
	if (!is_assistant)
		return true;
	open = fields_calls_open(&walk->calls);
	walk->calls.count = 0;
	if (open.n == 0)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"messages.%d: `tool_use` ids were found without `tool_result` "
		"blocks immediately after: %.*s. Each `tool_use` block must "
		"have a corresponding `tool_result` block in the next message.",
		walk->call_message, STR_ARG(str_head(open, 100)));
}

static bool check_block(struct walk *walk, struct json block, struct error *err)
{
	size_t type = FIELDS_INDEX(json_find(block, S("type")), types);

	if (type == ARRAY_LEN(types))
		return refuse_block(walk, err,
			": Input tag '%.*s' found using 'type' does not match "
			"any of the expected tags",
			STR_ARG(str_head(ask_text(walk->ask,
						 json_find(block, S("type"))),
				60)));
	if (walk->block == 0 && walk->is_assistant)
		walk->last_first = type;
	if (type < TYPE_OTHER && !check_block_names(walk, block, type, err))
		return false;
	if (type != TYPE_TOOL_RESULT)
		walk->results_over = true;
	switch (type) {
	case TYPE_TEXT:
		return check_text(walk, json_find(block, S("text")), err);
	case TYPE_IMAGE:
		return check_image(walk, json_find(block, S("source")), err);
	case TYPE_TOOL_USE: return check_call(walk, block, err);
	case TYPE_TOOL_RESULT: return check_result(walk, block, err);
	case TYPE_THINKING: return check_thought(walk, block, err);
	default: return true;
	}
}

static bool check_block_names(const struct walk *walk, struct json block,
	size_t type, struct error *err)
{
	size_t count = 0;
	struct str unknown;

	while (count < MAX_BLOCK_NAMES && block_names[type][count].n > 0)
		count++;
	unknown = fields_unknown(block, block_names[type], count);
	if (unknown.n == 0)
		return true;
	return refuse_block(walk, err,
		".%.*s.%.*s: Extra inputs are not permitted",
		STR_ARG(types[type]), STR_ARG(str_head(unknown, 100)));
}

static bool check_text(
	const struct walk *walk, struct json text, struct error *err)
{
	if (text.type != JSON_TYPE_STRING)
		return refuse_block(walk, err,
			".text.text: Input should be a valid string");
	if (text.text.n == 2)
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages: text content blocks must be non-empty");
	return true;
}

static bool check_image(
	const struct walk *walk, struct json source, struct error *err)
{
	static const struct str media[] = { STR("image/jpeg"), STR("image/png"),
		STR("image/gif"), STR("image/webp") };
	struct buf bytes = BUF_INIT(HTTP_MAX_BODY_BYTES);
	bool ok;

	if (!json_text_is(json_find(source, S("type")), S("base64")))
		return true;
	if (FIELDS_INDEX(json_find(source, S("media_type")), media) ==
		ARRAY_LEN(media))
		return refuse_block(walk, err,
			".image.source.base64.media_type: Input should be "
			"'image/jpeg', 'image/png', 'image/gif' or "
			"'image/webp'");
	ok = base64_decode(ask_text(walk->ask, json_find(source, S("data"))),
		     &bytes) &&
	     bytes.n > 0;
	buf_release(&bytes);
	return ok || refuse_block(walk, err,
			     ".image.source.base64: invalid base64 data");
}

static bool check_call(struct walk *walk, struct json block, struct error *err)
{
	struct str id = ask_text(walk->ask, json_find(block, S("id")));

	if (!fields_is_name(id, SIZE_MAX))
		return refuse_block(walk, err,
			".tool_use.id: String should match pattern "
			"'^[a-zA-Z0-9_-]+$'");
	if (!fields_is_name(
		    ask_text(walk->ask, json_find(block, S("name"))), 200))
		return refuse_block(walk, err,
			".tool_use.name: String should match pattern "
			"'^[a-zA-Z0-9_-]{1,128}$'");
	if (json_find(block, S("input")).type != JSON_TYPE_OBJECT)
		return refuse_block(walk, err,
			".tool_use.input: Input should be a valid dictionary");
	fields_calls_add(&walk->calls, id);
	walk->call_message = walk->message;
	walk->last_calls = true;
	return true;
}

/* Behind anything else it does not count as one. */
static bool check_result(
	struct walk *walk, struct json block, struct error *err)
{
	struct str id = ask_text(walk->ask, json_find(block, S("tool_use_id")));

	if (walk->results_over && fields_calls_open(&walk->calls).n > 0)
		return true;
	if (!walk->is_assistant && fields_calls_answer(&walk->calls, id))
		return true;
	return refuse_block(walk, err,
		": unexpected `tool_use_id` found in `tool_result` blocks: "
		"%.*s. Each `tool_result` block must have a corresponding "
		"`tool_use` block in the previous message.",
		STR_ARG(str_head(id, 100)));
}

static bool check_thought(
	const struct walk *walk, struct json block, struct error *err)
{
	struct json signature = json_find(block, S("signature"));
	struct str thought =
		ask_text(walk->ask, json_find(block, S("thinking")));

	if (signature.type != JSON_TYPE_STRING)
		return refuse_block(
			walk, err, ".thinking.signature: Field required");
	if (signature_is_ours(
		    S("anthropic"), thought, ask_text(walk->ask, signature)))
		return true;
	return refuse_block(
		walk, err, ": Invalid `signature` in `thinking` block");
}

static bool check_end(struct walk *walk, struct json last, struct error *err)
{
	struct json content = json_find(last, S("content"));
	struct str text = ask_text(walk->ask, content);
	bool is_assistant = walk->is_assistant;

	if (!check_last_thinking(walk, err))
		return false;
	/* As if another turn began: every call must have its result. */
	walk->is_assistant = false;
	if (!begin_turn(walk, true, err))
		return false;
	if (is_assistant && text.n > 0 && str_trim(text).n > 0 &&
		isspace((unsigned char)text.p[text.n - 1]))
		return error_refuse(err, ERR_BAD_FIELD, NULL,
			"messages: final assistant content cannot end with "
			"trailing whitespace");
	return true;
}

static bool check_last_thinking(const struct walk *walk, struct error *err)
{
	struct json type =
		json_find(json_find(walk->ask->root, S("thinking")), S("type"));

	if (!json_text_is(type, S("enabled")) || !walk->last_calls ||
		walk->last_first == TYPE_THINKING ||
		walk->last_first == TYPE_REDACTED)
		return true;
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"messages: Expected `thinking` or `redacted_thinking`, but "
		"found `%.*s`. When `thinking` is enabled, a final `assistant` "
		"message must start with a thinking block (preceeding the "
		"lastmost set of `tool_use` and `tool_result` blocks).",
		STR_ARG(types[walk->last_first]));
}

/* "messages.0.content.1", and the rest. */
static bool refuse_block(
	const struct walk *walk, struct error *err, const char *format, ...)
{
	char rest[sizeof(err->message) / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(rest, sizeof(rest), format, arguments);
	va_end(arguments);
	return error_refuse(err, ERR_BAD_FIELD, NULL,
		"messages.%d.content.%d%s", walk->message, walk->block, rest);
}
