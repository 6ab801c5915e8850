/*
 * part.c - parts of contents, to and from the neutral form.
 *
 * What a part is, the member says that holds its data; part->member keeps its
 * name. What has no such member, or a thought that is not text, is
 * CHAT_OTHER. A part that holds a signature alone is a thought without text.
 */
#include "dialect/gemini/gemini.h"

#include "dialect/media.h"
#include "dialect/signature.h"

static enum chat_part_kind kind_of_call(struct json value, bool is_thought);
static enum chat_part_kind kind_of_data(struct json value, bool is_thought);
static enum chat_part_kind kind_of_file(struct json value, bool is_thought);
static enum chat_part_kind kind_of_text(struct json value, bool is_thought);

static const struct data_member {
	struct str name;
	enum json_type type;
	enum chat_part_kind (*kind)(struct json value, bool is_thought);
} data_members[] = {
	{ STR("functionCall"), JSON_TYPE_OBJECT, kind_of_call },
	{ STR("inlineData"), JSON_TYPE_OBJECT, kind_of_data },
	{ STR("fileData"), JSON_TYPE_OBJECT, kind_of_file },
	{ STR("text"), JSON_TYPE_STRING, kind_of_text },
};

static bool read_text(struct json value, void *into, struct arena *arena);
static void write_text(const void *from, const struct shape_out *out);
static bool read_thought(struct json value, void *into, struct arena *arena);
static void write_thought(const void *from, const struct shape_out *out);
static bool read_data(struct json value, void *into, struct arena *arena);
static void write_data(const void *from, const struct shape_out *out);
static bool read_file(struct json value, void *into, struct arena *arena);
static void write_file(const void *from, const struct shape_out *out);
static bool read_call(struct json value, void *into, struct arena *arena);
static void write_call(const void *from, const struct shape_out *out);
static bool read_signature(struct json value, void *into, struct arena *arena);
static void write_signature(const void *from, const struct shape_out *out);

static const struct shape_row part_rows[] = {
	{ "text", SHAPE_SPECIAL, 0, read_text, write_text },
	{ "thought", SHAPE_SPECIAL_FLAG, 0, read_thought, write_thought },
	{ "inlineData", SHAPE_SPECIAL, 0, read_data, write_data },
	{ "fileData", SHAPE_SPECIAL, 0, read_file, write_file },
	{ "functionCall", SHAPE_SPECIAL, 0, read_call, write_call },
	{ "thoughtSignature", SHAPE_SPECIAL, 0, read_signature,
		write_signature },
};
static const struct shape part_shape = SHAPE_OF(part_rows);

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}

static void write_name(const void *from, const struct shape_out *out);
static bool read_name(struct json value, void *into, struct arena *arena);

static const struct shape_row data_rows[] = {
	PART("mimeType", SHAPE_TEXT, media_type),
	PART("data", SHAPE_TEXT, data),
	{ "displayName", SHAPE_SPECIAL, 0, read_name, write_name },
};
static const struct shape data_shape = SHAPE_OF(data_rows);

static const struct shape_row file_rows[] = {
	PART("mimeType", SHAPE_TEXT, media_type),
	PART("fileUri", SHAPE_TEXT, url),
	{ "displayName", SHAPE_SPECIAL, 0, read_name, write_name },
};
static const struct shape file_shape = SHAPE_OF(file_rows);

static bool read_args(struct json value, void *into, struct arena *arena);
static void write_args(const void *from, const struct shape_out *out);

static const struct shape_row call_rows[] = {
	PART("id", SHAPE_TEXT, id),
	PART("name", SHAPE_TEXT, call.name),
	{ "args", SHAPE_SPECIAL, 0, read_args, write_args },
};
static const struct shape call_shape = SHAPE_OF(call_rows);

static const struct data_member *find_data(struct json item);
static enum chat_part_kind kind_of(
	struct json item, const struct data_member *data);
static bool is_signature_alone(struct json item);
static enum chat_part_kind kind_of_type(struct str media_type);
static struct str member_of(const struct chat_part *part);
static void translate(struct chat_part *part);
static struct str default_type(const struct chat_part *part);
static bool is_custom(const struct chat_part *part);

bool gemini_is_result(struct json part)
{
	return gemini_find(part, "functionResponse").type == JSON_TYPE_OBJECT;
}

void gemini_read_part(
	struct json item, struct arena *arena, struct chat_message *message)
{
	const struct data_member *data = find_data(item);
	struct chat_part *part =
		chat_message_add(message, kind_of(item, data), arena);

	part->member = data ? data->name : S("");
	if (part->kind == CHAT_OTHER)
		part->json = item.text;
	else
		gemini_read_shape(&part_shape, item, part, &part->extra, arena);
}

static const struct data_member *find_data(struct json item)
{
	for (size_t i = 0; i < ARRAY_LEN(data_members); i++)
		if (gemini_find(item, data_members[i].name.p).type ==
			data_members[i].type)
			return &data_members[i];
	return NULL;
}

static enum chat_part_kind kind_of(
	struct json item, const struct data_member *data)
{
	bool is_thought = json_find(item, S("thought")).type == JSON_TYPE_TRUE;

	if (data)
		return data->kind(gemini_find(item, data->name.p), is_thought);
	return is_signature_alone(item) ? CHAT_THINKING : CHAT_OTHER;
}

static bool is_signature_alone(struct json item)
{
	struct json signature = gemini_find(item, "thoughtSignature");

	return json_length(item) == 1 && signature.type == JSON_TYPE_STRING;
}

static enum chat_part_kind kind_of_call(struct json value, bool is_thought)
{
	(void)value;
	(void)is_thought;
	return CHAT_TOOL_CALL;
}

static enum chat_part_kind kind_of_text(struct json value, bool is_thought)
{
	(void)value;
	return is_thought ? CHAT_THINKING : CHAT_TEXT;
}

/* A thought may also be the draft of an image. */
static enum chat_part_kind kind_of_data(struct json value, bool is_thought)
{
	struct json type = gemini_find(value, "mimeType");

	if (is_thought || type.type != JSON_TYPE_STRING ||
		json_find(value, S("data")).type != JSON_TYPE_STRING)
		return CHAT_OTHER;
	return kind_of_type((struct str){ type.text.p + 1, type.text.n - 2 });
}

/* A sound by its URL has no word in other formats but "file". */
static enum chat_part_kind kind_of_file(struct json value, bool is_thought)
{
	struct json type = gemini_find(value, "mimeType");
	struct json url = gemini_find(value, "fileUri");
	enum chat_part_kind kind;

	if (is_thought || url.type != JSON_TYPE_STRING)
		return CHAT_OTHER;
	if (type.type == JSON_TYPE_STRING)
		kind = kind_of_type(
			(struct str){ type.text.p + 1, type.text.n - 2 });
	else
		kind = kind_of_type(media_type_of_name(
			(struct str){ url.text.p + 1, url.text.n - 2 }));
	return kind == CHAT_AUDIO ? CHAT_FILE : kind;
}

static enum chat_part_kind kind_of_type(struct str media_type)
{
	if (str_starts(media_type, S("image/")))
		return CHAT_IMAGE;
	if (str_starts(media_type, S("audio/")))
		return CHAT_AUDIO;
	return str_starts(media_type, S("video/")) ? CHAT_VIDEO : CHAT_FILE;
}

bool gemini_can_write(const struct chat_part *part, bool is_reply)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
	case CHAT_THINKING:
		return part->text.n > 0 ||
		       (is_reply && part->signature.text.p) ||
		       signature_is_from(&part->signature, S(GEMINI_NAME));
	case CHAT_TOOL_CALL:
		return !is_reply || is_custom(part) ||
		       chat_arguments_are_object(&part->call);
	case CHAT_REDACTED_THINKING:
	case CHAT_OTHER: return false;
	default: return part->data.p || part->url.p;
	}
}

void gemini_write_part(
	const struct chat_part *part, const struct shape_out *out)
{
	struct chat_part ours = *part;

	if (out->own_words && part->kind == CHAT_OTHER) {
		json_write_raw(out->w, part->json);
		return;
	}
	if (!out->own_words)
		translate(&ours);
	json_begin_object(out->w);
	gemini_write_shape(&part_shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

/* Our words in place of another dialect's. */
static void translate(struct chat_part *part)
{
	part->member = member_of(part);
	part->name = (struct str){ NULL, 0 };
	part->id = part->call.id;
	part->json = (struct str){ NULL, 0 };
	if (!part->media_type.p)
		part->media_type = default_type(part);
}

static struct str member_of(const struct chat_part *part)
{
	switch (part->kind) {
	case CHAT_TEXT:
	case CHAT_REFUSAL:
	case CHAT_THINKING: return S("text");
	case CHAT_TOOL_CALL: return S("functionCall");
	default: return part->data.p ? S("inlineData") : S("fileData");
	}
}

/* Vertex AI wants a type, also where nobody said one. */
static struct str default_type(const struct chat_part *part)
{
	struct str type = media_type_of_name(part->name);

	if (!type.p)
		type = media_type_of_name(part->url);
	if (type.p)
		return type;
	switch (part->kind) {
	case CHAT_IMAGE: return S("image/jpeg");
	case CHAT_AUDIO: return S("audio/wav");
	case CHAT_VIDEO: return S("video/mp4");
	default: return S("application/pdf");
	}
}

static bool read_text(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	return str_equal(part->member, S("text")) &&
	       json_text(value, arena, &part->text);
}

static void write_text(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (str_equal(part->member, S("text")))
		json_member_str(out->w, "text", part->text);
}

static bool read_thought(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	return value.type == JSON_TYPE_TRUE && part->kind == CHAT_THINKING;
}

static void write_thought(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->kind == CHAT_THINKING && part->member.n > 0)
		json_member_bool(out->w, "thought", true);
}

static bool read_data(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (!str_equal(part->member, S("inlineData")))
		return false;
	gemini_read_shape(&data_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_data(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (str_equal(part->member, S("inlineData")))
		gemini_write_inner("inlineData", &data_shape, part,
			&part->inner_extra, out);
}

static bool read_file(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (!str_equal(part->member, S("fileData")))
		return false;
	gemini_read_shape(&file_shape, value, part, &part->inner_extra, arena);
	return true;
}

static void write_file(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (str_equal(part->member, S("fileData")))
		gemini_write_inner(
			"fileData", &file_shape, part, &part->inner_extra, out);
}

static bool read_name(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	return json_text(value, arena, &part->name);
}

/* Only Vertex AI has it; so it is not told to others. */
static void write_name(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words && part->name.p)
		json_member_str(out->w, "displayName", part->name);
}

static bool read_call(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (!str_equal(part->member, S("functionCall")))
		return false;
	part->call.type = S("function");
	part->call.arguments = S("{}");
	gemini_read_shape(&call_shape, value, part, &part->inner_extra, arena);
	part->call.id = part->id;
	return true;
}

static void write_call(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (str_equal(part->member, S("functionCall")))
		gemini_write_inner("functionCall", &call_shape, part,
			&part->inner_extra, out);
}

/* Kept as they came: a call without any reads like one with none in them. */
static bool read_args(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	if (value.type != JSON_TYPE_OBJECT)
		return false;
	part->json = value.text;
	part->call.arguments = value.text;
	return true;
}

static void write_args(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (!out->own_words) {
		json_name(out->w, "args");
		chat_write_arguments(&part->call, out->w);
	} else if (part->json.p) {
		json_member_raw(out->w, "args", part->json);
	}
}

/* Its input is a text, not an object. */
static bool is_custom(const struct chat_part *part)
{
	return str_equal(part->call.type, S("custom"));
}

static bool read_signature(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->signature = gemini_read_signature(text, arena);
	return true;
}

static void write_signature(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	/* A provider cannot check what another one made. */
	if (out->own_words || out->is_reply ||
		signature_is_from(&part->signature, S(GEMINI_NAME)))
		gemini_write_signature(&part->signature, out->w);
}
