/*
 * openai_chat_part.c - the items of a message's lists, to and from the
 * neutral form: content parts, OpenRouter's reasoning details, tool calls.
 *
 * What an item is, its `type` says; each type has a table of its members.
 */
#include "dialect/openai_chat.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)
#define CACHE PART("cache_control", SHAPE_OBJECT, cache_control)

static bool read_url(struct json value, void *into, struct arena *arena);
static void write_image_url(const void *from, const struct shape_out *out);
static void write_video_url(const void *from, const struct shape_out *out);
static bool read_audio_in(struct json value, void *into, struct arena *arena);
static void write_audio_in(const void *from, const struct shape_out *out);
static bool read_file(struct json value, void *into, struct arena *arena);
static void write_file(const void *from, const struct shape_out *out);
static bool read_thinking(struct json value, void *into, struct arena *arena);
static void write_thinking(const void *from, const struct shape_out *out);
static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);
static bool read_custom(struct json value, void *into, struct arena *arena);
static void write_custom(const void *from, const struct shape_out *out);

static const struct shape_row text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
	CACHE,
};
static const struct shape_row image_rows[] = {
	TYPE,
	{ "image_url", SHAPE_SPECIAL, 0, read_url, write_image_url },
	CACHE,
};
static const struct shape_row video_rows[] = {
	TYPE,
	{ "video_url", SHAPE_SPECIAL, 0, read_url, write_video_url },
	CACHE,
};
static const struct shape_row audio_rows[] = {
	TYPE,
	{ "input_audio", SHAPE_SPECIAL, 0, read_audio_in, write_audio_in },
	CACHE,
};
static const struct shape_row file_rows[] = {
	TYPE,
	{ "file", SHAPE_SPECIAL, 0, read_file, write_file },
	CACHE,
};
static const struct shape_row refusal_rows[] = {
	TYPE,
	PART("refusal", SHAPE_TEXT, text),
};
static const struct shape_row thinking_rows[] = {
	TYPE,
	{ "thinking", SHAPE_SPECIAL, 0, read_thinking, write_thinking },
	PART("signature", SHAPE_TEXT, signature),
};
static const struct shape_row detail_text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
	PART("signature", SHAPE_TEXT, signature),
	PART("id", SHAPE_TEXT, id),
};
static const struct shape_row detail_summary_rows[] = {
	TYPE,
	PART("summary", SHAPE_TEXT, text),
	PART("id", SHAPE_TEXT, id),
};
static const struct shape_row detail_encrypted_rows[] = {
	TYPE,
	PART("data", SHAPE_TEXT, data),
	PART("id", SHAPE_TEXT, id),
};
static const struct shape_row call_rows[] = {
	PART("index", SHAPE_COUNT, call.index),
	PART("id", SHAPE_TEXT, call.id),
	PART("type", SHAPE_TEXT, call.type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
	{ "custom", SHAPE_SPECIAL, 0, read_custom, write_custom },
};
static const struct shape_row audio_out_rows[] = {
	PART("id", SHAPE_TEXT, id),
	PART("data", SHAPE_TEXT, data),
	PART("transcript", SHAPE_TEXT, text),
};

/* The objects within. */
static const struct shape_row url_rows[] = {
	PART("url", SHAPE_TEXT, url),
	PART("detail", SHAPE_TEXT, detail),
};
static const struct shape_row audio_in_rows[] = {
	PART("data", SHAPE_TEXT, data),
	PART("format", SHAPE_TEXT, detail),
};
static const struct shape_row file_in_rows[] = {
	PART("file_id", SHAPE_TEXT, file_id),
	PART("filename", SHAPE_TEXT, name),
	PART("file_data", SHAPE_TEXT, url),
};
static const struct shape_row function_rows[] = {
	PART("name", SHAPE_TEXT, call.name),
	PART("arguments", SHAPE_TEXT, call.arguments),
};
static const struct shape_row custom_rows[] = {
	PART("name", SHAPE_TEXT, call.name),
	PART("input", SHAPE_TEXT, call.arguments),
};
static const struct shape url_shape = SHAPE_OF(url_rows);
static const struct shape audio_in_shape = SHAPE_OF(audio_in_rows);
static const struct shape file_in_shape = SHAPE_OF(file_in_rows);
static const struct shape function_shape = SHAPE_OF(function_rows);
static const struct shape custom_shape = SHAPE_OF(custom_rows);

struct part_type {
	struct str member; /* of the message, that holds such items */
	struct str type;   /* "": all items of that member */
	enum chat_part_kind kind;
	struct shape shape;
};

/* Of a member's types of one kind, the first is written for other dialects. */
static const struct part_type part_types[] = {
	{ STR("content"), STR("text"), CHAT_TEXT, SHAPE_OF(text_rows) },
	{ STR("content"), STR("image_url"), CHAT_IMAGE, SHAPE_OF(image_rows) },
	{ STR("content"), STR("input_audio"), CHAT_AUDIO,
		SHAPE_OF(audio_rows) },
	{ STR("content"), STR("file"), CHAT_FILE, SHAPE_OF(file_rows) },
	{ STR("content"), STR("refusal"), CHAT_REFUSAL,
		SHAPE_OF(refusal_rows) },
	/* OpenRouter */
	{ STR("content"), STR("video_url"), CHAT_VIDEO, SHAPE_OF(video_rows) },
	{ STR("reasoning_details"), STR("reasoning.text"), CHAT_THINKING,
		SHAPE_OF(detail_text_rows) },
	{ STR("reasoning_details"), STR("reasoning.summary"), CHAT_THINKING,
		SHAPE_OF(detail_summary_rows) },
	{ STR("reasoning_details"), STR("reasoning.encrypted"),
		CHAT_REDACTED_THINKING, SHAPE_OF(detail_encrypted_rows) },
	/* Mistral */
	{ STR("content"), STR("thinking"), CHAT_THINKING,
		SHAPE_OF(thinking_rows) },
	{ STR("tool_calls"), STR(""), CHAT_TOOL_CALL, SHAPE_OF(call_rows) },
	{ STR("audio"), STR(""), CHAT_AUDIO, SHAPE_OF(audio_out_rows) },
};

static void read_typed(struct json item, const struct part_type *type,
	struct arena *arena, struct chat_message *message);
static void split_data_url(struct chat_part *part);
static const struct part_type *type_of(const struct chat_part *part,
	struct str member, const struct shape_out *out);
static void translate(struct chat_part *part, const struct part_type *type);
static void write_url(const char *name, const struct chat_part *part,
	const struct shape_out *out);
static void write_data_url(const char *name, const struct chat_part *part,
	const char *media_type, const struct shape_out *out);
static bool is_data_alone(const struct chat_part *part);

void openai_chat_read_part(struct json item, struct str member,
	struct arena *arena, struct chat_message *message)
{
	struct json type = json_find(item, S("type"));
	struct chat_part *part;

	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		const struct part_type *row = &part_types[i];

		if (item.type != JSON_TYPE_OBJECT ||
			!str_equal(row->member, member))
			continue;
		if (row->type.n > 0 && !json_text_is(type, row->type))
			continue;
		read_typed(item, row, arena, message);
		return;
	}
	part = chat_message_add(message, CHAT_OTHER, arena);
	part->member = member;
	part->json = item.text;
}

void openai_chat_read_audio(
	struct json audio, struct arena *arena, struct chat_message *message)
{
	openai_chat_read_part(audio, S("audio"), arena, message);
}

static void read_typed(struct json item, const struct part_type *type,
	struct arena *arena, struct chat_message *message)
{
	struct chat_part *part = chat_message_add(message, type->kind, arena);

	part->member = type->member;
	shape_read(&type->shape, item, part, &part->extra, arena);
	split_data_url(part);
}

/* data:image/png;base64,iVBOR... */
static void split_data_url(struct chat_part *part)
{
	struct str rest = part->url;
	struct str type;

	if (!str_starts(rest, S("data:")))
		return;
	rest = str_from(rest, sizeof("data:") - 1);
	type = str_head(rest, str_index(rest, ','));
	if (type.n == rest.n || !str_ends(type, S(";base64")))
		return;
	part->data = str_from(rest, type.n + 1);
	part->media_type = str_head(type, str_index(type, ';'));
}

void openai_chat_write_part(const struct chat_part *part, struct str member,
	const struct shape_out *out)
{
	const struct part_type *type = type_of(part, member, out);
	struct chat_part ours = *part;

	if (part->kind == CHAT_OTHER) {
		json_write_raw(out->w, part->json);
		return;
	}
	assert(type);
	if (!out->own_words)
		translate(&ours, type);
	json_begin_object(out->w);
	shape_write(&type->shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

bool openai_chat_can_write(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_OTHER: return false;
	case CHAT_AUDIO: return part->data.p != NULL;
	case CHAT_FILE: return part->data.p || part->file_id.p;
	case CHAT_IMAGE:
	case CHAT_VIDEO: return part->data.p || part->url.p;
	default: return true;
	}
}

static const struct part_type *type_of(const struct chat_part *part,
	struct str member, const struct shape_out *out)
{
	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		const struct part_type *row = &part_types[i];

		if (row->kind != part->kind || !str_equal(row->member, member))
			continue;
		if (!out->own_words || row->type.n == 0 ||
			str_equal(row->type, part->type))
			return row;
	}
	return NULL;
}

/* Our words in place of another dialect's. */
static void translate(struct chat_part *part, const struct part_type *type)
{
	part->type = type->type;
	if (part->kind == CHAT_TOOL_CALL && part->call.id.p &&
		!part->call.type.p)
		part->call.type = S("function");
	if (part->kind == CHAT_AUDIO && part->media_type.p) {
		struct str kind = part->media_type;

		part->detail = str_from(kind, str_index(kind, '/') + 1);
	}
}

/* {"url", "detail"}, or, at Mistral's, the URL alone. */
static bool read_url(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type == JSON_TYPE_STRING)
		return json_text(value, arena, &part->url);
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	/* Kept, so that the two forms can be told apart when writing. */
	part->json = value.text;
	shape_read(&url_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_url(const char *name, const struct chat_part *part,
	const struct shape_out *out)
{
	if (out->own_words && !part->json.p) {
		if (part->url.p)
			json_member_str(out->w, name, part->url);
		return;
	}
	json_name(out->w, name);
	json_begin_object(out->w);
	if (is_data_alone(part))
		write_data_url("url", part, "image/png", out);
	shape_write(&url_shape, part, &part->inner_extra, out);
	json_end_object(out->w);
}

static void write_image_url(const void *from, const struct shape_out *out)
{
	write_url("image_url", from, out);
}

static void write_video_url(const void *from, const struct shape_out *out)
{
	write_url("video_url", from, out);
}

static bool is_data_alone(const struct chat_part *part)
{
	return part->data.p && !part->url.p;
}

static void write_data_url(const char *name, const struct chat_part *part,
	const char *media_type, const struct shape_out *out)
{
	struct str type =
		part->media_type.p ? part->media_type : str_of(media_type);
	struct buf url = BUF_INIT(type.n + part->data.n + 32);

	buf_append(&url, S("data:"));
	buf_append(&url, type);
	buf_append(&url, S(";base64,"));
	buf_append(&url, part->data);
	json_member_str(out->w, name, buf_str(&url));
	buf_release(&url);
}

static bool read_audio_in(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->json = value.text;
	shape_read(&audio_in_shape, value, part, &part->inner_extra, arena);
	if (part->detail.p)
		part->media_type = arena_printf(
			arena, "audio/%.*s", STR_ARG(part->detail));
	return true;
}

static void write_audio_in(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	/* Own words without the object: it stands among the extras. */
	if (part->json.p || !out->own_words)
		openai_chat_write_inner("input_audio", &audio_in_shape, part,
			&part->inner_extra, out);
}

static bool read_file(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->json = value.text;
	shape_read(&file_in_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_file(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!part->json.p && out->own_words)
		return;
	json_name(out->w, "file");
	json_begin_object(out->w);
	if (is_data_alone(part))
		write_data_url("file_data", part, "application/pdf", out);
	shape_write(&file_in_shape, part, &part->inner_extra, out);
	json_end_object(out->w);
}

/* Mistral's list of text parts; its texts together are the thinking. */
static bool read_thinking(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct json_cursor cursor = json_members(value);
	struct json_member item;
	struct buf text = BUF_INIT(value.text.n);

	if (value.type == JSON_TYPE_STRING)
		return json_text(value, arena, &part->text);
	if (value.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item)) {
		struct str more;

		if (json_text(json_find(item.value, S("text")), arena, &more))
			buf_append(&text, more);
	}
	part->text = arena_copy(arena, buf_str(&text));
	part->json = value.text;
	buf_release(&text);
	return true;
}

static void write_thinking(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->json.p)
		json_member_raw(out->w, "thinking", part->json);
	else if (part->text.p)
		json_member_str(out->w, "thinking", part->text);
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT ||
		str_equal(part->call.type, S("custom")))
		return false;
	part->json = value.text;
	shape_read(&function_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!str_equal(part->call.type, S("custom")) &&
		(part->json.p || !out->own_words))
		openai_chat_write_inner("function", &function_shape, part,
			&part->inner_extra, out);
}

static bool read_custom(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	/* A call is one of the two; the other one stays as it is. */
	if (value.type != JSON_TYPE_OBJECT ||
		!str_equal(part->call.type, S("custom")))
		return false;
	part->json = value.text;
	shape_read(&custom_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_custom(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (str_equal(part->call.type, S("custom")) &&
		(part->json.p || !out->own_words))
		openai_chat_write_inner(
			"custom", &custom_shape, part, &part->inner_extra, out);
}

void openai_chat_write_inner(const char *name, const struct shape *shape,
	const void *from, const struct chat_extra *extra,
	const struct shape_out *out)
{
	json_name(out->w, name);
	json_begin_object(out->w);
	shape_write(shape, from, extra, out);
	json_end_object(out->w);
}
