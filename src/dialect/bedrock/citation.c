/*
 * citation.c - which sources an answer names.
 *
 * Here a text with sources is a block of its own kind: pieces of generated
 * text, and the citations that all of them rest on. In the neutral form it is
 * one text; the block stays beside it as it came.
 */
#include "dialect/bedrock/bedrock.h"

static bool is_text_list(struct json list);
static struct str join_texts(struct json list, struct arena *arena);
static int64_t count_characters(struct str text);
static void read_location(
	struct json location, struct chat_citation *out, struct arena *arena);

/* {"content": [{"text"}], "citations": [{...}]} */
bool bedrock_read_citations(
	struct json value, struct chat_part *part, struct arena *arena)
{
	static const struct str names[] = { STR("content"), STR("citations") };
	struct json content = json_find(value, S("content"));
	struct json_cursor cursor =
		json_members(json_find(value, S("citations")));
	struct chat_citation **end = &part->citations;
	struct json_member item;

	if (!bedrock_has_only(value, names, ARRAY_LEN(names)) ||
		!is_text_list(content))
		return false;
	part->json = value.text;
	part->text = join_texts(content, arena);
	while (json_next(&cursor, &item)) {
		struct chat_citation *citation =
			ARENA_NEW(arena, struct chat_citation);

		bedrock_read_citation(item.value, citation, arena);
		citation->start_index = 0;
		citation->end_index = count_characters(part->text);
		*end = citation;
		end = &citation->next;
	}
	return true;
}

/* Objects with nothing but a text. */
static bool is_text_list(struct json list)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	while (json_next(&cursor, &item))
		if (bedrock_only_member(item.value, S("text"), JSON_TYPE_STRING)
				.type == JSON_TYPE_NONE)
			return false;
	return list.type == JSON_TYPE_ARRAY;
}

static struct str join_texts(struct json list, struct arena *arena)
{
	struct json_cursor cursor = json_members(list);
	struct buf joined = BUF_INIT(list.text.n * 3);
	struct json_member item;
	struct str text;

	while (json_next(&cursor, &item))
		if (json_text(json_find(item.value, S("text")), arena, &text))
			buf_append(&joined, text);
	text = arena_copy(arena, buf_str(&joined));
	buf_release(&joined);
	return text;
}

static int64_t count_characters(struct str text)
{
	int64_t count = 0;

	for (size_t i = 0; i < text.n; i++)
		count += ((unsigned char)text.p[i] & 0xc0) != 0x80;
	return count;
}

void bedrock_read_citation(
	struct json value, struct chat_citation *out, struct arena *arena)
{
	struct json source = json_find(value, S("sourceContent"));
	struct str address;

	*out = (struct chat_citation){ .start_index = -1, .end_index = -1 };
	out->json = value.text;
	if (!json_text(json_find(value, S("title")), arena, &out->title))
		out->title = (struct str){ NULL, 0 };
	if (!json_is_empty(source) && is_text_list(source))
		out->cited_text = join_texts(source, arena);
	/* A search result's source is an address, or what the client calls
	 * it. */
	if (json_text(json_find(value, S("source")), arena, &address) &&
		(str_starts(address, S("https://")) ||
			str_starts(address, S("http://"))))
		out->url = address;
	read_location(json_find(value, S("location")), out, arena);
}

/* Its one member says what is cited: documentChar, web, ... */
static void read_location(
	struct json location, struct chat_citation *out, struct arena *arena)
{
	struct json_cursor cursor = json_members(location);
	struct json_member kind;
	struct str url;

	if (location.type != JSON_TYPE_OBJECT || !json_next(&cursor, &kind))
		return;
	out->type = kind.name;
	if (json_name_is(kind, S("web")) &&
		json_text(json_find(kind.value, S("url")), arena, &url))
		out->url = url;
}

void bedrock_write_citations(
	const struct chat_part *part, const struct shape_out *out)
{
	if (out->own_words) {
		json_write_raw(out->w, part->json);
		return;
	}
	json_begin_object(out->w);
	json_name(out->w, "content");
	json_begin_array(out->w);
	bedrock_write_text(part->text, out->w);
	json_end_array(out->w);
	json_name(out->w, "citations");
	json_begin_array(out->w);
	for (const struct chat_citation *citation = part->citations; citation;
		citation = citation->next)
		bedrock_write_citation(citation, out->w);
	json_end_array(out->w);
	json_end_object(out->w);
}

/* Of another dialect's citation: what was cited, and where it is. */
void bedrock_write_citation(
	const struct chat_citation *citation, struct json_writer *w)
{
	json_begin_object(w);
	if (citation->title.p)
		json_member_str(w, "title", citation->title);
	if (citation->cited_text.p) {
		json_name(w, "sourceContent");
		json_begin_array(w);
		bedrock_write_text(citation->cited_text, w);
		json_end_array(w);
	}
	if (citation->url.p) {
		json_name(w, "location");
		json_begin_object(w);
		json_name(w, "web");
		json_begin_object(w);
		json_member_str(w, "url", citation->url);
		json_end_object(w);
		json_end_object(w);
	}
	json_end_object(w);
}
