/*
 * part.c - the parts of a message's content, or of a tool's
 * output, to and from the neutral form.
 *
 * What a part is, its `type` says; each type has a table of its members. What
 * others say and what the model said have types of their own.
 */
#include "dialect/openai_responses/openai_responses.h"

#include "dialect/media.h"

#define PART(name, kind, field)                                           \
	{                                                                 \
		name, kind, offsetof(struct chat_part, field), NULL, NULL \
	}
#define TYPE PART("type", SHAPE_TEXT, type)

static bool read_annotations(
	struct json value, void *into, struct arena *arena);
static void write_annotations(const void *from, const struct shape_out *out);
static bool read_logprobs(struct json value, void *into, struct arena *arena);
static void write_logprobs(const void *from, const struct shape_out *out);
static void write_image_url(const void *from, const struct shape_out *out);
static bool read_image_url(struct json value, void *into, struct arena *arena);
static bool read_file_data(struct json value, void *into, struct arena *arena);
static void write_file_data(const void *from, const struct shape_out *out);
static bool read_file_url(struct json value, void *into, struct arena *arena);
static void write_file_url(const void *from, const struct shape_out *out);

static const struct shape_row input_text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
};
static const struct shape_row output_text_rows[] = {
	TYPE,
	PART("text", SHAPE_TEXT, text),
	{ "annotations", SHAPE_SPECIAL, 0, read_annotations,
		write_annotations },
	{ "logprobs", SHAPE_SPECIAL, 0, read_logprobs, write_logprobs },
};
static const struct shape_row refusal_rows[] = {
	TYPE,
	PART("refusal", SHAPE_TEXT, text),
};
static const struct shape_row image_rows[] = {
	TYPE,
	{ "image_url", SHAPE_SPECIAL, 0, read_image_url, write_image_url },
	PART("file_id", SHAPE_TEXT, file_id),
	PART("detail", SHAPE_TEXT, detail),
};
static const struct shape_row file_rows[] = {
	TYPE,
	PART("filename", SHAPE_TEXT, name),
	PART("file_id", SHAPE_TEXT, file_id),
	{ "file_data", SHAPE_SPECIAL, 0, read_file_data, write_file_data },
	{ "file_url", SHAPE_SPECIAL, 0, read_file_url, write_file_url },
};

struct part_type {
	struct str type;
	enum chat_part_kind kind;
	bool is_output; /* the model says it */
	struct shape shape;
};

static const struct part_type part_types[] = {
	{ STR("input_text"), CHAT_TEXT, false, SHAPE_OF(input_text_rows) },
	{ STR("output_text"), CHAT_TEXT, true, SHAPE_OF(output_text_rows) },
	{ STR("refusal"), CHAT_REFUSAL, true, SHAPE_OF(refusal_rows) },
	{ STR("input_image"), CHAT_IMAGE, false, SHAPE_OF(image_rows) },
	{ STR("input_file"), CHAT_FILE, false, SHAPE_OF(file_rows) },
};

#define CITATION(name, kind, field)                                           \
	{                                                                     \
		name, kind, offsetof(struct chat_citation, field), NULL, NULL \
	}

static const struct shape_row citation_rows[] = {
	CITATION("type", SHAPE_TEXT, type),
	CITATION("url", SHAPE_TEXT, url),
	CITATION("title", SHAPE_TEXT, title),
	CITATION("start_index", SHAPE_COUNT, start_index),
	CITATION("end_index", SHAPE_COUNT, end_index),
};
static const struct shape citation_shape = SHAPE_OF(citation_rows);

static bool has_objects_only(struct json list);
static void read_part(
	struct json item, struct arena *arena, struct chat_message *message);
static const struct part_type *type_of(
	const struct chat_part *part, bool is_output, bool own_words);
static int64_t characters(struct str text);

bool openai_responses_read_content(
	struct json content, struct arena *arena, struct chat_message *message)
{
	struct json_cursor cursor = json_members(content);
	struct json_member item;
	struct str text;

	if (json_text(content, arena, &text)) {
		chat_message_add(message, CHAT_TEXT, arena)->text = text;
		return true;
	}
	if (!has_objects_only(content))
		return false;
	while (json_next(&cursor, &item))
		read_part(item.value, arena, message);
	message->content_is_list = true;
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
	return !json_is_empty(list);
}

static void read_part(
	struct json item, struct arena *arena, struct chat_message *message)
{
	struct json type = json_find(item, S("type"));
	struct chat_part *part;

	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		const struct part_type *row = &part_types[i];

		if (!json_text_is(type, row->type))
			continue;
		part = chat_message_add(message, row->kind, arena);
		shape_read(&row->shape, item, part, &part->extra, arena);
		return;
	}
	part = chat_message_add(message, CHAT_OTHER, arena);
	part->member = S("content");
	part->json = item.text;
}

void openai_responses_write_part(const struct chat_part *part, bool is_output,
	const struct shape_out *out)
{
	const struct part_type *type = type_of(part, is_output, out->own_words);
	struct chat_part ours = *part;

	if (part->kind == CHAT_OTHER) {
		json_write_raw(out->w, part->json);
		return;
	}
	assert(type);
	if (!out->own_words) {
		ours.type = type->type;
		/* OpenAI's schema requires it of images. */
		if (part->kind == CHAT_IMAGE && !part->detail.p)
			ours.detail = S("auto");
	}
	json_begin_object(out->w);
	shape_write(&type->shape, &ours, &part->extra, out);
	json_end_object(out->w);
}

static const struct part_type *type_of(
	const struct chat_part *part, bool is_output, bool own_words)
{
	for (size_t i = 0; i < ARRAY_LEN(part_types); i++) {
		const struct part_type *row = &part_types[i];

		if (row->kind != part->kind)
			continue;
		if (own_words ? str_equal(row->type, part->type)
			      : row->kind != CHAT_TEXT ||
					row->is_output == is_output)
			return row;
	}
	return NULL;
}

struct chat_citation *openai_responses_read_annotation(
	struct json annotation, struct arena *arena)
{
	struct chat_citation *citation;

	if (annotation.type != JSON_TYPE_OBJECT)
		return NULL;
	citation = ARENA_NEW(arena, struct chat_citation);
	citation->start_index = citation->end_index = -1;
	shape_read(
		&citation_shape, annotation, citation, &citation->extra, arena);
	return citation;
}

static bool read_annotations(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct chat_citation **end = &part->citations;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!has_objects_only(value))
		return false;
	while (json_next(&cursor, &item)) {
		*end = openai_responses_read_annotation(item.value, arena);
		end = &(*end)->next;
	}
	return true;
}

static void write_annotations(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;
	const struct chat_citation *citation = part->citations;

	if (!citation)
		return;
	json_name(out->w, "annotations");
	json_begin_array(out->w);
	for (; citation; citation = citation->next) {
		if (!out->own_words) {
			openai_responses_write_citation(
				citation, part->text, out->w);
			continue;
		}
		json_begin_object(out->w);
		shape_write(&citation_shape, citation, &citation->extra, out);
		json_end_object(out->w);
	}
	json_end_array(out->w);
}

/* Where the cited words begin and end must be said: when it is not known,
 * they are the whole text. */
bool openai_responses_write_citation(const struct chat_citation *citation,
	struct str text, struct json_writer *w)
{
	bool is_placed = citation->start_index >= 0 && citation->end_index >= 0;
	int64_t end = is_placed ? citation->end_index : characters(text);

	if (citation->url.n == 0)
		return false;
	json_begin_object(w);
	json_member_str(w, "type", S("url_citation"));
	json_member_str(w, "url", citation->url);
	json_member_str(w, "title", citation->title);
	json_member_int(
		w, "start_index", is_placed ? citation->start_index : 0);
	json_member_int(w, "end_index", end);
	json_end_object(w);
	return true;
}

static int64_t characters(struct str text)
{
	int64_t count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return count;
}

static bool read_logprobs(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	(void)arena;
	if (value.type != JSON_TYPE_ARRAY || json_is_empty(value))
		return false;
	part->json = value.text;
	return true;
}

static void write_logprobs(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words && part->json.p)
		json_member_raw(out->w, "logprobs", part->json);
}

static bool read_image_url(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (!json_text(value, arena, &part->url))
		return false;
	media_split_data_url(part);
	return true;
}

static void write_data_url(const char *name, const struct chat_part *part,
	const char *otherwise, const struct shape_out *out)
{
	struct buf url = BUF_INIT(part->media_type.n + part->data.n + 64);

	media_append_data_url(part, otherwise, &url);
	json_member_str(out->w, name, buf_str(&url));
	buf_release(&url);
}

static void write_image_url(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (part->url.p)
		json_member_str(out->w, "image_url", part->url);
	else if (part->data.p)
		write_data_url("image_url", part, "image/png", out);
}

/* A data: URL, or base64 alone. */
static bool read_file_data(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;
	struct str text;

	if (!json_text(value, arena, &text))
		return false;
	part->member = S("file_data");
	if (str_starts(text, S("data:"))) {
		part->url = text;
		media_split_data_url(part);
	} else {
		part->data = text;
		part->media_type = media_type_of_name(part->name);
	}
	return true;
}

static void write_file_data(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words) {
		if (str_equal(part->member, S("file_data")))
			json_member_str(out->w, "file_data",
				part->url.p ? part->url : part->data);
	} else if (part->data.p) {
		/* OpenAI refuses data without a name. */
		if (!part->name.p)
			json_member_str(out->w, "filename", S("document.pdf"));
		write_data_url("file_data", part, "application/pdf", out);
	}
}

static bool read_file_url(struct json value, void *into, struct arena *arena)
{
	struct chat_part *part = into;

	if (part->member.p || !json_text(value, arena, &part->url))
		return false;
	part->member = S("file_url");
	media_split_data_url(part);
	return true;
}

static void write_file_url(const void *from, const struct shape_out *out)
{
	const struct chat_part *part = from;

	if (out->own_words ? str_equal(part->member, S("file_url"))
			   : part->url.p && !part->data.p)
		json_member_str(out->w, "file_url", part->url);
}
