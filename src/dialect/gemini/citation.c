/*
 * citation.c - the sources that an answer names, to and from the
 * neutral form.
 *
 * Google has two: "citationMetadata", for what was learnt by heart, and
 * "groundingMetadata", for what was looked up; there a list of chunks (the
 * sources) and one of supports (which chunks stand behind which segment of
 * the text). Places are in bytes of a part; the neutral ones in characters of
 * the whole text. A stream's text is gone when its sources come, so that
 * these have no places.
 */
#include "dialect/gemini/gemini.h"

/* Sources of one answer whose place is looked for: each costs a walk over
 * its text. */
#define MAX_PLACED 256

struct reader {
	struct arena *arena;
	struct chat_message *message;
	struct chat_citation **end;
	size_t count;
	bool is_delta;
};

static struct reader reader_of(struct chat_choice *choice, struct arena *arena);
static struct chat_citation *add(struct reader *r);
static void read_source(struct reader *r, struct json source);
static void read_support(struct reader *r, struct json support,
	struct json chunks, bool *used, size_t count);
static void read_chunk(
	struct reader *r, struct json chunk, struct chat_citation *citation);
static void set_text(struct reader *r, struct json value, struct str *out);
static int64_t text_before(const struct chat_message *message, int64_t part);
static int64_t place_of(struct reader *r, int64_t part, int64_t byte);
static int64_t int_of(struct json value, int64_t otherwise);

/* All citations of a message: its own and those of its parts. */
struct sources {
	const struct chat_part *part;
	const struct chat_citation *at;
};

static struct sources sources_of(const struct chat_message *message);
static const struct chat_citation *next_source(struct sources *sources);

/* The text that places are in. */
struct written {
	const struct chat_part *text; /* the only one; NULL: none, or several */
	int64_t index;                /* of the part, as it is written */
};

static struct written find_text(const struct chat_message *message);
static void write_chunk(
	const struct chat_citation *citation, struct json_writer *w);
static void write_supports(
	const struct chat_message *message, struct json_writer *w);
static bool find_segment(struct str text, const struct chat_citation *citation,
	size_t *begin, size_t *end);
static bool byte_of(struct str text, int64_t characters, size_t *out);

bool gemini_read_citations(struct json value, void *into, struct arena *arena)
{
	struct reader r = reader_of(into, arena);
	/* The Gemini API's name, and Vertex AI's. */
	struct json sources = gemini_find(value, "citationSources");
	struct json_cursor cursor;
	struct json_member item;

	if (sources.type != JSON_TYPE_ARRAY)
		sources = json_find(value, S("citations"));
	cursor = json_members(sources);
	if (sources.type != JSON_TYPE_ARRAY)
		return false;
	while (json_next(&cursor, &item))
		read_source(&r, item.value);
	return true;
}

static struct reader reader_of(struct chat_choice *choice, struct arena *arena)
{
	struct reader r = {
		.arena = arena,
		.message = &choice->message,
		.end = &choice->message.citations,
		.is_delta = str_equal(choice->message_member, S("delta")),
	};

	for (; *r.end; r.end = &(*r.end)->next)
		r.count++;
	return r;
}

static void read_source(struct reader *r, struct json source)
{
	struct chat_citation *citation = add(r);
	int64_t begin = int_of(gemini_find(source, "startIndex"), 0);
	int64_t end = int_of(gemini_find(source, "endIndex"), -1);

	set_text(r, json_find(source, S("uri")), &citation->url);
	set_text(r, json_find(source, S("title")), &citation->title);
	citation->start_index = place_of(r, -1, begin);
	citation->end_index = place_of(r, -1, end);
}

static struct chat_citation *add(struct reader *r)
{
	struct chat_citation *citation =
		ARENA_NEW(r->arena, struct chat_citation);

	citation->type = S("url_citation");
	citation->start_index = citation->end_index = -1;
	*r->end = citation;
	r->end = &citation->next;
	r->count++;
	return citation;
}

static void set_text(struct reader *r, struct json value, struct str *out)
{
	if (!json_text(value, r->arena, out))
		*out = (struct str){ NULL, 0 };
}

static int64_t int_of(struct json value, int64_t otherwise)
{
	int64_t number;

	return json_int(value, &number) && number >= 0 ? number : otherwise;
}

/* In characters; -1 when the text is not that long. */
static int64_t place_of(struct reader *r, int64_t part, int64_t byte)
{
	int64_t before = text_before(r->message, part);
	int64_t characters = 0;

	if (r->is_delta || byte < 0 || before < 0 || r->count > MAX_PLACED)
		return -1;
	byte += before;
	for (const struct chat_part *p = r->message->parts; p; p = p->next) {
		if (p->kind != CHAT_TEXT)
			continue;
		for (size_t i = 0; i < p->text.n; i++, byte--) {
			bool begins =
				((unsigned char)p->text.p[i] & 0xc0) != 0x80;

			if (byte == 0 && begins)
				return characters;
			characters += begins;
		}
	}
	return byte == 0 ? characters : -1;
}

/* Bytes of text in the parts before that one; -1: there is no such part. */
static int64_t text_before(const struct chat_message *message, int64_t part)
{
	const struct chat_part *p = message->parts;
	int64_t bytes = 0;

	for (; p && part > 0; p = p->next, part--)
		if (p->kind == CHAT_TEXT)
			bytes += (int64_t)p->text.n;
	return part > 0 ? -1 : bytes;
}

bool gemini_read_grounding(struct json value, void *into, struct arena *arena)
{
	struct reader r = reader_of(into, arena);
	struct json chunks = gemini_find(value, "groundingChunks");
	struct json supports = gemini_find(value, "groundingSupports");
	struct json_cursor cursor = json_members(supports);
	size_t count = json_length(chunks);
	bool *used = ARENA_ARRAY(arena, bool, count);
	struct json_member item;

	if (value.type != JSON_TYPE_OBJECT)
		return false;
	while (!r.is_delta && json_next(&cursor, &item))
		read_support(&r, item.value, chunks, used, count);
	cursor = json_members(chunks);
	for (size_t i = 0; json_next(&cursor, &item); i++)
		if (!used[i])
			read_chunk(&r, item.value, add(&r));
	return true;
}

static void read_support(struct reader *r, struct json support,
	struct json chunks, bool *used, size_t count)
{
	struct json indices = gemini_find(support, "groundingChunkIndices");
	struct json segment = json_find(support, S("segment"));
	struct json_cursor cursor = json_members(indices);
	int64_t part = int_of(gemini_find(segment, "partIndex"), 0);
	struct json_member item;

	while (json_next(&cursor, &item)) {
		int64_t index = int_of(item.value, -1);
		struct json_cursor at = json_members(chunks);
		struct chat_citation *citation;
		struct json_member chunk;

		if (index < 0 || (size_t)index >= count ||
			r->count > MAX_PLACED)
			continue;
		for (int64_t i = 0; i <= index && json_next(&at, &chunk); i++)
			;
		used[index] = true;
		citation = add(r);
		read_chunk(r, chunk.value, citation);
		citation->start_index = place_of(
			r, part, int_of(gemini_find(segment, "startIndex"), 0));
		citation->end_index = place_of(
			r, part, int_of(gemini_find(segment, "endIndex"), -1));
	}
}

/* {"web": {...}}, "maps", "retrievedContext", "image": by their common
 * members. */
static void read_chunk(
	struct reader *r, struct json chunk, struct chat_citation *citation)
{
	struct json_cursor cursor = json_members(chunk);
	struct json_member member;

	while (json_next(&cursor, &member)) {
		if (member.value.type != JSON_TYPE_OBJECT)
			continue;
		set_text(r, json_find(member.value, S("uri")), &citation->url);
		set_text(r, json_find(member.value, S("title")),
			&citation->title);
		if (json_name_is(member, S("retrievedContext")))
			set_text(r, json_find(member.value, S("text")),
				&citation->cited_text);
	}
}

void gemini_write_grounding(const void *from, const struct shape_out *out)
{
	const struct chat_message *message =
		&((const struct chat_choice *)from)->message;
	struct sources sources = sources_of(message);
	const struct chat_citation *citation = next_source(&sources);

	if (!citation)
		return;
	json_name(out->w, "groundingMetadata");
	json_begin_object(out->w);
	json_name(out->w, "groundingChunks");
	json_begin_array(out->w);
	for (; citation; citation = next_source(&sources))
		write_chunk(citation, out->w);
	json_end_array(out->w);
	if (!out->is_delta)
		write_supports(message, out->w);
	json_end_object(out->w);
}

static struct sources sources_of(const struct chat_message *message)
{
	return (struct sources){ message->parts, message->citations };
}

static const struct chat_citation *next_source(struct sources *sources)
{
	const struct chat_citation *citation;

	for (; !sources->at && sources->part;
		sources->part = sources->part->next)
		sources->at = sources->part->citations;
	citation = sources->at;
	if (citation)
		sources->at = citation->next;
	return citation;
}

static void write_chunk(
	const struct chat_citation *citation, struct json_writer *w)
{
	json_begin_object(w);
	json_name(w, "web");
	json_begin_object(w);
	if (citation->url.p)
		json_member_str(w, "uri", citation->url);
	if (citation->title.p)
		json_member_str(w, "title", citation->title);
	json_end_object(w);
	json_end_object(w);
}

static void write_supports(
	const struct chat_message *message, struct json_writer *w)
{
	struct written written = find_text(message);
	struct sources sources = sources_of(message);
	const struct chat_citation *citation;
	size_t begin, end;

	json_name(w, "groundingSupports");
	json_begin_array(w);
	for (int64_t i = 0; (citation = next_source(&sources)); i++) {
		if (!written.text || !find_segment(written.text->text, citation,
					     &begin, &end))
			continue;
		json_begin_object(w);
		json_name(w, "segment");
		json_begin_object(w);
		json_member_int(w, "partIndex", written.index);
		json_member_int(w, "startIndex", (int64_t)begin);
		json_member_int(w, "endIndex", (int64_t)end);
		json_member_str(w, "text",
			str_head(str_from(written.text->text, begin),
				end - begin));
		json_end_object(w);
		json_name(w, "groundingChunkIndices");
		json_begin_array(w);
		json_write_int(w, i);
		json_end_array(w);
		json_end_object(w);
	}
	json_end_array(w);
}

static struct written find_text(const struct chat_message *message)
{
	struct written found = { NULL, 0 };
	int64_t index = 0;

	for (const struct chat_part *part = message->parts; part;
		part = part->next) {
		if (!gemini_can_write(part, true))
			continue;
		if (part->kind == CHAT_TEXT && found.text)
			return (struct written){ NULL, 0 };
		if (part->kind == CHAT_TEXT)
			found = (struct written){ part, index };
		index++;
	}
	return found;
}

static bool find_segment(struct str text, const struct chat_citation *citation,
	size_t *begin, size_t *end)
{
	return byte_of(text, citation->start_index, begin) &&
	       byte_of(text, citation->end_index, end) && *begin < *end;
}

/* Where the character with that index begins, or the text ends. */
static bool byte_of(struct str text, int64_t characters, size_t *out)
{
	size_t at = 0;

	if (characters < 0)
		return false;
	for (; at < text.n; at++) {
		if (((unsigned char)text.p[at] & 0xc0) == 0x80)
			continue;
		if (characters-- == 0)
			break;
	}
	*out = at;
	return at < text.n || characters == 0;
}
