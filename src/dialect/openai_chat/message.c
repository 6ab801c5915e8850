/*
 * message.c - messages, of requests, answers and stream deltas
 * alike, to and from the neutral form.
 *
 * The hard part: one list of parts stands for members that this format keeps
 * apart (content, images, tool_calls, refusal, thinking in three spellings).
 * A part remembers its member, and each member's writer picks its own parts.
 */
#include "dialect/openai_chat/openai_chat.h"

struct role {
	struct str name;
	enum chat_role role;
};

static const struct role roles[] = {
	{ STR("system"), CHAT_SYSTEM },
	{ STR("developer"), CHAT_DEVELOPER },
	{ STR("user"), CHAT_USER },
	{ STR("assistant"), CHAT_ASSISTANT },
	{ STR("tool"), CHAT_TOOL },
	{ STR("function"), CHAT_FUNCTION },
};

static bool read_role(struct json value, void *into, struct arena *arena);
static void write_role(const void *from, const struct shape_out *out);
static bool read_details(struct json value, void *into, struct arena *arena);
static void write_details(const void *from, const struct shape_out *out);
static bool read_reasoning_content(
	struct json value, void *into, struct arena *arena);
static void write_reasoning_content(
	const void *from, const struct shape_out *out);
static bool read_reasoning(struct json value, void *into, struct arena *arena);
static void write_reasoning(const void *from, const struct shape_out *out);
static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_refusal(struct json value, void *into, struct arena *arena);
static void write_refusal(const void *from, const struct shape_out *out);
static bool read_audio(struct json value, void *into, struct arena *arena);
static void write_audio(const void *from, const struct shape_out *out);
static bool read_calls(struct json value, void *into, struct arena *arena);
static void write_calls(const void *from, const struct shape_out *out);
static bool read_images(struct json value, void *into, struct arena *arena);
static void write_images(const void *from, const struct shape_out *out);
static bool read_function_call(
	struct json value, void *into, struct arena *arena);
static void write_function_call(const void *from, const struct shape_out *out);
static bool read_call_id(struct json value, void *into, struct arena *arena);
static void write_call_id(const void *from, const struct shape_out *out);

/* reasoning_details before the plain texts, which repeat them. */
static const struct shape_row message_rows[] = {
	{ "role", SHAPE_SPECIAL, 0, read_role, write_role },
	{ "reasoning_details", SHAPE_SPECIAL, 0, read_details, write_details },
	{ "reasoning_content", SHAPE_SPECIAL, 0, read_reasoning_content,
		write_reasoning_content },
	{ "reasoning", SHAPE_SPECIAL, 0, read_reasoning, write_reasoning },
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	{ "refusal", SHAPE_SPECIAL, 0, read_refusal, write_refusal },
	{ "audio", SHAPE_SPECIAL, 0, read_audio, write_audio },
	{ "images", SHAPE_SPECIAL, 0, read_images, write_images },
	{ "tool_calls", SHAPE_SPECIAL, 0, read_calls, write_calls },
	{ "function_call", SHAPE_SPECIAL, 0, read_function_call,
		write_function_call },
	{ "name", SHAPE_TEXT, offsetof(struct chat_message, name), NULL, NULL },
	{ "tool_call_id", SHAPE_SPECIAL, 0, read_call_id, write_call_id },
	{ "annotations", SHAPE_SPECIAL, 0, openai_chat_read_annotations,
		openai_chat_write_annotations },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

static bool read_list(struct json list, struct str member,
	struct chat_message *message, struct arena *arena);
static bool read_text(struct json value, enum chat_part_kind kind,
	struct str member, struct chat_message *message, struct arena *arena);
static bool has_thinking(const struct chat_message *message);
static bool belongs(const struct chat_part *part, struct str member,
	const struct shape_out *out);
static bool is_thinking_member(struct str member);
static const struct chat_part *first_of(const struct chat_message *message,
	struct str member, const struct shape_out *out);
static void write_list(const struct chat_message *message, const char *member,
	const struct shape_out *out);
static void write_text(const struct chat_message *message, const char *member,
	const struct shape_out *out);
static bool is_plain(
	const struct chat_message *message, const struct shape_out *out);
static bool needs_content(const struct chat_message *message);
static bool has_sealed_thinking(const struct chat_message *message);

void openai_chat_read_message(
	struct json object, struct arena *arena, struct chat_message *out)
{
	chat_message_init(out);
	shape_read(&message_shape, object, out, &out->extra, arena);
}

void openai_chat_write_message(
	const struct chat_message *message, const struct shape_out *out)
{
	json_begin_object(out->w);
	shape_write(&message_shape, message, &message->extra, out);
	json_end_object(out->w);
}

static bool read_role(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	(void)arena;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (!json_text_is(value, roles[i].name))
			continue;
		message->role = roles[i].role;
		return true;
	}
	return false;
}

/* Of another dialect's, "system" for both of its kind: all providers know
 * it, and OpenAI takes it as "developer" where a model has that. */
static void write_role(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	enum chat_role role = message->role;

	if (!out->own_words && role == CHAT_DEVELOPER)
		role = CHAT_SYSTEM;
	else if (!out->own_words && role == CHAT_FUNCTION)
		role = CHAT_TOOL;
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].role == role)
			json_member_str(out->w, "role", roles[i].name);
}

static bool read_details(struct json value, void *into, struct arena *arena)
{
	return openai_chat_read_details(value, arena, into);
}

/* To clients: what is sealed, and in a stream all thinking, because a
 * signature may follow. */
static void write_details(const void *from, const struct shape_out *out)
{
	const struct chat_part *first =
		first_of(from, S("reasoning_details"), out);

	if (!first)
		return;
	if (out->own_words)
		json_member_raw(out->w, "reasoning_details", first->json);
	else if (!out->is_reply || out->is_delta || has_sealed_thinking(from))
		write_list(from, "reasoning_details", out);
}

static bool read_reasoning_content(
	struct json value, void *into, struct arena *arena)
{
	return !has_thinking(into) &&
	       read_text(value, CHAT_THINKING, S("reasoning_content"), into,
		       arena);
}

static void write_reasoning_content(
	const void *from, const struct shape_out *out)
{
	write_text(from, "reasoning_content", out);
}

static bool read_reasoning(struct json value, void *into, struct arena *arena)
{
	return !has_thinking(into) &&
	       read_text(value, CHAT_THINKING, S("reasoning"), into, arena);
}

static void write_reasoning(const void *from, const struct shape_out *out)
{
	write_text(from, "reasoning", out);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	if (value.type == JSON_TYPE_STRING)
		return read_text(
			value, CHAT_TEXT, S("content"), message, arena);
	message->content_is_list =
		read_list(value, S("content"), message, arena);
	return message->content_is_list;
}

static void write_content(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!first_of(message, S("content"), out)) {
		if (out->own_words || out->is_delta)
			return;
		if (out->is_reply)
			json_member_null(out->w, "content");
		else if (needs_content(message))
			json_member_str(out->w, "content", S(""));
	} else if (is_plain(message, out)) {
		write_text(message, "content", out);
	} else {
		write_list(message, "content", out);
	}
}

static bool read_refusal(struct json value, void *into, struct arena *arena)
{
	return read_text(value, CHAT_REFUSAL, S("refusal"), into, arena);
}

static void write_refusal(const void *from, const struct shape_out *out)
{
	if (first_of(from, S("refusal"), out))
		write_text(from, "refusal", out);
	else if (!out->own_words && out->is_reply && !out->is_delta)
		json_member_null(out->w, "refusal");
}

static bool read_audio(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	openai_chat_read_part(value, S("audio"), arena, message);
	message->last_part->json = value.text;
	return true;
}

static void write_audio(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = first_of(from, S("audio"), out);

	if (!part)
		return;
	json_name(out->w, "audio");
	openai_chat_write_part(part, S("audio"), out);
}

static bool read_calls(struct json value, void *into, struct arena *arena)
{
	return read_list(value, S("tool_calls"), into, arena);
}

static void write_calls(const void *from, const struct shape_out *out)
{
	write_list(from, "tool_calls", out);
}

/* OpenRouter's answers with pictures. */
static bool read_images(struct json value, void *into, struct arena *arena)
{
	return read_list(value, S("images"), into, arena);
}

static void write_images(const void *from, const struct shape_out *out)
{
	write_list(from, "images", out);
}

/* One call, without an id: OpenAI's first function calling. */
static bool read_function_call(
	struct json value, void *into, struct arena *arena)
{
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	openai_chat_read_part(value, S("function_call"), arena, into);
	return true;
}

static void write_function_call(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = first_of(from, S("function_call"), out);

	if (!part)
		return;
	json_name(out->w, "function_call");
	openai_chat_write_part(part, S("function_call"), out);
}

/* The result of such a call has none but the one that we gave it. */
static bool read_call_id(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;

	return message->role != CHAT_FUNCTION &&
	       json_text(value, arena, &message->tool_call_id);
}

static void write_call_id(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (message->tool_call_id.p &&
		!(out->own_words && message->role == CHAT_FUNCTION))
		json_member_str(out->w, "tool_call_id", message->tool_call_id);
}

static bool read_list(struct json list, struct str member,
	struct chat_message *message, struct arena *arena)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (!openai_chat_has_objects(list))
		return false;
	while (json_next(&cursor, &item))
		openai_chat_read_part(item.value, member, arena, message);
	return true;
}

bool openai_chat_has_objects(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (list.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	return !json_is_empty(list);
}

static bool read_text(struct json value, enum chat_part_kind kind,
	struct str member, struct chat_message *message, struct arena *arena)
{
	struct chat_part *part;

	if (value.type != JSON_TYPE_STRING)
		return false;
	part = chat_message_add(message, kind, arena);
	part->member = member;
	return json_text(value, arena, &part->text);
}

static bool has_thinking(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_THINKING && part->text.p)
			return true;
	return false;
}

/* In own words a part knows its member; else its kind decides. */
static bool belongs(const struct chat_part *part, struct str member,
	const struct shape_out *out)
{
	if (out->own_words)
		return str_equal(part->member, member);
	switch (part->kind) {
	case CHAT_TEXT: return str_equal(member, S("content"));
	case CHAT_AUDIO:
		return str_equal(
			member, out->is_reply ? S("audio") : S("content"));
	case CHAT_IMAGE:
		return str_equal(
			member, out->is_reply ? S("images") : S("content"));
	case CHAT_VIDEO:
	case CHAT_FILE:
		/* An answer's content is a string. */
		return str_equal(member, S("content")) && !out->is_reply;
	case CHAT_THINKING:
	case CHAT_REDACTED_THINKING:
		/* Of a request, the provider says where it belongs. */
		if (!out->is_reply)
			return str_equal(part->member, member);
		return is_thinking_member(member) &&
		       (part->kind == CHAT_THINKING ||
			       str_equal(member, S("reasoning_details")));
	case CHAT_REFUSAL: return str_equal(member, S("refusal"));
	case CHAT_TOOL_CALL: return str_equal(member, S("tool_calls"));
	case CHAT_OTHER: break;
	}
	return false;
}

/* Of the two spellings as a text, the one that most clients know. */
static bool is_thinking_member(struct str member)
{
	return str_equal(member, S("reasoning_content")) ||
	       str_equal(member, S("reasoning_details"));
}

static const struct chat_part *first_of(const struct chat_message *message,
	struct str member, const struct shape_out *out)
{
	const struct chat_part *part = message->parts;

	while (part && !belongs(part, member, out))
		part = part->next;
	return part;
}

static void write_list(const struct chat_message *message, const char *member,
	const struct shape_out *out)
{
	const struct chat_part *part = first_of(message, str_of(member), out);

	if (!part)
		return;
	json_name(out->w, member);
	json_begin_array(out->w);
	for (; part; part = part->next)
		if (belongs(part, str_of(member), out))
			openai_chat_write_part(part, str_of(member), out);
	json_end_array(out->w);
}

/* The texts of a member's parts as one string. */
static void write_text(const struct chat_message *message, const char *member,
	const struct shape_out *out)
{
	const struct chat_part *first = first_of(message, str_of(member), out);
	struct buf text = BUF_INIT(SIZE_MAX);
	size_t count = 0;

	for (const struct chat_part *part = first; part; part = part->next) {
		if (!belongs(part, str_of(member), out))
			continue;
		/* A signature may come without its text. */
		if (part->kind == CHAT_THINKING && !part->text.p)
			continue;
		buf_append(&text, part->text);
		count++;
	}
	out->w->out->failed |= text.failed;
	if (count > 0)
		json_member_str(out->w, member, buf_str(&text));
	buf_release(&text);
}

/* Is the content one string? As it came; of another dialect, answers always
 * are, and requests when they hold one text that asks for nothing more. */
static bool is_plain(
	const struct chat_message *message, const struct shape_out *out)
{
	const struct chat_part *first = first_of(message, S("content"), out);
	const struct chat_part *part = first->next;

	if (out->own_words)
		return !message->content_is_list;
	if (out->is_reply)
		return true;
	while (part && !belongs(part, S("content"), out))
		part = part->next;
	return !part && first->kind == CHAT_TEXT && !first->cache_control.p;
}

/* Without calls there must be something, if only an empty text. */
static bool needs_content(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_TOOL_CALL || part->kind == CHAT_REFUSAL)
			return false;
	return true;
}

static bool has_sealed_thinking(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_REDACTED_THINKING ||
			(part->kind == CHAT_THINKING && part->signature.text.p))
			return true;
	return false;
}
