/*
 * citation.c - the sources a model names, as `annotations` of a
 * message.
 *
 * Here they say where in the whole content they stand, in characters; in the
 * neutral form they may belong to one part of it.
 */
#include "dialect/openai_chat/openai_chat.h"

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

static bool has_any(
	const struct chat_message *message, const struct shape_out *out);
static bool may_write(
	const struct chat_citation *citation, const struct shape_out *out);
static void write_list(const struct chat_citation *citation, int64_t from,
	int64_t to, const struct shape_out *out);
static void write_one(const struct chat_citation *citation, int64_t from,
	int64_t to, const struct shape_out *out);

bool openai_chat_read_annotations(
	struct json value, void *into, struct arena *arena)
{
	struct chat_message *message = into;
	struct chat_citation **end = &message->citations;
	struct json_cursor cursor = json_members(value);
	struct json_member item;

	if (!openai_chat_has_objects(value))
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

void openai_chat_write_annotations(
	const void *from, const struct shape_out *out)
{
	const struct chat_message *message = from;
	int64_t at = openai_chat_out(out)->text_before;

	if (!has_any(message, out))
		return;
	json_name(out->w, "annotations");
	json_begin_array(out->w);
	write_list(message->citations, 0, 0, out);
	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		int64_t end = at;

		if (part->kind == CHAT_TEXT)
			end += openai_chat_count_characters(part->text);
		write_list(part->citations, at, end, out);
		at = end;
	}
	json_end_array(out->w);
}

static bool has_any(
	const struct chat_message *message, const struct shape_out *out)
{
	const struct chat_citation *citation = message->citations;

	for (; citation; citation = citation->next)
		if (may_write(citation, out))
			return true;
	for (const struct chat_part *part = message->parts; part;
		part = part->next)
		for (citation = part->citations; citation;
			citation = citation->next)
			if (may_write(citation, out))
				return true;
	return false;
}

/* Only what has an address is a citation in OpenAI's answers. */
static bool may_write(
	const struct chat_citation *citation, const struct shape_out *out)
{
	return out->own_words || (out->is_reply && citation->url.n > 0);
}

/* The citations of a text that reaches from one place to another. */
static void write_list(const struct chat_citation *citation, int64_t from,
	int64_t to, const struct shape_out *out)
{
	for (; citation; citation = citation->next)
		if (may_write(citation, out))
			write_one(citation, from, to, out);
}

static void write_one(const struct chat_citation *citation, int64_t from,
	int64_t to, const struct shape_out *out)
{
	struct chat_citation ours = *citation;

	if (!out->own_words) {
		bool has_place = ours.start_index >= 0;

		ours.type = S("url_citation");
		if (!ours.title.p)
			ours.title = S("");
		ours.start_index = has_place ? from + ours.start_index : from;
		ours.end_index = has_place && ours.end_index >= 0
					 ? from + ours.end_index
					 : to;
	}
	json_begin_object(out->w);
	shape_write(&annotation_shape, &ours, &ours.extra, out);
	json_end_object(out->w);
}

/* Bytes that begin one. */
int64_t openai_chat_count_characters(struct str text)
{
	int64_t count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return count;
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
