/*
 * message.c - messages, of requests and answers alike, to and from the
 * neutral form.
 *
 * What the model thought stands in one of two places: before tool calls in
 * `tool_plan`, else among the content.
 */
#include "dialect/cohere/cohere.h"

static const struct {
	struct str name;
	enum chat_role role;
} roles[] = {
	{ STR("system"), CHAT_SYSTEM },
	{ STR("user"), CHAT_USER },
	{ STR("assistant"), CHAT_ASSISTANT },
	{ STR("tool"), CHAT_TOOL },
	/* Other formats' words: the first of a role is read, too. */
	{ STR("system"), CHAT_DEVELOPER },
	{ STR("user"), CHAT_ROLE_UNSET },
};

static bool read_role(struct json value, void *into, struct arena *arena);
static void write_role(const void *from, const struct shape_out *out);
static bool read_plan(struct json value, void *into, struct arena *arena);
static void write_plan(const void *from, const struct shape_out *out);
static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_calls(struct json value, void *into, struct arena *arena);
static void write_calls(const void *from, const struct shape_out *out);
static bool read_citations(struct json value, void *into, struct arena *arena);
static void write_citations(const void *from, const struct shape_out *out);

/* In the order in which the model makes them. */
static const struct shape_row message_rows[] = {
	{ "role", SHAPE_SPECIAL, 0, read_role, write_role },
	{ "tool_plan", SHAPE_SPECIAL, 0, read_plan, write_plan },
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	{ "tool_calls", SHAPE_SPECIAL, 0, read_calls, write_calls },
	{ "citations", SHAPE_SPECIAL, 0, read_citations, write_citations },
	{ "tool_call_id", SHAPE_TEXT,
		offsetof(struct chat_message, tool_call_id), NULL, NULL },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

static bool has_objects_only(struct json list);
static bool has_calls(const struct chat_message *message);
static bool is_plan(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out);
static bool is_content(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out);
static bool is_call(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out);
typedef bool belongs_fn(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out);
static const struct chat_part *first_of(const struct chat_message *message,
	belongs_fn *belongs, const struct shape_out *out);
static bool is_plain(const struct chat_message *message,
	const struct chat_part *first, const struct shape_out *out);
static bool has_citations(const struct chat_message *message);
static void write_all_citations(
	const struct chat_message *message, const struct shape_out *out);

void cohere_read_message(
	struct json object, struct arena *arena, struct chat_message *out)
{
	chat_message_init(out);
	shape_read(&message_shape, object, out, &out->extra, arena);
}

void cohere_write_message(
	const struct chat_message *message, const struct shape_out *out)
{
	json_begin_object(out->w);
	shape_write(&message_shape, message, &message->extra, out);
	json_end_object(out->w);
}

bool cohere_message_is_empty(const struct chat_message *message)
{
	const struct shape_out foreign = { .own_words = false };

	return !first_of(message, is_content, &foreign) &&
	       !first_of(message, is_plan, &foreign) &&
	       !first_of(message, is_call, &foreign);
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

	if (out->own_words && message->role == CHAT_ROLE_UNSET)
		return; /* it stands among the extras */
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (roles[i].role == message->role)
			json_member_str(out->w, "role", roles[i].name);
}

static bool read_plan(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part;

	if (value.type != JSON_TYPE_STRING)
		return false;
	part = chat_message_add(into, CHAT_THINKING, arena);
	part->member = S("tool_plan");
	return json_text(value, arena, &part->text);
}

static void write_plan(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = first_of(message, is_plan, out);
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!part)
		return;
	for (; part; part = part->next)
		if (is_plan(message, part, out))
			buf_append(&text, part->text);
	out->w->out->failed |= text.failed;
	json_member_str(out->w, "tool_plan", buf_str(&text));
	buf_release(&text);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct chat_part *part;

	if (value.type == JSON_TYPE_STRING) {
		part = chat_message_add(message, CHAT_TEXT, arena);
		part->member = S("content");
		return json_text(value, arena, &part->text);
	}
	if (!has_objects_only(value))
		return false;
	message->content_is_list = true;
	while (json_next(&cursor, &item))
		cohere_read_part(item.value, arena, message);
	return true;
}

/* Users, systems and tools must have content; an answer's is a list. */
static void write_content(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = first_of(message, is_content, out);

	if (!part) {
		if (!out->own_words && message->role != CHAT_ASSISTANT)
			json_member_str(out->w, "content", S(""));
		return;
	}
	if (is_plain(message, part, out)) {
		json_member_str(out->w, "content", part->text);
		return;
	}
	json_name(out->w, "content");
	json_begin_array(out->w);
	for (; part; part = part->next)
		if (is_content(message, part, out))
			cohere_write_part(part, out);
	json_end_array(out->w);
}

static bool read_calls(struct json value, void *into, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!has_objects_only(value))
		return false;
	while (json_next(&cursor, &item))
		cohere_read_call(item.value, arena, into);
	return true;
}

static void write_calls(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = first_of(message, is_call, out);

	if (!part)
		return;
	json_name(out->w, "tool_calls");
	json_begin_array(out->w);
	for (; part; part = part->next)
		if (is_call(message, part, out))
			cohere_write_call(part, out);
	json_end_array(out->w);
}

static bool read_citations(struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct chat_citation **end = &message->citations;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!has_objects_only(value))
		return false;
	for (; json_next(&cursor, &item); end = &(*end)->next)
		*end = cohere_read_citation(item.value, arena);
	return true;
}

static void write_citations(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!has_citations(message) ||
		(message->role != CHAT_ASSISTANT && !out->own_words))
		return;
	json_name(out->w, "citations");
	json_begin_array(out->w);
	for (const struct chat_citation *citation = message->citations;
		citation; citation = citation->next)
		cohere_write_citation(citation, -1, out);
	if (!out->own_words)
		write_all_citations(message, out);
	json_end_array(out->w);
}

static bool has_citations(const struct chat_message *message)
{
	const struct chat_part *part = message->parts;

	while (part && !part->citations)
		part = part->next;
	return part || message->citations;
}

/* Those of the parts, each with its part's place among the content. */
static void write_all_citations(
	const struct chat_message *message, const struct shape_out *out)
{
	int64_t index = 0;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (!is_content(message, part, out))
			continue;
		for (const struct chat_citation *citation = part->citations;
			citation; citation = citation->next)
			cohere_write_citation(citation, index, out);
		index++;
	}
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
	return !json_is_empty(list);
}

static const struct chat_part *first_of(const struct chat_message *message,
	belongs_fn *belongs, const struct shape_out *out)
{
	const struct chat_part *part = message->parts;

	while (part && !belongs(message, part, out))
		part = part->next;
	return part;
}

static bool is_plan(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out)
{
	if (out->own_words)
		return str_equal(part->member, S("tool_plan"));
	return part->kind == CHAT_THINKING && part->text.n > 0 &&
	       has_calls(message);
}

static bool is_content(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out)
{
	if (out->own_words)
		return str_equal(part->member, S("content"));
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL: return part->text.p;
	case CHAT_THINKING:
		return part->text.n > 0 && message->role == CHAT_ASSISTANT &&
		       !is_plan(message, part, out);
	case CHAT_IMAGE: return message->role != CHAT_ASSISTANT;
	default: return false;
	}
}

static bool is_call(const struct chat_message *message,
	const struct chat_part *part, const struct shape_out *out)
{
	(void)message;
	(void)out;
	return part->kind == CHAT_TOOL_CALL;
}

static bool has_calls(const struct chat_message *message)
{
	const struct chat_part *part = message->parts;

	while (part && part->kind != CHAT_TOOL_CALL)
		part = part->next;
	return part;
}

/* Is the content one string? As it came; of another dialect in requests, when
 * it is one text. */
static bool is_plain(const struct chat_message *message,
	const struct chat_part *first, const struct shape_out *out)
{
	const struct chat_part *part = first->next;

	if (out->own_words)
		return !message->content_is_list;
	if (out->is_reply)
		return false;
	while (part && !is_content(message, part, out))
		part = part->next;
	return !part &&
	       (first->kind == CHAT_TEXT || first->kind == CHAT_REFUSAL);
}
