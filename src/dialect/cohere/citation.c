/*
 * citation.c - which sources an answer has, to and from the neutral
 * form.
 *
 * A source is a document or the output of a tool; of several the first is
 * told. Its members are the client's own, "url" and "title" the usual ones.
 */
#include "dialect/cohere/cohere.h"

static struct str text_of(
	struct json object, struct str name, struct arena *arena);
static void read_place(struct json item, struct chat_citation *citation);
static void read_source(struct json source, struct arena *arena,
	struct chat_citation *citation);
static void write_source(
	const struct chat_citation *citation, struct json_writer *w);

struct chat_citation *cohere_read_citation(
	struct json item, struct arena *arena)
{
	struct chat_citation *citation = ARENA_NEW(arena, struct chat_citation);
	struct json sources = json_find(item, S("sources"));
	struct json_cursor cursor = json_members(sources);
	struct json_member source;

	citation->json = item.text;
	citation->type = text_of(item, S("type"), arena);
	citation->cited_text = text_of(item, S("text"), arena);
	read_place(item, citation);
	if (json_next(&cursor, &source))
		read_source(source.value, arena, citation);
	return citation;
}

/* Absent when it is not a string. */
static struct str text_of(
	struct json object, struct str name, struct arena *arena)
{
	struct str text;

	if (!json_text(json_find(object, name), arena, &text))
		return (struct str){ NULL, 0 };
	return text;
}

/* A plan or a thought is not the text that other formats count in. */
static void read_place(struct json item, struct chat_citation *citation)
{
	bool is_text = citation->type.n == 0 ||
		       str_equal(citation->type, S("TEXT_CONTENT"));
	int64_t start, end;

	citation->start_index = citation->end_index = -1;
	if (!is_text || !json_int(json_find(item, S("start")), &start) ||
		!json_int(json_find(item, S("end")), &end) || start < 0 ||
		end < start)
		return;
	citation->start_index = start;
	citation->end_index = end;
}

static void read_source(
	struct json source, struct arena *arena, struct chat_citation *citation)
{
	struct json document = json_find(source, S("document"));

	if (document.type == JSON_TYPE_NONE)
		document = json_find(source, S("tool_output"));
	citation->url = text_of(document, S("url"), arena);
	citation->title = text_of(document, S("title"), arena);
	if (!citation->title.p)
		citation->title = text_of(source, S("id"), arena);
}

void cohere_write_citation(const struct chat_citation *citation,
	int64_t content_index, const struct shape_out *out)
{
	struct json_writer *w = out->w;

	if (out->own_words) {
		json_write_raw(w, citation->json);
		return;
	}
	json_begin_object(w);
	if (citation->start_index >= 0)
		json_member_int(w, "start", citation->start_index);
	if (citation->end_index >= 0)
		json_member_int(w, "end", citation->end_index);
	json_member_str(w, "text", citation->cited_text);
	json_name(w, "sources");
	json_begin_array(w);
	write_source(citation, w);
	json_end_array(w);
	if (content_index >= 0)
		json_member_int(w, "content_index", content_index);
	json_member_str(w, "type", S("TEXT_CONTENT"));
	json_end_object(w);
}

static void write_source(
	const struct chat_citation *citation, struct json_writer *w)
{
	struct str id = citation->url.n > 0 ? citation->url : citation->title;

	json_begin_object(w);
	json_member_str(w, "type", S("document"));
	json_member_str(w, "id", id);
	json_name(w, "document");
	json_begin_object(w);
	json_member_str(w, "id", id);
	if (citation->title.p)
		json_member_str(w, "title", citation->title);
	if (citation->url.p)
		json_member_str(w, "url", citation->url);
	json_end_object(w);
	json_end_object(w);
}
