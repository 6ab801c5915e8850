/*
 * adapt.c - another dialect's request made fit for providers of
 * this one: a copy in which their rules are kept, so that writing it is mere
 * spelling.
 *
 * - What the provider does not take is left out, and named.
 * - Thinking of earlier turns goes where the provider wants it, or nowhere.
 * - Only a user's message has media; files are ids or data.
 * - The calls of one turn stand in one message, their results right behind.
 * - Every call has an id of at most 40 characters.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/losses.h"
#include "dialect/signature.h"

struct adapter {
	const struct dialect_traits *traits;
	uint64_t unsupported;
	struct chat_losses *losses;
	struct arena *arena;
	struct error *err;
};

static bool is_result(const struct chat_message *message);
static void adapt_members(struct adapter *a, struct chat_request *request);
static void clear_unsupported(struct chat_request *request, uint64_t bits);
static void adapt_logprobs(struct adapter *a, struct chat_request *request);
static void adapt_metadata(struct adapter *a, struct chat_request *request);
static void adapt_tier(struct adapter *a, struct chat_request *request);
static bool check_modalities(
	struct adapter *a, const struct chat_request *request);
static void adapt_tools(struct adapter *a, struct chat_request *request);
static bool adapt_messages(struct adapter *a, struct chat_request *request);
static bool adapt_message(struct adapter *a, const struct chat_message *message,
	struct chat_message *out);
static void lose_citations(
	struct adapter *a, const struct chat_message *message);
static bool adapt_part(struct adapter *a, const struct chat_message *message,
	const struct chat_part *part, struct chat_message *out);
static bool adapt_media(struct adapter *a, const struct chat_message *message,
	const struct chat_part *part);
static bool is_media(const struct chat_part *part);
static struct str thinking_member(
	const struct adapter *a, const struct chat_part *part);
static void add_thinking(const struct adapter *a, struct chat_message *message);
static bool has_calls(const struct chat_message *message);
static bool goes_on(
	const struct chat_message *before, const struct chat_message *message);
static void append(
	struct chat_message *into, const struct chat_message *message);
static bool lacks(const struct adapter *a, enum chat_field field);

bool openai_chat_adapt(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct arena *arena, struct chat_request *out, struct error *err)
{
	struct adapter a = { traits, traits ? traits->unsupported : 0, losses,
		arena, err };

	*out = *request;
	adapt_members(&a, out);
	adapt_tools(&a, out);
	if (!check_modalities(&a, out) || !adapt_messages(&a, out))
		return false;
	openai_chat_order_results(out, arena);
	openai_chat_adapt_call_ids(out, arena);
	/* A result has the id of its call, not the name of its tool. */
	for (size_t i = 0; i < out->message_count; i++)
		if (is_result(&out->messages[i]))
			out->messages[i].name = (struct str){ NULL, 0 };
	return true;
}

static bool is_result(const struct chat_message *message)
{
	return message->role == CHAT_TOOL || message->role == CHAT_FUNCTION;
}

static void adapt_members(struct adapter *a, struct chat_request *request)
{
	bool is_new =
		a->traits && a->traits->max_tokens == MAX_TOKENS_COMPLETION;

	clear_unsupported(request, a->unsupported);
	adapt_logprobs(a, request);
	openai_chat_adapt_reasoning(&request->reasoning, a->traits, a->losses);
	adapt_metadata(a, request);
	adapt_tier(a, request);
	request->max_tokens_member =
		is_new ? S("max_completion_tokens") : S("max_tokens");
	/* Both are errors where there are no tools. */
	if (request->tool_count == 0) {
		request->tool_choice = CHAT_CHOICE_UNSET;
		request->parallel_tool_calls = CHAT_UNSET;
	}
}

/* chat_losses_find() has named them. */
static void clear_unsupported(struct chat_request *request, uint64_t bits)
{
#define TEXT(field, member)                                          \
	{                                                            \
		FIELD_##field, offsetof(struct chat_request, member) \
	}
	static const struct {
		enum chat_field field;
		size_t offset; /* of a struct str */
	} texts[] = {
		TEXT(TEMPERATURE, temperature),
		TEXT(TOP_P, top_p),
		TEXT(TOP_K, top_k),
		TEXT(MIN_P, min_p),
		TEXT(FREQUENCY_PENALTY, frequency_penalty),
		TEXT(PRESENCE_PENALTY, presence_penalty),
		TEXT(REPETITION_PENALTY, repetition_penalty),
		TEXT(SEED, seed),
		TEXT(LOGIT_BIAS, logit_bias),
		TEXT(MODALITIES, modalities),
		TEXT(USER, user),
		TEXT(METADATA, metadata),
		TEXT(SERVICE_TIER, service_tier),
		TEXT(PROMPT_CACHE_KEY, prompt_cache_key),
		TEXT(VERBOSITY, verbosity),
		TEXT(CACHE_CONTROL, cache_control),
	};
#undef TEXT

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (bits & UINT64_C(1) << texts[i].field)
			*(struct str *)(void *)((char *)request +
						texts[i].offset) =
				(struct str){ NULL, 0 };
	if (bits & UINT64_C(1) << FIELD_MAX_TOKENS)
		request->max_tokens = -1;
	if (bits & UINT64_C(1) << FIELD_STOP)
		request->stop = NULL;
	if (bits & UINT64_C(1) << FIELD_N)
		request->n = -1;
	if (bits & UINT64_C(1) << FIELD_TOP_LOGPROBS)
		request->top_logprobs = -1;
	if (bits & UINT64_C(1) << FIELD_LOGPROBS)
		request->logprobs = CHAT_UNSET;
	if (bits & UINT64_C(1) << FIELD_PARALLEL_TOOL_CALLS)
		request->parallel_tool_calls = CHAT_UNSET;
	if (bits & UINT64_C(1) << FIELD_REASONING)
		request->reasoning =
			(struct chat_reasoning){ .budget_tokens = -1 };
}

/* How many there are to be asks for them. */
static void adapt_logprobs(struct adapter *a, struct chat_request *request)
{
	if (request->top_logprobs < 0)
		return;
	if (lacks(a, FIELD_LOGPROBS)) {
		chat_losses_add_field(a->losses, NULL, FIELD_TOP_LOGPROBS);
		request->top_logprobs = -1;
	} else {
		request->logprobs = CHAT_YES;
	}
}

/* OpenAI takes metadata of completions that it stores, and refuses it with
 * others: https://community.openai.com/t/1109098 */
static void adapt_metadata(struct adapter *a, struct chat_request *request)
{
	if (request->metadata.n > sizeof("{}") - 1)
		chat_losses_add_field(a->losses, NULL, FIELD_METADATA);
	request->metadata = (struct str){ NULL, 0 };
}

/* Other formats have tiers of the same names, and some of their own. */
static void adapt_tier(struct adapter *a, struct chat_request *request)
{
	static const struct str tiers[] = { STR("auto"), STR("default"),
		STR("flex"), STR("scale"), STR("priority") };

	for (size_t i = 0; i < ARRAY_LEN(tiers); i++)
		if (str_equal(request->service_tier, tiers[i]))
			return;
	if (request->service_tier.p &&
		!str_equal(request->service_tier, S("standard")))
		chat_losses_add_field(a->losses, NULL, FIELD_SERVICE_TIER);
	request->service_tier = (struct str){ NULL, 0 };
}

/* Who wants to hear the answer must choose a voice, in the member `audio`,
 * which no other format has: "Required when audio output is requested", says
 * OpenAI's schema of CreateChatCompletionRequest. */
static bool check_modalities(
	struct adapter *a, const struct chat_request *request)
{
	const struct json list = { JSON_TYPE_ARRAY, request->modalities };
	struct json_cursor cursor;
	struct json_member item;
	const char *word = chat_losses_word(a->losses->from, FIELD_MODALITIES);

	if (!request->modalities.p)
		return true;
	cursor = json_members(list);
	while (json_next(&cursor, &item))
		if (json_text_is(item.value, S("audio")))
			return error_refuse(a->err, ERR_UNSUPPORTED, word,
				"'%s' asks for sound, and the provider of the "
				"chosen model gives it in a voice that your "
				"format cannot choose.",
				word);
	return true;
}

static void adapt_tools(struct adapter *a, struct chat_request *request)
{
	struct chat_tool *tools =
		ARENA_ARRAY(a->arena, struct chat_tool, request->tool_count);

	for (size_t i = 0; i < request->tool_count; i++) {
		tools[i] = request->tools[i];
		if (lacks(a, FIELD_TOOL_STRICT))
			tools[i].strict = CHAT_UNSET;
		if (lacks(a, FIELD_CACHE_CONTROL))
			tools[i].cache_control = (struct str){ NULL, 0 };
	}
	request->tools = tools;
}

static bool adapt_messages(struct adapter *a, struct chat_request *request)
{
	struct chat_message *messages = ARENA_ARRAY(
		a->arena, struct chat_message, request->message_count);
	size_t count = 0;

	for (size_t i = 0; i < request->message_count; i++) {
		struct chat_message *message = &messages[count];

		if (!adapt_message(a, &request->messages[i], message))
			return false;
		if (count > 0 && goes_on(message - 1, message))
			append(message - 1, message);
		else
			count++;
	}
	for (size_t i = 0; i < count; i++)
		add_thinking(a, &messages[i]);
	request->messages = messages;
	request->message_count = count;
	return true;
}

static bool adapt_message(struct adapter *a, const struct chat_message *message,
	struct chat_message *out)
{
	*out = *message;
	out->parts = out->last_part = NULL;
	if (!is_result(message) && lacks(a, FIELD_MESSAGE_NAME))
		out->name = (struct str){ NULL, 0 };
	lose_citations(a, message);
	out->citations = NULL;
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (!adapt_part(a, message, part, out))
			return false;
	return true;
}

/* Answers have them, requests do not. */
static void lose_citations(
	struct adapter *a, const struct chat_message *message)
{
	bool has_any = message->citations;

	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		has_any |= part->citations != NULL;
	if (has_any)
		chat_losses_add_field(a->losses, message, FIELD_CITATIONS);
}

static bool adapt_part(struct adapter *a, const struct chat_message *message,
	const struct chat_part *part, struct chat_message *out)
{
	bool thinks = part->kind == CHAT_THINKING ||
		      part->kind == CHAT_REDACTED_THINKING;
	struct str member = thinking_member(a, part);
	struct chat_part *ours;

	if (part->kind == CHAT_OTHER || is_media(part))
		if (!adapt_media(a, message, part))
			return false;
	if (thinks && !member.p) {
		chat_losses_add_thought(a->losses, message, part);
		return true;
	}
	ours = chat_message_add(out, part->kind, a->arena);
	*ours = *part;
	ours->next = NULL;
	ours->member = member;
	ours->citations = NULL;
	if (lacks(a, FIELD_CACHE_CONTROL))
		ours->cache_control = (struct str){ NULL, 0 };
	if (lacks(a, FIELD_IMAGE_DETAIL))
		ours->detail = (struct str){ NULL, 0 };
	if (part->kind == CHAT_REFUSAL && lacks(a, FIELD_REFUSAL))
		ours->kind = CHAT_TEXT;
	if (!signature_is_from(&part->signature, S(OPENAI_CHAT_NAME)))
		ours->signature.text = (struct str){ NULL, 0 };
	if (part->kind == CHAT_TOOL_CALL && part->call.arguments.n == 0)
		ours->call.arguments =
			openai_chat_is_custom(part) ? S("") : S("{}");
	return true;
}

static bool adapt_media(struct adapter *a, const struct chat_message *message,
	const struct chat_part *part)
{
	if (part->kind == CHAT_OTHER)
		return chat_losses_refuse(a->losses, message, a->err,
			"has a part that the provider of the chosen model has "
			"no words for");
	if (message->role != CHAT_USER)
		return chat_losses_refuse(a->losses, message, a->err,
			"has images or files, which the provider of the chosen "
			"model takes of the user alone");
	if (part->kind == CHAT_FILE && !part->data.p && !part->file_id.p)
		return chat_losses_refuse(a->losses, message, a->err,
			"has a file by its address, and the provider of the "
			"chosen model takes files as data");
	return true;
}

static bool is_media(const struct chat_part *part)
{
	return part->kind == CHAT_IMAGE || part->kind == CHAT_AUDIO ||
	       part->kind == CHAT_VIDEO || part->kind == CHAT_FILE;
}

/*
 * Where the provider takes what its model thought, absent when nowhere.
 * DeepSeek wants it back with tool calls and passes over it elsewhere:
 * https://api-docs.deepseek.com/guides/thinking_mode#tool-calls
 * OpenRouter takes it signed, or as a text:
 * https://openrouter.ai/docs/use-cases/reasoning-tokens
 */
static struct str thinking_member(
	const struct adapter *a, const struct chat_part *part)
{
	const struct str none = { NULL, 0 };
	bool is_ours = str_equal(part->signature.origin, S(OPENAI_CHAT_NAME));

	switch (a->traits ? a->traits->reasoning : REASONING_EFFORT) {
	case REASONING_EFFORT:
	case REASONING_HIGH_OR_NONE: return none;
	case REASONING_THINKING:
		return part->kind == CHAT_THINKING ? S("reasoning_content")
						   : none;
	case REASONING_OBJECT:
		if (part->kind == CHAT_REDACTED_THINKING)
			return is_ours ? S("reasoning_details") : none;
		if (part->kind != CHAT_THINKING)
			return none;
		return is_ours && part->signature.text.p
			       ? S("reasoning_details")
			       : S("reasoning");
	}
	return none;
}

/* DeepSeek misses it with calls that were made without thinking, too. */
static void add_thinking(const struct adapter *a, struct chat_message *message)
{
	struct chat_part *part;

	if (!a->traits || a->traits->reasoning != REASONING_THINKING ||
		!has_calls(message))
		return;
	for (part = message->parts; part; part = part->next)
		if (part->kind == CHAT_THINKING)
			return;
	part = chat_message_add(message, CHAT_THINKING, a->arena);
	part->member = S("reasoning_content");
	part->text = S("");
}

static bool has_calls(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL)
			return true;
	return false;
}

/* Does the assistant go on in the same breath? */
static bool goes_on(
	const struct chat_message *before, const struct chat_message *message)
{
	return before->role == CHAT_ASSISTANT &&
	       message->role == CHAT_ASSISTANT &&
	       (message->same_turn || has_calls(before) || has_calls(message));
}

static void append(
	struct chat_message *into, const struct chat_message *message)
{
	if (!message->parts)
		return;
	if (into->last_part)
		into->last_part->next = message->parts;
	else
		into->parts = message->parts;
	into->last_part = message->last_part;
}

static bool lacks(const struct adapter *a, enum chat_field field)
{
	return a->unsupported & UINT64_C(1) << field;
}
