/*
 * message.c - messages, of requests and answers alike, to and from the
 * neutral form.
 *
 * The content is one string, and images stand beside it: of several texts of
 * another format one is made, a line each; what an assistant said in several
 * pieces was one text.
 */
#include "dialect/ollama/ollama.h"

#include "dialect/media.h"

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
	{ STR("tool"), CHAT_FUNCTION },
	{ STR("user"), CHAT_ROLE_UNSET },
};

static bool read_role(struct json value, void *into, struct arena *arena);
static void write_role(const void *from, const struct shape_out *out);
static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_thinking(const void *from, const struct shape_out *out);
static bool read_content(struct json value, void *into, struct arena *arena);
static void write_content(const void *from, const struct shape_out *out);
static bool read_images(struct json value, void *into, struct arena *arena);
static void write_images(const void *from, const struct shape_out *out);
static bool read_calls(struct json value, void *into, struct arena *arena);
static void write_calls(const void *from, const struct shape_out *out);
static void write_tool_call_id(const void *from, const struct shape_out *out);
static bool keep_as_it_came(struct json value, void *into, struct arena *arena);

/* In the order in which the model makes them. */
static const struct shape_row message_rows[] = {
	{ "role", SHAPE_SPECIAL, 0, read_role, write_role },
	{ "thinking", SHAPE_SPECIAL, 0, read_thinking, write_thinking },
	{ "content", SHAPE_SPECIAL, 0, read_content, write_content },
	{ "images", SHAPE_SPECIAL, 0, read_images, write_images },
	{ "tool_calls", SHAPE_SPECIAL, 0, read_calls, write_calls },
	{ "tool_name", SHAPE_TEXT, offsetof(struct chat_message, name), NULL,
		NULL },
	{ "tool_call_id", SHAPE_SPECIAL, 0, keep_as_it_came,
		write_tool_call_id },
};
static const struct shape message_shape = SHAPE_OF(message_rows);

/* How the base64 of an image begins: the format does not tell its type. */
static const struct {
	struct str begin;
	struct str media_type;
} signs[] = {
	{ STR("iVBORw0KGgo"), STR("image/png") },
	{ STR("/9j/"), STR("image/jpeg") },
	{ STR("R0lGOD"), STR("image/gif") },
	{ STR("UklGR"), STR("image/webp") },
};

static struct chat_part *add_text(struct json value, enum chat_part_kind kind,
	const char *member, struct chat_message *message, struct arena *arena);
static bool has_only(struct json list, enum json_type type);
static struct str media_type_of(struct str base64);
static void write_joined(const char *name, const struct chat_message *message,
	bool thinking, const struct shape_out *out);
static bool is_spoken(const struct chat_part *part, bool thinking);

void ollama_read_message(
	struct json object, struct arena *arena, struct chat_message *out)
{
	struct json id = json_find(object, S("tool_call_id"));

	chat_message_init(out);
	shape_read(&message_shape, object, out, &out->extra, arena);
	/* The client's own is kept as it came, to be told from one that is
	 * made here. */
	ollama_keep_idle(&out->extra, &out->idle_extra, S("tool_call_id"));
	if (!json_text(id, arena, &out->tool_call_id))
		out->tool_call_id = (struct str){ NULL, 0 };
}

void ollama_write_message(
	const struct chat_message *message, const struct shape_out *out)
{
	json_begin_object(out->w);
	shape_write(&message_shape, message, &message->extra, out);
	if (out->own_words)
		chat_extra_write(&message->idle_extra, out->w);
	json_end_object(out->w);
}

static bool keep_as_it_came(struct json value, void *into, struct arena *arena)
{
	(void)value;
	(void)into;
	(void)arena;
	return false;
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

static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	return add_text(value, CHAT_THINKING, "thinking", into, arena);
}

static void write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (out->own_words || message->role == CHAT_ASSISTANT)
		write_joined("thinking", message, true, out);
}

static bool read_content(struct json value, void *into, struct arena *arena)
{
	return add_text(value, CHAT_TEXT, "content", into, arena);
}

static void write_content(const void *from, const struct shape_out *out)
{
	write_joined("content", from, false, out);
}

static struct chat_part *add_text(struct json value, enum chat_part_kind kind,
	const char *member, struct chat_message *message, struct arena *arena)
{
	struct chat_part *part;
	struct str text;

	if (!json_text(value, arena, &text))
		return NULL;
	part = chat_message_add(message, kind, arena);
	part->member = str_of(member);
	part->text = text;
	return part;
}

/* In own words there is one text or none; a message of another format always
 * has content. */
static void write_joined(const char *name, const struct chat_message *message,
	bool thinking, const struct shape_out *out)
{
	bool is_assistant = message->role == CHAT_ASSISTANT;
	struct buf text = BUF_INIT(SIZE_MAX);
	size_t count = 0;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (!is_spoken(part, thinking) ||
			(thinking && !out->own_words && part->text.n == 0))
			continue;
		if (count++ > 0 && !is_assistant)
			buf_append_char(&text, '\n');
		buf_append(&text, part->text);
	}
	out->w->out->failed |= text.failed;
	if (count > 0 || (!thinking && !out->own_words))
		json_member_str(out->w, name, buf_str(&text));
	buf_release(&text);
}

static bool is_spoken(const struct chat_part *part, bool thinking)
{
	if (!part->text.p)
		return false;
	if (thinking)
		return part->kind == CHAT_THINKING;
	return part->kind == CHAT_TEXT || part->kind == CHAT_REFUSAL;
}

static bool read_images(struct json value, void *into, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct chat_part *part;

	if (!has_only(value, JSON_TYPE_STRING))
		return false;
	while (json_next(&cursor, &item)) {
		part = chat_message_add(into, CHAT_IMAGE, arena);
		part->member = S("images");
		if (!json_text(item.value, arena, &part->data))
			return false;
		part->media_type = media_type_of(part->data);
	}
	return true;
}

static struct str media_type_of(struct str base64)
{
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (str_starts(base64, signs[i].begin))
			return signs[i].media_type;
	return (struct str){ NULL, 0 };
}

static void write_images(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = message->parts;

	while (part && (part->kind != CHAT_IMAGE || !part->data.p))
		part = part->next;
	if (!part)
		return;
	json_name(out->w, "images");
	json_begin_array(out->w);
	for (; part; part = part->next) {
		if (part->kind != CHAT_IMAGE || !part->data.p)
			continue;
		if (out->own_words)
			json_write_str(out->w, part->data);
		else
			media_write_base64(part->data, out->w);
	}
	json_end_array(out->w);
}

static bool read_calls(struct json value, void *into, struct arena *arena)
{
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!has_only(value, JSON_TYPE_OBJECT))
		return false;
	while (json_next(&cursor, &item))
		ollama_read_call(item.value, arena, into);
	return true;
}

static void write_calls(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	const struct chat_part *part = message->parts;
	int64_t index = 0;

	while (part && part->kind != CHAT_TOOL_CALL)
		part = part->next;
	if (!part || out->is_delta) /* a stream's writer holds them */
		return;
	json_name(out->w, "tool_calls");
	json_begin_array(out->w);
	for (; part; part = part->next) {
		if (part->kind != CHAT_TOOL_CALL)
			continue;
		if (out->own_words)
			json_write_raw(out->w, part->json);
		else
			ollama_write_call(&part->call, index++, out);
	}
	json_end_array(out->w);
}

static void write_tool_call_id(const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;

	if (!out->own_words && message->tool_call_id.n > 0)
		json_member_str(out->w, "tool_call_id", message->tool_call_id);
}

/* An array with items, all of that type. */
static bool has_only(struct json list, enum json_type type)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (list.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item))
		if (item.value.type != type)
			return false;
	return !json_is_empty(list);
}
