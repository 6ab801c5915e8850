/*
 * openai_chat_message.c - messages, of requests, answers and stream deltas
 * alike, to and from the neutral form.
 *
 * The hard part: one list of parts stands for members that this format keeps
 * apart (content, tool_calls, refusal, reasoning in three spellings). A part
 * remembers its member, and each member's writer picks its own parts.
 */
#include "dialect/openai_chat.h"

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
static bool read_annotations(
	struct json value, void *into, struct arena *arena);
static void write_annotations(const void *from, const struct shape_out *out);

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
	{ "tool_calls", SHAPE_SPECIAL, 0, read_calls, write_calls },
	{ "name", SHAPE_TEXT, offsetof(struct chat_message, name), NULL, NULL },
	{ "tool_call_id", SHAPE_TEXT,
		offsetof(struct chat_message, tool_call_id), NULL, NULL },
	{ "annotations", SHAPE_SPECIAL, 0, read_annotations,
		write_annotations },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

#define CITATION(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_citation, field), NULL, NULL \
	}

static bool read_url_citation(
	struct json value, void *into, struct arena *arena);
static void write_url_citation(const void *from, const struct shape_out *out);

static const struct shape_row annotation_rows[] = {
	CITATION("type", SHAPE_TEXT, type),
	{ "url_citation", SHAPE_SPECIAL, 0, read_url_citation,
		write_url_citation },
};
static const struct shape annotation_shape = SHAPE_OF(annotation_rows);

static const struct shape_row url_citation_rows[] = {
	CITATION("url", SHAPE_TEXT, url),
	CITATION("title", SHAPE_TEXT, title),
	CITATION("start_index", SHAPE_COUNT, start_index),
	CITATION("end_index", SHAPE_COUNT, end_index),
};
static const struct shape url_citation_shape = SHAPE_OF(url_citation_rows);

static bool read_list(struct json list, struct str member,
	struct chat_message *message, struct arena *arena);
static bool read_text(struct json value, enum chat_part_kind kind,
	struct str member, struct chat_message *message, struct arena *arena);
static bool has_objects_only(struct json list);
static bool has_thinking(const struct chat_message *message);
static bool belongs(const struct chat_part *part, struct str member,
	const struct shape_out *out);
static const struct chat_part *first_of(const struct chat_message *message,
	struct str member, const struct shape_out *out);
static void write_list(const struct chat_message *message, const char *member,
	const struct shape_out *out);
static void write_text(const struct chat_message *message, const char *member,
	const struct shape_out *out);
static void write_joined(const struct chat_message *message, const char *name,
	struct str member, const struct shape_out *out);
static bool is_plain(
	const struct chat_message *message, const struct shape_out *out);
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

static void write_role(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].role == message->role)
			json_member_str(out->w, "role", roles[i].name);
}

static bool read_details(struct json value, void *into, struct arena *arena)
{
	return read_list(value, S("reasoning_details"), into, arena);
}

/* Signatures and sealed thinking, for a client that will send them back. A
 * provider that is not OpenRouter would not know what to do with them. */
static void write_details(const void *from, const struct shape_out *out)
{
	if (out->own_words || (out->is_reply && has_sealed_thinking(from)))
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
	if (out->own_words)
		write_text(from, "reasoning_content", out);
	else if (out->is_reply)
		write_joined(
			from, "reasoning_content", S("reasoning_content"), out);
}

static bool read_reasoning(struct json value, void *into, struct arena *arena)
{
	return !has_thinking(into) &&
	       read_text(value, CHAT_THINKING, S("reasoning"), into, arena);
}

static void write_reasoning(const void *from, const struct shape_out *out)
{
	if (out->own_words)
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
		if (!out->own_words && out->is_reply && !out->is_delta)
			json_member_null(out->w, "content");
	} else if (is_plain(message, out)) {
		write_joined(message, "content", S("content"), out);
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
		write_joined(from, "refusal", S("refusal"), out);
	else if (!out->own_words && out->is_reply && !out->is_delta)
		json_member_null(out->w, "refusal");
}

static bool read_audio(struct json value, void *into, struct arena *arena)
{
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	openai_chat_read_audio(value, arena, into);
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

static bool read_list(struct json list, struct str member,
	struct chat_message *message, struct arena *arena)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (!has_objects_only(list))
		return false;
	while (json_next(&cursor, &item))
		openai_chat_read_part(item.value, member, arena, message);
	return true;
}

/* An array with items, all of them objects. */
static bool has_objects_only(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (list.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != JSON_TYPE_OBJECT)
			return false;
	return json_length(list) > 0;
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

static bool has_sealed_thinking(const struct chat_message *message)
{
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		if (part->kind == CHAT_REDACTED_THINKING ||
			(part->kind == CHAT_THINKING && part->signature.p))
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
	case CHAT_VIDEO:
	case CHAT_FILE:
		/* An answer's content is a string. */
		return str_equal(member, S("content")) && !out->is_reply;
	case CHAT_THINKING:
		return str_equal(member, S("reasoning_content")) ||
		       str_equal(member, S("reasoning_details"));
	case CHAT_REDACTED_THINKING:
		return str_equal(member, S("reasoning_details"));
	case CHAT_REFUSAL: return str_equal(member, S("refusal"));
	case CHAT_TOOL_CALL: return str_equal(member, S("tool_calls"));
	case CHAT_OTHER: break;
	}
	return false;
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

static void write_text(const struct chat_message *message, const char *member,
	const struct shape_out *out)
{
	const struct chat_part *part = first_of(message, str_of(member), out);

	if (part)
		json_member_str(out->w, member, part->text);
}

/* The texts of a member's parts as one string. */
static void write_joined(const struct chat_message *message, const char *name,
	struct str member, const struct shape_out *out)
{
	const struct chat_part *first = first_of(message, member, out);
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!first)
		return;
	for (const struct chat_part *part = first; part; part = part->next)
		if (belongs(part, member, out))
			buf_append(&text, part->text);
	out->w->out->failed |= text.failed;
	json_member_str(out->w, name, buf_str(&text));
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

static bool read_annotations(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct chat_citation **end = &message->citations;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!has_objects_only(value))
		return false;
	while (json_next(&cursor, &item)) {
		struct chat_citation *citation =
			ARENA_NEW(arena, struct chat_citation);

		citation->start_index = citation->end_index = -1;
		shape_read(&annotation_shape, item.value, citation,
			&citation->extra, arena);
		*end = citation;
		end = &citation->next;
	}
	return true;
}

static void write_annotations(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!message->citations || !(out->own_words || out->is_reply))
		return;
	json_name(out->w, "annotations");
	json_begin_array(out->w);
	for (const struct chat_citation *citation = message->citations;
		citation; citation = citation->next) {
		struct chat_citation ours = *citation;

		if (!out->own_words)
			ours.type = S("url_citation");
		json_begin_object(out->w);
		shape_write(&annotation_shape, &ours, &ours.extra, out);
		json_end_object(out->w);
	}
	json_end_array(out->w);
}

static bool read_url_citation(
	struct json value, void *into, struct arena *arena)
{
	struct chat_citation *citation = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	citation->has_inner = true;
	shape_read(&url_citation_shape, value, citation, &citation->inner_extra,
		arena);
	return true;
}

static void write_url_citation(const void *from, const struct shape_out *out)
{
	const struct chat_citation *citation = from;

	if (citation->has_inner || !out->own_words)
		openai_chat_write_inner("url_citation", &url_citation_shape,
			citation, &citation->inner_extra, out);
}
