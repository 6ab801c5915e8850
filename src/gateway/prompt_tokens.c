/*
 * prompt_tokens.c - the neutral form of a conversation into the smaller one
 * of what is counted.
 */
#include "gateway/prompt_tokens.h"

#include "gateway/stages.h"

/* Counted in a tenth of a millisecond, or two where a text is hostile. */
#define SHORT_BYTES 6144

static void fill_message(const struct chat_request *request, size_t at,
	struct arena *arena, struct token_message *out, bool *is_partial);
static enum token_role role_of(enum chat_role role);
static bool fill_part(const struct chat_part *part, struct token_part *out);
static void fill_tools(const struct chat_request *request, struct arena *arena,
	struct token_chat *out);
static void fill_tool(const struct chat_tool *tool, struct token_tool *out);
static struct json first_functions(const struct chat_request *request);
static void fill_function(
	struct json function, struct arena *arena, struct token_tool *out);
static struct json json_of(struct str text);

void prompt_tokens_fill(const struct chat_head *head,
	const struct chat_request *request, struct arena *arena,
	struct token_chat *out)
{
	static const enum token_choice choices[] = {
		[CHAT_CHOICE_UNSET] = TOKEN_CHOICE_AUTO,
		[CHAT_CHOICE_AUTO] = TOKEN_CHOICE_AUTO,
		[CHAT_CHOICE_NONE] = TOKEN_CHOICE_NONE,
		[CHAT_CHOICE_REQUIRED] = TOKEN_CHOICE_REQUIRED,
		[CHAT_CHOICE_NAMED] = TOKEN_CHOICE_NAMED,
	};
	bool is_partial = head->leans_on_provider;
	struct token_message *messages = ARENA_ARRAY(
		arena, struct token_message, request->message_count);

	for (size_t i = 0; i < request->message_count; i++)
		fill_message(request, i, arena, &messages[i], &is_partial);
	*out = (struct token_chat){
		.model = request->model,
		.messages = messages,
		.message_count = request->message_count,
		.choice = choices[request->tool_choice],
		.choice_name = request->tool_choice_name,
		.schema_name = request->format.name,
		.schema = json_of(request->format.schema),
		.schema_is_strict = request->format.strict == CHAT_YES,
		.is_partial = is_partial,
	};
	fill_tools(request, arena, out);
}

static void fill_message(const struct chat_request *request, size_t at,
	struct arena *arena, struct token_message *out, bool *is_partial)
{
	const struct chat_message *message = &request->messages[at];
	const struct token_part **end = &out->parts;
	const struct chat_call *call = NULL;

	out->role = role_of(message->role);
	out->name = message->name;
	if (message->role == CHAT_TOOL)
		call = chat_find_call(request, at, message->tool_call_id);
	if (call)
		out->name = call->name;
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		struct token_part *made = ARENA_NEW(arena, struct token_part);

		if (!fill_part(part, made)) {
			*is_partial = true;
			continue;
		}
		*end = made;
		end = &made->next;
	}
}

static enum token_role role_of(enum chat_role role)
{
	switch (role) {
	case CHAT_SYSTEM: return TOKEN_SYSTEM;
	case CHAT_DEVELOPER: return TOKEN_DEVELOPER;
	case CHAT_ASSISTANT: return TOKEN_ASSISTANT;
	case CHAT_TOOL:
	case CHAT_FUNCTION: return TOKEN_TOOL;
	case CHAT_USER:
	case CHAT_ROLE_UNSET: break;
	}
	return TOKEN_USER;
}

static bool fill_part(const struct chat_part *part, struct token_part *out)
{
	static const enum token_part_kind kinds[] = {
		[CHAT_TEXT] = TOKEN_TEXT,
		[CHAT_IMAGE] = TOKEN_IMAGE,
		[CHAT_AUDIO] = TOKEN_AUDIO,
		[CHAT_VIDEO] = TOKEN_FILE,
		[CHAT_FILE] = TOKEN_FILE,
		[CHAT_THINKING] = TOKEN_OTHER,
		[CHAT_REDACTED_THINKING] = TOKEN_OTHER,
		[CHAT_REFUSAL] = TOKEN_TEXT,
		[CHAT_TOOL_CALL] = TOKEN_CALL,
		[CHAT_OTHER] = TOKEN_OTHER,
	};

	*out = (struct token_part){
		.kind = kinds[part->kind],
		.text = part->text,
		.data = part->data,
		.detail = part->detail,
	};
	if (part->kind == CHAT_TOOL_CALL) {
		out->text = part->call.arguments;
		out->name = part->call.name;
	} else if (part->kind == CHAT_OTHER) {
		out->text = part->json;
	} else if (part->kind == CHAT_THINKING ||
		   part->kind == CHAT_REDACTED_THINKING) {
		return false; /* what was thought is not read again, mostly */
	}
	return true;
}

static void fill_tools(const struct chat_request *request, struct arena *arena,
	struct token_chat *out)
{
	struct json functions = first_functions(request);
	struct json_cursor cursor = json_members(functions);
	size_t room = request->tool_count + json_length(functions);
	struct token_tool *tools = ARENA_ARRAY(arena, struct token_tool, room);
	struct json_member member;

	for (size_t i = 0; i < request->tool_count; i++)
		fill_tool(&request->tools[i], &tools[out->tool_count++]);
	while (json_next(&cursor, &member))
		fill_function(member.value, arena, &tools[out->tool_count++]);
	out->tools = tools;
}

static void fill_tool(const struct chat_tool *tool, struct token_tool *out)
{
	*out = (struct token_tool){
		.name = tool->name,
		.description = tool->description,
		.parameters = json_of(tool->parameters),
		.other = json_of(tool->json),
	};
	/* A tool of free text has a form, maybe, and no parameters. */
	if (str_equal(tool->type, S("custom")))
		out->other = json_of(tool->format);
}

/* OpenAI's first function calling, which no other format has. */
static struct json first_functions(const struct chat_request *request)
{
	const struct chat_member *kept = request->extra.first;

	for (; kept; kept = kept->next)
		if (json_name_is(kept->member, S("functions")))
			return kept->member.value;
	return (struct json){ 0 };
}

static void fill_function(
	struct json function, struct arena *arena, struct token_tool *out)
{
	*out = (struct token_tool){
		.parameters = json_find(function, S("parameters")),
	};
	if (!json_text(json_find(function, S("name")), arena, &out->name))
		out->name = S("");
	if (!json_text(json_find(function, S("description")), arena,
		    &out->description))
		out->description = S("");
}

/* Of a text that is a JSON object; NONE when it is none. */
static struct json json_of(struct str text)
{
	struct str trimmed = str_trim(text);

	if (!str_starts(trimmed, S("{")))
		return (struct json){ 0 };
	return (struct json){ JSON_TYPE_OBJECT, trimmed };
}

const struct token_chat *prompt_tokens_chat(struct call *call)
{
	struct token_chat *chat;
	struct error ignored;

	if (call->token_chat)
		return call->token_chat;
	if (!call->gateway->tokenizer || call->service ||
		!translate_read_request(call, &ignored))
		return NULL;
	chat = ARENA_NEW(call->arena, struct token_chat);
	prompt_tokens_fill(&call->head, call->request, call->arena, chat);
	call->token_chat = chat;
	return chat;
}

bool prompt_tokens_count(
	struct call *call, const struct model *model, struct token_count *out)
{
	const struct token_chat *request = prompt_tokens_chat(call);
	const struct dialect *dialect;
	struct token_chat chat;

	if (!request)
		return false;
	dialect = provider_dialect_for(model->provider, call->dialect);
	chat = *request;
	chat.model = model->upstream_name;
	chat.api = strcmp(dialect->name, "openai_responses") == 0
			   ? TOKEN_API_RESPONSES
			   : TOKEN_API_CHAT;
	*out = token_chat_count(call->gateway->tokenizer, &chat, call->arena);
	return true;
}

bool prompt_tokens_is_short(const struct call *call)
{
	return call->head.prompt_bytes <= SHORT_BYTES;
}

bool prompt_tokens_of_texts(
	struct call *call, const struct model *model, int64_t *out)
{
	const struct token_chat *chat = prompt_tokens_chat(call);
	const struct vocabulary *vocabulary;

	/* What the count leaves out may be in the bytes. */
	if (!chat || chat->is_partial)
		return false;
	vocabulary = tokenizer_vocabulary(
		call->gateway->tokenizer, model->upstream_name);
	if (vocabulary)
		*out = token_chat_bound(vocabulary, chat);
	return vocabulary != NULL;
}
