/*
 * request.c - whole requests, to and from the neutral form.
 */
#include "dialect/openai_chat/openai_chat.h"

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
static bool read_format(struct json value, void *into, struct arena *arena);
static void write_format(const void *from, const struct shape_out *out);
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
	{ "tools", SHAPE_SPECIAL, 0, openai_chat_read_tools,
		openai_chat_write_tools },
	{ "tool_choice", SHAPE_SPECIAL, 0, openai_chat_read_tool_choice,
		openai_chat_write_tool_choice },
	REQUEST("parallel_tool_calls", SHAPE_FLAG, parallel_tool_calls),
	{ "response_format", SHAPE_SPECIAL, 0, read_format, write_format },
	{ "reasoning_effort", SHAPE_SPECIAL_TEXT, 0, openai_chat_read_effort,
		openai_chat_write_reasoning },
	{ "reasoning", SHAPE_SPECIAL, 0, openai_chat_read_reasoning, NULL },
	{ "thinking", SHAPE_SPECIAL, 0, openai_chat_read_thinking, NULL },
	REQUEST("logprobs", SHAPE_FLAG, logprobs),
	REQUEST("top_logprobs", SHAPE_COUNT, top_logprobs),
	REQUEST("logit_bias", SHAPE_OBJECT, logit_bias),
	REQUEST("modalities", SHAPE_LIST, modalities),
	REQUEST("user", SHAPE_TEXT, user),
	REQUEST("metadata", SHAPE_OBJECT, metadata),
	REQUEST("service_tier", SHAPE_TEXT, service_tier),
	REQUEST("prompt_cache_key", SHAPE_TEXT, prompt_cache_key),
	REQUEST("verbosity", SHAPE_TEXT, verbosity),
	REQUEST("cache_control", SHAPE_OBJECT, cache_control), /* OpenRouter */
};
static const struct shape request_shape = SHAPE_OF(request_rows);

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

static bool read_limit(
	struct json value, struct str member, struct chat_request *request);
static bool is_own(const struct chat_request *request);
static void write_object(const struct chat_request *request,
	const struct dialect_traits *traits, struct buf *out);
static bool write_foreign(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err);
static void complete_message(struct chat_request *request, size_t index,
	struct str *last_call_id, struct arena *arena);

bool openai_chat_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	chat_request_init(out, S(OPENAI_CHAT_NAME));
	out->messages =
		ARENA_ARRAY(arena, struct chat_message, head->message_count);
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	return openai_chat_check_request(out, err);
}

bool openai_chat_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	if (!is_own(request))
		return write_foreign(request, traits, losses, out, err);
	write_object(request, traits, out);
	return true;
}

static bool is_own(const struct chat_request *request)
{
	return str_equal(request->dialect, S(OPENAI_CHAT_NAME));
}

static bool write_foreign(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct chat_request adapted;
	struct arena arena;
	bool ok;

	arena_init(&arena, 16384);
	ok = openai_chat_adapt(request, traits, losses, &arena, &adapted, err);
	if (ok)
		write_object(&adapted, traits, out);
	arena_release(&arena);
	return ok;
}

static void write_object(const struct chat_request *request,
	const struct dialect_traits *traits, struct buf *out)
{
	struct json_writer w;
	struct openai_chat_out how = { .shape.w = &w,
		.shape.own_words = is_own(request),
		.dialect = request->dialect,
		.audio_is_text = traits && traits->audio == AUDIO_TEXT };

	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &how.shape);
	json_end_object(&w);
}

static bool read_messages(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct str last_call_id = { NULL, 0 };

	/* The head has counted them: they stand in the request once. */
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		request->message_count++;
		openai_chat_read_message(
			item.value, arena, &request->messages[i]);
		complete_message(request, i, &last_call_id, arena);
	}
	return true;
}

/*
 * Calls of OpenAI's first function calling get ids, and their results too. An
 * answer in sound that is only mentioned is the provider's own.
 */
static void complete_message(struct chat_request *request, size_t index,
	struct str *last_call_id, struct arena *arena)
{
	struct chat_message *message = &request->messages[index];

	message->wire_index = (int64_t)index;
	if (message->role == CHAT_FUNCTION)
		message->tool_call_id = *last_call_id;
	for (struct chat_part *part = message->parts; part; part = part->next) {
		if (str_equal(part->member, S("function_call"))) {
			part->call.id = arena_printf(arena, "call_%zu", index);
			*last_call_id = part->call.id;
		} else if (str_equal(part->member, S("audio")) &&
			   !part->data.p) {
			part->kind = CHAT_OTHER;
		}
	}
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
	struct str text;

	if (!json_text(value, arena, &text))
		return chat_read_stops(value, request, arena);
	request->stop = ARENA_NEW(arena, struct chat_stop);
	request->stop->text = text;
	return true;
}

static void write_stop(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;

	if (request->stop && !request->stop_is_list && !request->stop->next)
		json_member_str(out->w, "stop", request->stop->text);
	else
		chat_write_stops("stop", request, out->w);
}

static bool read_format(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct chat_format format = { .kind = CHAT_FORMAT_UNSET,
		.extra.within = "response_format",
		.inner_extra.within = "response_format.json_schema" };

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
