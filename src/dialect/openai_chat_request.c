/*
 * openai_chat_request.c - whole requests, to and from the neutral form.
 */
#include "dialect/openai_chat.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool read_messages(struct json value, void *into, struct arena *arena);
static void write_messages(const void *from, const struct shape_out *out);
static bool read_max_completion_tokens(
	struct json value, void *into, struct arena *arena);
static bool read_max_tokens(struct json value, void *into, struct arena *arena);
static void write_max_tokens(const void *from, const struct shape_out *out);
static bool read_stop(struct json value, void *into, struct arena *arena);
static void write_stop(const void *from, const struct shape_out *out);
static bool read_tools(struct json value, void *into, struct arena *arena);
static void write_tools(const void *from, const struct shape_out *out);
static bool read_tool_choice(
	struct json value, void *into, struct arena *arena);
static void write_tool_choice(const void *from, const struct shape_out *out);
static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);
static bool read_effort(struct json value, void *into, struct arena *arena);
static bool read_reasoning(struct json value, void *into, struct arena *arena);
static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_reasoning(const void *from, const struct shape_out *out);

static const struct shape_row request_rows[] = {
	REQUEST("model", SHAPE_TEXT, model),
	{ "messages", SHAPE_SPECIAL, 0, read_messages, write_messages },
	REQUEST("stream", SHAPE_FLAG, stream),
	REQUEST("stream_options", SHAPE_OBJECT, stream_options),
	{ "max_completion_tokens", SHAPE_SPECIAL, 0, read_max_completion_tokens,
		write_max_tokens },
	{ "max_tokens", SHAPE_SPECIAL, 0, read_max_tokens, NULL },
	REQUEST("n", SHAPE_COUNT, n),
	REQUEST("temperature", SHAPE_NUMBER, temperature),
	REQUEST("top_p", SHAPE_NUMBER, top_p),
	REQUEST("top_k", SHAPE_NUMBER, top_k),
	REQUEST("min_p", SHAPE_NUMBER, min_p),
	REQUEST("frequency_penalty", SHAPE_NUMBER, frequency_penalty),
	REQUEST("presence_penalty", SHAPE_NUMBER, presence_penalty),
	REQUEST("repetition_penalty", SHAPE_NUMBER, repetition_penalty),
	REQUEST("seed", SHAPE_NUMBER, seed),
	{ "stop", SHAPE_SPECIAL, 0, read_stop, write_stop },
	{ "tools", SHAPE_SPECIAL, 0, read_tools, write_tools },
	{ "tool_choice", SHAPE_SPECIAL, 0, read_tool_choice,
		write_tool_choice },
	REQUEST("parallel_tool_calls", SHAPE_FLAG, parallel_tool_calls),
	{ "response_format", SHAPE_SPECIAL, 0, read_format, write_format },
	{ "reasoning_effort", SHAPE_SPECIAL, 0, read_effort, write_reasoning },
	{ "reasoning", SHAPE_SPECIAL, 0, read_reasoning, NULL },
	{ "thinking", SHAPE_SPECIAL, 0, read_thinking, NULL },
	REQUEST("logprobs", SHAPE_FLAG, logprobs),
	REQUEST("top_logprobs", SHAPE_COUNT, top_logprobs),
	REQUEST("logit_bias", SHAPE_OBJECT, logit_bias),
	REQUEST("modalities", SHAPE_LIST, modalities),
	REQUEST("user", SHAPE_TEXT, user),
	REQUEST("metadata", SHAPE_OBJECT, metadata),
	REQUEST("service_tier", SHAPE_TEXT, service_tier),
	REQUEST("prompt_cache_key", SHAPE_TEXT, prompt_cache_key),
};
static const struct shape request_shape = SHAPE_OF(request_rows);

#define TOOL(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_tool, field), NULL, NULL \
	}

static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);

static const struct shape_row tool_rows[] = {
	TOOL("type", SHAPE_TEXT, type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
	TOOL("cache_control", SHAPE_OBJECT, cache_control),
};
static const struct shape tool_shape = SHAPE_OF(tool_rows);

static const struct shape_row function_rows[] = {
	TOOL("name", SHAPE_TEXT, name),
	TOOL("description", SHAPE_TEXT, description),
	TOOL("parameters", SHAPE_OBJECT, parameters),
	TOOL("strict", SHAPE_FLAG, strict),
};
static const struct shape function_shape = SHAPE_OF(function_rows);

#define FORMAT(name, kind, field)                                           \
	{                                                                   \
		name, kind, offsetof(struct chat_format, field), NULL, NULL \
	}

static bool read_format_type(
	struct json value, void *into, struct arena *arena);
static void write_format_type(const void *from, const struct shape_out *out);
static bool read_schema(struct json value, void *into, struct arena *arena);
static void write_schema(const void *from, const struct shape_out *out);

static const struct shape_row format_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, read_format_type, write_format_type },
	{ "json_schema", SHAPE_SPECIAL, 0, read_schema, write_schema },
};
static const struct shape format_shape = SHAPE_OF(format_rows);

static const struct shape_row schema_rows[] = {
	FORMAT("name", SHAPE_TEXT, name),
	FORMAT("description", SHAPE_TEXT, description),
	FORMAT("schema", SHAPE_OBJECT, schema),
	FORMAT("strict", SHAPE_FLAG, strict),
};
static const struct shape schema_shape = SHAPE_OF(schema_rows);

static const struct {
	struct str type;
	enum chat_format_kind kind;
} format_types[] = {
	{ STR("text"), CHAT_FORMAT_TEXT },
	{ STR("json_object"), CHAT_FORMAT_JSON },
	{ STR("json_schema"), CHAT_FORMAT_SCHEMA },
};

#define REASONING(name, kind, field)                                           \
	{                                                                      \
		name, kind, offsetof(struct chat_reasoning, field), NULL, NULL \
	}

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena);
static void write_thinking_type(const void *from, const struct shape_out *out);

/* OpenRouter's */
static const struct shape_row reasoning_rows[] = {
	REASONING("effort", SHAPE_TEXT, effort),
	REASONING("max_tokens", SHAPE_COUNT, budget_tokens),
	REASONING("enabled", SHAPE_FLAG, enabled),
	REASONING("exclude", SHAPE_FLAG, exclude),
};
static const struct shape reasoning_shape = SHAPE_OF(reasoning_rows);

/* DeepSeek's, Z.ai's */
static const struct shape_row thinking_rows[] = {
	{ "type", SHAPE_SPECIAL, 0, read_thinking_type, write_thinking_type },
	REASONING("budget_tokens", SHAPE_COUNT, budget_tokens),
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

static const struct {
	struct str word;
	enum chat_tool_choice choice;
} choice_words[] = {
	{ STR("auto"), CHAT_CHOICE_AUTO }, { STR("none"), CHAT_CHOICE_NONE },
	{ STR("required"), CHAT_CHOICE_REQUIRED },
	{ STR("any"), CHAT_CHOICE_REQUIRED }, /* Mistral */
};

static bool check_expressible(
	const struct chat_request *request, struct error *err);
static bool read_limit(
	struct json value, struct str member, struct chat_request *request);
static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool);
static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out);
static bool read_named_choice(
	struct json value, struct arena *arena, struct chat_request *request);
static bool only_member(struct json object, struct str a, struct str b);

bool openai_chat_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	(void)err; /* read_head() found all that could be wrong */
	chat_request_init(out, S(OPENAI_CHAT_NAME));
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	return true;
}

bool openai_chat_write_request(
	const struct chat_request *request, struct buf *out, struct error *err)
{
	struct json_writer w;
	struct shape_out to = { .w = &w };

	json_writer_init(&w, out);
	to.own_words = str_equal(request->dialect, S(OPENAI_CHAT_NAME));
	if (!to.own_words && !check_expressible(request, err))
		return false;
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to);
	json_end_object(&w);
	return true;
}

/* Thinking is left out, as these providers do not take it back; all else that
 * has no words here is refused rather than lost. */
static bool check_expressible(
	const struct chat_request *request, struct error *err)
{
	char path[96];

	for (size_t i = 0; i < request->tool_count; i++) {
		snprintf(path, sizeof(path), "tools[%zu]", i);
		if (request->tools[i].json.p)
			return error_refuse(err, ERR_UNSUPPORTED, path,
				"The chosen model's provider has no tool of "
				"this type: only functions.");
	}
	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_part *part = request->messages[i].parts;

		snprintf(path, sizeof(path), "messages[%zu].content", i);
		for (; part; part = part->next)
			if (!openai_chat_can_write(part))
				return error_refuse(err, ERR_UNSUPPORTED, path,
					"The chosen model's provider cannot "
					"take a part of this message.");
	}
	return true;
}

static bool read_messages(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	request->message_count = json_length(value);
	request->messages =
		ARENA_ARRAY(arena, struct chat_message, request->message_count);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		openai_chat_read_message(
			item.value, arena, &request->messages[i]);
	return true;
}

static void write_messages(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	json_name(out->w, "messages");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->message_count; i++)
		openai_chat_write_message(&request->messages[i], out);
	json_end_array(out->w);
}

static bool read_max_completion_tokens(
	struct json value, void *into, struct arena *arena)
{
	(void)arena;
	return read_limit(value, S("max_completion_tokens"), into);
}

static bool read_max_tokens(struct json value, void *into, struct arena *arena)
{
	(void)arena;
	return read_limit(value, S("max_tokens"), into);
}

static bool read_limit(
	struct json value, struct str member, struct chat_request *request)
{
	if (request->max_tokens >= 0 || !json_int(value, &request->max_tokens))
		return false;
	request->max_tokens_member = member;
	return true;
}

/* The older name unless it is asked for: all providers know that one, but
 * OpenAI's own reasoning models want the newer. */
static void write_max_tokens(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	bool is_new = str_equal(
		request->max_tokens_member, S("max_completion_tokens"));

	if (request->max_tokens >= 0)
		json_member_int(out->w,
			is_new ? "max_completion_tokens" : "max_tokens",
			request->max_tokens);
}

static bool read_stop(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct chat_stop *first = NULL, **end = &first;
	struct str text;

	if (value.type == JSON_TYPE_STRING) {
		request->stop = ARENA_NEW(arena, struct chat_stop);
		return json_text(value, arena, &request->stop->text);
	}
	while (json_next(&cursor, &item)) {
		if (!json_text(item.value, arena, &text))
			return false;
		*end = ARENA_NEW(arena, struct chat_stop);
		(*end)->text = text;
		end = &(*end)->next;
	}
	request->stop = first;
	request->stop_is_list = first != NULL;
	return first != NULL;
}

static void write_stop(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (!request->stop)
		return;
	if (!request->stop_is_list && !request->stop->next) {
		json_member_str(out->w, "stop", request->stop->text);
		return;
	}
	json_name(out->w, "stop");
	json_begin_array(out->w);
	for (const struct chat_stop *stop = request->stop; stop;
		stop = stop->next)
		json_write_str(out->w, stop->text);
	json_end_array(out->w);
}

static bool read_tools(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (value.type != JSON_TYPE_ARRAY || json_length(value) == 0)
		return false;
	request->tool_count = json_length(value);
	request->tools =
		ARENA_ARRAY(arena, struct chat_tool, request->tool_count);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		read_tool(item.value, arena, &request->tools[i]);
	return true;
}

static void read_tool(
	struct json item, struct arena *arena, struct chat_tool *tool)
{
	if (json_find(item, S("function")).type == JSON_TYPE_OBJECT)
		shape_read(&tool_shape, item, tool, &tool->extra, arena);
	else
		tool->json = item.text;
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_tool *tool = into;

	shape_read(&function_shape, value, tool, &tool->inner_extra, arena);
	return true;
}

static void write_tools(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_count == 0)
		return;
	json_name(out->w, "tools");
	json_begin_array(out->w);
	for (size_t i = 0; i < request->tool_count; i++)
		write_tool(&request->tools[i], out);
	json_end_array(out->w);
}

static void write_tool(
	const struct chat_tool *tool, const struct shape_out *out)
{
	struct chat_tool ours = *tool;

	if (tool->json.p) {
		json_write_raw(out->w, tool->json);
		return;
	}
	if (!out->own_words)
		ours.type = S("function");
	json_begin_object(out->w);
	shape_write(&tool_shape, &ours, &tool->extra, out);
	json_end_object(out->w);
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_tool *tool = from;

	openai_chat_write_inner(
		"function", &function_shape, tool, &tool->inner_extra, out);
}

static bool read_tool_choice(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (!json_text_is(value, choice_words[i].word))
			continue;
		request->tool_choice = choice_words[i].choice;
		request->tool_choice_word = choice_words[i].word;
		return true;
	}
	return read_named_choice(value, arena, request);
}

/* {"type": "function", "function": {"name": "x"}} and nothing more. */
static bool read_named_choice(
	struct json value, struct arena *arena, struct chat_request *request)
{
	struct json function = json_find(value, S("function"));
	struct json name = json_find(function, S("name"));

	if (!json_text_is(json_find(value, S("type")), S("function")) ||
		!only_member(value, S("type"), S("function")) ||
		!only_member(function, S("name"), S("")))
		return false;
	if (!json_text(name, arena, &request->tool_choice_name))
		return false;
	request->tool_choice = CHAT_CHOICE_NAMED;
	return true;
}

static bool only_member(struct json object, struct str a, struct str b)
{
	struct json_cursor cursor = json_members(object);
	struct json_member member;

	while (json_next(&cursor, &member))
		if (!json_name_is(member, a) &&
			(b.n == 0 || !json_name_is(member, b)))
			return false;
	return object.type == JSON_TYPE_OBJECT;
}

static void write_tool_choice(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->tool_choice == CHAT_CHOICE_NAMED) {
		json_name(out->w, "tool_choice");
		json_begin_object(out->w);
		json_member_str(out->w, "type", S("function"));
		json_name(out->w, "function");
		json_begin_object(out->w);
		json_member_str(out->w, "name", request->tool_choice_name);
		json_end_object(out->w);
		json_end_object(out->w);
		return;
	}
	if (out->own_words && request->tool_choice_word.p) {
		json_member_str(
			out->w, "tool_choice", request->tool_choice_word);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(choice_words); i++) {
		if (choice_words[i].choice != request->tool_choice)
			continue;
		json_member_str(out->w, "tool_choice", choice_words[i].word);
		return;
	}
}

static bool read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_format format = { .kind = CHAT_FORMAT_UNSET };

	shape_read(&format_shape, value, &format, &format.extra, arena);
	if (format.kind == CHAT_FORMAT_UNSET)
		return false;
	request->format = format;
	return true;
}

static void write_format(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_format *format = &request->format;

	if (format->kind != CHAT_FORMAT_UNSET)
		openai_chat_write_inner("response_format", &format_shape,
			format, &format->extra, out);
}

static bool read_format_type(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(format_types); i++)
		if (json_text_is(value, format_types[i].type))
			format->kind = format_types[i].kind;
	return format->kind != CHAT_FORMAT_UNSET;
}

static void write_format_type(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;

	for (size_t i = 0; i < ARRAY_LEN(format_types); i++)
		if (format_types[i].kind == format->kind)
			json_member_str(out->w, "type", format_types[i].type);
}

static bool read_schema(struct json value, void *into, struct arena *arena)
{
	struct chat_format *format = into;

	if (value.type != JSON_TYPE_OBJECT ||
		format->kind != CHAT_FORMAT_SCHEMA)
		return false;
	format->has_inner = true;
	shape_read(&schema_shape, value, format, &format->inner_extra, arena);
	return true;
}

static void write_schema(const void *from, const struct shape_out *out)
{
	const struct chat_format *format = from;
	struct chat_format ours = *format;

	if (format->kind != CHAT_FORMAT_SCHEMA ||
		(out->own_words && !format->has_inner))
		return;
	/* OpenAI wants a name; other dialects have none. */
	if (!out->own_words && !ours.name.p)
		ours.name = S("response");
	openai_chat_write_inner(
		"json_schema", &schema_shape, &ours, &ours.inner_extra, out);
}

/* Three members say how to think; the first that is there counts, and another
 * one stays as it is. */
static bool read_effort(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;

	if (!json_text(value, arena, &request->reasoning.effort))
		return false;
	request->reasoning.member = S("reasoning_effort");
	return true;
}

static bool read_reasoning(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;

	if (reasoning->member.p || value.type != JSON_TYPE_OBJECT)
		return false;
	reasoning->member = S("reasoning");
	shape_read(
		&reasoning_shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning =
		&((struct chat_request *)into)->reasoning;

	if (reasoning->member.p || value.type != JSON_TYPE_OBJECT)
		return false;
	reasoning->member = S("thinking");
	shape_read(&thinking_shape, value, reasoning, &reasoning->extra, arena);
	return true;
}

static void write_reasoning(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	const struct chat_reasoning *reasoning = &request->reasoning;
	bool is_object = str_equal(reasoning->member, S("reasoning"));
	bool is_thinking = str_equal(reasoning->member, S("thinking"));

	if (out->own_words && is_object)
		openai_chat_write_inner("reasoning", &reasoning_shape,
			reasoning, &reasoning->extra, out);
	else if (out->own_words && is_thinking)
		openai_chat_write_inner("thinking", &thinking_shape, reasoning,
			&reasoning->extra, out);
	else if (reasoning->effort.p)
		json_member_str(out->w, "reasoning_effort", reasoning->effort);
}

static bool read_thinking_type(
	struct json value, void *into, struct arena *arena)
{
	struct chat_reasoning *reasoning = into;

	(void)arena;
	if (json_text_is(value, S("enabled")))
		reasoning->enabled = CHAT_YES;
	else if (json_text_is(value, S("disabled")))
		reasoning->enabled = CHAT_NO;
	return reasoning->enabled != CHAT_UNSET;
}

static void write_thinking_type(const void *from, const struct shape_out *out)
{
	const struct chat_reasoning *reasoning = from;

	if (reasoning->enabled != CHAT_UNSET)
		json_member_str(out->w, "type",
			reasoning->enabled == CHAT_YES ? S("enabled")
						       : S("disabled"));
}
