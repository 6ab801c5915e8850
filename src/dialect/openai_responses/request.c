/*
 * request.c - whole requests, to and from the neutral form.
 *
 * Another dialect's request is first made one of ours: fields that the
 * provider does not know go, values that OpenAI refuses become the nearest
 * that it takes, and each of these is named as lost.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/losses.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool read_instructions(
	struct json value, void *into, struct arena *arena);
static bool read_input(struct json value, void *into, struct arena *arena);
static bool read_top_logprobs(
	struct json value, void *into, struct arena *arena);
static void write_top_logprobs(const void *from, const struct shape_out *out);

/* instructions before input: what they say comes first. Both are written
 * apart from the table, as writing them may fail. */
static const struct shape_row request_rows[] = {
	REQUEST("model", SHAPE_TEXT, model),
	{ "instructions", SHAPE_SPECIAL, 0, read_instructions, NULL },
	{ "input", SHAPE_SPECIAL, 0, read_input, NULL },
	REQUEST("stream", SHAPE_FLAG, stream),
	REQUEST("max_output_tokens", SHAPE_COUNT, max_tokens),
	REQUEST("temperature", SHAPE_NUMBER, temperature),
	REQUEST("top_p", SHAPE_NUMBER, top_p),
	{ "tools", SHAPE_SPECIAL, 0, openai_responses_read_tools,
		openai_responses_write_tools },
	{ "tool_choice", SHAPE_SPECIAL, 0, openai_responses_read_tool_choice,
		openai_responses_write_tool_choice },
	REQUEST("parallel_tool_calls", SHAPE_FLAG, parallel_tool_calls),
	{ "text", SHAPE_SPECIAL, 0, openai_responses_read_text,
		openai_responses_write_text },
	{ "reasoning", SHAPE_SPECIAL, 0, openai_responses_read_reasoning,
		openai_responses_write_reasoning },
	{ "top_logprobs", SHAPE_SPECIAL_NUMBER, 0, read_top_logprobs,
		write_top_logprobs },
	REQUEST("user", SHAPE_TEXT, user),
	REQUEST("metadata", SHAPE_OBJECT, metadata),
	REQUEST("service_tier", SHAPE_TEXT, service_tier),
	REQUEST("prompt_cache_key", SHAPE_TEXT, prompt_cache_key),
};
static const struct shape request_shape = SHAPE_OF(request_rows);

/* Members that ask for what happens anyway; "": whatever they say. */
static const struct {
	struct str name;
	struct str value;
} idle_members[] = {
	{ STR("background"), STR("false") }, { STR("store"), STR("false") },
	{ STR("truncation"), STR("\"disabled\"") },
	{ STR("top_logprobs"), STR("0") }, { STR("text"), STR("{}") },
	{ STR("reasoning"), STR("{}") },
	{ STR("stream_options"), STR("") }, /* noise against eavesdroppers */
};

#define LOGPROBS "message.output_text.logprobs"
#define SEALED_REASONING "reasoning.encrypted_content"

/* What more an answer may tell: all of it has a place in other formats, or is
 * about the provider's own tools. */
static const struct str includes[] = {
	STR(LOGPROBS),
	STR(SEALED_REASONING),
	STR("message.input_image.image_url"),
	STR("file_search_call.results"),
	STR("web_search_call.results"),
	STR("web_search_call.action.sources"),
	STR("computer_call_output.output.image_url"),
	STR("code_interpreter_call.outputs"),
};

/* OpenAI: "integer below minimum value. Expected a value >= 16", also in the
 * schema of CreateResponse. */
#define LEAST_OUTPUT_TOKENS 16

static const struct str efforts[] = { STR("none"), STR("minimal"), STR("low"),
	STR("medium"), STR("high"), STR("xhigh"), STR("max") };
static const struct str summaries[] = { STR("auto"), STR("concise"),
	STR("detailed") };
static const struct str tiers[] = { STR("auto"), STR("default"), STR("flex"),
	STR("scale"), STR("priority") };

#define IS_AMONG(text, list) \
	openai_responses_is_among((text), (list), ARRAY_LEN(list))

/* How a thinking budget is said here: the first that is not less. */
static const struct {
	int64_t budget_tokens;
	struct str effort;
} budgets[] = {
	{ 2048, STR("low") },
	{ 8192, STR("medium") },
	{ INT64_MAX, STR("high") },
};

/* Fields that traits may take away, where they are texts of the request. */
static const struct {
	enum chat_field field;
	size_t offset;
} optional_texts[] = {
	{ FIELD_TEMPERATURE, offsetof(struct chat_request, temperature) },
	{ FIELD_TOP_P, offsetof(struct chat_request, top_p) },
	{ FIELD_USER, offsetof(struct chat_request, user) },
	{ FIELD_METADATA, offsetof(struct chat_request, metadata) },
	{ FIELD_SERVICE_TIER, offsetof(struct chat_request, service_tier) },
	{ FIELD_PROMPT_CACHE_KEY,
		offsetof(struct chat_request, prompt_cache_key) },
	{ FIELD_VERBOSITY, offsetof(struct chat_request, verbosity) },
};

static struct chat_message *add_message(
	struct chat_request *request, enum chat_role role, struct str member);
static void sort_extra(struct chat_request *request);
static bool is_idle(const struct chat_member *kept);
static bool read_include(struct json list, struct chat_request *request);

static void write_own_input(
	const struct chat_request *request, const struct shape_out *out);
static void translate(struct chat_request *ours,
	const struct dialect_traits *traits, struct chat_losses *losses);
static void drop_unsupported(struct chat_request *ours, uint64_t unsupported);
static void translate_reasoning(
	struct chat_reasoning *reasoning, struct chat_losses *losses);
static struct str effort_of(const struct chat_reasoning *reasoning);
static void lose(struct chat_losses *losses, enum chat_field field);
static void write_include(
	const struct chat_request *request, struct json_writer *w);

bool openai_responses_read_request(const struct chat_head *head,
	struct arena *arena, struct chat_request *out, struct error *err)
{
	size_t items = json_length(head->messages);

	if (!openai_responses_check(head, err))
		return false;
	chat_request_init(out, S(OPENAI_RESPONSES_NAME));
	/* The instructions, and a message for each item at most. */
	out->messages = ARENA_ARRAY(arena, struct chat_message, items + 2);
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	sort_extra(out);
	return true;
}

static struct chat_message *add_message(
	struct chat_request *request, enum chat_role role, struct str member)
{
	struct chat_message *message =
		&request->messages[request->message_count++];

	chat_message_init(message);
	message->role = role;
	message->member = member;
	return message;
}

static bool read_instructions(
	struct json value, void *into, struct arena *arena)
{
	if (value.type != JSON_TYPE_STRING)
		return false;
	return openai_responses_read_content(value, arena,
		add_message(into, CHAT_SYSTEM, S("instructions")));
}

static bool read_input(struct json value, void *into, struct arena *arena)
{
	if (value.type == JSON_TYPE_STRING)
		return openai_responses_read_content(
			value, arena, add_message(into, CHAT_USER, S("input")));
	if (json_is_empty(value))
		return false;
	openai_responses_read_input(value, into, arena);
	return true;
}

/* Who wants to see more tokens wants to see them. */
static bool read_top_logprobs(
	struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	int64_t count;

	(void)arena;
	if (!json_int(value, &count) || count <= 0)
		return false;
	request->top_logprobs = count;
	request->logprobs = CHAT_YES;
	return true;
}

static void write_top_logprobs(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->top_logprobs >= 0)
		json_member_int(out->w, "top_logprobs", request->top_logprobs);
}

static void sort_extra(struct chat_request *request)
{
	struct chat_member *kept = request->extra.first, *next;

	request->extra.first = request->extra.last = NULL;
	for (; kept; kept = next) {
		bool idle = is_idle(kept);

		next = kept->next;
		if (json_name_is(kept->member, S("include")))
			idle = read_include(kept->member.value, request);
		openai_responses_push(
			idle ? &request->idle_extra : &request->extra, kept);
	}
}

static bool is_idle(const struct chat_member *kept)
{
	for (size_t i = 0; i < ARRAY_LEN(idle_members); i++)
		if (json_name_is(kept->member, idle_members[i].name))
			return idle_members[i].value.n == 0 ||
			       str_equal(kept->member.value.text,
				       idle_members[i].value);
	return false;
}

/* True when there is nothing else in it. */
static bool read_include(struct json list, struct chat_request *request)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;
	bool all_known = true;

	while (json_next(&cursor, &item)) {
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_LEN(includes); i++)
			is_known |= json_text_is(item.value, includes[i]);
		all_known &= is_known;
		if (json_text_is(item.value, S(LOGPROBS)))
			request->logprobs = CHAT_YES;
	}
	return all_known;
}

bool openai_responses_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct shape_out to = { .w = &w };
	struct chat_request ours = *request;

	json_writer_init(&w, out);
	to.own_words = str_equal(request->dialect, S(OPENAI_RESPONSES_NAME));
	json_begin_object(&w);
	if (to.own_words) {
		write_own_input(request, &to);
		chat_extra_write(&request->idle_extra, &w);
	} else {
		translate(&ours, traits, losses);
		if (!openai_responses_write_input(&ours, losses, &w, err))
			return false;
		/* The provider need not keep what the gateway would not find
		 * again: `store` is true unless it is said. */
		json_member_bool(&w, "store", false);
		write_include(&ours, &w);
	}
	shape_write(&request_shape, &ours, &ours.extra, &to);
	json_end_object(&w);
	return true;
}

static void write_own_input(
	const struct chat_request *request, const struct shape_out *out)
{
	bool is_open = false;

	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		if (message->member.p) {
			json_name(out->w, str_equal(message->member, S("input"))
						  ? "input"
						  : "instructions");
			json_write_str(out->w, message->parts->text);
			continue;
		}
		if (!is_open) {
			json_name(out->w, "input");
			json_begin_array(out->w);
		}
		is_open = true;
		openai_responses_write_items(message, out);
	}
	if (is_open)
		json_end_array(out->w);
}

static void translate(struct chat_request *ours,
	const struct dialect_traits *traits, struct chat_losses *losses)
{
	if (traits)
		drop_unsupported(ours, traits->unsupported);
	translate_reasoning(&ours->reasoning, losses);
	if (ours->max_tokens >= 0 && ours->max_tokens < LEAST_OUTPUT_TOKENS) {
		ours->max_tokens = LEAST_OUTPUT_TOKENS;
		lose(losses, FIELD_MAX_TOKENS);
	}
	if (ours->service_tier.p &&
		!openai_responses_has_tier(ours->service_tier)) {
		ours->service_tier = (struct str){ NULL, 0 };
		lose(losses, FIELD_SERVICE_TIER);
	}
}

/* chat_losses_find() has named them. */
static void drop_unsupported(struct chat_request *ours, uint64_t unsupported)
{
	for (size_t i = 0; i < ARRAY_LEN(optional_texts); i++)
		if (unsupported & UINT64_C(1) << optional_texts[i].field)
			*(struct str *)(void *)((char *)ours +
						optional_texts[i].offset) =
				(struct str){ NULL, 0 };
	if (unsupported & UINT64_C(1) << FIELD_MAX_TOKENS)
		ours->max_tokens = -1;
	if (unsupported & UINT64_C(1) << FIELD_LOGPROBS)
		ours->logprobs = CHAT_UNSET;
	if (unsupported & UINT64_C(1) << FIELD_TOP_LOGPROBS)
		ours->top_logprobs = -1;
	if (unsupported & UINT64_C(1) << FIELD_PARALLEL_TOOL_CALLS)
		ours->parallel_tool_calls = CHAT_UNSET;
	if (unsupported & UINT64_C(1) << FIELD_REASONING)
		ours->reasoning =
			(struct chat_reasoning){ .budget_tokens = -1 };
}

static void translate_reasoning(
	struct chat_reasoning *reasoning, struct chat_losses *losses)
{
	struct str effort = effort_of(reasoning);
	bool is_declined = !effort.p && (reasoning->enabled == CHAT_NO ||
						reasoning->budget_tokens == 0);

	/* Few models take "none", and those that never think take no effort
	 * at all. */
	if (is_declined || (effort.p && !IS_AMONG(effort, efforts))) {
		effort = (struct str){ NULL, 0 };
		if (!is_declined || !reasoning->is_default)
			lose(losses, FIELD_REASONING);
	}
	if (reasoning->exclude == CHAT_YES || is_declined) {
		reasoning->summary = (struct str){ NULL, 0 };
	} else if (reasoning->summary.p &&
		   !IS_AMONG(reasoning->summary, summaries)) {
		reasoning->summary = (struct str){ NULL, 0 };
		lose(losses, FIELD_REASONING);
	}
	reasoning->effort = effort;
}

bool openai_responses_has_tier(struct str tier)
{
	return IS_AMONG(tier, tiers);
}

static struct str effort_of(const struct chat_reasoning *reasoning)
{
	if (reasoning->effort.p)
		return reasoning->effort;
	for (size_t i = 0; i < ARRAY_LEN(budgets); i++)
		if (reasoning->budget_tokens > 0 &&
			reasoning->budget_tokens <= budgets[i].budget_tokens)
			return budgets[i].effort;
	if (reasoning->enabled == CHAT_YES || reasoning->budget_tokens < -1)
		return S("medium");
	return (struct str){ NULL, 0 };
}

static void lose(struct chat_losses *losses, enum chat_field field)
{
	if (losses && losses->from->words[field])
		chat_losses_add(losses, "%s", losses->from->words[field]);
}

/* Asked of a model that does not think, sealed reasoning is refused:
 * "Encrypted content is not supported with this model." */
static void write_include(
	const struct chat_request *request, struct json_writer *w)
{
	const struct chat_reasoning *reasoning = &request->reasoning;
	bool thinks = reasoning->summary.p ||
		      (reasoning->effort.p &&
			      !str_equal(reasoning->effort, S("none")));
	bool logprobs = request->logprobs == CHAT_YES;

	if (!thinks && !logprobs)
		return;
	json_name(w, "include");
	json_begin_array(w);
	if (thinks)
		json_write_str(w, S(SEALED_REASONING));
	if (logprobs)
		json_write_str(w, S(LOGPROBS));
	json_end_array(w);
}
