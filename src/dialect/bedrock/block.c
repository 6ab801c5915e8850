/*
 * block.c - content blocks, to and from the parts of the neutral
 * form. A table says what the one member of a block may be.
 */
#include "dialect/bedrock/bedrock.h"

#include "dialect/signature.h"

typedef bool read_value(
	struct json value, struct chat_part *part, struct arena *arena);
typedef void write_value(
	const struct chat_part *part, const struct shape_out *out);

static read_value read_text, read_json, read_image, read_document, read_audio,
	read_video, read_call, read_thinking;
static write_value write_plain, write_json, write_image, write_document,
	write_audio, write_video, write_call, write_thinking;

/* Of several blocks of one kind, the first is written for other dialects. */
static const struct block {
	struct str name;
	enum chat_part_kind kind;
	unsigned places; /* where it is understood */
	read_value *read;
	write_value *write;
} blocks[] = {
	{ STR("text"), CHAT_TEXT, BEDROCK_IN_MESSAGE | BEDROCK_IN_RESULT,
		read_text, write_plain },
	{ STR("json"), CHAT_TEXT, BEDROCK_IN_RESULT, read_json, write_json },
	{ STR("citationsContent"), CHAT_TEXT, BEDROCK_IN_MESSAGE,
		bedrock_read_citations, bedrock_write_citations },
	{ STR("image"), CHAT_IMAGE, BEDROCK_IN_MESSAGE | BEDROCK_IN_RESULT,
		read_image, write_image },
	{ STR("document"), CHAT_FILE, BEDROCK_IN_MESSAGE | BEDROCK_IN_RESULT,
		read_document, write_document },
	{ STR("audio"), CHAT_AUDIO, BEDROCK_IN_MESSAGE, read_audio,
		write_audio },
	{ STR("video"), CHAT_VIDEO, BEDROCK_IN_MESSAGE | BEDROCK_IN_RESULT,
		read_video, write_video },
	{ STR("toolUse"), CHAT_TOOL_CALL, BEDROCK_IN_MESSAGE, read_call,
		write_call },
	{ STR("reasoningContent"), CHAT_THINKING, BEDROCK_IN_MESSAGE,
		read_thinking, write_thinking },
	{ STR("reasoningContent"), CHAT_REDACTED_THINKING, BEDROCK_IN_MESSAGE,
		NULL, write_thinking },
	/* What a model refused with is what it said. */
	{ STR("text"), CHAT_REFUSAL, 0, NULL, write_plain },
};

static bool read_input(struct json value, void *into, struct arena *arena);
static void write_input(const void *from, const struct shape_out *out);

static const struct shape_row call_rows[] = {
	{ "toolUseId", SHAPE_TEXT, offsetof(struct chat_part, call.id), NULL,
		NULL },
	{ "name", SHAPE_TEXT, offsetof(struct chat_part, call.name), NULL,
		NULL },
	{ "input", SHAPE_SPECIAL, 0, read_input, write_input },
};
static const struct shape call_shape = SHAPE_OF(call_rows);

static bool read_signature(struct json value, void *into, struct arena *arena);
static void write_signature(const void *from, const struct shape_out *out);

static const struct shape_row thinking_rows[] = {
	{ "text", SHAPE_TEXT, offsetof(struct chat_part, text), NULL, NULL },
	{ "signature", SHAPE_SPECIAL, 0, read_signature, write_signature },
};
static const struct shape thinking_shape = SHAPE_OF(thinking_rows);

static bool read_one(struct json block, enum bedrock_place place,
	struct arena *arena, struct chat_message *message);
static const struct block *block_of(
	const struct chat_part *part, bool own_words);
static bool read_media(struct json value, const struct shape *shape,
	enum chat_part_kind kind, struct chat_part *part, struct arena *arena);
static void write_object(const struct shape *shape,
	const struct chat_part *part, const struct shape_out *out);

void bedrock_read_block(struct json block, enum bedrock_place place,
	struct arena *arena, struct chat_message *message)
{
	struct chat_part *part;

	if (read_one(block, place, arena, message))
		return;
	part = chat_message_add(message, CHAT_OTHER, arena);
	part->json = block.text;
}

static bool read_one(struct json block, enum bedrock_place place,
	struct arena *arena, struct chat_message *message)
{
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++) {
		const struct block *row = &blocks[i];
		struct json value = json_find(block, row->name);
		struct chat_part read = {
			.kind = row->kind, .member = row->name, .call.index = -1
		};

		if (!(row->places & place) || !row->read ||
			value.type == JSON_TYPE_NONE)
			continue;
		if (json_length(block) != 1 || !row->read(value, &read, arena))
			return false;
		*chat_message_add(message, read.kind, arena) = read;
		return true;
	}
	return false;
}

void bedrock_write_block(
	const struct chat_part *part, const struct shape_out *out)
{
	const struct block *row = block_of(part, out->own_words);

	if (!row) {
		json_write_raw(out->w, part->json);
		return;
	}
	json_begin_object(out->w);
	json_name(out->w, row->name.p);
	row->write(part, out);
	json_end_object(out->w);
}

bool bedrock_has_block(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_OTHER: return false;
	case CHAT_TEXT:
	case CHAT_REFUSAL: return part->text.n > 0;
	case CHAT_IMAGE:
	case CHAT_AUDIO:
	case CHAT_VIDEO:
	case CHAT_FILE:
		return bedrock_has_source(part) && bedrock_media_format(part).p;
	case CHAT_THINKING: return part->text.n > 0;
	/* Bytes; what is sealed for another provider nobody could tell from
	 * our own. */
	case CHAT_REDACTED_THINKING:
		return str_equal(part->signature.origin, S(BEDROCK_NAME));
	case CHAT_TOOL_CALL: return true;
	}
	return false;
}

/* In own words a part knows its member; else its kind decides. Citations
 * make a text a block of another kind. */
static const struct block *block_of(
	const struct chat_part *part, bool own_words)
{
	struct str name = own_words ? part->member : S("");

	if (part->kind == CHAT_OTHER)
		return NULL;
	if (!own_words && part->kind == CHAT_TEXT && part->citations)
		name = S("citationsContent");
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (blocks[i].kind == part->kind &&
			(name.n == 0 || str_equal(blocks[i].name, name)))
			return &blocks[i];
	assert(!"a part has a block");
	return NULL;
}

static bool read_text(
	struct json value, struct chat_part *part, struct arena *arena)
{
	return json_text(value, arena, &part->text);
}

static void write_plain(
	const struct chat_part *part, const struct shape_out *out)
{
	json_write_str(out->w, part->text);
}

void bedrock_write_text(struct str text, struct json_writer *w)
{
	json_begin_object(w);
	json_member_str(w, "text", text);
	json_end_object(w);
}

/* A result that is JSON is its text, for everybody else. */
static bool read_json(
	struct json value, struct chat_part *part, struct arena *arena)
{
	(void)arena;
	part->text = value.text;
	return true;
}

static void write_json(
	const struct chat_part *part, const struct shape_out *out)
{
	json_write_raw(out->w, part->text);
}

static bool read_image(
	struct json value, struct chat_part *part, struct arena *arena)
{
	return read_media(value, &bedrock_image_shape, CHAT_IMAGE, part, arena);
}

static void write_image(
	const struct chat_part *part, const struct shape_out *out)
{
	write_object(&bedrock_image_shape, part, out);
}

static bool read_document(
	struct json value, struct chat_part *part, struct arena *arena)
{
	return read_media(
		value, &bedrock_document_shape, CHAT_FILE, part, arena);
}

static void write_document(
	const struct chat_part *part, const struct shape_out *out)
{
	write_object(&bedrock_document_shape, part, out);
}

static bool read_audio(
	struct json value, struct chat_part *part, struct arena *arena)
{
	return read_media(value, &bedrock_audio_shape, CHAT_AUDIO, part, arena);
}

static void write_audio(
	const struct chat_part *part, const struct shape_out *out)
{
	write_object(&bedrock_audio_shape, part, out);
}

static bool read_video(
	struct json value, struct chat_part *part, struct arena *arena)
{
	return read_media(value, &bedrock_video_shape, CHAT_VIDEO, part, arena);
}

static void write_video(
	const struct chat_part *part, const struct shape_out *out)
{
	write_object(&bedrock_video_shape, part, out);
}

static bool read_media(struct json value, const struct shape *shape,
	enum chat_part_kind kind, struct chat_part *part, struct arena *arena)
{
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	shape_read(shape, value, part, &part->inner_extra, arena);
	return (part->data.p || part->url.p) &&
	       (part->media_type.p || kind == CHAT_FILE);
}

static void write_object(const struct shape *shape,
	const struct chat_part *part, const struct shape_out *out)
{
	json_begin_object(out->w);
	shape_write(shape, part, &part->inner_extra, out);
	json_end_object(out->w);
}

/* A call with a type is of a tool that the provider itself runs. */
static bool read_call(
	struct json value, struct chat_part *part, struct arena *arena)
{
	shape_read(&call_shape, value, part, &part->inner_extra, arena);
	return part->call.name.p && json_count(value, S("type")) == 0;
}

static void write_call(
	const struct chat_part *part, const struct shape_out *out)
{
	write_object(&call_shape, part, out);
}

static bool read_input(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	part->call.arguments = value.text;
	return true;
}

static void write_input(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!out->own_words) {
		json_name(out->w, "input");
		chat_write_arguments(&part->call, out->w);
	} else if (part->call.arguments.p) {
		json_member_raw(out->w, "input", part->call.arguments);
	}
}

/* {"reasoningText": {"text", "signature"}} or {"redactedContent": bytes} */
static bool read_thinking(
	struct json value, struct chat_part *part, struct arena *arena)
{
	struct json text = bedrock_only_member(
		value, S("reasoningText"), JSON_TYPE_OBJECT);
	struct json sealed = bedrock_only_member(
		value, S("redactedContent"), JSON_TYPE_STRING);

	if (json_text(sealed, arena, &part->data)) {
		part->kind = CHAT_REDACTED_THINKING;
		part->signature.origin = S(BEDROCK_NAME);
		return true;
	}
	shape_read(&thinking_shape, text, part, &part->inner_extra, arena);
	return part->text.p;
}

static void write_thinking(
	const struct chat_part *part, const struct shape_out *out)
{
	json_begin_object(out->w);
	if (part->kind == CHAT_REDACTED_THINKING) {
		json_member_str(out->w, "redactedContent", part->data);
	} else {
		json_name(out->w, "reasoningText");
		write_object(&thinking_shape, part, out);
	}
	json_end_object(out->w);
}

static bool read_signature(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->signature = signature_read(text, S(BEDROCK_NAME));
	/* Our own name in front is part of it. */
	if (str_equal(part->signature.origin, S(BEDROCK_NAME)))
		part->signature.text = text;
	return true;
}

static void write_signature(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct buf text = BUF_INIT(SIZE_MAX);

	if (!part->signature.text.p)
		return;
	signature_append(&part->signature, S(BEDROCK_NAME), &text);
	out->w->out->failed |= text.failed;
	json_member_str(out->w, "signature", buf_str(&text));
	buf_release(&text);
}

/* {"cachePoint": {"type": "default", "ttl": "5m" or "1h"}} */
bool bedrock_read_cache_point(struct json block, struct str *cache_control)
{
	static const struct str names[] = { STR("type"), STR("ttl") };
	struct json point =
		bedrock_only_member(block, S("cachePoint"), JSON_TYPE_OBJECT);
	struct json ttl = json_find(point, S("ttl"));

	if (!bedrock_has_only(point, names, ARRAY_LEN(names)) ||
		!json_text_is(json_find(point, S("type")), S("default")))
		return false;
	if (ttl.type == JSON_TYPE_NONE)
		*cache_control = S("{\"type\":\"ephemeral\"}");
	else if (json_text_is(ttl, S("5m")))
		*cache_control = S("{\"type\":\"ephemeral\",\"ttl\":\"5m\"}");
	else if (json_text_is(ttl, S("1h")))
		*cache_control = S("{\"type\":\"ephemeral\",\"ttl\":\"1h\"}");
	else
		return false;
	return true;
}

void bedrock_write_cache_point(struct str cache_control, struct json_writer *w)
{
	struct json control = { JSON_TYPE_OBJECT, cache_control };
	struct json ttl = json_find(control, S("ttl"));

	json_begin_object(w);
	json_name(w, "cachePoint");
	json_begin_object(w);
	json_member_str(w, "type", S("default"));
	if (json_text_is(ttl, S("5m")) || json_text_is(ttl, S("1h")))
		json_member_raw(w, "ttl", ttl.text);
	json_end_object(w);
	json_end_object(w);
}
