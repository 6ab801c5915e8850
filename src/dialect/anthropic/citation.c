/*
 * citation.c - citations of a text block.
 *
 * Where in its sources the model found something is told in five ways, none
 * of which says where in the answer it stands. In our own words a citation is
 * written as it came; one of another dialect becomes a web search's.
 */
#include "dialect/anthropic/anthropic.h"

static void read_text(struct json object, struct str name, struct arena *arena,
	struct str *out);

bool anthropic_read_citations(
	struct json list, struct arena *arena, struct chat_citation **out)
{
	struct json_cursor cursor = json_members(list);
	struct json_member item;

	if (!anthropic_is_block_list(list) || json_is_empty(list))
		return false;
	while (json_next(&cursor, &item)) {
		*out = anthropic_read_citation(item.value, arena);
		out = &(*out)->next;
	}
	return true;
}

struct chat_citation *anthropic_read_citation(
	struct json item, struct arena *arena)
{
	struct chat_citation *citation = ARENA_NEW(arena, struct chat_citation);

	citation->start_index = citation->end_index = -1;
	citation->json = item.text;
	read_text(item, S("type"), arena, &citation->type);
	read_text(item, S("url"), arena, &citation->url);
	read_text(item, S("cited_text"), arena, &citation->cited_text);
	read_text(item, S("title"), arena, &citation->title);
	if (!citation->title.p)
		read_text(item, S("document_title"), arena, &citation->title);
	return citation;
}

/* Left as it is when there is no such text. */
static void read_text(struct json object, struct str name, struct arena *arena,
	struct str *out)
{
	struct str text;

	if (json_text(json_find(object, name), arena, &text))
		*out = text;
}

void anthropic_write_citation(const struct chat_citation *citation,
	bool own_words, struct json_writer *w)
{
	if (own_words) {
		json_write_raw(w, citation->json);
		return;
	}
	json_begin_object(w);
	json_member_str(w, "type", S("web_search_result_location"));
	json_member_str(w, "url", citation->url);
	if (citation->title.p)
		json_member_str(w, "title", citation->title);
	else
		json_member_null(w, "title");
	json_member_str(w, "cited_text", citation->cited_text);
	/* Opaque, and only Anthropic's own search has one. */
	json_member_str(w, "encrypted_index", S(""));
	json_end_object(w);
}

/* A web search's result is nothing without its address. */
void anthropic_write_citations(const struct chat_citation *citations,
	bool own_words, struct json_writer *w)
{
	while (citations && !own_words && citations->url.n == 0)
		citations = citations->next;
	if (!citations)
		return;
	json_name(w, "citations");
	json_begin_array(w);
	for (; citations; citations = citations->next)
		if (own_words || citations->url.n > 0)
			anthropic_write_citation(citations, own_words, w);
	json_end_array(w);
}
