/*
 * request.c - whole requests, to and from the neutral form.
 */
#include "dialect/cohere/cohere.h"

#include "dialect/function_tool.h"
#include "dialect/head.h"

#define REQUEST(name, kind, field)                                           \
	{                                                                    \
		name, kind, offsetof(struct chat_request, field), NULL, NULL \
	}

static bool read_messages(struct json value, void *into, struct arena *arena);
static void write_messages(const void *from, const struct shape_out *out);
static void write_stop(const void *from, const struct shape_out *out);

static const struct shape_row request_rows[] = {
	REQUEST("model", SHAPE_TEXT, model),
	{ "messages", SHAPE_SPECIAL, 0, read_messages, write_messages },
	REQUEST("stream", SHAPE_FLAG, stream),
	{ "tools", SHAPE_SPECIAL, 0, function_tools_read, cohere_write_tools },
	{ "strict_tools", SHAPE_SPECIAL_FLAG, 0, cohere_read_strict,
		cohere_write_strict },
	{ "tool_choice", SHAPE_SPECIAL_KNOWN, 0, cohere_read_choice,
		cohere_write_choice },
	{ "response_format", SHAPE_SPECIAL_KNOWN, 0, cohere_read_format,
		cohere_write_format },
	{ "thinking", SHAPE_SPECIAL_KNOWN, 0, cohere_read_thinking,
		cohere_write_thinking },
	REQUEST("max_tokens", SHAPE_COUNT, max_tokens),
	{ "stop_sequences", SHAPE_SPECIAL_TEXTS, 0, chat_read_stops,
		write_stop },
	REQUEST("temperature", SHAPE_NUMBER, temperature),
	REQUEST("p", SHAPE_NUMBER, top_p),
	REQUEST("k", SHAPE_NUMBER, top_k),
	REQUEST("frequency_penalty", SHAPE_NUMBER, frequency_penalty),
	REQUEST("presence_penalty", SHAPE_NUMBER, presence_penalty),
	REQUEST("seed", SHAPE_NUMBER, seed),
	REQUEST("logprobs", SHAPE_FLAG, logprobs),
};
static const struct shape request_shape = SHAPE_OF(request_rows);

static bool check_message(
	const struct chat_message *message, size_t index, struct error *err);
static bool check_parts(
	const struct chat_message *message, size_t index, struct error *err);
static const char *missing_member(const struct chat_part *part);
static bool check_foreign(const struct chat_request *request,
	struct chat_losses *losses, struct error *err);
static bool can_be_sent(
	const struct chat_message *message, const struct chat_part *part);
static bool refuse_part(const struct chat_message *message,
	const struct chat_losses *losses, struct error *err);
static size_t write_turn(const struct chat_request *request, size_t at,
	const struct shape_out *out);
static void write_foreign(
	const struct chat_message *message, const struct shape_out *out);

bool cohere_read_request(const struct chat_head *head, struct arena *arena,
	struct chat_request *out, struct error *err)
{
	chat_request_init(out, S(COHERE_NAME));
	shape_read(&request_shape, head->root, out, &out->extra, arena);
	for (size_t i = 0; i < out->message_count; i++)
		if (!check_message(&out->messages[i], i, err))
			return false;
	return true;
}

/* What is not understood can go on to Cohere, but not to another. */
static bool check_message(
	const struct chat_message *message, size_t index, struct error *err)
{
	const char *missing = NULL;

	if (message->role == CHAT_ROLE_UNSET)
		return error_refuse(err, ERR_BAD_FIELD,
			head_path("messages[%zu].role", index).text,
			"'messages[%zu].role' must be one of system, user, "
			"assistant and tool.",
			index);
	if (message->role == CHAT_TOOL && !message->tool_call_id.p)
		missing = "tool_call_id";
	else if (message->role != CHAT_ASSISTANT && !message->parts)
		missing = "content";
	if (missing)
		return head_refuse_missing(err,
			head_path("messages[%zu].%s", index, missing).text,
			"a message of this role must have it.");
	return check_parts(message, index, err);
}

static bool check_parts(
	const struct chat_message *message, size_t index, struct error *err)
{
	size_t items = 0, calls = 0;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		bool is_call = part->kind == CHAT_TOOL_CALL;
		bool is_item = str_equal(part->member, S("content"));
		const char *missing = missing_member(part);
		struct head_path path;

		if (missing) {
			path = head_path("messages[%zu].%s[%zu].%s", index,
				is_call ? "tool_calls" : "content",
				is_call ? calls : items, missing);
			return head_refuse_missing(err, path.text,
				"without it this cannot be understood.");
		}
		calls += is_call;
		items += is_item;
	}
	return true;
}

/* NULL: it has all that makes it what it is. */
static const char *missing_member(const struct chat_part *part)
{
	const struct chat_call *call = &part->call;

	switch (part->kind) {
	case CHAT_TOOL_CALL:
		if (!call->id.p)
			return "id";
		if (!call->name.p)
			return "function.name";
		return call->arguments.p ? NULL : "function.arguments";
	case CHAT_IMAGE: return part->url.p ? NULL : "image_url.url";
	case CHAT_OTHER: return NULL;
	case CHAT_THINKING: return part->text.p ? NULL : "thinking";
	default:
		if (part->text.p)
			return NULL;
		return str_equal(part->type, S("document")) ? "document"
							    : "text";
	}
}

bool cohere_write_request(const struct chat_request *request,
	const struct dialect_traits *traits, struct chat_losses *losses,
	struct buf *out, struct error *err)
{
	struct json_writer w;
	struct cohere_out to = { .to.w = &w, .losses = losses };

	(void)traits; /* there is one provider */
	to.to.own_words = str_equal(request->dialect, S(COHERE_NAME));
	if (!to.to.own_words && !check_foreign(request, losses, err))
		return false;
	json_writer_init(&w, out);
	json_begin_object(&w);
	shape_write(&request_shape, request, &request->extra, &to.to);
	json_end_object(&w);
	return true;
}

/* What the table of words cannot tell: images are the user's alone, and calls
 * take JSON. */
static bool check_foreign(const struct chat_request *request,
	struct chat_losses *losses, struct error *err)
{
	for (size_t i = 0; i < request->message_count; i++) {
		const struct chat_message *message = &request->messages[i];

		if (message->role == CHAT_FUNCTION)
			return refuse_part(message, losses, err);
		for (const struct chat_part *part = message->parts; part;
			part = part->next) {
			if (!can_be_sent(message, part))
				return refuse_part(message, losses, err);
			/* A thought without words is not written. */
			if (losses && part->kind == CHAT_THINKING &&
				part->text.n == 0)
				chat_losses_add_thought(losses, message, part);
		}
	}
	return true;
}

static bool can_be_sent(
	const struct chat_message *message, const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING: /* left out, and named */
	case CHAT_REFUSAL: return true;
	case CHAT_TOOL_CALL: return !str_equal(part->call.type, S("custom"));
	case CHAT_IMAGE:
		return (part->url.p || part->data.p) &&
		       (message->role == CHAT_USER ||
			       message->role == CHAT_ROLE_UNSET);
	default: return false;
	}
}

static bool refuse_part(const struct chat_message *message,
	const struct chat_losses *losses, struct error *err)
{
	struct head_path path = head_path("%s[%" PRId64 "]",
		losses ? losses->from->messages : "messages",
		message->wire_index);

	if (message->wire_index < 0 && message->member.p)
		path = head_path("%.*s", STR_ARG(message->member));
	return error_refuse(err, ERR_UNSUPPORTED, path.text,
		"'%s' has a part that the provider of the chosen model does "
		"not take there.",
		path.text);
}

static bool read_messages(struct json value, void *into, struct arena *arena)
{
	struct chat_request *request = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	request->message_count = json_length(value);
	request->messages =
		ARENA_ARRAY(arena, struct chat_message, request->message_count);
	for (size_t i = 0; json_next(&cursor, &item); i++) {
		cohere_read_message(item.value, arena, &request->messages[i]);
		request->messages[i].wire_index = (int64_t)i;
	}
	return true;
}

static void write_messages(const void *from, const struct shape_out *out)
{
	const struct chat_request *request = from;
	size_t i = 0;

	json_name(out->w, "messages");
	json_begin_array(out->w);
	while (i < request->message_count) {
		if (out->own_words)
			cohere_write_message(&request->messages[i++], out);
		else
			i = write_turn(request, i, out);
	}
	json_end_array(out->w);
}

/*
 * One message of the assistant, or all up to the next one. "An assistant
 * message with 'tool_calls' must be followed by tool messages responding to
 * each 'tool_call_id'" (https://github.com/oracle/langchain-oracle/issues/10),
 * so results come first, whatever else was said with them.
 */
static size_t write_turn(const struct chat_request *request, size_t at,
	const struct shape_out *out)
{
	size_t end = at;

	if (request->messages[at].role == CHAT_ASSISTANT) {
		write_foreign(&request->messages[at], out);
		return at + 1;
	}
	while (end < request->message_count &&
		request->messages[end].role != CHAT_ASSISTANT)
		end++;
	for (size_t i = at; i < end; i++)
		if (request->messages[i].role == CHAT_TOOL)
			write_foreign(&request->messages[i], out);
	for (size_t i = at; i < end; i++)
		if (request->messages[i].role != CHAT_TOOL)
			write_foreign(&request->messages[i], out);
	return end;
}

/* An assistant's turn of which nothing is left would be refused. */
static void write_foreign(
	const struct chat_message *message, const struct shape_out *out)
{
	if (message->role != CHAT_ASSISTANT ||
		!cohere_message_is_empty(message))
		cohere_write_message(message, out);
}

static void write_stop(const void *from, const struct shape_out *out)
{
	chat_write_stops("stop_sequences", from, out->w);
}
