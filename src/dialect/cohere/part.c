/*
 * part.c - items of a message's lists, content and tool calls, to and
 * from the neutral form.
 *
 * A document, which a tool gives back, is a text to everyone else: its JSON.
 */
#include "dialect/cohere/cohere.h"

#include "dialect/media.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)

static bool read_image_url(struct json value, void *into, struct arena *arena);
static void write_image_url(const void *from, const struct shape_out *out);
static bool read_document(struct json value, void *into, struct arena *arena);
static void write_document(const void *from, const struct shape_out *out);
static bool read_function(struct json value, void *into, struct arena *arena);
static void write_function(const void *from, const struct shape_out *out);
static bool read_arguments(struct json value, void *into, struct arena *arena);
static void write_arguments(const void *from, const struct shape_out *out);

static const struct shape_row text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
};
static const struct shape_row thinking_rows[] = {
	TYPE,
	PART("thinking", SHAPE_TEXT, text),
};
static const struct shape_row image_rows[] = {
	TYPE,
	{ "image_url", SHAPE_SPECIAL, 0, read_image_url, write_image_url },
};
static const struct shape_row document_rows[] = {
	TYPE,
	{ "document", SHAPE_SPECIAL, 0, read_document, write_document },
};
static const struct shape_row call_rows[] = {
	PART("id", SHAPE_TEXT, call.id),
	PART("type", SHAPE_TEXT, call.type),
	{ "function", SHAPE_SPECIAL, 0, read_function, write_function },
};
static const struct shape call_shape = SHAPE_OF(call_rows);

/* The objects within. */
static const struct shape_row url_rows[] = {
	PART("url", SHAPE_TEXT, url),
	PART("detail", SHAPE_TEXT, detail),
};
static const struct shape url_shape = SHAPE_OF(url_rows);

static const struct shape_row function_rows[] = {
	PART("name", SHAPE_TEXT, call.name),
	{ "arguments", SHAPE_SPECIAL, 0, read_arguments, write_arguments },
};
static const struct shape function_shape = SHAPE_OF(function_rows);

/* Of several types of a kind the first is written for other dialects. */
static const struct part_type {
	struct str type;
	enum chat_part_kind kind;
	struct shape shape;
} part_types[] = {
	{ STR("text"), CHAT_TEXT, SHAPE_OF(text_rows) },
	{ STR("document"), CHAT_TEXT, SHAPE_OF(document_rows) },
	{ STR("thinking"), CHAT_THINKING, SHAPE_OF(thinking_rows) },
	{ STR("image_url"), CHAT_IMAGE, SHAPE_OF(image_rows) },
};

static const struct part_type *type_of(
	const struct chat_part *part, bool own_words);

void cohere_read_part(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct json type = json_find(item, S("type"));
	struct chat_part *part;

	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		if (!json_text_is(type, part_types[i].type))
			continue;
		part = chat_message_add(message, part_types[i].kind, arena);
		part->member = S("content");
		shape_read(
			&part_types[i].shape, item, part, &part->extra, arena);
		return;
	}
	part = chat_message_add(message, CHAT_OTHER, arena);
	part->member = S("content");
	part->json = item.text;
}

void cohere_write_part(
	const struct chat_part *part, const struct shape_out *out)
{
	const struct part_type *type = type_of(part, out->own_words);
	struct chat_part ours = *part;

	if (part->kind == CHAT_OTHER) {
		json_write_raw(out->w, part->json);
		return;
	}
	assert(type);
	if (!out->own_words)
		ours.type = type->type;
	json_begin_object(out->w);
	shape_write(&type->shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

static const struct part_type *type_of(
	const struct chat_part *part, bool own_words)
{
	enum chat_part_kind kind = part->kind;

	if (kind == CHAT_REFUSAL)
		kind = CHAT_TEXT;
	for (size_t i = 0; i < ARRAY_LEN(part_types); i++)
		if (part_types[i].kind == kind &&
			(!own_words ||
				str_equal(part_types[i].type, part->type)))
			return &part_types[i];
	return NULL;
}

static bool read_image_url(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->json = value.text;
	shape_read(&url_shape, value, part, &part->inner_extra, arena);
	media_split_data_url(part);
	return true;
}

static void write_image_url(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct buf url = BUF_INIT(part->media_type.n + part->data.n + 64);
	struct chat_part ours = *part;

	/* Own words without the object: it stands among the extras. */
	if (out->own_words && !part->json.p)
		return;
	if (part->data.p && !part->url.p) {
		media_append_data_url(part, "image/png", &url);
		ours.url = buf_str(&url);
	}
	json_name(out->w, "image_url");
	json_begin_object(out->w);
	shape_write(&url_shape, &ours, &part->inner_extra, out);
	json_end_object(out->w);
	buf_release(&url);
}

static bool read_document(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT && value.type != JSON_TYPE_STRING)
		return false;
	part->json = value.text;
	if (value.type == JSON_TYPE_STRING)
		return json_text(value, arena, &part->text);
	part->text = value.text;
	return true;
}

static void write_document(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->json.p)
		json_member_raw(out->w, "document", part->json);
}

void cohere_read_call(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct chat_part *part =
		chat_message_add(message, CHAT_TOOL_CALL, arena);

	part->member = S("tool_calls");
	shape_read(&call_shape, item, part, &part->extra, arena);
}

void cohere_write_call(
	const struct chat_part *part, const struct shape_out *out)
{
	struct chat_part ours = *part;

	if (!out->own_words)
		ours.call.type = S("function");
	json_begin_object(out->w);
	shape_write(&call_shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

static bool read_function(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->json = value.text;
	shape_read(&function_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_function(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words) {
		/* As it came, for the arguments may have been "null". */
		if (part->json.p)
			json_member_raw(out->w, "function", part->json);
		return;
	}
	json_name(out->w, "function");
	json_begin_object(out->w);
	shape_write(&function_shape, part, NULL, out);
	json_end_object(out->w);
}

/*
 * A call without arguments comes as "null" or as "", as is recorded in
 * vercel/ai, packages/cohere/src/__fixtures__. Everyone else expects an
 * object.
 */
static bool read_arguments(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &part->call.arguments))
		return false;
	text = str_trim(part->call.arguments);
	if (text.n == 0 || str_equal(text, S("null")))
		part->call.arguments = S("{}");
	return true;
}

static void write_arguments(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	struct str text = str_trim(part->call.arguments);

	json_member_str(out->w, "arguments",
		text.n > 0 ? part->call.arguments : S("{}"));
}
