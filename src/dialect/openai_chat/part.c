/*
 * part.c - the items of a message's lists, to and from the
 * neutral form.
 *
 * What an item is, its `type` says; each type has a table of its members.
 */
#include "dialect/openai_chat/openai_chat.h"

#include "dialect/media.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)
#define CACHE PART("cache_control", SHAPE_OBJECT, cache_control)

static bool read_url(struct json value, void *into, struct arena *arena);
static void write_image_url(const void *from, const struct shape_out *out);
static void write_video_url(const void *from, const struct shape_out *out);
static bool read_audio(struct json value, void *into, struct arena *arena);
static void write_audio(const void *from, const struct shape_out *out);
static bool read_file(struct json value, void *into, struct arena *arena);
static void write_file(const void *from, const struct shape_out *out);

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
	{ "input_audio", SHAPE_SPECIAL, 0, read_audio, write_audio },
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
static const struct shape url_shape = SHAPE_OF(url_rows);
static const struct shape audio_in_shape = SHAPE_OF(audio_in_rows);
static const struct shape file_in_shape = SHAPE_OF(file_in_rows);
static const struct shape text_shape = SHAPE_OF(text_rows);
static const struct shape image_shape = SHAPE_OF(image_rows);
static const struct shape video_shape = SHAPE_OF(video_rows);
static const struct shape audio_shape = SHAPE_OF(audio_rows);
static const struct shape file_shape = SHAPE_OF(file_rows);
static const struct shape refusal_shape = SHAPE_OF(refusal_rows);
static const struct shape audio_out_shape = SHAPE_OF(audio_out_rows);

struct part_type {
	struct str member; /* of the message, that holds such items */
	struct str type;   /* "": all items of that member */
	enum chat_part_kind kind;
	const struct shape *shape;
};

/* Of a member's types of one kind, the first is written for other dialects. */
static const struct part_type part_types[] = {
	{ STR("content"), STR("text"), CHAT_TEXT, &text_shape },
	{ STR("content"), STR("image_url"), CHAT_IMAGE, &image_shape },
	{ STR("content"), STR("input_audio"), CHAT_AUDIO, &audio_shape },
	{ STR("content"), STR("file"), CHAT_FILE, &file_shape },
	{ STR("content"), STR("refusal"), CHAT_REFUSAL, &refusal_shape },
	/* OpenRouter */
	{ STR("content"), STR("video_url"), CHAT_VIDEO, &video_shape },
	{ STR("images"), STR("image_url"), CHAT_IMAGE, &image_shape },
	{ STR("reasoning_details"), STR("reasoning.text"), CHAT_THINKING,
		&openai_chat_detail_text_shape },
	{ STR("reasoning_details"), STR("reasoning.summary"), CHAT_THINKING,
		&openai_chat_detail_summary_shape },
	{ STR("reasoning_details"), STR("reasoning.encrypted"),
		CHAT_REDACTED_THINKING, &openai_chat_detail_encrypted_shape },
	/* Mistral */
	{ STR("content"), STR("thinking"), CHAT_THINKING,
		&openai_chat_thinking_shape },
	{ STR("tool_calls"), STR(""), CHAT_TOOL_CALL, &openai_chat_call_shape },
	{ STR("function_call"), STR(""), CHAT_TOOL_CALL,
		&openai_chat_function_shape },
	{ STR("audio"), STR(""), CHAT_AUDIO, &audio_out_shape },
};

static void read_typed(struct json item, const struct part_type *type,
	struct arena *arena, struct chat_message *message);
static const struct part_type *type_of(const struct chat_part *part,
	struct str member, const struct shape_out *out);
static void translate(struct chat_part *part, const struct part_type *type,
	const struct shape_out *out);
static struct str audio_format(struct str media_type);
static void write_url(const char *name, const struct chat_part *part,
	const char *media_type, const struct shape_out *out);
static void write_data_url(const char *name, const struct chat_part *part,
	const char *media_type, const struct shape_out *out);
static bool is_data_alone(const struct chat_part *part);
static void write_file_name(struct str media_type, struct json_writer *w);

void openai_chat_read_part(struct json item, struct str member,
	struct arena *arena, struct chat_message *message)
{
	struct json type = json_find(item, S("type"));
	struct chat_part *part;

	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		const struct part_type *row = &part_types[i];

		if (!str_equal(row->member, member))
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

static void read_typed(struct json item, const struct part_type *type,
	struct arena *arena, struct chat_message *message)
{
	struct chat_part *part = chat_message_add(message, type->kind, arena);

	part->member = type->member;
	shape_read(type->shape, item, part, &part->extra, arena);
	media_split_data_url(part);
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
		translate(&ours, type, out);
	json_begin_object(out->w);
	shape_write(type->shape, &ours, &part->extra, out);
	json_end_object(out->w);
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
static void translate(struct chat_part *part, const struct part_type *type,
	const struct shape_out *out)
{
	struct chat_signature *signature = &part->signature;

	if (type->type.n > 0)
		part->type = type->type;
	if (part->kind == CHAT_TOOL_CALL && part->call.id.p &&
		!part->call.type.p)
		part->call.type = openai_chat_is_custom(part) ? S("custom")
							      : S("function");
	if (part->kind == CHAT_AUDIO && part->media_type.p)
		part->detail = audio_format(part->media_type);
	else if (part->kind != CHAT_IMAGE)
		part->detail = (struct str){ NULL, 0 };
	if (!signature->origin.p)
		signature->origin = openai_chat_out(out)->dialect;
}

/* OpenAI's words are "wav" and "mp3"; some providers have more. */
static struct str audio_format(struct str media_type)
{
	static const struct {
		struct str media_type;
		struct str format;
	} formats[] = {
		{ STR("audio/mpeg"), STR("mp3") },
		{ STR("audio/x-wav"), STR("wav") },
		{ STR("audio/wave"), STR("wav") },
		{ STR("audio/vnd.wave"), STR("wav") },
	};

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (str_equal_nocase(media_type, formats[i].media_type))
			return formats[i].format;
	return str_from(media_type, str_index(media_type, '/') + 1);
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
	const char *media_type, const struct shape_out *out)
{
	if (out->own_words && !part->json.p) {
		if (part->url.p)
			json_member_str(out->w, name, part->url);
		return;
	}
	json_name(out->w, name);
	json_begin_object(out->w);
	if (is_data_alone(part))
		write_data_url("url", part, media_type, out);
	shape_write(&url_shape, part, &part->inner_extra, out);
	json_end_object(out->w);
}

static void write_image_url(const void *from, const struct shape_out *out)
{
	write_url("image_url", from, "image/png", out);
}

static void write_video_url(const void *from, const struct shape_out *out)
{
	write_url("video_url", from, "video/mp4", out);
}

static bool is_data_alone(const struct chat_part *part)
{
	return part->data.p && !part->url.p;
}

static void write_data_url(const char *name, const struct chat_part *part,
	const char *media_type, const struct shape_out *out)
{
	struct buf url = BUF_INIT(part->media_type.n + part->data.n + 64);

	media_append_data_url(part, media_type, &url);
	json_member_str(out->w, name, buf_str(&url));
	buf_release(&url);
}

static bool read_audio(struct json value, void *into, struct arena *arena)
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

static void write_audio(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words) {
		/* Without the object it stands among the extras. */
		if (part->json.p)
			openai_chat_write_inner("input_audio", &audio_in_shape,
				part, &part->inner_extra, out);
		return;
	}
	json_name(out->w, "input_audio");
	if (openai_chat_out(out)->audio_is_text) {
		media_write_base64(part->data, out->w);
		return;
	}
	json_begin_object(out->w);
	json_name(out->w, "data");
	media_write_base64(part->data, out->w);
	json_member_str(out->w, "format", part->detail);
	json_end_object(out->w);
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
	if (is_data_alone(part)) {
		if (!part->name.p)
			write_file_name(part->media_type, out->w);
		write_data_url("file_data", part, "application/pdf", out);
	}
	shape_write(&file_in_shape, part, &part->inner_extra, out);
	json_end_object(out->w);
}

/* OpenAI takes no data without a name: "Missing required parameter:
 * 'messages[1].content[1].file.file_id'", it says then
 * (https://github.com/openai/openai-agents-python/pull/1513). */
static void write_file_name(struct str media_type, struct json_writer *w)
{
	struct buf name = BUF_INIT(64);

	media_append_file_name(
		media_type.p ? media_type : S("application/pdf"), &name);
	json_member_str(w, "filename", buf_str(&name));
	buf_release(&name);
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
